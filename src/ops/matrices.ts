/** @file Matrices made of others: blockDiag, vander; and trace. */
import { inFloat32, isAutocasting } from "../autograd/autocast.ts";
import { Category, type DType, int64, promoteTypes } from "../core/dtype.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { zeros } from "./creation.ts";
import { cat } from "./joining.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { checkInt, checkTensor, checkTensors } from "./params.ts";
import { checkNotBool } from "./products.ts";

/**
 * The sum of the diagonal of a matrix. PyTorch: `torch.trace`.
 *
 * @param input - [m, n]
 * @returns 0-dim; of integers in int64
 * @throws ShapeError if `input` is no matrix
 * @throws DTypeError if it is a bool tensor
 * @example
 * torch.trace(torch.tensor([[1, 2], [3, 4]])) // tensor(5)
 */
export function trace(input: Tensor): Tensor {
  if (isAutocasting()) return inFloat32(trace, [input]);
  checkTensor("trace", input);
  if (input.ndim !== 2) throw new ShapeError(`trace: expected a matrix, got shape ${shapeText(input.shape)}`);
  checkNotBool("trace", input);
  return input.diagonal().sum();
}

interface BlockAttrs {
  readonly dtype: DType;
  readonly count: number;
}

const blockDiagOp: KernelOp<BlockAttrs> = kernelOp<BlockAttrs>({
  name: "blockDiag",
  forward: (blocks, { dtype }) => {
    const size = (dim: 0 | 1) => blocks.reduce((n, t) => n + (t.shape[dim] as number), 0);
    const out = zeros([size(0), size(1)], { dtype, device: (blocks[0] as Tensor).device });
    let [row, column] = [0, 0];
    for (const t of blocks) {
      const [m, n] = t.shape as [number, number];
      out.narrow(0, row, m).narrow(1, column, n).copy_(t);
      row += m;
      column += n;
    }
    return out;
  },
  backward: ([grad], context) => {
    let [row, column] = [0, 0];
    const gradients: (Tensor | null)[] = [];
    for (let i = 0; i < context.attrs.count; i++) {
      const [m, n] = context.shape(i) as [number, number];
      const part = () => (grad as Tensor).narrow(0, row, m).narrow(1, column, n).to(context.dtype(i));
      gradients.push(context.needs(i) ? part() : null);
      row += m;
      column += n;
    }
    return gradients;
  },
});

/**
 * A matrix with the given ones along its diagonal, zeros elsewhere. PyTorch: `torch.block_diag`.
 *
 * @param tensors - of at most 2 dimensions; vectors and numbers are rows
 * @returns a matrix in the dtype that all meet in
 * @throws ShapeError for a tensor of more than 2 dimensions
 * @example
 * torch.blockDiag(torch.tensor([[1, 2]]), torch.tensor([[3], [4]])) // tensor([[1, 2, 0],
 *                                                                   //         [0, 0, 3],
 *                                                                   //         [0, 0, 4]])
 */
export function blockDiag(...tensors: readonly Tensor[]): Tensor {
  checkTensors("blockDiag", tensors);
  const [first] = tensors;
  if (first === undefined) return zeros([1, 0]);
  for (const [i, t] of tensors.entries())
    if (t.ndim > 2)
      throw new ShapeError(
        `blockDiag: expected tensors of at most 2 dimensions, got shape ${shapeText(t.shape)} as tensors[${i}]`,
      );
  const dtype = tensors.reduce((meet, t) => promoteTypes(meet, t.dtype), first.dtype);
  const blocks = tensors.map((t) => (t.ndim === 2 ? t : t.reshape(1, t.numel())));
  return blockDiagOp.call(blocks, { dtype, count: blocks.length });
}

/** Powers 0 to n − 1 of `x` along a new last dimension. */
export function powersOf(x: Tensor, n: number): Tensor {
  const base = x.dtype.category < Category.Floating ? x.to(int64) : x;
  if (n === 0) return base.newEmpty([...base.shape, 0]);
  const ones = base.newOnes([...base.shape, 1]);
  if (n === 1) return ones;
  const repeated = base.unsqueeze(-1).expand([...base.shape, n - 1]);
  return cat([ones, repeated.cumprod(-1)], -1);
}

interface VanderOptions {
  /** Number of columns; as many as elements if not given. */
  N?: number | null;
  /** Whether the powers grow from left to right. */
  increasing?: boolean;
}

/**
 * Vandermonde matrix: the powers of each element in a row, falling from left to right unless `increasing`. PyTorch: `torch.vander`.
 *
 * @param x - [n]
 * @param args - `N` (n), `increasing` (false)
 * @returns [n, N]; of integers in int64
 * @throws ShapeError if `x` is no vector
 * @example
 * torch.vander(torch.tensor([2, 3]), 3) // tensor([[4, 2, 1],
 *                                       //         [9, 3, 1]])
 */
export function vander(x: Tensor, ...args: Call<[N: number | null, increasing: boolean], VanderOptions>): Tensor {
  const { N, increasing = false } = bind<VanderOptions>("vander", ["N", "increasing"], args);
  checkTensor("vander", x, "x");
  if (x.ndim !== 1) throw new ShapeError(`vander: expected a vector, got shape ${shapeText(x.shape)}`);
  const n = N ?? (x.shape[0] as number);
  checkInt("vander", "N", n);
  if (n < 0) throw new ValueError(`vander: expected an N of at least 0, got ${n}`);
  const powers = powersOf(x, n);
  return increasing ? powers : powers.flip(-1);
}
