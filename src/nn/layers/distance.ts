/** @file Distances and similarities of vectors, and the layer that multiplies two inputs. */
import { ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bilinear } from "../../ops/bilinear.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { empty } from "../../ops/creation.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import { cosineSimilarity, pairwiseDistance } from "../../ops/similarity.ts";
import { uniform_ } from "../init.ts";
import { Module } from "../module/module.ts";
import { extra } from "./extra-repr.ts";
import type { FactoryOptions } from "./linear.ts";

interface CosineSimilarityOptions {
  dim?: number;
  /** The least length that a vector is divided by. */
  eps?: number;
}

/**
 * The cosine of the angle between vectors along `dim` (1). PyTorch: `torch.nn.CosineSimilarity`.
 *
 * Shape: two inputs that broadcast to one shape, output that shape without `dim`.
 *
 * @example
 * new nn.CosineSimilarity()(torch.ones(2, 3), torch.ones(2, 3)) // tensor([1.0000, 1.0000])
 */
export class CosineSimilarity extends Module {
  static readonly printedName: string = "CosineSimilarity";
  readonly dim: number;
  readonly eps: number;

  constructor(...args: Call<[dim: number, eps: number], CosineSimilarityOptions>) {
    super();
    const { dim = 1, eps = 1e-8 } = bind<CosineSimilarityOptions>("CosineSimilarity", ["dim", "eps"], args);
    checkInt("CosineSimilarity", "dim", dim);
    this.dim = dim;
    this.eps = eps;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}

interface PairwiseDistanceOptions {
  /** Which norm of the difference. */
  p?: number;
  /** Added to each difference. */
  eps?: number;
  keepdim?: boolean;
}

/**
 * The `p`-norm (2) of the difference of vectors, along the last dimension. PyTorch: `torch.nn.PairwiseDistance`.
 *
 * Shape: two inputs [*, D], output [*], or [*, 1] with `keepdim`.
 *
 * @example
 * new nn.PairwiseDistance()(torch.tensor([[1, 2.5]]), torch.tensor([[4, 6.5]])) // tensor([5.0000])
 */
export class PairwiseDistance extends Module {
  static readonly printedName: string = "PairwiseDistance";
  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(...args: Call<[p: number, eps: number, keepdim: boolean], PairwiseDistanceOptions>) {
    super();
    const {
      p = 2,
      eps = 1e-6,
      keepdim = false,
    } = bind<PairwiseDistanceOptions>("PairwiseDistance", ["p", "eps", "keepdim"], args);
    this.norm = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}

interface BilinearOptions extends FactoryOptions {
  in1Features: number;
  in2Features: number;
  outFeatures: number;
  /** Whether to add a bias that is learned; the default. */
  bias?: boolean;
}
type BilinearArgs = Named<
  [in1Features: number, in2Features: number, outFeatures: number, bias: boolean],
  ["in1Features", "in2Features", "outFeatures", "bias"],
  BilinearOptions
>;

/**
 * `x1ᵀ · weight[o] · x2 + bias[o]` for each output feature. PyTorch: `torch.nn.Bilinear`.
 *
 * Shape: inputs [*, in1Features] and [*, in2Features], output [*, outFeatures]; `weight` [outFeatures, in1Features, in2Features],
 * `bias` [outFeatures]. Both begin uniform within ±1/√in1Features.
 *
 * @example
 * new nn.Bilinear(20, 30, 40)(torch.randn(128, 20), torch.randn(128, 30)).shape // [128, 40]
 */
export class Bilinear extends Module {
  static readonly printedName: string = "Bilinear";
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(...args: BilinearArgs) {
    super();
    const names = ["in1Features", "in2Features", "outFeatures", "bias", "device", "dtype"] as const;
    const given = named<BilinearOptions>("Bilinear", names, 3, args);
    const { in1Features, in2Features, outFeatures, bias = true, ...on } = given;
    for (const [name, n] of Object.entries({ in1Features, in2Features, outFeatures })) {
      checkInt("Bilinear", name, n);
      const least = name === "in1Features" ? 1 : 0; // the first numbers are drawn within 1 / √in1Features
      if (n < least) throw new ValueError(`Bilinear: expected ${name} of at least ${least}, got ${n}`);
    }
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(empty([outFeatures, in1Features, in2Features], on));
    this.bias = bias ? new Parameter(empty([outFeatures], on)) : null;
    this.resetParameters();
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures } = this;
    return extra({ in1Features, in2Features, outFeatures, bias: this.bias !== null });
  }
}
