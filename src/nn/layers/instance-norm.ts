/** @file Normalisation of the channels of each sample. */
import type { Tensor } from "../../core/tensor.ts";
import { instanceNorm } from "../functional/normalization.ts";
import { LazyModuleMixin } from "../module/lazy.ts";
import {
  checkShape,
  type LazyNormArgs,
  lazily,
  type NormArgs,
  NormBase,
  withoutShape,
  withShapeOf,
} from "./norm-base.ts";

const PRESETS = { affine: false, trackRunningStats: false };

abstract class InstanceNorm extends NormBase<number> {
  constructor(...args: NormArgs) {
    super(args, PRESETS);
  }

  /** The shapes that it takes: one sample, and a batch. */
  protected abstract shapes(): readonly [one: string, batch: string];

  override forward(input: Tensor): Tensor {
    const [one, batch] = this.shapes();
    checkShape(this, input, [one, batch]);
    const { runningMean, runningVar, weight, bias, training, trackRunningStats, momentum, eps } = this;
    const options = { runningMean, runningVar, weight, bias, momentum, eps };
    const run = (x: Tensor) => instanceNorm(x, { ...options, useInputStats: training || !trackRunningStats });
    return input.ndim === one.split(",").length ? run(input.unsqueeze(0)).squeeze(0) : run(input);
  }
}

/**
 * Instance normalisation of signals: each channel of each sample to mean 0 and variance 1, then, if `affine`, a factor and a bias.
 * PyTorch: `torch.nn.InstanceNorm1d`.
 *
 * Shape: input and output [N, C, L] or [C, L]. With `trackRunningStats` it keeps statistics, and uses them in evaluation.
 *
 * @see Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022
 * @example
 * const layer = new nn.InstanceNorm1d(100);
 * layer(torch.randn(20, 100, 40)).shape // [20, 100, 40]
 * layer                                 // InstanceNorm1d(100, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False)
 */
export class InstanceNorm1d extends InstanceNorm {
  static readonly printedName: string = "InstanceNorm1d";

  protected shapes(): readonly [string, string] {
    return ["[C, L]", "[N, C, L]"];
  }
}

/**
 * Instance normalisation of images, as `InstanceNorm1d`. PyTorch: `torch.nn.InstanceNorm2d`.
 *
 * Shape: input and output [N, C, H, W] or [C, H, W].
 */
export class InstanceNorm2d extends InstanceNorm {
  static readonly printedName: string = "InstanceNorm2d";

  protected shapes(): readonly [string, string] {
    return ["[C, H, W]", "[N, C, H, W]"];
  }
}

/**
 * Instance normalisation of volumes, as `InstanceNorm1d`. PyTorch: `torch.nn.InstanceNorm3d`.
 *
 * Shape: input and output [N, C, D, H, W] or [C, D, H, W].
 */
export class InstanceNorm3d extends InstanceNorm {
  static readonly printedName: string = "InstanceNorm3d";

  protected shapes(): readonly [string, string] {
    return ["[C, D, H, W]", "[N, C, D, H, W]"];
  }
}

/** An `InstanceNorm1d` that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyInstanceNorm1d`. */
export class LazyInstanceNorm1d extends LazyModuleMixin(InstanceNorm1d) {
  static override readonly printedName: string = "LazyInstanceNorm1d";

  constructor(...args: LazyNormArgs) {
    const { begin, end } = lazily<number>("LazyInstanceNorm1d", args, PRESETS);
    super(...begin);
    withoutShape(this, end);
  }

  override initializeParameters(input: Tensor): void {
    withShapeOf(this, input);
  }
}

/** An `InstanceNorm2d` that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyInstanceNorm2d`. */
export class LazyInstanceNorm2d extends LazyModuleMixin(InstanceNorm2d) {
  static override readonly printedName: string = "LazyInstanceNorm2d";

  constructor(...args: LazyNormArgs) {
    const { begin, end } = lazily<number>("LazyInstanceNorm2d", args, PRESETS);
    super(...begin);
    withoutShape(this, end);
  }

  override initializeParameters(input: Tensor): void {
    withShapeOf(this, input);
  }
}

/** An `InstanceNorm3d` that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyInstanceNorm3d`. */
export class LazyInstanceNorm3d extends LazyModuleMixin(InstanceNorm3d) {
  static override readonly printedName: string = "LazyInstanceNorm3d";

  constructor(...args: LazyNormArgs) {
    const { begin, end } = lazily<number>("LazyInstanceNorm3d", args, PRESETS);
    super(...begin);
    withoutShape(this, end);
  }

  override initializeParameters(input: Tensor): void {
    withShapeOf(this, input);
  }
}
