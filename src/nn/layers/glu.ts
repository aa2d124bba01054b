/** @file Gated, learned and random rectifiers as layers. */
import { ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { empty } from "../../ops/creation.ts";
import { checkInt } from "../../ops/params.ts";
import { glu, prelu, rrelu } from "../functional/glu.ts";
import { constant_ } from "../init.ts";
import { Module } from "../module/module.ts";
import { extra, py } from "./extra-repr.ts";
import type { FactoryOptions } from "./linear.ts";

/**
 * The gated linear unit: the first half of a dimension (−1) times the sigmoid of the second. PyTorch: `torch.nn.GLU`.
 * @see Dauphin et al. 2016, arXiv:1612.08083
 * @example
 * new nn.GLU()(torch.tensor([1.5, 2, 0, 100])) // tensor([0.7500, 2.0000])
 */
export class GLU extends Module {
  static readonly printedName: string = "GLU";
  readonly dim: number;

  constructor(...args: Call<[dim: number], { dim?: number }>) {
    super();
    const { dim = -1 } = bind<{ dim: number }>("GLU", ["dim"], args);
    checkInt("GLU", "dim", dim);
    this.dim = dim;
  }

  override forward(input: Tensor): Tensor {
    return glu(input, this.dim);
  }

  override extraRepr(): string {
    return extra({ dim: this.dim });
  }
}

interface PReLUOptions extends FactoryOptions {
  /** One slope for all, or one for each channel. */
  numParameters?: number;
  /** The slopes to begin with. */
  init?: number;
}

/**
 * `x` above 0, `weight · x` elsewhere, with slopes that are learned. PyTorch: `torch.nn.PReLU`.
 *
 * Shape: input and output [*], or [N, C, *] with C slopes; `weight` [numParameters], 0.25 to begin with.
 *
 * @see He et al. 2015, arXiv:1502.01852
 * @example
 * new nn.PReLU()(torch.tensor([-2, 4.5])) // tensor([-0.5000,  4.5000], grad_fn=<PreluKernelBackward0>)
 */
export class PReLU extends Module {
  static readonly printedName: string = "PReLU";
  readonly numParameters: number;
  readonly init: number;
  weight: Parameter;

  constructor(...args: Call<[numParameters: number, init: number], PReLUOptions>) {
    super();
    const names = ["numParameters", "init", "device", "dtype"] as const;
    const { numParameters = 1, init = 0.25, ...on } = bind<PReLUOptions>("PReLU", names, args);
    checkInt("PReLU", "numParameters", numParameters);
    if (numParameters < 1) throw new ValueError(`PReLU: expected numParameters of at least 1, got ${numParameters}`);
    this.numParameters = numParameters;
    this.init = init;
    this.weight = new Parameter(empty([numParameters], on));
    this.resetParameters();
  }

  /** Sets the slopes to `init`. */
  resetParameters(): void {
    constant_(this.weight, this.init);
  }

  override forward(input: Tensor): Tensor {
    return prelu(input, this.weight);
  }

  override extraRepr(): string {
    return extra({ numParameters: this.numParameters });
  }
}

interface RReLUOptions {
  /** The least slope, 1/8 unless given. */
  lower?: number;
  /** The greatest slope, 1/3 unless given. */
  upper?: number;
  /** Overwrite the input. */
  inplace?: boolean;
}

/**
 * `x` above 0, a random multiple of it elsewhere; in evaluation the mean one. PyTorch: `torch.nn.RReLU`.
 * @see Xu et al. 2015, arXiv:1505.00853
 * @example
 * new nn.RReLU(0.25, 0.75).eval()(torch.tensor([-2, 4.5])) // tensor([-1.0000,  4.5000])
 */
export class RReLU extends Module {
  static readonly printedName: string = "RReLU";
  readonly lower: number;
  readonly upper: number;
  readonly inplace: boolean;

  constructor(...args: Call<[lower: number, upper: number, inplace: boolean], RReLUOptions>) {
    super();
    const {
      lower = 1 / 8,
      upper = 1 / 3,
      inplace = false,
    } = bind<RReLUOptions>("RReLU", ["lower", "upper", "inplace"], args);
    if (!(lower <= upper)) throw new ValueError(`RReLU: expected lower <= upper, got ${lower} and ${upper}`);
    this.lower = lower;
    this.upper = upper;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }

  override extraRepr(): string {
    return extra({ lower: py(this.lower), upper: py(this.upper), inplace: this.inplace || undefined });
  }
}
