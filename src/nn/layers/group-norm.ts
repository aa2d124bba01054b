/** @file Normalisation over groups of channels, and by neighbouring channels. */
import { ShapeError, ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { empty } from "../../ops/creation.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";
import { groupNorm, localResponseNorm } from "../functional/normalization.ts";
import { ones_, zeros_ } from "../init.ts";
import { Module } from "../module/module.ts";
import { extraAfter, py } from "./extra-repr.ts";
import type { FactoryOptions } from "./linear.ts";

interface GroupNormOptions extends FactoryOptions {
  /** How many groups the channels are divided into. */
  numGroups: number;
  numChannels: number;
  /** Added to the variance. */
  eps?: number;
  /** Whether each channel has a factor and a bias that are learned. */
  affine?: boolean;
}
type GroupNormArgs = Named<
  [numGroups: number, numChannels: number, eps: number, affine: boolean],
  ["numGroups", "numChannels", "eps", "affine"],
  GroupNormOptions
>;

/**
 * Group normalisation: mean 0 and variance 1 over each group of channels of a sample, then a factor and a bias for each channel.
 * PyTorch: `torch.nn.GroupNorm`.
 *
 * Shape: input and output [N, C, *]; `weight` and `bias` [C].
 *
 * @throws ValueError if `numGroups` does not divide `numChannels`
 * @see Wu & He 2018, arXiv:1803.08494
 * @example
 * const layer = new nn.GroupNorm(3, 6);
 * layer(torch.randn(20, 6, 10, 10)).shape // [20, 6, 10, 10]
 * layer                                   // GroupNorm(3, 6, eps=1e-05, affine=True)
 */
export class GroupNorm extends Module {
  static readonly printedName: string = "GroupNorm";
  readonly numGroups: number;
  readonly numChannels: number;
  eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(...args: GroupNormArgs) {
    super();
    const names = ["numGroups", "numChannels", "eps", "affine", "device", "dtype"] as const;
    const given = named<GroupNormOptions>("GroupNorm", names, 2, args);
    const { numGroups, numChannels, eps = 1e-5, affine = true, ...on } = given;
    checkInt("GroupNorm", "numGroups", numGroups);
    checkInt("GroupNorm", "numChannels", numChannels);
    if (numGroups < 1 || numChannels < 0 || numChannels % numGroups !== 0)
      throw new ValueError(
        `GroupNorm: expected a numChannels that numGroups divides, got ${numChannels} and ${numGroups}`,
      );
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    this.weight = affine ? new Parameter(empty([numChannels], on)) : null;
    this.bias = affine ? new Parameter(empty([numChannels], on)) : null;
    this.resetParameters();
  }

  /** Sets factors to 1 and biases to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const { numGroups, numChannels, eps, affine } = this;
    return extraAfter([numGroups, numChannels], { eps: py(eps), affine });
  }
}

interface NeighbourOptions {
  /** How many neighbouring channels count. */
  size: number;
  alpha?: number;
  beta?: number;
  k?: number;
}
type NeighbourArgs = Named<
  [size: number, alpha: number, beta: number, k: number],
  ["size", "alpha", "beta", "k"],
  NeighbourOptions
>;

/** What normalisation by neighbouring channels has. */
abstract class ByNeighbours extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(...args: NeighbourArgs) {
    super();
    const op = className(this);
    const given = named<NeighbourOptions>(op, ["size", "alpha", "beta", "k"], 1, args);
    const { size, alpha = 1e-4, beta = 0.75, k = 1 } = given;
    checkInt(op, "size", size);
    if (size < 1) throw new ValueError(`${op}: expected a size of at least 1, got ${size}`);
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  override forward(input: Tensor): Tensor {
    return localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }

  override extraRepr(): string {
    const { size, alpha, beta, k } = this;
    return extraAfter([size], { alpha: py(alpha), beta: py(beta), k: py(k) });
  }
}

/**
 * `x / (k + alpha · mean of the squares of neighbouring channels)^beta`. PyTorch: `torch.nn.LocalResponseNorm`.
 *
 * Shape: input and output [N, C, *].
 *
 * @see Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional neural networks"
 * @example
 * new nn.LocalResponseNorm(2) // LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)
 */
export class LocalResponseNorm extends ByNeighbours {
  static readonly printedName: string = "LocalResponseNorm";
}

/**
 * `LocalResponseNorm` of images as older networks have it: of an odd number of channels around each, one fewer than an even `size`.
 * PyTorch: `torch.nn.CrossMapLRN2d`.
 *
 * Differs: PyTorch's counts channel 0 also where it is no neighbour any more, and its gradient is another's.
 *
 * Shape: input and output [N, C, H, W].
 */
export class CrossMapLRN2d extends ByNeighbours {
  static readonly printedName: string = "CrossMapLRN2d";

  override forward(input: Tensor): Tensor {
    checkTensor("CrossMapLRN2d", input);
    if (input.ndim !== 4)
      throw new ShapeError(`CrossMapLRN2d: expected an input of shape [N, C, H, W], got ${shapeText(input.shape)}`);
    const { size, alpha, beta, k } = this;
    const odd = size % 2 === 0 ? size - 1 : size;
    return localResponseNorm(input, odd, (alpha * odd) / size, beta, k);
  }
}
