/** @file Softmax and its logarithm. */
import { backendOf } from "../backends/backend.ts";
import type { DType } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { allocate } from "./creation.ts";
import { kernelOp } from "./kernel-form.ts";

interface SoftmaxOptions {
  /** PyTorch's choice by the number of dimensions if not given. */
  dim?: number | null;
  /** Converts the input first. */
  dtype?: DType | null;
}
type SoftmaxArgs = Call<[dim: number | null, dtype: DType | null], SoftmaxOptions>;

interface Attrs {
  readonly dim: number;
}

/** `result · (grad − Σ grad · result)`: a node of its own, so that it can be differentiated again. */
const softmaxBackwardOp = kernelOp<Attrs>({
  name: "softmaxBackward",
  forward: ([grad, result], { dim }) => {
    const [g, r] = [grad as Tensor, result as Tensor];
    const out = allocate(r.shape, r.dtype, r.device);
    backendOf(r.device).kernels.softmaxBackward(out, g, r, dim);
    return out;
  },
  saves: () => [0, 1],
  backward: ([gg], context) => {
    const [v, grad, result] = [gg as Tensor, context.input(0), context.input(1)];
    const { dim } = context.attrs;
    const along = (x: Tensor) => x.sum(dim, true);
    const dGrad = context.needs(0) ? result.mul(v.sub(along(result.mul(v)))) : null;
    const dResult = context.needs(1)
      ? v.mul(grad.sub(along(grad.mul(result)))).sub(grad.mul(along(v.mul(result))))
      : null;
    return [dGrad, dResult];
  },
});

const softmaxOp = kernelOp<Attrs>({
  name: "softmax",
  forward: ([input], { dim }) => {
    const x = input as Tensor;
    const out = allocate(x.shape, x.dtype, x.device);
    backendOf(x.device).kernels.softmax(out, x, dim);
    return out;
  },
  saves: () => [~0],
  backward: ([grad], context) => [softmaxBackwardOp.call([grad as Tensor, context.result(0)], context.attrs)],
});

/** `grad − exp(result) · Σ grad`. */
const logSoftmaxBackwardOp = kernelOp<Attrs>({
  name: "logSoftmaxBackward",
  forward: ([grad, result], { dim }) => {
    const [g, r] = [grad as Tensor, result as Tensor];
    const out = allocate(r.shape, r.dtype, r.device);
    backendOf(r.device).kernels.logSoftmaxBackward(out, g, r, dim);
    return out;
  },
  saves: () => [0, 1],
  backward: ([gg], context) => {
    const [v, grad, p] = [gg as Tensor, context.input(0), context.input(1).exp()];
    const { dim } = context.attrs;
    const dGrad = context.needs(0) ? v.sub(v.mul(p).sum(dim, true)) : null;
    const dResult = context.needs(1) ? v.mul(p).mul(grad.sum(dim, true)).neg() : null;
    return [dGrad, dResult];
  },
});

const logSoftmaxOp = kernelOp<Attrs>({
  name: "logSoftmax",
  forward: ([input], { dim }) => {
    const x = input as Tensor;
    const out = allocate(x.shape, x.dtype, x.device);
    backendOf(x.device).kernels.logSoftmax(out, x, dim);
    return out;
  },
  saves: () => [~0],
  backward: ([grad], context) => [logSoftmaxBackwardOp.call([grad as Tensor, context.result(0)], context.attrs)],
});

/** The input in the dtype asked for, and the dimension wrapped. */
function prepare(op: string, input: Tensor, args: readonly unknown[]): [Tensor, Attrs] {
  const { dim, dtype } = bind<SoftmaxOptions>(op, ["dim", "dtype"], args);
  const x = dtype ? input.to(dtype) : input;
  if (!x.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point dtype, got ${x.dtype} (whole numbers make int64: pass a dtype)`,
    );
  return [x, { dim: wrapDim(op, dim ?? implicitDim(x.ndim), x.ndim) }];
}

/** The dimension that PyTorch takes where none is given. */
function implicitDim(ndim: number): number {
  return ndim === 0 || ndim === 1 || ndim === 3 ? 0 : 1;
}

/**
 * `exp(x) / Σ exp(x)` along a dimension. PyTorch: `torch.softmax`.
 *
 * @param input - any shape; floating dtype
 * @param args - `dim`, `dtype`
 * @example
 * torch.softmax(torch.tensor([0, 0], { dtype: torch.float32 }), 0) // tensor([0.5000, 0.5000])
 */
export function softmax(input: Tensor, ...args: SoftmaxArgs): Tensor {
  const [x, attrs] = prepare("softmax", input, args);
  return softmaxOp.call([x], attrs);
}

/** The logarithm of softmax, computed stably in one go. PyTorch: `torch.log_softmax`. */
export function logSoftmax(input: Tensor, ...args: SoftmaxArgs): Tensor {
  const [x, attrs] = prepare("logSoftmax", input, args);
  return logSoftmaxOp.call([x], attrs);
}
