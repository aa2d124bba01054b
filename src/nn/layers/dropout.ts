/** @file Dropout layers: they do nothing in evaluation. */
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { bind, type Call } from "../../ops/bind.ts";
import * as F from "../functional/dropout.ts";
import { Module } from "../module/module.ts";
import { extra, py } from "./extra-repr.ts";

interface DropoutLayerOptions {
  /** Probability of an element (or channel) to be dropped. */
  p?: number;
  /** Overwrite the input. */
  inplace?: boolean;
}

/** What dropout layers share. */
abstract class DropoutLayer extends Module {
  p: number;
  inplace: boolean;

  constructor(...args: Call<[p: number, inplace: boolean], DropoutLayerOptions>) {
    super();
    const { p = 0.5, inplace = false } = bind<DropoutLayerOptions>(className(this), ["p", "inplace"], args);
    F.checkProbability(className(this), p);
    this.p = p;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return extra({ p: py(this.p), inplace: this.inplace });
  }
}

/**
 * In training, sets each element to zero with probability `p` (0.5) and divides the others by `1 − p`. PyTorch: `torch.nn.Dropout`.
 * @see Hinton et al. 2012, arXiv:1207.0580
 */
export class Dropout extends DropoutLayer {
  static readonly printedName: string = "Dropout";

  override forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }
}

/**
 * In training, sets whole channels of signals, [N, C, L] or [C, L], to zero with probability `p` (0.5) and divides the others by
 * `1 − p`. PyTorch: `torch.nn.Dropout1d`.
 * @see Tompson et al. 2015, arXiv:1411.4280
 */
export class Dropout1d extends DropoutLayer {
  static readonly printedName: string = "Dropout1d";

  override forward(input: Tensor): Tensor {
    return F.dropout1d(input, this.p, this.training, this.inplace);
  }
}

/**
 * In training, sets whole channels of images, [N, C, H, W], to zero with probability `p` (0.5) and divides the others by `1 − p`.
 * PyTorch: `torch.nn.Dropout2d`.
 */
export class Dropout2d extends DropoutLayer {
  static readonly printedName: string = "Dropout2d";

  override forward(input: Tensor): Tensor {
    return F.dropout2d(input, this.p, this.training, this.inplace);
  }
}

/**
 * In training, sets whole channels of volumes, [N, C, D, H, W] or [C, D, H, W], to zero with probability `p` (0.5) and divides the
 * others by `1 − p`. PyTorch: `torch.nn.Dropout3d`.
 */
export class Dropout3d extends DropoutLayer {
  static readonly printedName: string = "Dropout3d";

  override forward(input: Tensor): Tensor {
    return F.dropout3d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Dropout that keeps mean 0 and variance 1, for networks of `SELU`. PyTorch: `torch.nn.AlphaDropout`.
 * @see Klambauer et al. 2017, arXiv:1706.02515
 */
export class AlphaDropout extends DropoutLayer {
  static readonly printedName: string = "AlphaDropout";

  override forward(input: Tensor): Tensor {
    return F.alphaDropout(input, this.p, this.training, this.inplace);
  }
}

/** `AlphaDropout` of whole channels, of an input [N, C, *]. PyTorch: `torch.nn.FeatureAlphaDropout`. */
export class FeatureAlphaDropout extends DropoutLayer {
  static readonly printedName: string = "FeatureAlphaDropout";

  override forward(input: Tensor): Tensor {
    return F.featureAlphaDropout(input, this.p, this.training, this.inplace);
  }
}
