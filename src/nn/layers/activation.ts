/** @file Activation functions as layers. */
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { type Named, named } from "../../ops/params.ts";
import type { GeluApproximation } from "../../ops/pointwise/activation.ts";
import * as F from "../functional/activations.ts";
import { Module } from "../module/module.ts";
import { extra, py } from "./extra-repr.ts";

interface Inplace {
  /** Overwrite the input. */
  inplace?: boolean;
}
type InplaceArgs = Call<[inplace: boolean], Inplace>;

/** `inplace=True` prints, `inplace=False` does not. */
const shown = (inplace: boolean): true | undefined => inplace || undefined;

/** An activation whose only parameter is `inplace`. */
abstract class WithInplace extends Module {
  readonly inplace: boolean;

  constructor(...args: InplaceArgs) {
    super();
    this.inplace = bind<Inplace>(className(this), ["inplace"], args).inplace ?? false;
  }

  override extraRepr(): string {
    return extra({ inplace: shown(this.inplace) });
  }
}

/** `max(0, x)`. PyTorch: `torch.nn.ReLU`. */
export class ReLU extends WithInplace {
  static readonly printedName: string = "ReLU";

  override forward(input: Tensor): Tensor {
    return F.relu(input, { inplace: this.inplace });
  }
}

/** `min(max(0, x), 6)`. PyTorch: `torch.nn.ReLU6`. */
export class ReLU6 extends WithInplace {
  static readonly printedName: string = "ReLU6";

  override forward(input: Tensor): Tensor {
    return F.relu6(input, { inplace: this.inplace });
  }
}

/** `elu` with the scale and alpha that keep mean 0 and variance 1. PyTorch: `torch.nn.SELU`. */
export class SELU extends WithInplace {
  static readonly printedName: string = "SELU";

  override forward(input: Tensor): Tensor {
    return F.selu(input, { inplace: this.inplace });
  }
}

/** `x · sigmoid(x)`. PyTorch: `torch.nn.SiLU`. */
export class SiLU extends WithInplace {
  static readonly printedName: string = "SiLU";

  override forward(input: Tensor): Tensor {
    return F.silu(input, { inplace: this.inplace });
  }
}

/** `x · tanh(softplus(x))`. PyTorch: `torch.nn.Mish`. */
export class Mish extends WithInplace {
  static readonly printedName: string = "Mish";

  override forward(input: Tensor): Tensor {
    return F.mish(input, { inplace: this.inplace });
  }
}

/** `min(max(0, x + 3), 6) / 6`. PyTorch: `torch.nn.Hardsigmoid`. */
export class Hardsigmoid extends WithInplace {
  static readonly printedName: string = "Hardsigmoid";

  override forward(input: Tensor): Tensor {
    return F.hardsigmoid(input, { inplace: this.inplace });
  }

  override extraRepr(): string {
    return "";
  }
}

/** `x · hardsigmoid(x)`. PyTorch: `torch.nn.Hardswish`. */
export class Hardswish extends WithInplace {
  static readonly printedName: string = "Hardswish";

  override forward(input: Tensor): Tensor {
    return F.hardswish(input, { inplace: this.inplace });
  }

  override extraRepr(): string {
    return "";
  }
}

/** `1 / (1 + e⁻ˣ)`. PyTorch: `torch.nn.Sigmoid`. */
export class Sigmoid extends Module {
  static readonly printedName: string = "Sigmoid";

  override forward(input: Tensor): Tensor {
    return F.sigmoid(input);
  }
}

/** Hyperbolic tangent. PyTorch: `torch.nn.Tanh`. */
export class Tanh extends Module {
  static readonly printedName: string = "Tanh";

  override forward(input: Tensor): Tensor {
    return F.tanh(input);
  }
}

/** `log(sigmoid(x))`. PyTorch: `torch.nn.LogSigmoid`. */
export class LogSigmoid extends Module {
  static readonly printedName: string = "LogSigmoid";

  override forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}

/** `x / (1 + |x|)`. PyTorch: `torch.nn.Softsign`. */
export class Softsign extends Module {
  static readonly printedName: string = "Softsign";

  override forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

/** `x − tanh(x)`. PyTorch: `torch.nn.Tanhshrink`. */
export class Tanhshrink extends Module {
  static readonly printedName: string = "Tanhshrink";

  override forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

type LeakyReLUOptions = { negativeSlope?: number } & Inplace;

/** `x` above 0, `negativeSlope · x` (0.01) elsewhere. PyTorch: `torch.nn.LeakyReLU`. */
export class LeakyReLU extends Module {
  static readonly printedName: string = "LeakyReLU";
  readonly negativeSlope: number;
  readonly inplace: boolean;

  constructor(...args: Call<[negativeSlope: number, inplace: boolean], LeakyReLUOptions>) {
    super();
    const { negativeSlope = 0.01, inplace = false } = bind<LeakyReLUOptions>(
      "LeakyReLU",
      ["negativeSlope", "inplace"],
      args,
    );
    this.negativeSlope = negativeSlope;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return F.leakyRelu(input, this.negativeSlope, this.inplace);
  }

  override extraRepr(): string {
    return extra({ negativeSlope: py(this.negativeSlope), inplace: shown(this.inplace) });
  }
}

type AlphaOptions = { alpha?: number } & Inplace;

/** An activation whose only parameters are `alpha` and `inplace`. */
abstract class WithAlpha extends Module {
  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...args: Call<[alpha: number, inplace: boolean], AlphaOptions>) {
    super();
    const { alpha = 1, inplace = false } = bind<AlphaOptions>(className(this), ["alpha", "inplace"], args);
    this.alpha = alpha;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return extra({ alpha: py(this.alpha), inplace: shown(this.inplace) });
  }
}

/** `x` above 0, `alpha · (eˣ − 1)` elsewhere. PyTorch: `torch.nn.ELU`. */
export class ELU extends WithAlpha {
  static readonly printedName: string = "ELU";

  override forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha, this.inplace);
  }
}

/** `x` above 0, `alpha · (e^(x/alpha) − 1)` elsewhere. PyTorch: `torch.nn.CELU`. */
export class CELU extends WithAlpha {
  static readonly printedName: string = "CELU";

  override forward(input: Tensor): Tensor {
    return F.celu(input, this.alpha, this.inplace);
  }
}

type HardtanhOptions = { minVal?: number; maxVal?: number } & Inplace;

/** `x`, but at least `minVal` (−1) and at most `maxVal` (1). PyTorch: `torch.nn.Hardtanh`. */
export class Hardtanh extends Module {
  static readonly printedName: string = "Hardtanh";
  readonly minVal: number;
  readonly maxVal: number;
  readonly inplace: boolean;

  constructor(...args: Call<[minVal: number, maxVal: number, inplace: boolean], HardtanhOptions>) {
    super();
    const {
      minVal = -1,
      maxVal = 1,
      inplace = false,
    } = bind<HardtanhOptions>("Hardtanh", ["minVal", "maxVal", "inplace"], args);
    this.minVal = minVal;
    this.maxVal = maxVal;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.minVal, this.maxVal, this.inplace);
  }

  override extraRepr(): string {
    return extra({ minVal: py(this.minVal), maxVal: py(this.maxVal), inplace: shown(this.inplace) });
  }
}

type GELUOptions = { approximate?: GeluApproximation };

/** Gaussian error linear unit, exact or by `tanh`. PyTorch: `torch.nn.GELU`. */
export class GELU extends Module {
  static readonly printedName: string = "GELU";
  readonly approximate: GeluApproximation;

  constructor(...args: Call<[approximate: GeluApproximation], GELUOptions>) {
    super();
    const { approximate = "none" } = bind<GELUOptions>("GELU", ["approximate"], args);
    this.approximate = approximate;
  }

  override forward(input: Tensor): Tensor {
    return F.gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return extra({ approximate: this.approximate });
  }
}

type SoftplusOptions = { beta?: number; threshold?: number };

/** `log(1 + e^(beta·x)) / beta`, and `x` where `beta·x` is above `threshold`. PyTorch: `torch.nn.Softplus`. */
export class Softplus extends Module {
  static readonly printedName: string = "Softplus";
  readonly beta: number;
  readonly threshold: number;

  constructor(...args: Call<[beta: number, threshold: number], SoftplusOptions>) {
    super();
    const { beta = 1, threshold = 20 } = bind<SoftplusOptions>("Softplus", ["beta", "threshold"], args);
    this.beta = beta;
    this.threshold = threshold;
  }

  override forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }

  override extraRepr(): string {
    return extra({ beta: this.beta, threshold: this.threshold });
  }
}

type ShrinkOptions = { lambd?: number };

/** An activation that shrinks by `lambd`. */
abstract class Shrink extends Module {
  readonly lambd: number;

  constructor(...args: Call<[lambd: number], ShrinkOptions>) {
    super();
    const { lambd = 0.5 } = bind<ShrinkOptions>(className(this), ["lambd"], args);
    this.lambd = lambd;
  }

  override extraRepr(): string {
    return String(py(this.lambd));
  }
}

/** `x` where |x| is above `lambd` (0.5), 0 elsewhere. PyTorch: `torch.nn.Hardshrink`. */
export class Hardshrink extends Shrink {
  static readonly printedName: string = "Hardshrink";

  override forward(input: Tensor): Tensor {
    return F.hardshrink(input, this.lambd);
  }
}

/** `x` moved towards 0 by `lambd` (0.5). PyTorch: `torch.nn.Softshrink`. */
export class Softshrink extends Shrink {
  static readonly printedName: string = "Softshrink";

  override forward(input: Tensor): Tensor {
    return F.softshrink(input, this.lambd);
  }
}

type ThresholdOptions = { threshold: number; value: number } & Inplace;
type ThresholdArgs = Named<
  [threshold: number, value: number, inplace: boolean],
  ["threshold", "value", "inplace"],
  ThresholdOptions
>;

/** `x` above `threshold`, `value` elsewhere. PyTorch: `torch.nn.Threshold`. */
export class Threshold extends Module {
  static readonly printedName: string = "Threshold";
  readonly threshold: number;
  readonly value: number;
  readonly inplace: boolean;

  constructor(...args: ThresholdArgs) {
    super();
    const {
      threshold,
      value,
      inplace = false,
    } = named<ThresholdOptions>("Threshold", ["threshold", "value", "inplace"], 2, args);
    this.threshold = threshold;
    this.value = value;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return F.threshold(input, this.threshold, this.value, this.inplace);
  }

  override extraRepr(): string {
    return extra({ threshold: py(this.threshold), value: py(this.value), inplace: shown(this.inplace) });
  }
}
