/** @file Whether whole tensors are equal. */
import { sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Call } from "./bind.ts";
import { checkTensor, type Named, named } from "./params.ts";
import { isclose } from "./pointwise/comparison.ts";

/**
 * Whether two tensors have one shape and equal elements. PyTorch: `torch.equal`.
 * @example
 * torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2])) // true
 */
export function equal(input: Tensor, ...args: Named<[other: Tensor], ["other"], { other: Tensor }>): boolean {
  checkTensor("equal", input);
  const { other } = named<{ other: Tensor }>("equal", ["other"], 1, args);
  checkTensor("equal", other, "other");
  if (!sameShape(input.shape, other.shape)) return false;
  return Boolean(input.detach().eq(other.detach()).all().item());
}

interface CloseOptions {
  rtol?: number;
  atol?: number;
  equalNan?: boolean;
}

/**
 * Whether `|input − other| ≤ atol + rtol · |other|` for all elements. PyTorch: `torch.allclose`.
 *
 * @param other - of the dtype of `input`, and of a shape that broadcasts with it
 * @param args - `rtol` (1e-5), `atol` (1e-8), `equalNan`
 * @throws DTypeError for two dtypes
 * @example
 * torch.allclose(torch.tensor([1.5]), torch.tensor([1.5 + 1e-7])) // true
 */
export function allclose(
  input: Tensor,
  other: Tensor,
  ...args: Call<[rtol: number, atol: number, equalNan: boolean], CloseOptions>
): boolean {
  checkTensor("allclose", input);
  checkTensor("allclose", other, "other");
  return Boolean(
    isclose(input.detach(), other.detach(), ...args)
      .all()
      .item(),
  );
}
