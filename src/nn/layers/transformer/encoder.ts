/** @file The encoder of a transformer. */
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { type Named, named } from "../../../ops/params.ts";
import type { ModuleList } from "../../containers/module-list.ts";
import { Module } from "../../module/module.ts";
import { Dropout } from "../dropout.ts";
import { LayerNorm } from "../layer-norm.ts";
import { Linear } from "../linear.ts";
import { MultiheadAttention } from "../multihead-attention.ts";
import {
  type Activation,
  activated,
  attend,
  clones,
  LAYER_PARAMETERS,
  layerOptions,
  residual,
  type TransformerLayerOptions,
} from "./layer-base.ts";

/** The ways to pass a layer's options. */
export type TransformerLayerArgs = Named<
  [
    dModel: number,
    nhead: number,
    dimFeedforward: number,
    dropout: number,
    activation: Activation,
    layerNormEps: number,
    batchFirst: boolean,
    normFirst: boolean,
    bias: boolean,
  ],
  ["dModel", "nhead", "dimFeedforward", "dropout", "activation", "layerNormEps", "batchFirst", "normFirst", "bias"],
  TransformerLayerOptions
>;

interface EncoderLayerMasks {
  /** [L, L], or [N · heads, L, L]: bool, true where a position may NOT be attended to; or floating, added to the scores. */
  srcMask?: Tensor | null;
  /** [N, L]: bool, true where a position is padding; or floating. */
  srcKeyPaddingMask?: Tensor | null;
  /** A hint that `srcMask` is the causal one. */
  isCausal?: boolean;
}

/**
 * Self-attention and a network of two linear layers, each with a way around it. PyTorch: `torch.nn.TransformerEncoderLayer`.
 *
 * Shape: [L, N, E], [N, L, E] if `batchFirst`, or [L, E].
 *
 * Differs: there is no fast path for evaluation, so that padded positions are computed as in training.
 *
 * @see Vaswani et al. 2017, arXiv:1706.03762; Xiong et al. 2020, arXiv:2002.04745 (`normFirst`)
 * @example
 * const layer = new nn.TransformerEncoderLayer(16, 4, { batchFirst: true });
 * layer(torch.randn(2, 10, 16)).shape // [2, 10, 16]
 */
export class TransformerEncoderLayer extends Module {
  static readonly printedName: string = "TransformerEncoderLayer";
  selfAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  activation: (x: Tensor) => Tensor;

  constructor(...args: TransformerLayerArgs) {
    super();
    const op = "TransformerEncoderLayer";
    const given = layerOptions(op, named<TransformerLayerOptions>(op, LAYER_PARAMETERS, 2, args));
    const { dModel, nhead, dimFeedforward, dropout, layerNormEps, batchFirst, bias, factory } = given;
    const norm = () => new LayerNorm(dModel, { eps: layerNormEps, bias, ...factory });
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, ...factory });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, ...factory });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, ...factory });
    this.normFirst = given.normFirst;
    this.norm1 = norm();
    this.norm2 = norm();
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = given.activation;
  }

  override forward(
    src: Tensor,
    ...args: Call<[srcMask: Tensor | null, srcKeyPaddingMask: Tensor | null, isCausal: boolean], EncoderLayerMasks>
  ): Tensor {
    const {
      srcMask: attnMask = null,
      srcKeyPaddingMask: keyPaddingMask = null,
      isCausal = false,
    } = bind<EncoderLayerMasks>("TransformerEncoderLayer", ["srcMask", "srcKeyPaddingMask", "isCausal"], args);
    const masks = { attnMask, keyPaddingMask, isCausal };
    const attended = residual(
      src,
      this.norm1,
      (x) => this.dropout1(attend(this.selfAttn, x, x, masks)),
      this.normFirst,
    );
    return residual(attended, this.norm2, (x) => this.feedForward(x), this.normFirst);
  }

  private feedForward(x: Tensor): Tensor {
    return this.dropout2(this.linear2(this.dropout(activated(this.linear1, this.activation, x))));
  }
}

interface EncoderMasks {
  /** As `srcMask` of the layers. */
  mask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  /** A hint that `mask` is the causal one. */
  isCausal?: boolean | null;
}

interface EncoderOptions<L extends Module> {
  /** The layer of which copies are made. */
  encoderLayer: L;
  numLayers: number;
  /** Normalises what the last layer gives. */
  norm?: Module | null;
  /** There are no nested tensors: accepted, and of no effect. */
  enableNestedTensor?: boolean;
  maskCheck?: boolean;
}

/**
 * Copies of an encoder layer, one after the other. PyTorch: `torch.nn.TransformerEncoder`.
 * @example
 * const encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(16, 4), 2);
 * encoder(torch.randn(10, 2, 16)).shape // [10, 2, 16]
 */
export class TransformerEncoder<L extends Module = TransformerEncoderLayer> extends Module {
  static readonly printedName: string = "TransformerEncoder";
  layers: ModuleList<L>;
  readonly numLayers: number;
  norm: Module | null;

  constructor(
    ...args: Named<
      [encoderLayer: L, numLayers: number, norm: Module | null, enableNestedTensor: boolean, maskCheck: boolean],
      ["encoderLayer", "numLayers", "norm", "enableNestedTensor", "maskCheck"],
      EncoderOptions<L>
    >
  ) {
    super();
    const names = ["encoderLayer", "numLayers", "norm", "enableNestedTensor", "maskCheck"] as const;
    const { encoderLayer, numLayers, norm = null } = named<EncoderOptions<L>>("TransformerEncoder", names, 2, args);
    this.layers = clones("TransformerEncoder", encoderLayer, numLayers);
    this.numLayers = numLayers;
    this.norm = norm;
  }

  override forward(
    src: Tensor,
    ...args: Call<[mask: Tensor | null, srcKeyPaddingMask: Tensor | null, isCausal: boolean | null], EncoderMasks>
  ): Tensor {
    const {
      mask: srcMask = null,
      srcKeyPaddingMask = null,
      isCausal,
    } = bind<EncoderMasks>("TransformerEncoder", ["mask", "srcKeyPaddingMask", "isCausal"], args);
    let output = src;
    for (const layer of this.layers as ModuleList)
      output = layer(output, { srcMask, srcKeyPaddingMask, isCausal: isCausal ?? false }) as Tensor;
    return this.norm === null ? output : this.norm(output);
  }
}
