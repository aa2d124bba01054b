/** @file Cross products of vectors in three dimensions. */
import { ShapeError } from "../core/errors.ts";
import { broadcastShapes, shapeText, wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { stack } from "./joining.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { checkSameDType, checkTensor, type Named, named } from "./params.ts";
import { checkNotBool } from "./products.ts";

const crossOp: KernelOp<{ dim: number }> = kernelOp<{ dim: number }>({
  name: "linalgCross",
  forward: ([input, other], { dim }) => {
    const parts = (t: unknown) => [0, 1, 2].map((i) => (t as Tensor).select(dim, i));
    const [a, b] = [parts(input), parts(other)];
    const minor = (i: 0 | 1 | 2) => {
      const [j, k] = [(i + 1) % 3, (i + 2) % 3];
      const [aj, ak, bj, bk] = [a[j], a[k], b[j], b[k]] as [Tensor, Tensor, Tensor, Tensor];
      return aj.mul(bk).sub(ak.mul(bj));
    };
    return stack([minor(0), minor(1), minor(2)], dim);
  },
  saves: (needs) => [...(needs(1) ? [0] : []), ...(needs(0) ? [1] : [])],
  backward: ([g], context) => {
    const { attrs } = context;
    const grad = g as Tensor;
    return [
      context.needs(0) ? crossOp.call([context.input(1).conj(), grad], attrs) : null,
      context.needs(1) ? crossOp.call([grad, context.input(0).conj()], attrs) : null,
    ];
  },
});

/** @param op - the name that errors begin with */
export function crossAlong(op: string, input: Tensor, other: Tensor, dim: number): Tensor {
  if (input.ndim !== other.ndim)
    throw new ShapeError(
      `${op}: expected tensors with as many dimensions, got ${shapeText(input.shape)} and ${shapeText(other.shape)}`,
    );
  checkSameDType(op, input, other, "both tensors");
  checkNotBool(op, input);
  const d = wrapDim(op, dim, input.ndim);
  if (input.shape[d] !== 3 || other.shape[d] !== 3)
    throw new ShapeError(
      `${op}: expected size 3 in dimension ${dim}, got shapes ${shapeText(input.shape)} and ${shapeText(other.shape)}`,
    );
  broadcastShapes(op, input.shape, other.shape);
  return crossOp.call([input, other], { dim: d });
}

interface CrossOptions {
  other: Tensor;
  /** The dimension of size 3 that the vectors lie along; the first one if not given. */
  dim?: number | null;
}

/**
 * Cross product of vectors in three dimensions. `torch.linalg.cross` takes the last dimension where none is named.
 * PyTorch: `torch.cross`.
 *
 * @param other - of as many dimensions; sizes broadcast
 * @param args - `dim`, of size 3; the first such dimension if not given
 * @throws ShapeError if no dimension has size 3
 * @throws DTypeError if the dtypes differ or are bool
 * @example
 * torch.cross(torch.tensor([1, 0, 0]), torch.tensor([0, 1, 0])) // tensor([0, 0, 1])
 */
export function cross(
  input: Tensor,
  ...args: Named<[other: Tensor, dim: number | null], ["other", "dim"], CrossOptions>
): Tensor {
  const { other, dim } = named<CrossOptions>("cross", ["other", "dim"], 1, args);
  checkTensor("cross", input);
  checkTensor("cross", other, "other");
  const first = dim ?? input.shape.indexOf(3);
  if (first < 0 && (dim ?? null) === null)
    throw new ShapeError(`cross: expected a dimension of size 3, got shape ${shapeText(input.shape)}`);
  return crossAlong("cross", input, other, first);
}
