/** @file Distances between all pairs of vectors: cdist, pdist. */
import { inFloat32, isAutocasting } from "../autograd/autocast.ts";
import { promoteTypes } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { broadcastShapes, numelOf, type Shape, shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { allocate } from "./creation.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { normOver } from "./linalg/vector-norm.ts";
import { matmul } from "./matmul.ts";
import { checkTensor, type Named, named } from "./params.ts";

/** When Euclidean distances come from a matrix product, which is fast, and less exact where vectors are close. */
export type CdistMode =
  /** Where either side has more than 25 vectors. */
  "use_mm_for_euclid_dist_if_necessary" | "use_mm_for_euclid_dist" | "donot_use_mm_for_euclid_dist";

const MODES: readonly unknown[] = [
  "use_mm_for_euclid_dist_if_necessary",
  "use_mm_for_euclid_dist",
  "donot_use_mm_for_euclid_dist",
] satisfies CdistMode[];

interface Attrs {
  readonly p: number;
  /** By `|a|² + |b|² − 2a·b`. */
  readonly byProduct: boolean;
}

/** Differences that are held at a time. */
const MOST_DIFFERENCES = 1 << 20;

const size = (t: Tensor, dim: number): number => t.shape[t.ndim + dim] as number;

/** The distances [*, P, R] of `x1` [*, P, M] and `x2` [*, R, M], some rows of `x1` at a time. */
function distances(x1: Tensor, x2: Tensor, { p, byProduct }: Attrs): Tensor {
  if (byProduct) return distancesByProduct(x1, x2);
  const batch = broadcastShapes("cdist", x1.shape.slice(0, -2), x2.shape.slice(0, -2));
  const [rows, others, features] = [size(x1, -2), size(x2, -2), size(x1, -1)];
  const between = (part: Tensor) => normOver("cdist", part.unsqueeze(-2).sub(x2.unsqueeze(-3)), p, -1, false);
  const perRow = Math.max(1, numelOf(batch) * others * features);
  if (perRow * rows <= MOST_DIFFERENCES) return between(x1);
  const out = allocate([...batch, rows, others], x1.dtype, x1.device);
  const step = Math.max(1, Math.floor(MOST_DIFFERENCES / perRow));
  for (let i = 0; i < rows; i += step) {
    const count = Math.min(step, rows - i);
    out.narrow(-2, i, count).copy_(between(x1.narrow(-2, i, count)));
  }
  return out;
}

function distancesByProduct(x1: Tensor, x2: Tensor): Tensor {
  const squares = (t: Tensor) => t.mul(t).sum(-1, true);
  const sum = squares(x1).add(squares(x2).mT);
  return sum.sub(matmul(x1, x2.mT).mul(2)).clampMin(0).sqrt();
}

const cdistOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "cdist",
  node: ({ byProduct }) => (byProduct ? "EuclideanDistBackward0" : "CdistBackward0"),
  forward: ([x1, x2], attrs) => distances(x1 as Tensor, x2 as Tensor, attrs),
  saves: (_, { p }) => (p === 0 ? [] : [0, 1, ~0]),
  backward: ([g], context) => {
    const { p, byProduct } = context.attrs;
    if (p === 0) return [null, null];
    const [grad, x1, x2] = [g as Tensor, context.input(0), context.input(1)];
    // Divided by infinity where two vectors are the same: the subgradient there is 0.
    const result = context.result(0);
    const distance = result.maskedFill(result.eq(0), Infinity);
    if (byProduct) {
      const ratio = grad.div(distance);
      return [
        context.needs(0) ? x1.mul(ratio.sum(-1, true)).sub(ratio.matmul(x2)) : null,
        context.needs(1) ? x2.mul(ratio.sum(-2).unsqueeze(-1)).sub(ratio.mT.matmul(x1)) : null,
      ];
    }
    const difference = x1.unsqueeze(-2).sub(x2.unsqueeze(-3));
    const slope = slopes(difference, distance.unsqueeze(-1), grad.unsqueeze(-1), p);
    return [context.needs(0) ? slope.sum(-2) : null, context.needs(1) ? slope.sum(-3).neg() : null];
  },
});

/** The gradient of every difference. @param distance - infinite where it is 0 */
function slopes(difference: Tensor, distance: Tensor, grad: Tensor, p: number): Tensor {
  if (p === 1) return difference.sgn().mul(grad);
  if (p === 2) return difference.div(distance).mul(grad);
  const magnitude = difference.abs();
  // As in PyTorch, here all that are largest have the whole gradient.
  if (p === Infinity) return difference.sgn().mul(magnitude.eq(distance)).mul(grad);
  const scale = grad.div(distance.pow(p - 1));
  if (p > 2) return difference.mul(magnitude.pow(p - 2)).mul(scale);
  return difference
    .sgn()
    .mul(magnitude.pow(p - 1).maskedFill(difference.eq(0), 0))
    .mul(p < 1 ? grad.mul(distance.pow(1 - p)).maskedFill(distance.eq(Infinity), 0) : scale);
}

function checkVectors(op: string, x: unknown, name: string): asserts x is Tensor {
  checkTensor(op, x, name);
  if (!x.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point dtype for ${name}, got ${x.dtype} (whole numbers make int64: pass a dtype)`,
    );
}

function checkP(op: string, p: unknown): asserts p is number {
  if (typeof p !== "number" || !(p >= 0)) throw new ValueError(`${op}: expected a p of at least 0, got ${describe(p)}`);
}

interface CdistOptions {
  x2: Tensor;
  /** Which norm of the difference; `Infinity` and 0 (the number of differing elements) too. */
  p?: number;
  computeMode?: CdistMode;
}

/**
 * The `p`-distance of each vector of `x1` to each of `x2`. Where it is 0, so is its gradient. PyTorch: `torch.cdist`.
 *
 * @param x1 - [*, P, M]; floating dtype
 * @param x2 - [*, R, M]; the leading dimensions broadcast
 * @param args - `p` (2), `computeMode` ("use_mm_for_euclid_dist_if_necessary")
 * @returns [*, P, R]
 * @throws ShapeError if the vectors differ in length
 * @throws DTypeError if either is no floating-point tensor
 * @example
 * torch.cdist(torch.tensor([[0.0, 0.5]]), torch.tensor([[3, 4.5], [0, 1]])) // tensor([[5.0000, 0.5000]])
 */
export function cdist(
  x1: Tensor,
  ...args: Named<[x2: Tensor, p: number, computeMode: CdistMode], ["x2", "p", "computeMode"], CdistOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(cdist, [x1, ...args]);
  const {
    x2,
    p = 2,
    computeMode: mode = "use_mm_for_euclid_dist_if_necessary",
  } = named<CdistOptions>("cdist", ["x2", "p", "computeMode"], 1, args);
  checkVectors("cdist", x1, "x1");
  checkVectors("cdist", x2, "x2");
  checkP("cdist", p);
  if (!MODES.includes(mode))
    throw new ValueError(`cdist: expected ${MODES.map(describe).join(", ")} as computeMode, got ${describe(mode)}`);
  for (const [x, name] of [
    [x1, "x1"],
    [x2, "x2"],
  ] as const)
    if (x.ndim < 2) throw new ShapeError(`cdist: expected at least 2 dimensions of ${name}, got ${shapeText(x.shape)}`);
  if (size(x1, -1) !== size(x2, -1))
    throw new ShapeError(
      `cdist: expected vectors of one length in x1 and x2, got ${shapeText(x1.shape)} and ${shapeText(x2.shape)}`,
    );
  const batch: Shape = broadcastShapes("cdist", x1.shape.slice(0, -2), x2.shape.slice(0, -2));
  if (size(x1, -1) === 0) return allocate([...batch, size(x1, -2), size(x2, -2)], x1.dtype, x1.device).zero_();
  const dtype = promoteTypes(x1.dtype, x2.dtype);
  const many = size(x1, -2) > 25 || size(x2, -2) > 25;
  const byProduct = p === 2 && (mode === MODES[1] || (mode === MODES[0] && many));
  return cdistOp.call([x1.to(dtype), x2.to(dtype)], { p, byProduct });
}

/**
 * The `p`-distance of each vector to each that comes after it: the upper triangle of `cdist(input, input)`, row by row.
 * PyTorch: `torch.nn.functional.pdist`.
 *
 * @param input - [N, M]; floating dtype
 * @param args - `p` (2)
 * @returns [N · (N − 1) / 2]
 * @throws ShapeError if `input` is no matrix
 * @example
 * torch.pdist(torch.tensor([[0, 0], [3, 4], [0, 1.0]], { dtype: torch.float32 })) // tensor([5.0000, 1.0000, 4.2426])
 */
export function pdist(input: Tensor, ...args: Call<[p: number], { p?: number }>): Tensor {
  const { p = 2 } = bind<{ p?: number }>("pdist", ["p"], args);
  checkVectors("pdist", input, "input");
  checkP("pdist", p);
  if (input.ndim !== 2) throw new ShapeError(`pdist: expected a matrix, got shape ${shapeText(input.shape)}`);
  const n = size(input, -2);
  if (size(input, -1) === 0) return input.newZeros([(n * (n - 1)) / 2]);
  const all = cdistOp.call([input, input], { p, byProduct: false });
  const above = input.newOnes([n, n]).triu(1).ne(0);
  return all.maskedSelect(above);
}
