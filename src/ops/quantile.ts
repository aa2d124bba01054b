/** @file Quantiles: between which sorted elements they lie, and where between. */
import { inFloat32, isAutocasting } from "../autograd/autocast.ts";
import { float32, float64, int64 } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { shapeText, wrapDim } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { scalarTensor } from "./from-data.ts";
import { checkTensor, type Named, named } from "./params.ts";

type Interpolation = "linear" | "lower" | "higher" | "midpoint" | "nearest";
const INTERPOLATIONS: readonly Interpolation[] = ["linear", "lower", "higher", "midpoint", "nearest"];

interface QuantileOptions {
  q: number | Tensor;
  dim?: number | null;
  keepdim?: boolean;
  interpolation?: Interpolation;
}
type QuantileArgs = Named<
  [q: number | Tensor, dim: number | null, keepdim: boolean],
  ["q", "dim", "keepdim"],
  QuantileOptions
>;

function checkQ(op: string, input: Tensor, q: unknown): Tensor {
  if (typeof q === "number") {
    if (!(q >= 0 && q <= 1)) throw new ValueError(`${op}: expected q in the range [0, 1], got ${q}`);
    return scalarTensor(q, { dtype: input.dtype, device: input.device });
  }
  if (!(q instanceof Tensor)) throw new ValueError(`${op}: expected a number or a Tensor as q, got ${describe(q)}`);
  if (q.ndim > 1) throw new ShapeError(`${op}: expected a number or a vector as q, got shape ${shapeText(q.shape)}`);
  if (q.dtype !== input.dtype)
    throw new DTypeError(`${op}: expected q in the dtype of input, got ${q.dtype} and ${input.dtype}`);
  const inside = q.detach().ge(0).logicalAnd(q.detach().le(1));
  if (!inside.all().item()) throw new ValueError(`${op}: expected q in the range [0, 1], got ${q.detach()}`);
  return q;
}

/** Positions of the quantiles in each sorted row: `[…, 1 or number of q]`. */
function ranksOf(sorted: Tensor, q: Tensor, ignoreNan: boolean): Tensor {
  const isnan = sorted.detach().isnan();
  if (ignoreNan) return q.mul(isnan.logicalNot().sum(-1, true).sub(1)).clampMin(0);
  // A NaN stands last, and makes every quantile of its row NaN.
  const last = (sorted.shape[sorted.ndim - 1] as number) - 1;
  const some = isnan.any(-1, true);
  const ranks = q.mul(last);
  return ranks.expand([...some.shape.slice(0, -1), ...q.shape]).maskedFill(some, last);
}

function interpolate(sorted: Tensor, ranks: Tensor, interpolation: Interpolation): Tensor {
  const at = (places: Tensor) => sorted.gather(-1, places.to(int64));
  if (interpolation === "lower") return at(ranks.floor());
  if (interpolation === "higher") return at(ranks.ceil());
  if (interpolation === "nearest") return at(ranks.round());
  const below = ranks.detach().floor();
  const weights = interpolation === "midpoint" ? 0.5 : ranks.sub(below);
  return at(below).lerp(at(ranks.detach().ceil()), weights);
}

function quantiles(op: string, input: Tensor, args: readonly unknown[], ignoreNan: boolean): Tensor {
  checkTensor(op, input);
  const names = ["q", "dim", "keepdim", "interpolation"] as const;
  const { q, dim, keepdim = false, interpolation = "linear" } = named<QuantileOptions>(op, names, 1, args);
  if (!INTERPOLATIONS.includes(interpolation))
    throw new ValueError(
      `${op}: expected ${INTERPOLATIONS.join(", ")} as interpolation, got ${describe(interpolation)}`,
    );
  if (input.dtype !== float32 && input.dtype !== float64)
    throw new DTypeError(`${op}: expected a float32 or float64 tensor, got ${input.dtype}`);
  if (input.layout.numel === 0)
    throw new ShapeError(`${op}: expected at least one element, got shape ${shapeText(input.shape)}`);
  const quantile = checkQ(op, input, q);
  const along = dim === undefined || dim === null ? null : wrapDim(op, dim, input.ndim);
  const rows = along === null || input.ndim === 0 ? input.reshape(-1) : input.movedim(along, -1);
  const { values: sorted } = rows.sort();
  const found = interpolate(sorted, ranksOf(sorted, quantile.reshape(-1), ignoreNan), interpolation);
  // [rows…, q] to [q, rows…], with the dimension put back where it is kept.
  const shape =
    along === null || input.ndim === 0
      ? keepdim
        ? input.shape.map(() => 1)
        : []
      : keepdim
        ? input.shape.with(along, 1)
        : input.shape.toSpliced(along, 1);
  return quantile.ndim === 0 ? found.reshape(shape) : found.movedim(-1, 0).reshape([quantile.numel(), ...shape]);
}

/**
 * Quantiles: of everything, or of each row along a dimension. NaN where an element is. PyTorch: `torch.quantile`.
 *
 * @param input - any shape with elements; float32 or float64
 * @param args - `q`: a number of [0, 1], or a vector of them, which becomes the first dimension of the result; `dim`, `keepdim`;
 *   `interpolation` between the two elements that a quantile lies between: `"linear"`, `"lower"`, `"higher"`, `"midpoint"`, `"nearest"`
 * @throws DTypeError for other dtypes, ValueError for a `q` outside of [0, 1]
 * @example
 * torch.quantile(torch.tensor([0, 1, 2, 3.5]), torch.tensor([0.5, 1])) // tensor([1.5000, 3.5000])
 */
export function quantile(input: Tensor, ...args: QuantileArgs): Tensor {
  if (isAutocasting()) return inFloat32(quantile, [input, ...args]);
  return quantiles("quantile", input, args, false);
}

/**
 * Quantiles of the elements that are not NaN; NaN where all are. PyTorch: `torch.nanquantile`.
 * @example
 * torch.nanquantile(torch.tensor([NaN, 1, 2]), 0.5) // tensor(1.5000)
 */
export function nanquantile(input: Tensor, ...args: QuantileArgs): Tensor {
  if (isAutocasting()) return inFloat32(nanquantile, [input, ...args]);
  return quantiles("nanquantile", input, args, true);
}
