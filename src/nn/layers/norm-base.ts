/** @file What batch and instance normalisation share: a factor and a bias for each channel, and statistics that follow the batches. */
import { noGrad } from "../../autograd/modes.ts";
import { int64 } from "../../core/dtype.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import { Buffer, Parameter } from "../../core/parameter.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { empty, ones, zeros } from "../../ops/creation.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";
import { ones_, zeros_ } from "../init.ts";
import { Module } from "../module/module.ts";
import { isUninitialized, UninitializedBuffer, UninitializedParameter } from "../module/uninitialized.ts";
import { extraAfter, py } from "./extra-repr.ts";
import type { FactoryOptions } from "./linear.ts";

/** How channels are normalised. `M` is null where the momentum may be. */
export interface NormOptions<M = never> extends FactoryOptions {
  /** Added to the variance. */
  eps?: number;
  /** How much a batch counts in the running statistics. */
  momentum?: number | M;
  /** Whether each channel has a factor and a bias that are learned. */
  affine?: boolean;
  /** Whether statistics of the batches are kept, and used in evaluation. */
  trackRunningStats?: boolean;
}

export interface NormLayerOptions<M = never> extends NormOptions<M> {
  /** The number of channels. */
  numFeatures: number;
}
export type NormArgs<M = never> = Named<
  [numFeatures: number, eps: number, momentum: number | M, affine: boolean, trackRunningStats: boolean],
  ["numFeatures", "eps", "momentum", "affine", "trackRunningStats"],
  NormLayerOptions<M>
>;
export type LazyNormArgs<M = never> = Call<
  [eps: number, momentum: number | M, affine: boolean, trackRunningStats: boolean],
  NormOptions<M>
>;
const LAZY_NAMES = ["eps", "momentum", "affine", "trackRunningStats", "device", "dtype"] as const;
const NAMES = ["numFeatures", ...LAZY_NAMES] as const;

/** What holds unless said otherwise. */
interface Presets {
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
}

/** Base of the layers that normalise channels. */
export abstract class NormBase<M extends number | null> extends Module {
  numFeatures: number;
  eps: number;
  momentum: M;
  affine: boolean;
  trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Buffer | null;
  runningVar: Buffer | null;
  numBatchesTracked: Buffer | null;

  constructor(args: NormArgs<M & null>, presets: Presets) {
    super();
    const op = className(this);
    const given = { ...presets, ...named<NormLayerOptions<M & null>>(op, NAMES, 1, args) };
    const { numFeatures, eps = 1e-5, momentum = 0.1, affine, trackRunningStats, ...on } = given;
    checkInt(op, "numFeatures", numFeatures);
    if (numFeatures < 0) throw new ValueError(`${op}: expected numFeatures of at least 0, got ${numFeatures}`);
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum as M;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? new Parameter(empty([numFeatures], on)) : null;
    this.bias = affine ? new Parameter(empty([numFeatures], on)) : null;
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures], on)) : null;
    this.runningVar = trackRunningStats ? new Buffer(ones([numFeatures], on)) : null;
    this.numBatchesTracked = trackRunningStats ? newCount(on) : null;
    this.resetParameters();
    // Checkpoints of PyTorch before 0.4.1 have no count of batches.
    this.registerLoadStateDictPreHook((module, state, prefix) => {
      const key = `${prefix}num_batches_tracked`;
      if (module.numBatchesTracked !== null && !Object.hasOwn(state, key)) state[key] = module.numBatchesTracked;
    });
  }

  /** Sets the running statistics to those of no batches: mean 0, variance 1. */
  resetRunningStats(): void {
    noGrad(() => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
  }

  /** Sets the running statistics to those of no batches, factors to 1 and biases to 0. */
  resetParameters(): void {
    if (isUninitialized(this.weight) || isUninitialized(this.runningMean)) return;
    this.resetRunningStats();
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = this;
    return extraAfter([numFeatures], { eps: py(eps), momentum: py(momentum), affine, trackRunningStats });
  }
}

const newCount = ({ device = null }: FactoryOptions) => new Buffer(zeros([], { dtype: int64, device }));

/** What a lazy layer is made with at first, having no channels, and what it gets after. */
export function lazily<M extends number | null>(op: string, args: LazyNormArgs<M & null>, presets: Presets) {
  const given = { ...presets, ...bind<NormOptions<M & null>>(op, LAZY_NAMES, args) };
  const { eps = 1e-5, momentum = 0.1, affine, trackRunningStats, ...on } = given;
  return { begin: [0, eps, momentum, false, false, on] as const, end: { affine, trackRunningStats, ...on } };
}

/** Gives a lazy layer tensors without a shape. */
export function withoutShape(
  layer: NormBase<number | null>,
  { affine, trackRunningStats, ...on }: Presets & FactoryOptions,
): void {
  layer.affine = affine;
  layer.trackRunningStats = trackRunningStats;
  if (affine) {
    layer.weight = new UninitializedParameter(on);
    layer.bias = new UninitializedParameter(on);
  }
  if (trackRunningStats) {
    layer.runningMean = new UninitializedBuffer(on);
    layer.runningVar = new UninitializedBuffer(on);
    layer.numBatchesTracked = newCount(on);
  }
}

/** Gives a lazy layer as many channels as its first input has, or as what it has loaded. */
export function withShapeOf(layer: NormBase<number | null>, input: Tensor): void {
  const { weight, bias, runningMean, runningVar } = layer;
  const all = [
    [weight, 1],
    [bias, 0],
    [runningMean, 0],
    [runningVar, 1],
  ] as const;
  const held = all.filter(([t]) => t !== null);
  if (held.length === 0) return;
  const loaded = held.find(([t]) => !isUninitialized(t))?.[0];
  layer.numFeatures = loaded?.shape[0] ?? (input.shape[1] as number);
  for (const [t, first] of held)
    if (isUninitialized(t)) {
      t.materialize([layer.numFeatures]);
      t.fill_(first);
    }
}

/**
 * Checks that an input has one of the shapes, `[N, C, H, W]` and its like, and as many channels as the layer has tensors for.
 * @throws ShapeError if not
 */
export function checkShape(layer: NormBase<number | null>, input: Tensor, shapes: readonly string[]): void {
  const op = className(layer);
  checkTensor(op, input);
  const { numFeatures, weight, runningMean } = layer;
  const channels = weight === null && runningMean === null ? "C" : String(numFeatures);
  const fits = shapes.some((shape) => {
    const dims = shape.slice(1, -1).split(", ");
    return dims.length === input.ndim && (channels === "C" || input.shape[dims.indexOf("C")] === numFeatures);
  });
  if (fits) return;
  const expected = shapes.map((shape) => shape.replace("C", channels)).join(" or ");
  throw new ShapeError(`${op}: expected an input of shape ${expected}, got ${shapeText(input.shape)}`);
}
