/** @file A softmax over many classes that computes little for the rare ones. */
import { describe, IndexError, ShapeError, ValueError } from "../../../core/errors.ts";
import { shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { cat } from "../../../ops/joining.ts";
import { type NamedTuple, namedTuple } from "../../../ops/named-tuple.ts";
import { checkInt, checkTensor, type Named, named } from "../../../ops/params.ts";
import { ModuleList } from "../../containers/module-list.ts";
import { Sequential } from "../../containers/sequential.ts";
import { logSoftmax } from "../../functional/softmax.ts";
import { Module } from "../../module/module.ts";
import { type FactoryOptions, Linear } from "../linear.ts";

interface AdaptiveOptions extends FactoryOptions {
  inFeatures: number;
  nClasses: number;
  /** Where clusters of rarer classes begin: rises, from 1 to nClasses − 1. */
  cutoffs: readonly number[];
  /** By how much the features of each cluster are fewer than those of the one before. */
  divValue?: number;
  /** Whether the head has a bias. */
  headBias?: boolean;
}
type AdaptiveArgs = Named<
  [inFeatures: number, nClasses: number, cutoffs: readonly number[], divValue: number, headBias: boolean],
  ["inFeatures", "nClasses", "cutoffs", "divValue", "headBias"],
  AdaptiveOptions
>;
const OP = "AdaptiveLogSoftmaxWithLoss";

function checkCutoffs(cutoffs: unknown, nClasses: number): asserts cutoffs is readonly number[] {
  const list: readonly unknown[] = Array.isArray(cutoffs) ? cutoffs : [];
  const rising = list.every(
    (n, i) =>
      Number.isSafeInteger(n) && (n as number) > (i === 0 ? 0 : (list[i - 1] as number)) && (n as number) < nClasses,
  );
  if (list.length === 0 || !rising)
    throw new ValueError(
      `${OP}: expected cutoffs that rise from at least 1 to at most nClasses − 1, got ${Array.isArray(cutoffs) ? `[${list.map(describe).join(", ")}]` : describe(cutoffs)}`,
    );
}

/**
 * The adaptive softmax: frequent classes are told apart by the head, rarer ones in clusters of fewer features each, which are computed
 * only where they are needed. PyTorch: `torch.nn.AdaptiveLogSoftmaxWithLoss`.
 *
 * Classes must be ordered by frequency, the commonest first.
 *
 * Shape: input [N, inFeatures] or [inFeatures], target [N] or []. The result is { output, loss }: the log probability of each target, and
 * minus their mean.
 *
 * @throws IndexError for a target that is no class
 * @see Grave, Joulin, Cissé, Grangier & Jégou 2016, arXiv:1609.04309
 * @example
 * const layer = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]);
 * const { output, loss } = layer(torch.randn(3, 8), torch.tensor([0, 5, 19]));
 * output.shape                            // [3]
 * layer.logProb(torch.randn(3, 8)).shape  // [3, 20]
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  static readonly printedName: string = "AdaptiveLogSoftmaxWithLoss";
  readonly inFeatures: number;
  readonly nClasses: number;
  /** Where clusters begin, and nClasses. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  /** How many classes the head tells apart. */
  readonly shortlistSize: number;
  readonly nClusters: number;
  readonly headSize: number;
  head: Linear;
  tail: ModuleList<Sequential<[Linear, Linear]>>;

  constructor(...args: AdaptiveArgs) {
    super();
    const names = ["inFeatures", "nClasses", "cutoffs", "divValue", "headBias", "device", "dtype"] as const;
    const given = named<AdaptiveOptions>(OP, names, 3, args);
    const { inFeatures, nClasses, cutoffs, divValue = 4, headBias = false, ...on } = given;
    checkInt(OP, "inFeatures", inFeatures);
    checkInt(OP, "nClasses", nClasses);
    checkCutoffs(cutoffs, nClasses);
    const ends = [...cutoffs, nClasses];
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = ends;
    this.divValue = divValue;
    this.headBias = headBias;
    this.shortlistSize = cutoffs[0] as number;
    this.nClusters = cutoffs.length;
    this.headSize = this.shortlistSize + this.nClusters;
    this.head = new Linear(inFeatures, this.headSize, headBias, on);
    this.tail = new ModuleList(
      cutoffs.map((start, i) => {
        const features = Math.floor(inFeatures / divValue ** (i + 1));
        const first = new Linear(inFeatures, features, false, on);
        return new Sequential(first, new Linear(features, (ends[i + 1] as number) - start, false, on));
      }),
    );
  }

  /** Draws all weights anew. */
  resetParameters(): void {
    this.head.resetParameters();
    for (const cluster of this.tail) for (const layer of cluster.children()) (layer as Linear).resetParameters();
  }

  override forward(input: Tensor, target: Tensor): NamedTuple<{ output: Tensor; loss: Tensor }> {
    const [rows, targets] = this.batch(input, target);
    const head = logSoftmax(this.head(rows), 1);
    // The head's class of each row: its target, or the cluster that has it.
    let column = targets;
    let within = rows.newZeros(targets.shape);
    for (const [i, start] of this.cutoffs.slice(0, -1).entries()) {
      const inside = targets.ge(start).logicalAnd(targets.lt(this.cutoffs[i + 1] as number));
      const at = inside.nonzero().squeeze(1);
      if (at.numel() === 0) continue;
      const chances = logSoftmax((this.tail.at(i) as Sequential<[Linear, Linear]>)(rows.indexSelect(0, at)), 1);
      const own = targets.indexSelect(0, at).sub(start).unsqueeze(1);
      within = within.indexCopy(0, at, chances.gather(1, own).squeeze(1));
      column = column.indexFill(0, at, this.shortlistSize + i);
    }
    const output = within.add(head.gather(1, column.unsqueeze(1)).squeeze(1));
    const loss = output.neg().mean();
    return namedTuple({ output: target.ndim === 0 ? output.squeeze(0) : output, loss }, "_ASMoutput");
  }

  /** Checks an input and its targets; gives them as a batch. */
  private batch(input: Tensor, target: Tensor): [rows: Tensor, targets: Tensor] {
    checkTensor(OP, input);
    checkTensor(OP, target, "target");
    if (target.ndim > 1 || input.ndim !== target.ndim + 1 || (target.ndim === 1 && input.shape[0] !== target.shape[0]))
      throw new ShapeError(
        `${OP}: expected an input [N, ${this.inFeatures}] with a target [N], or [${this.inFeatures}] with [], got ${shapeText(input.shape)} and ${shapeText(target.shape)}`,
      );
    const wrong = target.lt(0).logicalOr(target.ge(this.nClasses));
    if (target.numel() > 0 && wrong.any().item())
      throw new IndexError(
        `${OP}: target ${target.maskedSelect(wrong).at(0).item()} is out of bounds for ${this.nClasses} classes`,
      );
    return target.ndim === 1 ? [input, target] : [input.unsqueeze(0), target.unsqueeze(0)];
  }

  /** The log probabilities of all classes: [N, inFeatures] to [N, nClasses]. PyTorch: `AdaptiveLogSoftmaxWithLoss.log_prob`. */
  logProb(input: Tensor): Tensor {
    return this.fullLogProb(input, this.head(input));
  }

  private fullLogProb(input: Tensor, headOutput: Tensor): Tensor {
    const head = logSoftmax(headOutput, 1);
    const clusters = [...this.tail].map((cluster, i) =>
      logSoftmax(cluster(input), 1).add(head.narrow(1, this.shortlistSize + i, 1)),
    );
    return cat([head.narrow(1, 0, this.shortlistSize), ...clusters], 1);
  }

  /**
   * The likeliest class of each row, [N, inFeatures] to [N]; clusters are computed for the rows that need them.
   * PyTorch: `AdaptiveLogSoftmaxWithLoss.predict`.
   */
  predict(input: Tensor): Tensor {
    const headOutput = this.head(input);
    const likeliest = headOutput.argmax(1);
    const rest = likeliest.ge(this.shortlistSize).nonzero().squeeze(1);
    if (rest.numel() === 0) return likeliest;
    const full = this.fullLogProb(input.indexSelect(0, rest), headOutput.indexSelect(0, rest));
    return likeliest.indexCopy(0, rest, full.argmax(1));
  }
}
