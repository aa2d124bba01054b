/** @file The decoder of a transformer. */
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { type Named, named } from "../../../ops/params.ts";
import type { ModuleList } from "../../containers/module-list.ts";
import { Module } from "../../module/module.ts";
import { Dropout } from "../dropout.ts";
import { LayerNorm } from "../layer-norm.ts";
import { Linear } from "../linear.ts";
import { MultiheadAttention } from "../multihead-attention.ts";
import type { TransformerLayerArgs } from "./encoder.ts";
import {
  activated,
  attend,
  clones,
  LAYER_PARAMETERS,
  layerOptions,
  residual,
  type TransformerLayerOptions,
} from "./layer-base.ts";

/** The masks of a decoder; of a layer, and of all. */
export interface DecoderMasks {
  /** [T, T], or [N · heads, T, T]: bool, true where a position may NOT be attended to; or floating, added to the scores. */
  tgtMask?: Tensor | null;
  /** [T, S], or [N · heads, T, S]: the same for positions of the memory. */
  memoryMask?: Tensor | null;
  /** [N, T]: bool, true where a position is padding; or floating. */
  tgtKeyPaddingMask?: Tensor | null;
  /** [N, S] */
  memoryKeyPaddingMask?: Tensor | null;
  /** A hint that `tgtMask` is the causal one. */
  tgtIsCausal?: boolean | null;
  /** A hint that `memoryMask` is the causal one. */
  memoryIsCausal?: boolean | null;
}
type DecoderArgs = Call<
  [
    tgtMask: Tensor | null,
    memoryMask: Tensor | null,
    tgtKeyPaddingMask: Tensor | null,
    memoryKeyPaddingMask: Tensor | null,
    tgtIsCausal: boolean | null,
    memoryIsCausal: boolean | null,
  ],
  DecoderMasks
>;
const MASKS = [
  "tgtMask",
  "memoryMask",
  "tgtKeyPaddingMask",
  "memoryKeyPaddingMask",
  "tgtIsCausal",
  "memoryIsCausal",
] as const;

/**
 * Self-attention, attention to a memory, and a network of two linear layers, each with a way around it.
 * PyTorch: `torch.nn.TransformerDecoderLayer`.
 *
 * Shape: target [T, N, E] and memory [S, N, E], with N first if `batchFirst`, or without N.
 *
 * @see Vaswani et al. 2017, arXiv:1706.03762
 * @example
 * const layer = new nn.TransformerDecoderLayer(16, 4);
 * layer(torch.randn(7, 2, 16), torch.randn(10, 2, 16)).shape // [7, 2, 16]
 */
export class TransformerDecoderLayer extends Module {
  static readonly printedName: string = "TransformerDecoderLayer";
  selfAttn: MultiheadAttention;
  multiheadAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  activation: (x: Tensor) => Tensor;

  constructor(...args: TransformerLayerArgs) {
    super();
    const op = "TransformerDecoderLayer";
    const given = layerOptions(op, named<TransformerLayerOptions>(op, LAYER_PARAMETERS, 2, args));
    const { dModel, nhead, dimFeedforward, dropout, layerNormEps, batchFirst, bias, factory } = given;
    const attention = () => new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, ...factory });
    const norm = () => new LayerNorm(dModel, { eps: layerNormEps, bias, ...factory });
    this.selfAttn = attention();
    this.multiheadAttn = attention();
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, ...factory });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, ...factory });
    this.normFirst = given.normFirst;
    this.norm1 = norm();
    this.norm2 = norm();
    this.norm3 = norm();
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = given.activation;
  }

  override forward(tgt: Tensor, memory: Tensor, ...args: DecoderArgs): Tensor {
    const given = bind<DecoderMasks>("TransformerDecoderLayer", MASKS, args);
    const ofSelf = {
      attnMask: given.tgtMask ?? null,
      keyPaddingMask: given.tgtKeyPaddingMask ?? null,
      isCausal: given.tgtIsCausal ?? false,
    };
    const ofMemory = {
      attnMask: given.memoryMask ?? null,
      keyPaddingMask: given.memoryKeyPaddingMask ?? null,
      isCausal: given.memoryIsCausal ?? false,
    };
    const { normFirst, norm1, norm2, norm3 } = this;
    const self = residual(tgt, norm1, (x) => this.dropout1(attend(this.selfAttn, x, x, ofSelf)), normFirst);
    const cross = residual(
      self,
      norm2,
      (x) => this.dropout2(attend(this.multiheadAttn, x, memory, ofMemory)),
      normFirst,
    );
    return residual(cross, norm3, (x) => this.feedForward(x), normFirst);
  }

  private feedForward(x: Tensor): Tensor {
    return this.dropout3(this.linear2(this.dropout(activated(this.linear1, this.activation, x))));
  }
}

interface DecoderOptions<L extends Module> {
  /** The layer of which copies are made. */
  decoderLayer: L;
  numLayers: number;
  /** Normalises what the last layer gives. */
  norm?: Module | null;
}

/**
 * Copies of a decoder layer, one after the other; each attends to the same memory. PyTorch: `torch.nn.TransformerDecoder`.
 * @example
 * const decoder = new nn.TransformerDecoder(new nn.TransformerDecoderLayer(16, 4), 2);
 * decoder(torch.randn(7, 2, 16), torch.randn(10, 2, 16)).shape // [7, 2, 16]
 */
export class TransformerDecoder<L extends Module = TransformerDecoderLayer> extends Module {
  static readonly printedName: string = "TransformerDecoder";
  layers: ModuleList<L>;
  readonly numLayers: number;
  norm: Module | null;

  constructor(
    ...args: Named<
      [decoderLayer: L, numLayers: number, norm: Module | null],
      ["decoderLayer", "numLayers", "norm"],
      DecoderOptions<L>
    >
  ) {
    super();
    const names = ["decoderLayer", "numLayers", "norm"] as const;
    const { decoderLayer, numLayers, norm = null } = named<DecoderOptions<L>>("TransformerDecoder", names, 2, args);
    this.layers = clones("TransformerDecoder", decoderLayer, numLayers);
    this.numLayers = numLayers;
    this.norm = norm;
  }

  override forward(tgt: Tensor, memory: Tensor, ...args: DecoderArgs): Tensor {
    const masks = bind<DecoderMasks>("TransformerDecoder", MASKS, args);
    let output = tgt;
    for (const layer of this.layers as ModuleList) output = layer(output, memory, { ...masks }) as Tensor;
    return this.norm === null ? output : this.norm(output);
  }
}
