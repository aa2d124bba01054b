/**
 * @file Activation functions as `torch.nn.functional` has them. They are the ops of `ops/pointwise/activation.ts`, most of them with
 * PyTorch's last parameter `inplace` added: whether to overwrite `input` instead of making a new tensor.
 */
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import * as ops from "../../ops/pointwise/activation.ts";
import type { Unary } from "../../ops/pointwise/signatures.ts";
import type { PointwiseOp } from "../../ops/pointwise-form.ts";

export {
  gelu,
  hardshrink,
  logsigmoid,
  softplus,
  softshrink,
  softsign,
  tanhshrink,
} from "../../ops/pointwise/activation.ts";
export { sigmoid } from "../../ops/pointwise/exponential.ts";
export { tanh } from "../../ops/pointwise/trigonometric.ts";

type Inplace = { inplace?: boolean };
type WithInplace = (input: Tensor, ...args: Call<[inplace: boolean], Inplace>) => Tensor;
type WithAlpha = (
  input: Tensor,
  ...args: Call<[alpha: number, inplace: boolean], { alpha?: number } & Inplace>
) => Tensor;

/** An op with `inplace` after its own parameters. */
function withInplace<F>({ op }: { readonly op: PointwiseOp }): F {
  const names = [...op.args, ...op.options, "inplace"];
  const call = (...given: unknown[]) => {
    if (given.length === 1) return op.call(given, false);
    const { inplace = false, ...rest } = bind<Record<string, unknown>>(op.name, names, given);
    return op.call([rest], inplace === true);
  };
  return call as F; // F is what PyTorch's signature says
}

/**
 * `max(0, x)`; its derivative at 0 is 0. PyTorch: `torch.nn.functional.relu`.
 *
 * @param options.inplace - overwrite `input`
 * @example
 * torch.nn.functional.relu(torch.tensor([-1.5, 0, 2])) // tensor([0., 0., 2.])
 */
export const relu: WithInplace = withInplace(ops.relu);

/** `min(max(0, x), 6)`. PyTorch: `torch.nn.functional.relu6`. */
export const relu6: WithInplace = withInplace(ops.relu6);

/** `x` above 0, `negativeSlope · x` elsewhere. PyTorch: `torch.nn.functional.leaky_relu`. */
export const leakyRelu: (
  input: Tensor,
  ...args: Call<[negativeSlope: number, inplace: boolean], { negativeSlope?: number } & Inplace>
) => Tensor = withInplace(ops.leakyRelu);

/** `x` above 0, `alpha · (eˣ − 1)` elsewhere. PyTorch: `torch.nn.functional.elu`. */
export const elu: WithAlpha = withInplace(ops.elu);

/** `elu` with the scale and alpha that keep mean 0 and variance 1. PyTorch: `torch.nn.functional.selu`. */
export const selu: WithInplace = withInplace(ops.selu);

/** `x` above 0, `alpha · (e^(x/alpha) − 1)` elsewhere. PyTorch: `torch.nn.functional.celu`. */
export const celu: WithAlpha = withInplace(ops.celu);

/** `x · sigmoid(x)`. PyTorch: `torch.nn.functional.silu`. */
export const silu: WithInplace = withInplace(ops.silu);

/** `x · tanh(log(1 + eˣ))`. PyTorch: `torch.nn.functional.mish`. */
export const mish: WithInplace = withInplace(ops.mish);

/** `x`, but at least `minVal` and at most `maxVal`. PyTorch: `torch.nn.functional.hardtanh`. */
export const hardtanh: (
  input: Tensor,
  ...args: Call<[minVal: number, maxVal: number, inplace: boolean], { minVal?: number; maxVal?: number } & Inplace>
) => Tensor = withInplace(ops.hardtanh);

/** `min(max(0, x + 3), 6) / 6`. PyTorch: `torch.nn.functional.hardsigmoid`. */
export const hardsigmoid: WithInplace = withInplace(ops.hardsigmoid);

/** `x · hardsigmoid(x)`. PyTorch: `torch.nn.functional.hardswish`. */
export const hardswish: WithInplace = withInplace(ops.hardswish);

/** `x` above `threshold`, `value` elsewhere. PyTorch: `torch.nn.functional.threshold`. */
export const threshold: (
  input: Tensor,
  ...args: Call<[threshold: number, value: number, inplace: boolean], { threshold?: number; value?: number } & Inplace>
) => Tensor = withInplace(ops.threshold);

/** `relu` that overwrites `input`. PyTorch: `torch.nn.functional.relu_`. */
export const relu_: Unary = ops.relu.inplace;
/** `leakyRelu` that overwrites `input`. PyTorch: `torch.nn.functional.leaky_relu_`. */
export const leakyRelu_: typeof ops.leakyRelu.inplace = ops.leakyRelu.inplace;
/** `elu` that overwrites `input`. PyTorch: `torch.nn.functional.elu_`. */
export const elu_: typeof ops.elu.inplace = ops.elu.inplace;
/** `selu` that overwrites `input`. PyTorch: `torch.nn.functional.selu_`. */
export const selu_: Unary = ops.selu.inplace;
/** `celu` that overwrites `input`. PyTorch: `torch.nn.functional.celu_`. */
export const celu_: typeof ops.celu.inplace = ops.celu.inplace;
/** `hardtanh` that overwrites `input`. PyTorch: `torch.nn.functional.hardtanh_`. */
export const hardtanh_: typeof ops.hardtanh.inplace = ops.hardtanh.inplace;
/** `threshold` that overwrites `input`. PyTorch: `torch.nn.functional.threshold_`. */
export const threshold_: typeof ops.threshold.inplace = ops.threshold.inplace;
