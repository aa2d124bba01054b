/** @file Losses that ask the right classes to be ahead of the others by a margin. */

import { inFloat32, isAutocasting } from "../../../autograd/autocast.ts";
import { backendOf } from "../../../backends/backend.ts";
import { float32, float64, int64 } from "../../../core/dtype.ts";
import { AutogradError, DTypeError, describe, IndexError, ShapeError, ValueError } from "../../../core/errors.ts";
import { sameShape, shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { allocate } from "../../../ops/creation.ts";
import { type KernelOp, kernelOp } from "../../../ops/kernel-form.ts";
import { checkReduction } from "../../../ops/loss.ts";
import { checkTensor } from "../../../ops/params.ts";
import { logsigmoid } from "../../../ops/pointwise/activation.ts";
import { type ElementwiseLoss, elementwiseLoss } from "./elementwise-loss.ts";
import { type LossReduction, type ReductionArgs, reduced, reductionOf } from "./reduce.ts";

type NoOptions = Readonly<Record<never, number>>;

const softMargin: ElementwiseLoss<NoOptions> = elementwiseLoss({
  name: "softMarginLoss",
  args: ["input", "target"],
  expr({ input, target }) {
    const x = target.mul(input).neg();
    return x.max(0).add(x.abs().neg().exp().log1p());
  },
  derivative: {
    input: ({ grad, input, target }) => grad.mul(target.neg()).mul(target.mul(input).neg().sigmoid()),
    target: ({ grad, input, target }) => grad.mul(input.neg()).mul(target.mul(input).neg().sigmoid()),
  },
});

/**
 * `log(1 + exp(−target · input))`. PyTorch: `torch.nn.functional.soft_margin_loss`.
 *
 * Differs: it does not overflow where PyTorch's gives infinity.
 *
 * @param input - scores, any shape; floating dtype
 * @param target - 1 or −1; broadcasts
 * @param args - `reduction`
 * @example
 * F.softMarginLoss(torch.tensor([0, 2.5]), torch.tensor([1, 1])) // tensor(0.3860)
 */
export function softMarginLoss(input: Tensor, target: Tensor, ...args: ReductionArgs): Tensor {
  if (isAutocasting()) return inFloat32(softMarginLoss, [input, target, ...args]);
  const reduction = reductionOf("softMarginLoss", args);
  checkTensor("softMarginLoss", input);
  checkTensor("softMarginLoss", target, "target");
  return softMargin([input, target], reduction);
}

export interface WeightedLossOptions {
  /** A factor for each class. */
  weight?: Tensor | null;
  reduction?: LossReduction;
}

/**
 * Binary cross entropy of each class, averaged over the classes. PyTorch: `torch.nn.functional.multilabel_soft_margin_loss`.
 *
 * @param input - logits, [*, C]; floating dtype
 * @param target - 0 or 1, the same shape
 * @param args - `weight` (a factor for each class, broadcasts), `reduction` ("mean")
 * @example
 * F.multilabelSoftMarginLoss(torch.tensor([[0, 2.5]]), torch.tensor([[1, 1]])) // tensor(0.3860)
 */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  ...args: Call<[weight: Tensor | null, reduction: LossReduction], WeightedLossOptions>
): Tensor {
  const op = "multilabelSoftMarginLoss";
  const { weight = null, reduction = "mean" } = bind<WeightedLossOptions>(op, ["weight", "reduction"], args);
  checkReduction(op, reduction);
  checkTensor(op, input);
  checkTensor(op, target, "target");
  if (weight !== null) checkTensor(op, weight, "weight");
  if (input.ndim === 0) throw new ShapeError(`${op}: expected an input of shape [*, C], got a 0-dim tensor`);
  const [yes, no] = [logsigmoid(input), logsigmoid(input.neg())];
  const losses = target.mul(yes).add(target.neg().add(1).mul(no)).neg();
  const weighted = weight === null ? losses : losses.mul(weight);
  return reduced(weighted.sum(-1).div(input.shape[input.ndim - 1] as number), reduction);
}

/** Checks scores [N, C] or [C]; gives them as [N, C]. */
function asRows(op: string, input: Tensor): Tensor {
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point input, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
  if (input.ndim > 2 || input.shape[input.ndim - 1] === 0)
    throw new ShapeError(`${op}: expected an input of shape [N, C] or [C], got ${shapeText(input.shape)}`);
  return input.ndim === 2 ? input : input.reshape(1, input.numel());
}

function checkInt64(op: string, target: Tensor): void {
  if (target.dtype !== int64)
    throw new DTypeError(`${op}: expected class indices in ${int64} as target, got ${target.dtype}`);
}

interface MultiMarginAttrs {
  readonly p: 1 | 2;
  readonly margin: number;
  readonly weight: Tensor | null;
  readonly reduction: LossReduction;
}

/** How far each other class comes within the margin of the target's; 0 at the target itself. */
function shortfalls(input: Tensor, target: Tensor, margin: number): Tensor {
  const column = target.unsqueeze(1);
  return input.sub(input.gather(1, column)).add(margin).clampMin(0).scatter(1, column, 0);
}

/** The gradient of losses reduced to one number, as that of each of `rows` losses. */
function spread(grad: Tensor, rows: number, reduction: LossReduction): Tensor {
  if (reduction === "none") return grad;
  return (reduction === "mean" ? grad.div(rows) : grad).expand(rows);
}

const multiMargin: KernelOp<MultiMarginAttrs> = kernelOp<MultiMarginAttrs>({
  name: "multiMarginLoss",
  forward([input, target], { p, margin, weight, reduction }) {
    const [x, y] = [input as Tensor, target as Tensor];
    const short = shortfalls(x, y, margin);
    const losses = (p === 1 ? short : short.mul(short)).sum(1).div(x.shape[1] as number);
    return reduced(weight === null ? losses : losses.mul(weight.indexSelect(0, y)), reduction);
  },
  saves: () => [0, 1],
  backward([grad], context) {
    const [x, y] = [context.input(0), context.input(1)];
    const { p, margin, weight, reduction } = context.attrs;
    const short = shortfalls(x, y, margin);
    const slope = p === 1 ? short.gt(0).to(x.dtype) : short.mul(2);
    const each = spread(grad as Tensor, x.shape[0] as number, reduction).div(x.shape[1] as number);
    const factor = weight === null ? each : each.mul(weight.indexSelect(0, y));
    const others = slope.mul(factor.unsqueeze(1));
    return [others.scatter(1, y.unsqueeze(1), others.sum(1, true).neg()), null];
  },
});

export interface MultiMarginLossOptions extends WeightedLossOptions {
  /** The power of what is missing to the margin, 1 or 2. */
  p?: 1 | 2;
  margin?: number;
}

/**
 * How far the scores of other classes come within `margin` of the target's, averaged over the classes.
 * PyTorch: `torch.nn.functional.multi_margin_loss`.
 *
 * @param input - scores, [N, C] or [C]; floating dtype
 * @param target - class indices, [N] or []; int64
 * @param args - `p` (1), `margin` (1), `weight` [C], `reduction` ("mean")
 * @throws IndexError if a target is no class
 * @example
 * F.multiMarginLoss(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([3])) // tensor(0.3250)
 */
export function multiMarginLoss(
  input: Tensor,
  target: Tensor,
  ...args: Call<[p: 1 | 2, margin: number, weight: Tensor | null, reduction: LossReduction], MultiMarginLossOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(multiMarginLoss, [input, target, ...args]);
  const op = "multiMarginLoss";
  const names = ["p", "margin", "weight", "reduction"] as const;
  const { p = 1, margin = 1, weight = null, reduction = "mean" } = bind<MultiMarginLossOptions>(op, names, args);
  checkReduction(op, reduction);
  checkTensor(op, input);
  checkTensor(op, target, "target");
  if (p !== 1 && p !== 2) throw new ValueError(`${op}: expected 1 or 2 as p, got ${describe(p)}`);
  const rows = asRows(op, input);
  checkInt64(op, target);
  const [n, classes] = rows.shape as [number, number];
  if (target.ndim > 1 || target.numel() !== n)
    throw new ShapeError(`${op}: expected a target of shape [${n}], got ${shapeText(target.shape)}`);
  if (weight !== null) {
    checkTensor(op, weight, "weight");
    if (!sameShape(weight.shape, [classes]))
      throw new ShapeError(`${op}: expected a weight of shape [${classes}], got ${shapeText(weight.shape)}`);
  }
  const labels = target.reshape(n);
  const wrong = labels.lt(0).logicalOr(labels.ge(classes));
  if (n > 0 && wrong.any().item())
    throw new IndexError(
      `${op}: target ${labels.maskedSelect(wrong).at(0).item()} is out of bounds for ${classes} classes`,
    );
  const result = multiMargin.call([rows, labels], {
    p,
    margin,
    weight: weight === null || weight.dtype === rows.dtype ? weight : weight.to(rows.dtype),
    reduction,
  });
  return reduction === "none" && target.ndim === 0 ? result.reshape([]) : result;
}

interface MultilabelAttrs {
  readonly reduction: LossReduction;
}

/** float and double are what its kernel computes in. */
const inKernelDType = (x: Tensor) => (x.dtype === float64 ? x : x.to(float32)).contiguous();

const multilabelMarginBackward: KernelOp<void> = kernelOp<void>({
  name: "multilabelMarginLossBackward",
  forward([grad, input, target]) {
    const [x, y] = [inKernelDType(input as Tensor), (target as Tensor).contiguous()];
    const out = allocate(x.shape, x.dtype, x.device);
    const { kernels } = backendOf(x.device);
    kernels.multilabelMarginBackward(out, (grad as Tensor).to(x.dtype).contiguous(), x, y);
    return out.to((input as Tensor).dtype);
  },
  backward() {
    throw new AutogradError("multilabelMarginLossBackward: its derivative is not implemented");
  },
});

const multilabelMargin: KernelOp<MultilabelAttrs> = kernelOp<MultilabelAttrs>({
  name: "multilabelMarginLoss",
  forward([input, target], { reduction }) {
    const [x, y] = [inKernelDType(input as Tensor), (target as Tensor).contiguous()];
    const out = allocate([x.shape[0] as number], x.dtype, x.device);
    backendOf(x.device).kernels.multilabelMargin(out, x, y);
    return reduced(out, reduction).to((input as Tensor).dtype);
  },
  saves: () => [0, 1],
  backward([grad], context) {
    const [x, y] = [context.input(0), context.input(1)];
    const each = spread(grad as Tensor, x.shape[0] as number, context.attrs.reduction);
    return [multilabelMarginBackward.call([each, x, y]), null];
  },
});

/**
 * How far the scores of other classes come within 1 of those of all target classes, averaged over the classes.
 * PyTorch: `torch.nn.functional.multilabel_margin_loss`.
 *
 * @param input - scores, [N, C] or [C]; floating dtype
 * @param target - the same shape: class indices up to the first −1; int64
 * @param args - `reduction`
 * @throws IndexError if a target is no class
 * @example
 * const input = torch.tensor([[0.1, 0.2, 0.4, 0.8]]);
 * F.multilabelMarginLoss(input, torch.tensor([[3, 0, -1, 1]])) // tensor(0.8500)
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, ...args: ReductionArgs): Tensor {
  if (isAutocasting()) return inFloat32(multilabelMarginLoss, [input, target, ...args]);
  const op = "multilabelMarginLoss";
  const reduction = reductionOf(op, args);
  checkTensor(op, input);
  checkTensor(op, target, "target");
  const rows = asRows(op, input);
  checkInt64(op, target);
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(
      `${op}: expected a target of the input's shape ${shapeText(input.shape)}, got ${shapeText(target.shape)}`,
    );
  const result = multilabelMargin.call([rows, target.reshape(rows.shape)], { reduction });
  return reduction === "none" && input.ndim < 2 ? result.reshape([]) : result;
}
