/** @file Normalisation of channels over a batch. */
import { noGrad } from "../../autograd/modes.ts";
import type { Tensor } from "../../core/tensor.ts";
import { batchNorm } from "../functional/normalization.ts";
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

const PRESETS = { affine: true, trackRunningStats: true };

/** The momentum is null for the plain average over all batches. */
export abstract class BatchNorm extends NormBase<number | null> {
  constructor(...args: NormArgs<null>) {
    super(args, PRESETS);
  }

  /** The shapes that it takes. */
  protected abstract shapes(): readonly string[];

  override forward(input: Tensor): Tensor {
    checkShape(this, input, this.shapes());
    const { training, trackRunningStats, numBatchesTracked, weight, bias, eps } = this;
    let momentum = this.momentum ?? 0;
    if (training && trackRunningStats && numBatchesTracked !== null) {
      noGrad(() => void numBatchesTracked.add_(1));
      // The plain average over all batches.
      if (this.momentum === null) momentum = 1 / Number(numBatchesTracked.item());
    }
    const kept = !training || trackRunningStats;
    const [runningMean, runningVar] = kept ? [this.runningMean, this.runningVar] : [null, null];
    const ofBatch = training || (this.runningMean === null && this.runningVar === null);
    return batchNorm(input, { runningMean, runningVar, weight, bias, training: ofBatch, momentum, eps });
  }
}

/**
 * Batch normalisation of features or signals: each channel to mean 0 and variance 1 over the batch, then a factor and a bias.
 * In evaluation it uses the statistics that it has followed. PyTorch: `torch.nn.BatchNorm1d`.
 *
 * Shape: input and output [N, C] or [N, C, L]; `weight`, `bias`, `runningMean` and `runningVar` [C].
 *
 * @see Ioffe & Szegedy 2015, arXiv:1502.03167
 * @example
 * const layer = new nn.BatchNorm1d(100);
 * layer(torch.randn(20, 100)).shape // [20, 100]
 * layer                             // BatchNorm1d(100, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
 */
export class BatchNorm1d extends BatchNorm {
  static readonly printedName: string = "BatchNorm1d";

  protected shapes(): readonly string[] {
    return ["[N, C]", "[N, C, L]"];
  }
}

/**
 * Batch normalisation of images, as `BatchNorm1d`. PyTorch: `torch.nn.BatchNorm2d`.
 *
 * Shape: input and output [N, C, H, W].
 *
 * @example
 * new nn.BatchNorm2d(3)(torch.randn(20, 3, 35, 45)).shape // [20, 3, 35, 45]
 */
export class BatchNorm2d extends BatchNorm {
  static readonly printedName: string = "BatchNorm2d";

  protected shapes(): readonly string[] {
    return ["[N, C, H, W]"];
  }
}

/**
 * Batch normalisation of volumes, as `BatchNorm1d`. PyTorch: `torch.nn.BatchNorm3d`.
 *
 * Shape: input and output [N, C, D, H, W].
 */
export class BatchNorm3d extends BatchNorm {
  static readonly printedName: string = "BatchNorm3d";

  protected shapes(): readonly string[] {
    return ["[N, C, D, H, W]"];
  }
}

/**
 * A `BatchNorm1d` that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyBatchNorm1d`.
 *
 * @example
 * const layer = new nn.LazyBatchNorm1d();
 * layer                             // LazyBatchNorm1d(0, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
 * layer(torch.randn(20, 100)).shape // [20, 100]
 * layer.numFeatures                 // 100
 */
export class LazyBatchNorm1d extends LazyModuleMixin(BatchNorm1d) {
  static override readonly printedName: string = "LazyBatchNorm1d";

  constructor(...args: LazyNormArgs<null>) {
    const { begin, end } = lazily<number | null>("LazyBatchNorm1d", args, PRESETS);
    super(...begin);
    withoutShape(this, end);
  }

  override initializeParameters(input: Tensor): void {
    withShapeOf(this, input);
  }
}

/** A `BatchNorm2d` that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyBatchNorm2d`. */
export class LazyBatchNorm2d extends LazyModuleMixin(BatchNorm2d) {
  static override readonly printedName: string = "LazyBatchNorm2d";

  constructor(...args: LazyNormArgs<null>) {
    const { begin, end } = lazily<number | null>("LazyBatchNorm2d", args, PRESETS);
    super(...begin);
    withoutShape(this, end);
  }

  override initializeParameters(input: Tensor): void {
    withShapeOf(this, input);
  }
}

/** A `BatchNorm3d` that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyBatchNorm3d`. */
export class LazyBatchNorm3d extends LazyModuleMixin(BatchNorm3d) {
  static override readonly printedName: string = "LazyBatchNorm3d";

  constructor(...args: LazyNormArgs<null>) {
    const { begin, end } = lazily<number | null>("LazyBatchNorm3d", args, PRESETS);
    super(...begin);
    withoutShape(this, end);
  }

  override initializeParameters(input: Tensor): void {
    withShapeOf(this, input);
  }
}
