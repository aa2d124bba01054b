/** @file An encoder and a decoder. */
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { full, type TensorOptions } from "../../../ops/creation.ts";
import { checkInt, checkTensor, type Named, named } from "../../../ops/params.ts";
import { xavierUniform_ } from "../../init.ts";
import { Module } from "../../module/module.ts";
import { LayerNorm } from "../layer-norm.ts";
import { TransformerDecoder, TransformerDecoderLayer } from "./decoder.ts";
import { TransformerEncoder, TransformerEncoderLayer } from "./encoder.ts";
import type { Activation, TransformerLayerOptions } from "./layer-base.ts";

interface TransformerOptions extends Partial<TransformerLayerOptions> {
  numEncoderLayers?: number;
  numDecoderLayers?: number;
  /** Modules to use instead. */
  customEncoder?: Module | null;
  customDecoder?: Module | null;
}
type TransformerArgs = Call<
  [
    dModel: number,
    nhead: number,
    numEncoderLayers: number,
    numDecoderLayers: number,
    dimFeedforward: number,
    dropout: number,
    activation: Activation,
    customEncoder: Module | null,
    customDecoder: Module | null,
    layerNormEps: number,
    batchFirst: boolean,
    normFirst: boolean,
    bias: boolean,
  ],
  TransformerOptions
>;
const PARAMETERS = [
  "dModel",
  "nhead",
  "numEncoderLayers",
  "numDecoderLayers",
  "dimFeedforward",
  "dropout",
  "activation",
  "customEncoder",
  "customDecoder",
  "layerNormEps",
  "batchFirst",
  "normFirst",
  "bias",
  "device",
  "dtype",
] as const;

interface TransformerMasks {
  /** [S, S], [T, T] and [T, S], or for each head of each sequence: bool, true where NOT to attend; or floating, added to the scores. */
  srcMask?: Tensor | null;
  tgtMask?: Tensor | null;
  memoryMask?: Tensor | null;
  /** [N, S], [N, T] and [N, S]: bool, true where a position is padding; or floating. */
  srcKeyPaddingMask?: Tensor | null;
  tgtKeyPaddingMask?: Tensor | null;
  memoryKeyPaddingMask?: Tensor | null;
  /** Hints that a mask is the causal one. */
  srcIsCausal?: boolean | null;
  tgtIsCausal?: boolean | null;
  memoryIsCausal?: boolean | null;
}
const MASKS = [
  "srcMask",
  "tgtMask",
  "memoryMask",
  "srcKeyPaddingMask",
  "tgtKeyPaddingMask",
  "memoryKeyPaddingMask",
  "srcIsCausal",
  "tgtIsCausal",
  "memoryIsCausal",
] as const;

/**
 * A transformer: an encoder reads the source, a decoder the target and what the encoder gave. PyTorch: `torch.nn.Transformer`.
 *
 * Shape: source [S, N, E] and target [T, N, E], with N first if `batchFirst`, or without N; gives the target's shape.
 *
 * @see Vaswani et al. 2017, arXiv:1706.03762
 * @example
 * const model = new nn.Transformer(16, 4, 1, 1, 32);
 * const tgtMask = nn.Transformer.generateSquareSubsequentMask(7);
 * model(torch.randn(10, 2, 16), torch.randn(7, 2, 16), { tgtMask }).shape // [7, 2, 16]
 */
export class Transformer extends Module {
  static readonly printedName: string = "Transformer";
  encoder: Module;
  decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(...args: TransformerArgs) {
    super();
    const given = bind<TransformerOptions>("Transformer", PARAMETERS, args);
    const { numEncoderLayers = 6, numDecoderLayers = 6, customEncoder = null, customDecoder = null, ...rest } = given;
    const { dModel = 512, nhead = 8, layerNormEps: eps = 1e-5, bias = true, device = null, dtype = null } = rest;
    const options = { ...rest, dModel, nhead };
    const norm = () => new LayerNorm(dModel, { eps, bias, device, dtype });
    for (const [name, custom] of Object.entries({ customEncoder, customDecoder }))
      if (custom !== null && !(custom instanceof Module))
        throw new ValueError(`Transformer: expected a Module or null as ${name}, got ${describe(custom)}`);
    this.encoder =
      customEncoder ?? new TransformerEncoder(new TransformerEncoderLayer(options), numEncoderLayers, norm());
    this.decoder =
      customDecoder ?? new TransformerDecoder(new TransformerDecoderLayer(options), numDecoderLayers, norm());
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = given.batchFirst ?? false;
    this.resetParameters();
  }

  /** Draws all matrices anew, each by its size. */
  resetParameters(): void {
    for (const parameter of this.parameters()) if (parameter.ndim > 1) xavierUniform_(parameter);
  }

  /**
   * A mask that bars positions from those behind them: −∞ above the diagonal, 0 elsewhere.
   * PyTorch: `torch.nn.Transformer.generate_square_subsequent_mask`.
   * @example
   * nn.Transformer.generateSquareSubsequentMask(3) // tensor([[0., -inf, -inf],
   *                                                //         [0., 0., -inf],
   *                                                //         [0., 0., 0.]])
   */
  static generateSquareSubsequentMask(
    ...args: Named<[sz: number], ["sz"], { sz: number } & Pick<TensorOptions, "device" | "dtype">>
  ): Tensor {
    const op = "generateSquareSubsequentMask";
    const { sz, ...options } = named<{ sz: number } & TensorOptions>(op, ["sz", "device", "dtype"], 1, args);
    checkInt(op, "sz", sz);
    return full([sz, sz], -Infinity, options).triu(1);
  }

  override forward(
    src: Tensor,
    tgt: Tensor,
    ...args: Call<
      [
        srcMask: Tensor | null,
        tgtMask: Tensor | null,
        memoryMask: Tensor | null,
        srcKeyPaddingMask: Tensor | null,
        tgtKeyPaddingMask: Tensor | null,
        memoryKeyPaddingMask: Tensor | null,
        srcIsCausal: boolean | null,
        tgtIsCausal: boolean | null,
        memoryIsCausal: boolean | null,
      ],
      TransformerMasks
    >
  ): Tensor {
    const { srcMask, srcKeyPaddingMask, srcIsCausal, ...ofDecoder } = bind<TransformerMasks>(
      "Transformer",
      MASKS,
      args,
    );
    checkTensor("Transformer", src, "src");
    checkTensor("Transformer", tgt, "tgt");
    for (const [x, name] of [
      [src, "src"],
      [tgt, "tgt"],
    ] as const)
      if (x.shape[x.ndim - 1] !== this.dModel)
        throw new ShapeError(`Transformer: expected a ${name} of ${this.dModel} features, got ${shapeText(x.shape)}`);
    const batchDim = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.shape[batchDim] !== tgt.shape[batchDim])
      throw new ShapeError(
        `Transformer: expected src and tgt of one batch size, got ${shapeText(src.shape)} and ${shapeText(tgt.shape)}`,
      );
    const memory: Tensor = this.encoder(src, {
      mask: srcMask ?? null,
      srcKeyPaddingMask: srcKeyPaddingMask ?? null,
      isCausal: srcIsCausal ?? null,
    });
    return this.decoder(tgt, memory, ofDecoder);
  }
}
