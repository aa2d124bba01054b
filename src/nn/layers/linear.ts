/** @file Layers that multiply by a matrix, and the one that does nothing. */
import type { DeviceLike } from "../../core/device.ts";
import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import type { Tensor } from "../../core/tensor.ts";
import { empty } from "../../ops/creation.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import { linear } from "../functional/linear.ts";
import { kaimingUniform_, uniform_ } from "../init.ts";
import { LazyModuleMixin } from "../module/lazy.ts";
import { Module } from "../module/module.ts";
import { isUninitialized, UninitializedParameter } from "../module/uninitialized.ts";
import { extra } from "./extra-repr.ts";

/** Where and in which dtype a layer makes its parameters. */
export interface FactoryOptions {
  device?: DeviceLike | null;
  dtype?: DType | null;
}

interface LinearOptions extends FactoryOptions {
  inFeatures: number;
  outFeatures: number;
  /** Whether to add a bias that is learned; the default. */
  bias?: boolean;
}
type LinearArgs = Named<
  [inFeatures: number, outFeatures: number, bias: boolean],
  ["inFeatures", "outFeatures", "bias"],
  LinearOptions
>;
const PARAMETERS = ["inFeatures", "outFeatures", "bias", "device", "dtype"] as const;

/**
 * `x @ weightᵀ + bias`. PyTorch: `torch.nn.Linear`.
 *
 * Shape: input [*, inFeatures], output [*, outFeatures]; `weight` [outFeatures, inFeatures], `bias` [outFeatures].
 * Both begin uniform within ±1/√inFeatures.
 *
 * @example
 * const layer = new nn.Linear(20, 30);
 * layer(torch.randn(128, 20)).shape // [128, 30]
 */
export class Linear extends Module {
  static readonly printedName: string = "Linear";
  inFeatures: number;
  outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(...args: LinearArgs) {
    super();
    const { inFeatures, outFeatures, bias = true, ...factory } = named<LinearOptions>("Linear", PARAMETERS, 2, args);
    for (const [name, n] of Object.entries({ inFeatures, outFeatures })) {
      checkInt("Linear", name, n);
      if (n < 0) throw new ValueError(`Linear: expected ${name} of at least 0, got ${n}`);
    }
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(empty([outFeatures, inFeatures], factory));
    this.bias = bias ? new Parameter(empty([outFeatures], factory)) : null;
    this.resetParameters();
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias === null) return;
    const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
    uniform_(this.bias, -bound, bound);
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { inFeatures, outFeatures } = this;
    return extra({ inFeatures, outFeatures, bias: this.bias !== null });
  }
}

interface LazyLinearOptions extends FactoryOptions {
  outFeatures: number;
  /** Whether to add a bias that is learned; the default. */
  bias?: boolean;
}
type LazyLinearArgs = Named<[outFeatures: number, bias: boolean], ["outFeatures", "bias"], LazyLinearOptions>;

/**
 * A `Linear` that takes `inFeatures` from its first input. PyTorch: `torch.nn.LazyLinear`.
 *
 * @example
 * const layer = new nn.LazyLinear(30);
 * layer                             // LazyLinear(in_features=0, out_features=30, bias=True)
 * layer(torch.randn(128, 20)).shape // [128, 30]
 * layer                             // Linear(in_features=20, out_features=30, bias=True)
 */
export class LazyLinear extends LazyModuleMixin(Linear) {
  static override readonly printedName: string = "LazyLinear";

  constructor(...args: LazyLinearArgs) {
    const names = ["outFeatures", "bias", "device", "dtype"] as const;
    const { outFeatures, bias = true, ...factory } = named<LazyLinearOptions>("LazyLinear", names, 1, args);
    super(0, outFeatures, false, factory);
    this.weight = new UninitializedParameter(factory);
    if (bias) this.bias = new UninitializedParameter(factory);
  }

  override resetParameters(): void {
    if (!this.hasUninitializedParams() && this.inFeatures !== 0) super.resetParameters();
  }

  override initializeParameters(input: Tensor): void {
    const { weight, bias } = this;
    const fresh = isUninitialized(weight);
    this.inFeatures = (fresh ? input.shape.at(-1) : weight.shape[1]) ?? 0;
    if (fresh) weight.materialize([this.outFeatures, this.inFeatures]);
    if (isUninitialized(bias)) bias.materialize([this.outFeatures]);
    if (fresh) this.resetParameters();
  }
}

/** Gives back what it gets; takes any arguments to its constructor. PyTorch: `torch.nn.Identity`. */
export class Identity extends Module {
  static readonly printedName: string = "Identity";

  /** Takes any arguments, and leaves them. */
  constructor(..._: readonly unknown[]) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return input;
  }
}
