/** @file Distances and similarities of vectors, pair by pair; and scaling to length 1. */
import { withGrad } from "../autograd/modes.ts";
import { Category } from "../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../core/errors.ts";
import { broadcastShapes } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { resultType } from "./dtypes.ts";
import { inNormDType, normOver } from "./linalg/vector-norm.ts";
import { checkTensor, type Named, named } from "./params.ts";
import type { Dims } from "./reduction-form.ts";

interface PairwiseDistanceOptions {
  x2: Tensor;
  /** Which norm of the difference. */
  p?: number;
  /** Added to each difference, so that the gradient has a direction where there is none. */
  eps?: number;
  keepdim?: boolean;
}

/**
 * The `p`-norm of `x1 − x2 + eps` along the last dimension. PyTorch: `torch.nn.functional.pairwise_distance`.
 *
 * @param x1 - [*, D]
 * @param x2 - a shape that broadcasts with that of `x1`
 * @param args - `p` (2), `eps` (1e-6), `keepdim` (false)
 * @returns [*], or [*, 1] with `keepdim`
 * @example
 * F.pairwiseDistance(torch.tensor([[1, 2.5]]), torch.tensor([[4, 6.5]])) // tensor([5.0000])
 */
export function pairwiseDistance(
  x1: Tensor,
  ...args: Named<
    [x2: Tensor, p: number, eps: number, keepdim: boolean],
    ["x2", "p", "eps", "keepdim"],
    PairwiseDistanceOptions
  >
): Tensor {
  const op = "pairwiseDistance";
  const {
    x2,
    p = 2,
    eps = 1e-6,
    keepdim = false,
  } = named<PairwiseDistanceOptions>(op, ["x2", "p", "eps", "keepdim"], 1, args);
  checkTensor(op, x1, "x1");
  checkTensor(op, x2, "x2");
  if (typeof p !== "number") throw new ValueError(`${op}: expected a number as p, got ${describe(p)}`);
  broadcastShapes(op, x1.shape, x2.shape);
  const difference = x1.sub(x2);
  // eps is a float, even where it is a whole number.
  const floating =
    difference.dtype.category < Category.Floating ? difference.to(resultType([difference, 0.5])) : difference;
  return normOver(op, inNormDType(op, floating.add(eps), null), p, -1, keepdim);
}

interface CosineSimilarityOptions {
  x2: Tensor;
  dim?: number;
  /** The least length that a vector is divided by. */
  eps?: number;
}

/**
 * The cosine of the angle between vectors along `dim`. PyTorch: `torch.nn.functional.cosine_similarity`.
 *
 * @param x1 - any shape
 * @param x2 - a shape that broadcasts with that of `x1`
 * @param args - `dim` (1), `eps` (1e-8)
 * @returns the shape that both broadcast to, without `dim`
 * @throws DTypeError if neither is a floating-point tensor
 * @example
 * F.cosineSimilarity(torch.tensor([[1, 0.0]], { dtype: torch.float32 }), torch.tensor([[1.5, 1.5]])) // tensor([0.7071])
 */
export function cosineSimilarity(
  x1: Tensor,
  ...args: Named<[x2: Tensor, dim: number, eps: number], ["x2", "dim", "eps"], CosineSimilarityOptions>
): Tensor {
  const op = "cosineSimilarity";
  const { x2, dim = 1, eps = 1e-8 } = named<CosineSimilarityOptions>(op, ["x2", "dim", "eps"], 1, args);
  checkTensor(op, x1, "x1");
  checkTensor(op, x2, "x2");
  const dtype = resultType([x1, x2]);
  if (!dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected tensors that meet in a floating-point dtype, got ${x1.dtype} and ${x2.dtype} (whole numbers make int64: pass a dtype)`,
    );
  const shape = broadcastShapes(op, x1.shape, x2.shape);
  const direction = (x: Tensor) => {
    const vectors = x.to(dtype).expand(shape);
    const length = normOver(op, vectors, 2, dim, true).clone();
    // As in PyTorch, the bound changes the value alone: the gradient is that of the length.
    withGrad(false, () => length.clampMin_(eps));
    return vectors.div(length);
  };
  return direction(x1).mul(direction(x2)).sum(dim);
}

interface NormalizeOptions {
  /** Which norm is made 1. */
  p?: number;
  dim?: Dims;
  /** The least norm that is divided by. */
  eps?: number;
}

/**
 * `input` divided by its `p`-norm along `dim`. PyTorch: `torch.nn.functional.normalize`.
 *
 * @param input - any shape; floating or complex dtype
 * @param args - `p` (2), `dim` (1), `eps` (1e-12)
 * @returns the shape of `input`
 * @example
 * F.normalize(torch.tensor([[3, 4.0]], { dtype: torch.float32 })) // tensor([[0.6000, 0.8000]])
 */
export function normalize(input: Tensor, ...args: Call<[p: number, dim: Dims, eps: number], NormalizeOptions>): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = bind<NormalizeOptions>("normalize", ["p", "dim", "eps"], args);
  checkTensor("normalize", input);
  if (typeof p !== "number") throw new ValueError(`normalize: expected a number as p, got ${describe(p)}`);
  return input.div(normOver("normalize", inNormDType("normalize", input, null), p, dim, true).clampMin(eps));
}
