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
import { Module } from "../module/module.ts";
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
  readonly inFeatures: number;
  readonly outFeatures: number;
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
