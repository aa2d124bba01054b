/** @file Products of many matrices, in the order that costs least. */
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { mm } from "../matmul.ts";
import { checkTensors } from "../params.ts";

/**
 * Where the product of matrices `i` to `j` is best split, for all `i < j`: after matrix `split[i][j]`.
 * @param sizes - matrix `i` is [sizes[i], sizes[i + 1]]
 * @see Cormen et al., Introduction to Algorithms, 15.2
 */
function bestSplits(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const table = () => Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const [cost, split] = [table(), table()];
  for (let length = 1; length < n; length++)
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      let best = Infinity;
      for (let k = i; k < j; k++) {
        const price =
          (cost[i]?.[k] as number) +
          (cost[k + 1]?.[j] as number) +
          (sizes[i] as number) * (sizes[k + 1] as number) * (sizes[j + 1] as number);
        if (price >= best) continue;
        best = price;
        (split[i] as number[])[j] = k;
      }
      (cost[i] as number[])[j] = best;
    }
  return split;
}

function multiply(matrices: readonly Tensor[]): Tensor {
  const sizes = [...matrices.map((t) => t.shape[0] as number), matrices.at(-1)?.shape[1] as number];
  const split = bestSplits(sizes);
  const from = (i: number, j: number): Tensor => {
    if (i === j) return matrices[i] as Tensor;
    const k = split[i]?.[j] as number;
    return mm(from(i, k), from(k + 1, j));
  };
  return from(0, matrices.length - 1);
}

function checkChain(op: string, matrices: readonly Tensor[]): void {
  for (let i = 1; i < matrices.length; i++) {
    const [a, b] = [matrices[i - 1] as Tensor, matrices[i] as Tensor];
    if (a.dtype !== b.dtype)
      throw new DTypeError(`${op}: expected all tensors in one dtype, got ${a.dtype} and ${b.dtype}`);
    if (a.shape[1] !== b.shape[0])
      throw new ShapeError(
        `${op}: expected matrices that fit each other, got ${shapeText(a.shape)} and ${shapeText(b.shape)} as tensors[${i - 1}] and tensors[${i}]`,
      );
  }
}

/**
 * The product of two or more matrices, multiplied in the order that takes the fewest operations. The first tensor may be a vector
 * (a row), the last too (a column). PyTorch: `torch.linalg.multi_dot`.
 *
 * @param tensors - [m, k₁] or [k₁], then [k₁, k₂] …, then [kₙ, n] or [kₙ]; one dtype
 * @returns [m, n], without the dimension that a vector lacked
 * @throws ShapeError if the sizes do not fit
 * @throws ValueError for fewer than two tensors
 * @example
 * torch.linalg.multiDot([torch.ones(2), torch.ones(2, 3), torch.ones(3, 1)]) // tensor([6.])
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const op = "linalg.multiDot";
  checkTensors(op, tensors);
  const n = tensors.length;
  if (n < 2) throw new ValueError(`${op}: expected at least 2 tensors, got ${n}`);
  const matrices = tensors.map((t, i) => {
    const isEnd = i === 0 || i === n - 1;
    if (t.ndim !== 2 && !(isEnd && t.ndim === 1))
      throw new ShapeError(
        `${op}: expected a matrix${isEnd ? " or a vector" : ""} as tensors[${i}], got shape ${shapeText(t.shape)}`,
      );
    return t.ndim === 2 ? t : t.unsqueeze(i === 0 ? 0 : 1);
  });
  checkChain(op, matrices);
  let result = multiply(matrices);
  if (tensors[n - 1]?.ndim === 1) result = result.squeeze(1);
  return tensors[0]?.ndim === 1 ? result.squeeze(0) : result;
}

/**
 * The product of one or more matrices, multiplied in the order that takes the fewest operations. PyTorch: `torch.chain_matmul`.
 *
 * @throws ShapeError if one is no matrix, or the sizes do not fit
 * @example
 * torch.chainMatmul(torch.ones(1, 2), torch.ones(2, 3), torch.ones(3, 1)) // tensor([[6.]])
 */
export function chainMatmul(...matrices: readonly Tensor[]): Tensor {
  checkTensors("chainMatmul", matrices, "matrices");
  const [first] = matrices;
  if (first === undefined) throw new ValueError("chainMatmul: expected at least one matrix, got none");
  for (const [i, t] of matrices.entries())
    if (t.ndim !== 2)
      throw new ShapeError(`chainMatmul: expected a matrix as matrices[${i}], got shape ${shapeText(t.shape)}`);
  checkChain("chainMatmul", matrices);
  return multiply(matrices);
}
