/** @file Tables of vectors, looked up by index. */
import { noGrad } from "../../autograd/modes.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import { sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { empty } from "../../ops/creation.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";
import { checkNotSparse, checkTable, embedding, paddingRow } from "../functional/embedding.ts";
import { type BagMode, checkMode, embeddingBag } from "../functional/embedding-bag.ts";
import { normal_ } from "../init.ts";
import { Module } from "../module/module.ts";
import { extraAfter, py } from "./extra-repr.ts";
import type { FactoryOptions } from "./linear.ts";

interface TableOptions {
  /** The row that learns nothing, and begins as zeros; negative ones count from the end. */
  paddingIdx?: number | null;
  /** Rows of a greater norm are scaled down to it when they are looked up. */
  maxNorm?: number | null;
  /** Which norm that is. */
  normType?: number;
  /** Whether gradients are divided by how often their row was looked up. */
  scaleGradByFreq?: boolean;
  /** There are no sparse gradients: only false. */
  sparse?: false;
}

interface NewTableOptions extends TableOptions, FactoryOptions {
  numEmbeddings: number;
  embeddingDim: number;
  /** The table to begin with, instead of normal numbers. */
  _weight?: Tensor | null;
}

/** What both kinds share: a table `weight` of `numEmbeddings` rows. */
abstract class Table extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly sparse: false;
  weight: Parameter;

  constructor(given: NewTableOptions) {
    super();
    const op = className(this);
    const { numEmbeddings, embeddingDim, paddingIdx = null, maxNorm = null, normType = 2 } = given;
    const { scaleGradByFreq = false, sparse = false, _weight = null, device = null, dtype = null } = given;
    for (const [name, n] of Object.entries({ numEmbeddings, embeddingDim })) {
      checkInt(op, name, n);
      if (n < 0) throw new ValueError(`${op}: expected ${name} of at least 0, got ${n}`);
    }
    checkNotSparse(op, sparse);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx === null ? null : paddingRow(op, paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.sparse = sparse;
    const shape = [numEmbeddings, embeddingDim];
    if (_weight === null) {
      this.weight = new Parameter(empty(shape, { device, dtype }));
      this.resetParameters();
      return;
    }
    checkTensor(op, _weight, "_weight");
    if (!sameShape(_weight.shape, shape))
      throw new ShapeError(`${op}: expected a _weight of shape ${shapeText(shape)}, got ${shapeText(_weight.shape)}`);
    this.weight = new Parameter(_weight);
  }

  /** Draws the table anew, with zeros at `paddingIdx`. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => void this.weight.select(0, paddingIdx).zero_());
  }
}

interface EmbeddingLayerOptions extends NewTableOptions {}
type EmbeddingArgs = Named<
  [
    numEmbeddings: number,
    embeddingDim: number,
    paddingIdx: number | null,
    maxNorm: number | null,
    normType: number,
    scaleGradByFreq: boolean,
    sparse: false,
  ],
  ["numEmbeddings", "embeddingDim", "paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse"],
  EmbeddingLayerOptions
>;
const OWN = ["paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse"] as const;
const NEW = ["numEmbeddings", "embeddingDim", ...OWN, "_weight", "device", "dtype"] as const;

interface PretrainedOptions extends TableOptions {
  /** Whether the table does not learn; the default. */
  freeze?: boolean;
}
interface Pretrained extends PretrainedOptions {
  embeddings: Tensor;
}

type PretrainedArgs = Named<
  [
    embeddings: Tensor,
    freeze: boolean,
    paddingIdx: number | null,
    maxNorm: number | null,
    normType: number,
    scaleGradByFreq: boolean,
    sparse: false,
  ],
  ["embeddings", "freeze", "paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse"],
  Pretrained
>;

/** A layer around a table that is there, and not learned if `freeze`. */
function pretrained<M extends Table>(
  type: new (options: NewTableOptions) => M,
  { embeddings, freeze = true, ...rest }: Pretrained,
): M {
  checkTable("fromPretrained", embeddings, "embeddings");
  const [numEmbeddings, embeddingDim] = embeddings.shape as [number, number];
  const layer = new type({ ...rest, numEmbeddings, embeddingDim, _weight: embeddings });
  layer.weight.requiresGrad_(!freeze);
  return layer;
}

/**
 * A table of vectors: each index gives its row. PyTorch: `torch.nn.Embedding`.
 *
 * Shape: input [*] of int64 or int32, output [*, embeddingDim]; `weight` [numEmbeddings, embeddingDim], which begins with normal
 * numbers.
 *
 * Differs: gradients are dense, so `sparse: true` is refused.
 *
 * @example
 * const layer = new nn.Embedding(10, 3, { paddingIdx: 0 });
 * layer(torch.tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape // [2, 4, 3]
 */
export class Embedding extends Table {
  static readonly printedName: string = "Embedding";

  constructor(...args: EmbeddingArgs) {
    super(named<EmbeddingLayerOptions>("Embedding", NEW, 2, args));
  }

  /**
   * A layer around a table that is there, and shares its memory. PyTorch: `torch.nn.Embedding.from_pretrained`.
   *
   * @param args - `embeddings` [rows, width], `freeze` (true: the table does not learn), and the options of the constructor
   * @throws ShapeError if the table is no matrix
   * @example
   * const layer = nn.Embedding.fromPretrained(torch.tensor([[1, 2.5, 3], [4, 5, 6]]));
   * layer(torch.tensor([1])) // tensor([[4., 5., 6.]])
   */
  static fromPretrained(...args: PretrainedArgs): Embedding {
    return pretrained(Embedding, named<Pretrained>("fromPretrained", ["embeddings", "freeze", ...OWN], 1, args));
  }

  override forward(input: Tensor): Tensor {
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(input, { weight, paddingIdx, maxNorm, normType, scaleGradByFreq });
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return extraAfter([numEmbeddings, embeddingDim], {
      paddingIdx: paddingIdx ?? undefined,
      maxNorm: py(maxNorm) ?? undefined,
      normType: normType === 2 ? undefined : py(normType),
      scaleGradByFreq: scaleGradByFreq || undefined,
    });
  }
}

interface BagOptions {
  /** How the rows of a bag become one; the mean if not given. */
  mode?: BagMode;
  /** Whether `offsets` ends with the number of indices, as in the CSR format. */
  includeLastOffset?: boolean;
}
interface EmbeddingBagLayerOptions extends NewTableOptions, BagOptions {}
type EmbeddingBagArgs = Named<
  [
    numEmbeddings: number,
    embeddingDim: number,
    maxNorm: number | null,
    normType: number,
    scaleGradByFreq: boolean,
    mode: BagMode,
    sparse: false,
    _weight: Tensor | null,
    includeLastOffset: boolean,
    paddingIdx: number | null,
  ],
  [
    "numEmbeddings",
    "embeddingDim",
    "maxNorm",
    "normType",
    "scaleGradByFreq",
    "mode",
    "sparse",
    "_weight",
    "includeLastOffset",
    "paddingIdx",
  ],
  EmbeddingBagLayerOptions
>;
const BAG_FIRST = ["maxNorm", "normType", "scaleGradByFreq", "mode", "sparse"] as const;
const BAG_LAST = ["includeLastOffset", "paddingIdx"] as const;
const NEW_BAG = ["numEmbeddings", "embeddingDim", ...BAG_FIRST, "_weight", ...BAG_LAST, "device", "dtype"] as const;
type PretrainedBagArgs = Named<
  [
    embeddings: Tensor,
    freeze: boolean,
    maxNorm: number | null,
    normType: number,
    scaleGradByFreq: boolean,
    mode: BagMode,
    sparse: false,
    includeLastOffset: boolean,
    paddingIdx: number | null,
  ],
  [
    "embeddings",
    "freeze",
    "maxNorm",
    "normType",
    "scaleGradByFreq",
    "mode",
    "sparse",
    "includeLastOffset",
    "paddingIdx",
  ],
  Pretrained & BagOptions
>;

/**
 * A table of vectors: each bag of indices gives the mean, sum or maximum of its rows, without their being stored in between.
 * PyTorch: `torch.nn.EmbeddingBag`.
 *
 * Shape: input [bags, size], or [n] with `offsets` [bags]; output [bags, embeddingDim]; `weight` [numEmbeddings, embeddingDim], which
 * begins with normal numbers.
 *
 * Differs: gradients are dense, so `sparse: true` is refused.
 *
 * @example
 * const layer = new nn.EmbeddingBag(10, 3, { mode: "sum" });
 * layer(torch.tensor([1, 2, 4, 5, 4, 3]), torch.tensor([0, 4])).shape // [2, 3]
 */
export class EmbeddingBag extends Table {
  static readonly printedName: string = "EmbeddingBag";
  readonly mode: BagMode;
  readonly includeLastOffset: boolean;

  constructor(...args: EmbeddingBagArgs) {
    const given = named<EmbeddingBagLayerOptions>("EmbeddingBag", NEW_BAG, 2, args);
    const { mode = "mean", includeLastOffset = false } = given;
    checkMode("EmbeddingBag", mode);
    super(given);
    this.mode = mode;
    this.includeLastOffset = includeLastOffset;
  }

  /**
   * A layer around a table that is there, and shares its memory. PyTorch: `torch.nn.EmbeddingBag.from_pretrained`.
   *
   * @param args - `embeddings` [rows, width], `freeze` (true: the table does not learn), and the options of the constructor
   * @throws ShapeError if the table is no matrix
   * @example
   * const layer = nn.EmbeddingBag.fromPretrained(torch.tensor([[1, 2.5, 3], [4, 5, 6]]));
   * layer(torch.tensor([[1, 0]])) // tensor([[2.5000, 3.7500, 4.5000]])
   */
  static fromPretrained(...args: PretrainedBagArgs): EmbeddingBag {
    const names = ["embeddings", "freeze", ...BAG_FIRST, ...BAG_LAST] as const;
    return pretrained(EmbeddingBag, named<Pretrained & BagOptions>("fromPretrained", names, 1, args));
  }

  /**
   * @param offsets - where each bag begins in a vector of indices
   * @param perSampleWeights - a factor for each index, of its shape; with mode `"sum"` only
   */
  override forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { weight, maxNorm, normType, scaleGradByFreq, mode, includeLastOffset, paddingIdx } = this;
    const options = { weight, maxNorm, normType, scaleGradByFreq, mode, includeLastOffset, paddingIdx };
    return embeddingBag(input, { ...options, offsets, perSampleWeights });
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, maxNorm, normType, scaleGradByFreq, mode, paddingIdx } = this;
    return extraAfter([numEmbeddings, embeddingDim], {
      maxNorm: py(maxNorm) ?? undefined,
      normType: normType === 2 ? undefined : py(normType),
      scaleGradByFreq: scaleGradByFreq || undefined,
      mode: { toString: () => mode }, // without quotes, as in PyTorch
      paddingIdx: paddingIdx ?? undefined,
    });
  }
}
