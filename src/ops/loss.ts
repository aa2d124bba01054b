/** @file Negative log likelihood and cross entropy. */
import { inFloat32, isAutocasting } from "../autograd/autocast.ts";
import { backendOf } from "../backends/backend.ts";
import type { LossReduction, NllOptions } from "../backends/kernels.ts";
import { int64, uint8 } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { allocate } from "./creation.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { checkTensor } from "./params.ts";
import { logSoftmax } from "./softmax.ts";

export type { LossReduction };

/** Checks the name of a reduction. */
export function checkReduction(op: string, reduction: string): LossReduction {
  if (reduction !== "none" && reduction !== "mean" && reduction !== "sum")
    throw new ValueError(`${op}: expected a reduction of "none", "mean" or "sum", got ${describe(reduction)}`);
  return reduction;
}

interface NllAttrs {
  readonly weight: Tensor | null;
  readonly reduction: LossReduction;
  readonly ignoreIndex: number;
}

const nllOptions = ({ weight, reduction, ignoreIndex }: NllAttrs): NllOptions => ({ weight, reduction, ignoreIndex });

/** Its gradient is linear in `grad`; differentiating it again is picking once more. */
const nllLossBackwardOp: KernelOp<NllAttrs & { shape: readonly number[] }> = kernelOp<
  NllAttrs & { shape: readonly number[] }
>({
  name: "nllLossBackward",
  forward: ([grad, target, total], attrs) => {
    const g = grad as Tensor;
    const out = allocate(attrs.shape, g.dtype, g.device);
    backendOf(g.device).kernels.nllLossBackward(out, g, total as Tensor, target as Tensor, nllOptions(attrs));
    return out;
  },
  saves: () => [1],
  backward: ([gg], context) => {
    const { weight, reduction, ignoreIndex } = context.attrs;
    return [
      nllLossOp.results([gg as Tensor, context.input(1)], { weight, reduction, ignoreIndex })[0] as Tensor,
      null,
      null,
    ];
  },
});

const nllLossOp: KernelOp<NllAttrs> = kernelOp<NllAttrs>({
  name: "nllLoss",
  forward: ([input, target], attrs) => {
    const [x, y] = [input as Tensor, target as Tensor];
    const out = allocate(attrs.reduction === "none" ? y.shape : [], x.dtype, x.device);
    const total = allocate([], x.dtype, x.device);
    backendOf(x.device).kernels.nllLoss(out, total, x, y, nllOptions(attrs));
    return [out, total];
  },
  saves: () => [1, ~1],
  backward: ([grad], context) => [
    nllLossBackwardOp.call([grad as Tensor, context.input(1), context.result(1)], {
      ...context.attrs,
      shape: context.shape(0),
    }),
    null,
  ],
});

export interface NllLossOptions {
  /** A factor for each class. */
  weight?: Tensor | null;
  /** The target that counts for nothing. */
  ignoreIndex?: number;
  reduction?: LossReduction;
}
type NllLossArgs = Call<[weight: Tensor | null], NllLossOptions>;

function checkWeight(op: string, weight: Tensor | null, classes: number, input: Tensor): Tensor | null {
  if (weight === null) return null;
  checkTensor(op, weight, "weight");
  if (weight.ndim !== 1 || weight.shape[0] !== classes)
    throw new ShapeError(`${op}: expected a weight of shape [${classes}], got ${shapeText(weight.shape)}`);
  return weight.dtype === input.dtype ? weight : weight.to(input.dtype);
}

function checkTargets(op: string, input: Tensor, target: Tensor): number {
  for (const [x, name] of [
    [input, "input"],
    [target, "target"],
  ] as const)
    if (!(x instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as ${name}, got ${describe(x)}`);
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point input, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
  if (target.dtype !== int64 && target.dtype !== uint8)
    throw new DTypeError(`${op}: expected class indices in torch.int64 as target, got ${target.dtype}`);
  if (input.ndim === 0) throw new ShapeError(`${op}: expected an input of shape [C] or [N, C, …], got a 0-dim tensor`);
  const classDim = input.ndim === 1 ? 0 : 1;
  const expected = input.shape.filter((_, i) => i !== classDim);
  if (!sameShape(expected, target.shape))
    throw new ShapeError(
      `${op}: expected a target of shape ${shapeText(expected)} for an input of shape ${shapeText(input.shape)}, got ${shapeText(target.shape)}`,
    );
  return input.shape[classDim] as number;
}

/**
 * Minus the log probability of each target class. PyTorch: `torch.nn.functional.nll_loss`.
 *
 * @param input - log probabilities, [C], [N, C] or [N, C, d1, …]
 * @param target - class indices, the same without C; int64
 * @param args - `weight` [C], `ignoreIndex` (−100), `reduction` ("mean")
 * @throws IndexError if a target is no class
 */
export function nllLoss(input: Tensor, target: Tensor, ...args: NllLossArgs): Tensor {
  if (isAutocasting()) return inFloat32(nllLoss, [input, target, ...args]);
  const {
    weight = null,
    ignoreIndex = -100,
    reduction = "mean",
  } = bind<NllLossOptions>("nllLoss", ["weight", "ignoreIndex", "reduction"], args);
  checkReduction("nllLoss", reduction);
  const classes = checkTargets("nllLoss", input, target);
  return nllLossOp.results([input, target], {
    weight: checkWeight("nllLoss", weight, classes, input),
    reduction,
    ignoreIndex,
  })[0] as Tensor;
}

export interface CrossEntropyOptions extends NllLossOptions {
  /** How much of each target is spread evenly over all classes. */
  labelSmoothing?: number;
}
type CrossEntropyArgs = Call<[weight: Tensor | null], CrossEntropyOptions>;

/**
 * `nllLoss(logSoftmax(input), target)`: the loss of a classifier's logits. PyTorch: `torch.nn.functional.cross_entropy`.
 *
 * @param input - logits, [C], [N, C] or [N, C, d1, …]
 * @param target - class indices (int64) of the same shape without C, or class probabilities of the input's shape
 * @param args - `weight` [C], `ignoreIndex` (−100), `reduction` ("mean"), `labelSmoothing` (0)
 * @throws IndexError if a target is no class
 * @example
 * F.crossEntropy(torch.zeros(1, 10), torch.tensor([3])) // tensor(2.3026)
 */
export function crossEntropy(input: Tensor, target: Tensor, ...args: CrossEntropyArgs): Tensor {
  if (isAutocasting()) return inFloat32(crossEntropy, [input, target, ...args]);
  const names = ["weight", "ignoreIndex", "reduction", "labelSmoothing"] as const;
  const {
    weight = null,
    ignoreIndex = -100,
    reduction = "mean",
    labelSmoothing = 0,
  } = bind<CrossEntropyOptions>("crossEntropy", names, args);
  checkReduction("crossEntropy", reduction);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
    throw new ValueError(`crossEntropy: expected a labelSmoothing between 0 and 1, got ${labelSmoothing}`);
  if (!(input instanceof Tensor))
    throw new ValueError(`crossEntropy: expected a Tensor as input, got ${describe(input)}`);
  const dim = input.ndim === 1 ? 0 : 1;
  const logProbabilities = logSoftmax(input, dim);
  if (target instanceof Tensor && target.dtype.isFloatingPoint)
    return withProbabilities(logProbabilities, target, dim, weight, reduction, labelSmoothing);
  const loss = nllLoss(logProbabilities, target, { weight, ignoreIndex, reduction });
  return labelSmoothing === 0
    ? loss
    : smoothed(loss, logProbabilities, target, dim, { weight, ignoreIndex, reduction }, labelSmoothing);
}

/** Targets that are distributions over the classes. */
function withProbabilities(
  logP: Tensor,
  target: Tensor,
  dim: number,
  weight: Tensor | null,
  reduction: LossReduction,
  labelSmoothing: number,
): Tensor {
  if (!sameShape(logP.shape, target.shape))
    throw new ShapeError(
      `crossEntropy: expected class probabilities of shape ${shapeText(logP.shape)}, got ${shapeText(target.shape)}`,
    );
  const classes = logP.shape[dim] as number;
  const goal = labelSmoothing === 0 ? target : target.mul(1 - labelSmoothing).add(labelSmoothing / classes);
  const weighted =
    weight === null
      ? logP.mul(goal)
      : logP.mul(goal).mul(alongClasses(checkWeight("crossEntropy", weight, classes, logP) as Tensor, logP, dim));
  const losses = weighted.sum(dim).neg();
  if (reduction === "none") return losses;
  return reduction === "sum" ? losses.sum() : losses.sum().div(logP.layout.numel / classes);
}

function alongClasses(weight: Tensor, like: Tensor, dim: number): Tensor {
  return weight.view(like.shape.map((n, i) => (i === dim ? n : 1)));
}

/** Mixes in the mean loss over all classes, for each target that counts. */
function smoothed(
  loss: Tensor,
  logP: Tensor,
  target: Tensor,
  dim: number,
  options: Required<NllLossOptions>,
  labelSmoothing: number,
): Tensor {
  const { weight, ignoreIndex, reduction } = options;
  const classes = logP.shape[dim] as number;
  const factors = checkWeight("crossEntropy", weight, classes, logP);
  const all = factors === null ? logP : logP.mul(alongClasses(factors, logP, dim));
  const ignored = target.eq(ignoreIndex);
  const spread = all.sum(dim).neg().maskedFill(ignored, 0);
  const total = () => {
    if (factors === null) return ignored.logicalNot().sum();
    return factors
      .gather(0, target.maskedFill(ignored, 0).flatten())
      .reshape(target.shape)
      .maskedFill(ignored, 0)
      .sum();
  };
  const reduced = reduction === "none" ? spread : reduction === "sum" ? spread.sum() : spread.sum().div(total());
  return loss.mul(1 - labelSmoothing).add(reduced.mul(labelSmoothing / classes));
}
