/** @file Normalisation over the last dimensions. */
import { describe, ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { empty } from "../../ops/creation.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import { layerNorm, rmsNorm } from "../functional/normalization.ts";
import { ones_, zeros_ } from "../init.ts";
import { Module } from "../module/module.ts";
import { extraAfter, py } from "./extra-repr.ts";
import type { FactoryOptions } from "./linear.ts";

function shapeOf(op: string, given: unknown): Shape {
  const sizes = Array.isArray(given) ? (given as unknown[]) : [given];
  for (const n of sizes) checkInt(op, "normalizedShape", n);
  if (sizes.length === 0) throw new ValueError(`${op}: expected sizes in normalizedShape, got ${describe(given)}`);
  return sizes as number[];
}

interface LayerNormOptions extends FactoryOptions {
  /** The last dimensions of the input; one number for the last one. */
  normalizedShape: number | Shape;
  /** Added to the variance. */
  eps?: number;
  /** Whether each element of `normalizedShape` has a factor (and a bias) that is learned. */
  elementwiseAffine?: boolean;
  /** Whether there is a bias beside the factor. */
  bias?: boolean;
}
type LayerNormArgs = Named<
  [normalizedShape: number | Shape, eps: number, elementwiseAffine: boolean, bias: boolean],
  ["normalizedShape", "eps", "elementwiseAffine", "bias"],
  LayerNormOptions
>;
const LAYER_NAMES = ["normalizedShape", "eps", "elementwiseAffine", "bias", "device", "dtype"] as const;

/**
 * Layer normalisation: mean 0 and variance 1 over the last dimensions, then a factor and a bias for each of their elements.
 * PyTorch: `torch.nn.LayerNorm`.
 *
 * Shape: input and output [*, ...normalizedShape]; `weight` and `bias` of `normalizedShape`.
 *
 * @see Ba, Kiros & Hinton 2016, arXiv:1607.06450
 * @example
 * const layer = new nn.LayerNorm([5, 10]);
 * layer(torch.randn(20, 5, 10)).shape // [20, 5, 10]
 * layer                               // LayerNorm((5, 10), eps=1e-05, elementwise_affine=True)
 */
export class LayerNorm extends Module {
  static readonly printedName: string = "LayerNorm";
  readonly normalizedShape: Shape;
  eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(...args: LayerNormArgs) {
    super();
    const given = named<LayerNormOptions>("LayerNorm", LAYER_NAMES, 1, args);
    const { normalizedShape, eps = 1e-5, elementwiseAffine = true, bias = true, ...on } = given;
    this.normalizedShape = shapeOf("LayerNorm", normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? new Parameter(empty(this.normalizedShape, on)) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(empty(this.normalizedShape, on)) : null;
    this.resetParameters();
  }

  /** Sets factors to 1 and biases to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const { normalizedShape, eps, elementwiseAffine } = this;
    return extraAfter([normalizedShape], { eps: py(eps), elementwiseAffine });
  }
}

interface RMSNormOptions extends FactoryOptions {
  /** The last dimensions of the input; one number for the last one. */
  normalizedShape: number | Shape;
  /** Added to the mean square; the dtype's epsilon if not given. */
  eps?: number | null;
  /** Whether each element of `normalizedShape` has a factor that is learned. */
  elementwiseAffine?: boolean;
}
type RMSNormArgs = Named<
  [normalizedShape: number | Shape, eps: number | null, elementwiseAffine: boolean],
  ["normalizedShape", "eps", "elementwiseAffine"],
  RMSNormOptions
>;

/**
 * Root mean square normalisation: `x / √(mean(x²) + eps)` over the last dimensions, times a factor for each of their elements.
 * PyTorch: `torch.nn.RMSNorm`.
 *
 * Shape: input and output [*, ...normalizedShape]; `weight` of `normalizedShape`.
 *
 * @see Zhang & Sennrich 2019, arXiv:1910.07467
 * @example
 * const layer = new nn.RMSNorm([2, 3]);
 * layer(torch.randn(2, 2, 3)).shape // [2, 2, 3]
 * layer                             // RMSNorm((2, 3), eps=None, elementwise_affine=True)
 */
export class RMSNorm extends Module {
  static readonly printedName: string = "RMSNorm";
  readonly normalizedShape: Shape;
  eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(...args: RMSNormArgs) {
    super();
    const names = ["normalizedShape", "eps", "elementwiseAffine", "device", "dtype"] as const;
    const given = named<RMSNormOptions>("RMSNorm", names, 1, args);
    const { normalizedShape, eps = null, elementwiseAffine = true, ...on } = given;
    this.normalizedShape = shapeOf("RMSNorm", normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? new Parameter(empty(this.normalizedShape, on)) : null;
    this.resetParameters();
  }

  /** Sets factors to 1. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
  }

  override forward(input: Tensor): Tensor {
    return rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    const { normalizedShape, eps, elementwiseAffine } = this;
    return extraAfter([normalizedShape], { eps: py(eps), elementwiseAffine });
  }
}
