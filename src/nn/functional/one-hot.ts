/** @file One-hot encoding. */
import { int64 } from "../../core/dtype.ts";
import { DTypeError, describe, IndexError, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { arange } from "../../ops/creation.ts";
import { checkTensor } from "../../ops/params.ts";

/**
 * 1 at the index, 0 elsewhere, along a new last dimension. PyTorch: `torch.nn.functional.one_hot`.
 *
 * @param tensor - class indices, any shape; int64
 * @param args - `numClasses`; one more than the largest index if −1
 * @throws IndexError if an index is no class
 * @example
 * F.oneHot(torch.tensor([0, 2])) // tensor([[1, 0, 0],
 *                                //         [0, 0, 1]])
 */
export function oneHot(tensor: Tensor, ...args: Call<[numClasses: number], { numClasses?: number }>): Tensor {
  const { numClasses = -1 } = bind<{ numClasses?: number }>("oneHot", ["numClasses"], args);
  checkTensor("oneHot", tensor, "tensor");
  if (tensor.dtype !== int64) throw new DTypeError(`oneHot: expected class indices in ${int64}, got ${tensor.dtype}`);
  if (!Number.isSafeInteger(numClasses) || numClasses === 0 || numClasses < -1)
    throw new ValueError(`oneHot: expected a whole number above 0 (or -1) as numClasses, got ${describe(numClasses)}`);
  if (tensor.numel() === 0) {
    if (numClasses === -1)
      throw new ValueError("oneHot: expected numClasses for an empty tensor: there is nothing to infer it from");
    return tensor.newZeros([...tensor.shape, numClasses]);
  }
  const [least, greatest] = [Number(tensor.amin().item()), Number(tensor.amax().item())];
  const classes = numClasses === -1 ? greatest + 1 : numClasses;
  if (least < 0) throw new IndexError(`oneHot: expected class indices of at least 0, got ${least}`);
  if (greatest >= classes) throw new IndexError(`oneHot: expected class indices below ${classes}, got ${greatest}`);
  return tensor.unsqueeze(-1).eq(arange(classes)).to(int64);
}
