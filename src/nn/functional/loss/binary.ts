/** @file Binary cross entropy, from probabilities and from logits. */
import { inFloat32, isAutocasting } from "../../../autograd/autocast.ts";
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { sameShape, shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { constant } from "../../../expr/index.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import { checkTensor } from "../../../ops/params.ts";
import { type ElementwiseLoss, elementwiseLoss } from "./elementwise-loss.ts";
import type { LossReduction } from "./reduce.ts";

type NoOptions = Readonly<Record<never, number>>;

// PyTorch keeps logarithms above this, and p · (1 − p) above EPSILON in the gradient, so that all losses are finite.
const LEAST_LOG = -100;
const EPSILON = 1e-12;

const bce: ElementwiseLoss<NoOptions> = elementwiseLoss({
  name: "binaryCrossEntropy",
  args: ["input", "target", "weight"],
  numbers: ["weight"],
  expr({ input, target, weight }) {
    const [yes, no] = [input.log().max(LEAST_LOG), input.neg().log1p().max(LEAST_LOG)];
    return target.sub(1).mul(no).sub(target.mul(yes)).mul(weight);
  },
  derivative: {
    input: ({ grad, input, target, weight }) =>
      grad.mul(input.sub(target)).div(constant(1).sub(input).mul(input).max(EPSILON)).mul(weight),
  },
});

const bceWithLogits: ElementwiseLoss<NoOptions> = elementwiseLoss({
  name: "binaryCrossEntropyWithLogits",
  args: ["input", "target", "weight", "posWeight"],
  numbers: ["weight", "posWeight"],
  expr({ input, target, weight, posWeight }) {
    const minusLogSigmoid = input.neg().max(0).add(input.abs().neg().exp().log1p());
    const factor = posWeight.sub(1).mul(target).add(1);
    return constant(1).sub(target).mul(input).add(factor.mul(minusLogSigmoid)).mul(weight);
  },
  derivative: {
    input({ grad, input, target, weight, posWeight }) {
      const yes = posWeight.mul(target);
      return yes.add(1).sub(target).mul(input.sigmoid()).sub(yes).mul(grad).mul(weight);
    },
  },
});

function checkSameShape(op: string, input: Tensor, target: Tensor): void {
  checkTensor(op, input);
  checkTensor(op, target, "target");
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(
      `${op}: expected a target of the input's shape ${shapeText(input.shape)}, got ${shapeText(target.shape)}`,
    );
}

function checkFactor(op: string, name: string, x: Tensor | null): void {
  if (x !== null) checkTensor(op, x, name);
}

export interface BinaryCrossEntropyOptions {
  /** A factor for each element; broadcasts. */
  weight?: Tensor | null;
  reduction?: LossReduction;
}

/**
 * Cross entropy of probabilities of yes. PyTorch: `torch.nn.functional.binary_cross_entropy`.
 *
 * @param input - probabilities within [0, 1], any shape; floating dtype
 * @param target - the same shape, within [0, 1]
 * @param args - `weight` (a factor for each element, broadcasts), `reduction` ("mean")
 * @throws ValueError if an input is no probability
 * @throws ShapeError if the shapes differ
 * @example
 * F.binaryCrossEntropy(torch.tensor([0.9, 0.2]), torch.tensor([1, 0.5])) // tensor(0.5108)
 */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  ...args: Call<[weight: Tensor | null, reduction: LossReduction], BinaryCrossEntropyOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(binaryCrossEntropy, [input, target, ...args]);
  const op = "binaryCrossEntropy";
  const { weight = null, reduction = "mean" } = bind<BinaryCrossEntropyOptions>(op, ["weight", "reduction"], args);
  checkReduction(op, reduction);
  checkSameShape(op, input, target);
  checkFactor(op, "weight", weight);
  const least = input.numel() === 0 ? 0 : input.detach().amin().item();
  const most = input.numel() === 0 ? 0 : input.detach().amax().item();
  if (!(Number(least) >= 0 && Number(most) <= 1))
    throw new ValueError(
      `${op}: expected probabilities within [0, 1] as input, got ${describe(Number(least) >= 0 ? most : least)}`,
    );
  return bce([input, target, weight ?? 1], reduction);
}

export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** A factor for the loss of yes, above 1 for recall, below for precision; broadcasts. */
  posWeight?: Tensor | null;
}

/**
 * Cross entropy of yes from logits, without overflow. PyTorch: `torch.nn.functional.binary_cross_entropy_with_logits`.
 *
 * @param input - logits, any shape; floating dtype
 * @param target - the same shape, within [0, 1]
 * @param args - `weight` (a factor for each element, broadcasts), `reduction` ("mean"), `posWeight` (a factor for yes, broadcasts)
 * @throws ShapeError if the shapes differ
 * @example
 * F.binaryCrossEntropyWithLogits(torch.tensor([0, 2.5]), torch.tensor([1, 1])) // tensor(0.3860)
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  ...args: Call<
    [weight: Tensor | null, reduction: LossReduction, posWeight: Tensor | null],
    BinaryCrossEntropyWithLogitsOptions
  >
): Tensor {
  if (isAutocasting()) return inFloat32(binaryCrossEntropyWithLogits, [input, target, ...args]);
  const op = "binaryCrossEntropyWithLogits";
  const names = ["weight", "reduction", "posWeight"] as const;
  const {
    weight = null,
    reduction = "mean",
    posWeight = null,
  } = bind<BinaryCrossEntropyWithLogitsOptions>(op, names, args);
  checkReduction(op, reduction);
  checkSameShape(op, input, target);
  checkFactor(op, "weight", weight);
  checkFactor(op, "posWeight", posWeight);
  return bceWithLogits([input, target, weight ?? 1, posWeight ?? 1], reduction);
}
