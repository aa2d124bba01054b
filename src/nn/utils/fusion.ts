/** @file Takes a batch norm up into the layer before it, for evaluation. */
import { noGrad } from "../../autograd/modes.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { onesLike, zerosLike } from "../../ops/creation.ts";
import { deepcopy } from "../module/deepcopy.ts";
import type { Module } from "../module/module.ts";
import { checkModule, setTensor } from "./module-tensor.ts";

/** What of a batch norm takes part. */
interface BatchNormLike {
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
  readonly eps: number;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
}
/** A layer whose weight's first dimension is that of its outputs. */
interface LayerLike {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

type Fused = [weight: Parameter, bias: Parameter];

/** @param shape - the scale of each output, seen as what multiplies the weight */
function fused(op: string, layer: LayerLike, bn: BatchNormLike, shape: readonly number[]): Fused {
  const { runningMean: mean, runningVar: variance, eps } = bn;
  if (!(mean instanceof Tensor && variance instanceof Tensor))
    throw new ValueError(`${op}: expected a batch norm with running statistics, got one without`);
  if (shape.length > layer.weight.ndim)
    throw new ShapeError(`${op}: expected a weight of at least ${shape.length} dimensions, got ${layer.weight.ndim}`);
  return noGrad(() => {
    const scale = (bn.weight ?? onesLike(mean)).mul(variance.add(eps).rsqrt());
    const bias = (layer.bias ?? zerosLike(mean))
      .sub(mean)
      .mul(scale)
      .add(bn.bias ?? zerosLike(mean));
    return [
      new Parameter(layer.weight.mul(scale.reshape(shape)), layer.weight.requiresGrad),
      new Parameter(bias, layer.bias?.requiresGrad ?? layer.weight.requiresGrad),
    ];
  });
}

/** The shape in which the scales of outputs multiply a convolution's weight. */
function outputsOf(weight: Tensor, transpose: boolean): number[] {
  const dim = transpose ? 1 : 0;
  return weight.shape.map((_, d) => (d === dim ? -1 : 1));
}

/**
 * Weight and bias of a convolution that does what it and the batch norm behind it do in evaluation.
 * PyTorch: `torch.nn.utils.fuse_conv_bn_weights`.
 * @param convB - `null` for none; so `bnW` and `bnB`
 * @param transpose - the convolution is a transposed one
 */
export function fuseConvBnWeights(
  convW: Tensor,
  convB: Tensor | null,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Tensor | null,
  bnB: Tensor | null,
  ...args: Call<[transpose: boolean], { transpose?: boolean }>
): Fused {
  const op = "fuseConvBnWeights";
  const { transpose = false } = bind<{ transpose?: boolean }>(op, ["transpose"], args);
  const bn = { runningMean: bnRm, runningVar: bnRv, eps: bnEps, weight: bnW, bias: bnB };
  return fused(op, { weight: convW, bias: convB }, bn, outputsOf(convW, transpose));
}

/**
 * The same for a linear layer. PyTorch: `torch.nn.utils.fuse_linear_bn_weights`.
 * @param linearB - `null` for none; so `bnW` and `bnB`
 */
export function fuseLinearBnWeights(
  linearW: Tensor,
  linearB: Tensor | null,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Tensor | null,
  bnB: Tensor | null,
): Fused {
  const bn = { runningMean: bnRm, runningVar: bnRv, eps: bnEps, weight: bnW, bias: bnB };
  return fused("fuseLinearBnWeights", { weight: linearW, bias: linearB }, bn, [-1, 1]);
}

/** A copy of `layer` that does what it and `bn` do. */
function fuse<M extends Module & LayerLike>(
  op: string,
  layer: M,
  bn: Module & BatchNormLike,
  shapeOf: (weight: Tensor) => readonly number[],
): M {
  for (const module of [layer, bn]) {
    checkModule(op, module);
    if (module.training)
      throw new ValueError(
        `${op}: expected modules in evaluation, got ${className(module)}, which trains; call eval()`,
      );
  }
  if (!(layer.weight instanceof Tensor))
    throw new ValueError(`${op}: expected a layer with a weight, got ${describe(layer.weight)}`);
  const copy = deepcopy(layer);
  const [weight, bias] = fused(op, copy, bn, shapeOf(copy.weight));
  setTensor(copy, "weight", weight);
  setTensor(copy, "bias", bias);
  return copy;
}

/**
 * A copy of a convolution that does what it and the batch norm behind it do in evaluation. PyTorch: `torch.nn.utils.fuse_conv_bn_eval`.
 * @param args - `transpose` (false): the convolution is a transposed one
 * @throws ValueError if one of them is training
 */
export function fuseConvBnEval<M extends Module & LayerLike>(
  conv: M,
  bn: Module & BatchNormLike,
  ...args: Call<[transpose: boolean], { transpose?: boolean }>
): M {
  const { transpose = false } = bind<{ transpose?: boolean }>("fuseConvBnEval", ["transpose"], args);
  return fuse("fuseConvBnEval", conv, bn, (weight) => outputsOf(weight, transpose));
}

/**
 * A copy of a linear layer that does what it and the batch norm behind it do in evaluation.
 * PyTorch: `torch.nn.utils.fuse_linear_bn_eval`.
 * @throws ValueError if one of them is training
 * @example
 * const [linear, bn] = [new nn.Linear(4, 3).eval(), new nn.BatchNorm1d(3).eval()];
 * const fused = nn.utils.fuseLinearBnEval(linear, bn);
 * const x = torch.randn(2, 4);
 * torch.allclose(fused(x), bn(linear(x)), { atol: 1e-6 }) // true
 */
export function fuseLinearBnEval<M extends Module & LayerLike>(linear: M, bn: Module & BatchNormLike): M {
  return fuse("fuseLinearBnEval", linear, bn, () => [-1, 1]);
}
