/** @file Losses that pull embeddings together and push them apart. */
import { inFloat32, isAutocasting } from "../../../autograd/autocast.ts";
import { uint8 } from "../../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../../core/errors.ts";
import { shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { toFloat } from "../../../ops/dtypes.ts";
import { checkReduction } from "../../../ops/loss.ts";
import { norm } from "../../../ops/norm.ts";
import { checkTensor } from "../../../ops/params.ts";
import { where } from "../../../ops/pointwise/where.ts";
import { type LossReduction, reduced } from "./reduce.ts";

export interface MarginOptions {
  /** How far apart is far enough. */
  margin?: number;
  reduction?: LossReduction;
}
type MarginArgs = Call<[margin: number, reduction: LossReduction], MarginOptions>;

function marginOptions(
  op: string,
  args: readonly unknown[],
  preset: number,
): { margin: number; reduction: LossReduction } {
  const { margin = preset, reduction = "mean" } = bind<MarginOptions>(op, ["margin", "reduction"], args);
  return { margin, reduction: checkReduction(op, reduction) };
}

/** Integers as floats: a margin is a float to PyTorch, however it is written. */
function floating(x: Tensor): Tensor {
  return x.to(toFloat(x.dtype));
}

/** Where the target is −1, which uint8 holds as 255. */
function isOpposite(target: Tensor): Tensor {
  return target.eq(target.dtype === uint8 ? 255 : -1);
}

/**
 * The distance itself for targets of 1, how much it falls short of `margin` for −1. PyTorch: `torch.nn.functional.hinge_embedding_loss`.
 *
 * @param input - distances, any shape
 * @param target - 1 or −1 for each; broadcasts
 * @param args - `margin` (1), `reduction` ("mean")
 * @example
 * F.hingeEmbeddingLoss(torch.tensor([0.25, 0.25]), torch.tensor([1, -1])) // tensor(0.5000)
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, ...args: MarginArgs): Tensor {
  if (isAutocasting()) return inFloat32(hingeEmbeddingLoss, [input, target, ...args]);
  const op = "hingeEmbeddingLoss";
  const { margin, reduction } = marginOptions(op, args, 1);
  checkTensor(op, input);
  checkTensor(op, target, "target");
  const distance = floating(input);
  const short = distance.neg().add(margin).clampMin(0);
  return reduced(where(target.ne(1), short, 0).add(where(isOpposite(target), 0, distance)), reduction);
}

// Added to squared lengths, so that vectors of length 0 have a cosine.
const COSINE_EPSILON = 1e-12;

/**
 * `1 − cos` of the vectors' angle for targets of 1, how much `cos` exceeds `margin` for −1.
 * PyTorch: `torch.nn.functional.cosine_embedding_loss`.
 *
 * @param input1 - [N, D] or [D]
 * @param input2 - [N, D] or [D]
 * @param target - 1 or −1: [N] or []
 * @param args - `margin` (0), `reduction` ("mean")
 * @throws ShapeError for other numbers of dimensions
 * @example
 * F.cosineEmbeddingLoss(torch.tensor([1, 0]), torch.tensor([3, 4]), torch.tensor(1)) // tensor(0.4000)
 */
export function cosineEmbeddingLoss(input1: Tensor, input2: Tensor, target: Tensor, ...args: MarginArgs): Tensor {
  if (isAutocasting()) return inFloat32(cosineEmbeddingLoss, [input1, input2, target, ...args]);
  const op = "cosineEmbeddingLoss";
  const { margin, reduction } = marginOptions(op, args, 0);
  checkTensor(op, input1, "input1");
  checkTensor(op, input2, "input2");
  checkTensor(op, target, "target");
  if (input1.dtype.isComplex || input2.dtype.isComplex)
    throw new DTypeError(`${op}: expected real inputs, got ${input1.dtype} and ${input2.dtype}`);
  const ndim = target.ndim + 1;
  if (target.ndim > 1 || input1.ndim !== ndim || input2.ndim !== ndim)
    throw new ShapeError(
      `${op}: expected inputs [N, D] with a target [N], or [D] with a 0-dim one, got ${shapeText(input1.shape)}, ${shapeText(input2.shape)} and ${shapeText(target.shape)}`,
    );
  const dot = (a: Tensor, b: Tensor) => a.mul(b).sum(-1);
  const squares = dot(input1, input1).add(COSINE_EPSILON).mul(dot(input2, input2).add(COSINE_EPSILON));
  const cosine = dot(input1, input2).div(squares.sqrt());
  const pull = where(target.eq(1), cosine.neg().add(1), 0);
  const push = where(isOpposite(target), cosine.sub(margin).clampMin(0), 0);
  return reduced(pull.add(push), reduction);
}

/**
 * How much the first input falls short of exceeding the second by `margin`; the other way round for targets of −1.
 * PyTorch: `torch.nn.functional.margin_ranking_loss`.
 *
 * @param input1 - any shape
 * @param input2 - of as many dimensions; broadcasts
 * @param target - 1 or −1, of as many dimensions; broadcasts
 * @param args - `margin` (0), `reduction` ("mean")
 * @example
 * F.marginRankingLoss(torch.tensor([1.5]), torch.tensor([2]), torch.tensor([1])) // tensor(0.5000)
 */
export function marginRankingLoss(input1: Tensor, input2: Tensor, target: Tensor, ...args: MarginArgs): Tensor {
  if (isAutocasting()) return inFloat32(marginRankingLoss, [input1, input2, target, ...args]);
  const op = "marginRankingLoss";
  const { margin, reduction } = marginOptions(op, args, 0);
  checkTensor(op, input1, "input1");
  checkTensor(op, input2, "input2");
  checkTensor(op, target, "target");
  if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim)
    throw new ShapeError(
      `${op}: expected inputs and target of the same number of dimensions, got ${shapeText(input1.shape)}, ${shapeText(input2.shape)} and ${shapeText(target.shape)}`,
    );
  const losses = floating(target.neg().mul(input1.sub(input2)))
    .add(margin)
    .clampMin(0);
  return reduced(losses, reduction);
}

export interface TripletMarginLossOptions extends MarginOptions {
  /** Which norm measures distances. */
  p?: number;
  /** Added to each difference, so that a distance of 0 has a gradient. */
  eps?: number;
  /** Whether the negative may also be compared with the positive, if that is nearer to it than the anchor is. */
  swap?: boolean;
}

/** How much nearer to the anchor than the negative the positive should be than it is. */
function triplet(
  distance: Distance,
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  margin: number,
  swap: boolean,
): Tensor {
  const near = distance(anchor, positive);
  const far = distance(anchor, negative);
  const farthest = swap ? far.minimum(distance(positive, negative)) : far;
  return near.sub(farthest).add(margin).clampMin(0);
}

function checkTriplet(op: string, anchor: Tensor, positive: Tensor, negative: Tensor, margin: number): void {
  checkTensor(op, anchor, "anchor");
  checkTensor(op, positive, "positive");
  checkTensor(op, negative, "negative");
  if (!(margin > 0)) throw new ValueError(`${op}: expected a margin above 0, got ${margin}`);
}

/**
 * How much nearer to the anchor than the negative, by at least `margin`, the positive should be than it is.
 * PyTorch: `torch.nn.functional.triplet_margin_loss`.
 *
 * @param anchor - [N, D] or [D]
 * @param positive - of as many dimensions
 * @param negative - of as many dimensions
 * @param args - `margin` (1), `p` (2), `eps` (1e-6), `swap` (false), `reduction` ("mean")
 * @throws ShapeError if the numbers of dimensions differ
 * @see Balntas, Riba, Ponsa & Mikolajczyk 2016, "Learning local feature descriptors with triplets"
 * @example
 * const [a, p, n] = [torch.tensor([[0, 0]]), torch.tensor([[3, 4]]), torch.tensor([[0, 2]])];
 * F.tripletMarginLoss(a, p, n) // tensor(4.0000)
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...args: Call<
    [margin: number, p: number, eps: number, swap: boolean, reduction: LossReduction],
    TripletMarginLossOptions
  >
): Tensor {
  if (isAutocasting()) return inFloat32(tripletMarginLoss, [anchor, positive, negative, ...args]);
  const op = "tripletMarginLoss";
  const names = ["margin", "p", "eps", "swap", "reduction"] as const;
  const {
    margin = 1,
    p = 2,
    eps = 1e-6,
    swap = false,
    reduction = "mean",
  } = bind<TripletMarginLossOptions>(op, names, args);
  checkReduction(op, reduction);
  checkTriplet(op, anchor, positive, negative, margin);
  if (anchor.ndim !== positive.ndim || anchor.ndim !== negative.ndim)
    throw new ShapeError(
      `${op}: expected anchor, positive and negative of the same number of dimensions, got ${shapeText(anchor.shape)}, ${shapeText(positive.shape)} and ${shapeText(negative.shape)}`,
    );
  const distance: Distance = (a, b) => norm(floating(a.sub(b)).add(eps), p, -1);
  return reduced(triplet(distance, anchor, positive, negative, margin, swap), reduction);
}

/** Gives the distance of each pair of rows. */
export type Distance = (a: Tensor, b: Tensor) => Tensor;

export interface TripletMarginWithDistanceLossOptions extends MarginOptions {
  /** Euclidean if not given. */
  distanceFunction?: Distance | null;
  swap?: boolean;
}

/**
 * `tripletMarginLoss` with any distance. PyTorch: `torch.nn.functional.triplet_margin_with_distance_loss`.
 *
 * @param options - `distanceFunction` (the Euclidean distance), `margin` (1), `swap` (false), `reduction` ("mean")
 * @example
 * const [a, p, n] = [torch.tensor([[0, 0]]), torch.tensor([[3, 4]]), torch.tensor([[0, 2]])];
 * const distanceFunction = (x: torch.Tensor, y: torch.Tensor) => x.sub(y).abs().sum(-1);
 * F.tripletMarginWithDistanceLoss(a, p, n, { distanceFunction, margin: 0.5 }) // tensor(5.5000)
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginWithDistanceLossOptions = {},
): Tensor {
  const op = "tripletMarginWithDistanceLoss";
  const names = ["distanceFunction", "margin", "swap", "reduction"] as const;
  const {
    distanceFunction = null,
    margin = 1,
    swap = false,
    reduction = "mean",
  } = bind<TripletMarginWithDistanceLossOptions>(op, names, [options]);
  checkReduction(op, reduction);
  checkTriplet(op, anchor, positive, negative, margin);
  if (distanceFunction !== null && typeof distanceFunction !== "function")
    throw new ValueError(`${op}: expected a function as distanceFunction, got ${String(distanceFunction)}`);
  const distance: Distance = distanceFunction ?? ((a, b) => norm(floating(a.sub(b)).add(1e-6), 2, -1));
  return reduced(triplet(distance, anchor, positive, negative, margin, swap), reduction);
}
