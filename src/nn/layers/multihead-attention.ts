/** @file Attention by several heads, as a layer. */
import { ShapeError, ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { empty } from "../../ops/creation.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";
import { multiHeadAttentionForward } from "../functional/attention.ts";
import { checkProbability } from "../functional/dropout.ts";
import { xavierNormal_, xavierUniform_, zeros_ } from "../init.ts";
import { Module } from "../module/module.ts";
import { type FactoryOptions, Linear } from "./linear.ts";

interface MultiheadAttentionOptions extends FactoryOptions {
  /** E, features of queries and results. */
  embedDim: number;
  /** How many heads share the features; divides `embedDim`. */
  numHeads: number;
  /** In training, probability of a weight of attention to become zero. */
  dropout?: number;
  /** Whether projections have biases; the default. */
  bias?: boolean;
  /** Whether there is one more key and value, which is learned. */
  addBiasKv?: boolean;
  /** Whether there is one more key and value, of zeros. */
  addZeroAttn?: boolean;
  /** Features of keys; `embedDim` if not given. */
  kdim?: number | null;
  /** Features of values; `embedDim` if not given. */
  vdim?: number | null;
  /** Tensors are [N, L, features]. */
  batchFirst?: boolean;
}
type MultiheadAttentionArgs = Named<
  [
    embedDim: number,
    numHeads: number,
    dropout: number,
    bias: boolean,
    addBiasKv: boolean,
    addZeroAttn: boolean,
    kdim: number | null,
    vdim: number | null,
    batchFirst: boolean,
  ],
  ["embedDim", "numHeads", "dropout", "bias", "addBiasKv", "addZeroAttn", "kdim", "vdim", "batchFirst"],
  MultiheadAttentionOptions
>;
const PARAMETERS = [
  "embedDim",
  "numHeads",
  "dropout",
  "bias",
  "addBiasKv",
  "addZeroAttn",
  "kdim",
  "vdim",
  "batchFirst",
  "device",
  "dtype",
] as const;

/** How a call attends. */
export interface AttendOptions {
  /** [N, S], or [S] without batch: bool, true where a key is padding; or floating, added to the scores. */
  keyPaddingMask?: Tensor | null;
  /** Whether to give the weights too; the default. */
  needWeights?: boolean;
  /** [L, S], or [N · heads, L, S]: bool, true where a key may NOT be attended to; or floating, added to the scores. */
  attnMask?: Tensor | null;
  /** Whether weights are averaged over the heads; the default. */
  averageAttnWeights?: boolean;
  /** A hint that `attnMask`, which must be given, is the causal one. */
  isCausal?: boolean;
}
type AttendArgs = Call<
  [
    keyPaddingMask: Tensor | null,
    needWeights: boolean,
    attnMask: Tensor | null,
    averageAttnWeights: boolean,
    isCausal: boolean,
  ],
  AttendOptions
>;
const ATTEND = ["keyPaddingMask", "needWeights", "attnMask", "averageAttnWeights", "isCausal"] as const;

/** A linear layer, by the name under which PyTorch prints it here. */
class NonDynamicallyQuantizableLinear extends Linear {
  static override readonly printedName: string = "NonDynamicallyQuantizableLinear";
}

/**
 * Attention by several heads: query, key and value are projected, each head attends with its part of the features, and what they give
 * is projected again. PyTorch: `torch.nn.MultiheadAttention`.
 *
 * Shape: query [L, N, E], key [S, N, kdim], value [S, N, vdim] ([N, L, …] if `batchFirst`, or without N); gives the result, of the
 * query's shape, and the weights [N, L, S] ([N, heads, L, S] if not averaged), or `null`.
 *
 * @see Vaswani et al. 2017, arXiv:1706.03762
 * @example
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = torch.randn(3, 5, 8);
 * const [y, weights] = attention(x, x, x);
 * y.shape // [3, 5, 8]
 * weights?.shape // [3, 5, 5]
 */
export class MultiheadAttention extends Module {
  static readonly printedName: string = "MultiheadAttention";
  readonly embedDim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly numHeads: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly headDim: number;
  readonly addZeroAttn: boolean;
  /** [E, E], [E, kdim] and [E, vdim], where key or value have other features than the query. */
  qProjWeight: Parameter | null = null;
  kProjWeight: Parameter | null = null;
  vProjWeight: Parameter | null = null;
  /** [3 · E, E], where they have the same. */
  inProjWeight: Parameter | null = null;
  /** [3 · E] */
  inProjBias: Parameter | null;
  outProj: Linear;
  /** [1, 1, E] */
  biasK: Parameter | null;
  biasV: Parameter | null;

  constructor(...args: MultiheadAttentionArgs) {
    super();
    const op = "MultiheadAttention";
    const { embedDim, numHeads, ...options } = named<MultiheadAttentionOptions>(op, PARAMETERS, 2, args);
    const { dropout = 0, bias = true, addBiasKv = false, addZeroAttn = false, batchFirst = false } = options;
    const { device = null, dtype = null } = options;
    const kdim = options.kdim ?? embedDim;
    const vdim = options.vdim ?? embedDim;
    for (const [name, n] of Object.entries({ embedDim, numHeads, kdim, vdim })) {
      checkInt(op, name, n);
      if (n < 1) throw new ValueError(`${op}: expected ${name} of at least 1, got ${n}`);
    }
    if (embedDim % numHeads !== 0)
      throw new ValueError(`${op}: expected numHeads that divides embedDim (${embedDim}), got ${numHeads}`);
    checkProbability(op, dropout);
    this.embedDim = embedDim;
    this.kdim = kdim;
    this.vdim = vdim;
    this.numHeads = numHeads;
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.headDim = embedDim / numHeads;
    this.addZeroAttn = addZeroAttn;
    const factory = { device, dtype };
    const make = (...shape: number[]) => new Parameter(empty(shape, factory));
    if (kdim === embedDim && vdim === embedDim) this.inProjWeight = make(3 * embedDim, embedDim);
    else {
      this.qProjWeight = make(embedDim, embedDim);
      this.kProjWeight = make(embedDim, kdim);
      this.vProjWeight = make(embedDim, vdim);
    }
    this.inProjBias = bias ? make(3 * embedDim) : null;
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias, ...factory });
    this.biasK = addBiasKv ? make(1, 1, embedDim) : null;
    this.biasV = addBiasKv ? make(1, 1, embedDim) : null;
    this.resetParameters();
  }

  /** Draws the projections anew, except that of the result. */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight])
      if (weight !== null) xavierUniform_(weight);
    for (const bias of [this.inProjBias, this.outProj.bias]) if (bias !== null) zeros_(bias);
    for (const row of [this.biasK, this.biasV]) if (row !== null) xavierNormal_(row);
  }

  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ...args: AttendArgs
  ): [output: Tensor, weights: Tensor | null] {
    const op = "MultiheadAttention";
    const options = bind<AttendOptions>(op, ATTEND, args);
    for (const [x, name, features] of [
      [query, "query", this.embedDim],
      [key, "key", this.kdim],
      [value, "value", this.vdim],
    ] as const) {
      checkTensor(op, x, name);
      if ((x.ndim !== 2 && x.ndim !== 3) || x.shape[x.ndim - 1] !== features)
        throw new ShapeError(
          `${op}: expected a ${name} of 2 or 3 dimensions, the last of ${features}, got shape ${shapeText(x.shape)}`,
        );
    }
    const isTurned = this.batchFirst && query.ndim === 3;
    // What is one tensor stays one: then one product projects it.
    const turned = new Map([query, key, value].map((x) => [x, isTurned && x.ndim === 3 ? x.transpose(0, 1) : x]));
    const [q, k, v] = [query, key, value].map((x) => turned.get(x)) as [Tensor, Tensor, Tensor];
    const { qProjWeight, kProjWeight, vProjWeight, biasK, biasV, addZeroAttn, outProj, training } = this;
    const { embedDim, numHeads, inProjWeight, inProjBias } = this;
    const [output, weights] = multiHeadAttentionForward(q, k, v, embedDim, numHeads, inProjWeight, inProjBias, {
      ...{
        biasK,
        biasV,
        addZeroAttn,
        dropoutP: this.dropout,
        outProjWeight: outProj.weight,
        outProjBias: outProj.bias,
      },
      ...{ training, useSeparateProjWeight: inProjWeight === null, qProjWeight, kProjWeight, vProjWeight },
      ...options,
    });
    return [isTurned ? output.transpose(0, 1) : output, weights];
  }
}
