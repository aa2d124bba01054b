/** @file What kernels want of their operands. */
import { toReal } from "../core/dtype.ts";
import { Layout } from "../core/layout.ts";
import { Tensor } from "../core/tensor.ts";

/** A number as a vector of one element, others as they are: kernels that work along a dimension need one. Not recorded. */
export function vector(t: Tensor): Tensor {
  return t.ndim === 0 ? t.detach().unsqueeze(0) : t;
}

/** `t`, or a copy if it shares the memory of `into`, which is about to be written. */
export function apart(t: Tensor, into: Tensor): Tensor {
  return t.storage === into.storage ? t.clone() : t;
}

/** The real or the imaginary parts of a complex tensor, where they lie: real numbers two apart. Not recorded. */
export function plane(t: Tensor, part: 0 | 1): Tensor {
  const { shape, strides, offset } = t.layout;
  const layout = new Layout(
    shape,
    strides.map((s) => 2 * s),
    2 * offset + part,
  );
  return new Tensor(t.storage, layout, toReal(t.dtype));
}

/** Both, the real parts first. */
export const planes = (t: Tensor): readonly [Tensor, Tensor] => [plane(t, 0), plane(t, 1)];

/** A complex tensor as the real one with a last dimension of 2 that its parts are; a real one as it is. Not recorded. */
export function partsOf(t: Tensor): Tensor {
  if (!t.dtype.isComplex) return t;
  const { shape, strides, offset } = t.layout;
  return new Tensor(
    t.storage,
    new Layout([...shape, 2], [...strides.map((s) => 2 * s), 1], 2 * offset),
    toReal(t.dtype),
  );
}
