/**
 * @file The three transforms that all of `torch.fft` is made of: complex to complex, real to complex, complex to real. Each is
 * linear; its gradient is its adjoint, which is one of them again.
 */
import { backendOf } from "../../backends/backend.ts";
import { toComplex, toReal } from "../../core/dtype.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";

interface Attrs {
  /** The dimensions to transform (wrapped), the real one last. */
  readonly dims: readonly number[];
  /** Whether the exponents are negative. */
  readonly forward: boolean;
  readonly scale: number;
}

/** In place, along all dimensions; the scale is used once. */
function transformComplex(x: Tensor, dims: readonly number[], forward: boolean, scale = 1): void {
  if (x.layout.numel === 0) return;
  for (const [i, dim] of dims.entries())
    backendOf(x.device).kernels.fftComplex(x, x, dim, { forward, scale: i === 0 ? scale : 1 });
}

const fftC2cOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "fftC2c",
  node: "FftC2CBackward0",
  forward: ([input], { dims, forward, scale }) => {
    const x = input as Tensor;
    const [first, ...rest] = dims;
    if (first === undefined || x.layout.numel === 0) return x.clone();
    const out = allocate(x.shape, x.dtype, x.device);
    backendOf(x.device).kernels.fftComplex(out, x, first, { forward, scale });
    transformComplex(out, rest, forward);
    return out;
  },
  backward: ([grad], { attrs }) => [fftC2cOp.call([grad as Tensor], { ...attrs, forward: !attrs.forward })],
});

/** Complex to complex. */
export function complexToComplex(input: Tensor, attrs: Attrs): Tensor {
  return fftC2cOp.call([input], attrs);
}

interface HalfAttrs extends Attrs {
  /** Of the real dimension. */
  readonly n: number;
  /** Whether numbers that stand for their conjugates too count twice (from real), half (to real). */
  readonly weighted: boolean;
}

interface FromRealAttrs extends HalfAttrs {
  /** Whether the conjugates are written out, n numbers instead of n / 2 + 1. */
  readonly full: boolean;
}

const fftR2cOp: KernelOp<FromRealAttrs> = kernelOp<FromRealAttrs>({
  name: "fftR2c",
  node: "FftR2CBackward0",
  forward: ([input], { dims, forward, scale, n, weighted, full }) => {
    const x = input as Tensor;
    const last = dims.at(-1) as number;
    const out = allocate(x.shape.with(last, full ? n : Math.floor(n / 2) + 1), toComplex(x.dtype), x.device);
    if (out.layout.numel > 0) backendOf(x.device).kernels.fftFromReal(out, x, last, { forward, scale, weighted });
    transformComplex(out, dims.slice(0, -1), forward);
    return out;
  },
  backward: ([g], { attrs }) => {
    const { full, ...rest } = attrs;
    const [grad, forward] = [g as Tensor, !attrs.forward];
    if (full) return [fftC2cOp.call([grad], { dims: rest.dims, scale: rest.scale, forward }).real];
    return [fftC2rOp.call([grad], { ...rest, forward, weighted: !rest.weighted })];
  },
});

/** Real to complex: along the last of the dimensions half of the numbers, or all. */
export function realToComplex(input: Tensor, attrs: Attrs & { full?: boolean }): Tensor {
  const n = input.shape[attrs.dims.at(-1) as number] as number;
  return fftR2cOp.call([input], { full: false, ...attrs, n, weighted: false });
}

const fftC2rOp: KernelOp<HalfAttrs> = kernelOp<HalfAttrs>({
  name: "fftC2r",
  node: "FftC2RBackward0",
  forward: ([input], { dims, forward, scale, n, weighted }) => {
    const x = input as Tensor;
    const last = dims.at(-1) as number;
    const out = allocate(x.shape.with(last, n), toReal(x.dtype), x.device);
    if (out.layout.numel === 0) return out;
    const others = dims.slice(0, -1);
    let half = x;
    if (others.length > 0) {
      half = allocate(x.shape, x.dtype, x.device);
      backendOf(x.device).kernels.fftComplex(half, x, others[0] as number, { forward, scale: 1 });
      transformComplex(half, others.slice(1), forward);
    }
    backendOf(x.device).kernels.fftToReal(out, half, last, { forward, scale, weighted });
    return out;
  },
  backward: ([grad], { attrs }) => [
    fftR2cOp.call([grad as Tensor], { ...attrs, forward: !attrs.forward, weighted: !attrs.weighted, full: false }),
  ],
});

/** Complex to real: along the last of the dimensions, n / 2 + 1 numbers stand for n. */
export function complexToReal(input: Tensor, attrs: Attrs & { n: number }): Tensor {
  return fftC2rOp.call([input], { ...attrs, weighted: false });
}
