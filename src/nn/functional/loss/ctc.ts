/** @file Connectionist temporal classification. */
import { inFloat32, isAutocasting } from "../../../autograd/autocast.ts";
import { backendOf } from "../../../backends/backend.ts";
import type { CtcSample } from "../../../backends/loss-kernels.ts";
import { float32, float64, int64 } from "../../../core/dtype.ts";
import { AutogradError, DTypeError, describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { shapeText } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { allocate } from "../../../ops/creation.ts";
import { tensor } from "../../../ops/from-data.ts";
import { type KernelOp, kernelOp } from "../../../ops/kernel-form.ts";
import { checkReduction } from "../../../ops/loss.ts";
import { checkInt, checkTensor } from "../../../ops/params.ts";
import { type LossReduction, reduced } from "./reduce.ts";

interface Attrs {
  /** All of the call but the log probabilities. */
  readonly sample: Omit<CtcSample, "logProbs">;
  readonly zeroInfinity: boolean;
}

const ctcBackwardOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "ctcLossBackward",
  forward([grad, logProbs, loss, alpha], { sample, zeroInfinity }) {
    const [g, x] = [grad as Tensor, logProbs as Tensor];
    const out = allocate(x.shape, x.dtype, x.device);
    backendOf(x.device).kernels.ctcLossBackward(
      out,
      g,
      loss as Tensor,
      alpha as Tensor,
      { ...sample, logProbs: x },
      zeroInfinity,
    );
    return out;
  },
  backward() {
    throw new AutogradError("ctcLossBackward: its derivative is not implemented");
  },
});

const ctcOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "ctcLoss",
  forward([logProbs], { sample }) {
    const x = logProbs as Tensor;
    const [steps, samples] = x.shape as [number, number];
    const out = allocate([samples], x.dtype, x.device);
    const alpha = allocate([samples, steps, 2 * sample.longest + 1], float64, x.device);
    backendOf(x.device).kernels.ctcLoss(out, alpha, { ...sample, logProbs: x });
    return [out, alpha];
  },
  saves: () => [0, ~0, ~1],
  backward: ([grad], context) => [
    ctcBackwardOp.call([grad as Tensor, context.input(0), context.result(0), context.result(1)], context.attrs),
  ],
});

/** Lengths as numbers, one for each of `n` samples, from 0 to `most`. */
function lengths(op: string, name: string, given: Tensor | readonly number[], n: number, most: number): number[] {
  if (given instanceof Tensor && given.dtype.isFloatingPoint)
    throw new DTypeError(`${op}: expected whole numbers as ${name}, got ${given.dtype}`);
  if (!(given instanceof Tensor) && !Array.isArray(given))
    throw new ValueError(`${op}: expected a Tensor or an array as ${name}, got ${describe(given)}`);
  const numbers =
    given instanceof Tensor ? (given.reshape(given.numel()).tolist() as number[]).map(Number) : [...given];
  for (const length of numbers) checkInt(op, name, length);
  if (numbers.length !== n) throw new ShapeError(`${op}: expected ${name} for ${n} samples, got ${numbers.length}`);
  for (const length of numbers)
    if (length < 0 || length > most) throw new ValueError(`${op}: expected ${name} from 0 to ${most}, got ${length}`);
  return numbers;
}

interface Targets {
  readonly flat: Tensor;
  readonly starts: number[];
  readonly lengths: number[];
}

/** Targets of both layouts, behind one another. */
function targetsOf(op: string, targets: Tensor, given: Tensor | readonly number[], n: number): Targets {
  const flat = targets.to(int64).contiguous().reshape(targets.numel());
  if (targets.ndim === 2) {
    if (targets.shape[0] !== n)
      throw new ShapeError(`${op}: expected targets of shape [${n}, S], got ${shapeText(targets.shape)}`);
    const width = targets.shape[1] as number;
    return {
      flat,
      starts: Array.from({ length: n }, (_, i) => i * width),
      lengths: lengths(op, "targetLengths", given, n, width),
    };
  }
  if (targets.ndim !== 1)
    throw new ShapeError(`${op}: expected targets of 1 or 2 dimensions, got shape ${shapeText(targets.shape)}`);
  const each = lengths(op, "targetLengths", given, n, targets.numel());
  let end = 0;
  const starts = each.map((length) => {
    end += length;
    return end - length;
  });
  if (end !== targets.numel())
    throw new ShapeError(`${op}: expected ${end} targets, the sum of targetLengths, got ${targets.numel()}`);
  return { flat, starts, lengths: each };
}

export interface CtcLossOptions {
  /** The class that stands for no label. */
  blank?: number;
  /** `"mean"` divides each loss by the length of its target, then averages. */
  reduction?: LossReduction;
  /** Infinite losses, of targets too long for their input, count 0 and have no gradient. */
  zeroInfinity?: boolean;
}

/**
 * Connectionist temporal classification: minus the log probability of a target, summed over all its alignments with the input.
 * PyTorch: `torch.nn.functional.ctc_loss`.
 *
 * The gradient is, as PyTorch's, that of log probabilities which `logSoftmax` made.
 *
 * @param logProbs - log probabilities, [T, N, C] or [T, C]; float32 or float64
 * @param targets - class indices other than `blank`, [N, S] or all behind one another
 * @param inputLengths - how many of the T steps count, [N]
 * @param targetLengths - how long each target is, [N]
 * @param args - `blank` (0), `reduction` ("mean"), `zeroInfinity` (false)
 * @throws IndexError if a target is no class
 * @throws ValueError if a length is out of range
 * @see Graves, Fernández, Gomez & Schmidhuber 2006, "Connectionist temporal classification"
 * @example
 * const logProbs = torch.full([4, 1, 3], -Math.log(3));
 * F.ctcLoss(logProbs, torch.tensor([[1, 2]]), [4], [2], { reduction: "sum" }) // tensor(1.6864)
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Tensor | readonly number[],
  targetLengths: Tensor | readonly number[],
  ...args: Call<[blank: number, reduction: LossReduction, zeroInfinity: boolean], CtcLossOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(ctcLoss, [logProbs, targets, inputLengths, targetLengths, ...args]);
  const op = "ctcLoss";
  const names = ["blank", "reduction", "zeroInfinity"] as const;
  const { blank = 0, reduction = "mean", zeroInfinity = false } = bind<CtcLossOptions>(op, names, args);
  checkReduction(op, reduction);
  checkTensor(op, logProbs, "logProbs");
  checkTensor(op, targets, "targets");
  if (logProbs.dtype !== float32 && logProbs.dtype !== float64)
    throw new DTypeError(`${op}: expected logProbs in ${float32} or ${float64}, got ${logProbs.dtype}`);
  if (targets.dtype.isFloatingPoint || targets.dtype.isComplex)
    throw new DTypeError(`${op}: expected targets in ${int64}, got ${targets.dtype}`);
  if (logProbs.ndim !== 2 && logProbs.ndim !== 3)
    throw new ShapeError(`${op}: expected logProbs of shape [T, N, C] or [T, C], got ${shapeText(logProbs.shape)}`);
  const x = logProbs.ndim === 3 ? logProbs : logProbs.unsqueeze(1);
  const [steps, samples, classes] = x.shape as [number, number, number];
  checkInt(op, "blank", blank);
  if (blank < 0 || blank >= classes)
    throw new ValueError(`${op}: expected a blank from 0 to ${classes - 1}, got ${blank}`);
  const inputs = lengths(op, "inputLengths", inputLengths, samples, steps);
  const target = targetsOf(op, targets, targetLengths, samples);
  const whole = (numbers: readonly number[]) => tensor(numbers, { dtype: int64 });
  const losses = ctcOp.results([x], {
    sample: {
      targets: target.flat,
      starts: whole(target.starts),
      inputLengths: whole(inputs),
      targetLengths: whole(target.lengths),
      longest: Math.max(0, ...target.lengths),
      blank,
    },
    zeroInfinity,
  })[0] as Tensor;
  const finite = zeroInfinity ? losses.maskedFill(losses.eq(Number.POSITIVE_INFINITY), 0) : losses;
  if (reduction === "mean")
    return finite
      .div(
        tensor(
          target.lengths.map((n) => Math.max(1, n)),
          { dtype: x.dtype },
        ),
      )
      .mean();
  return reduced(logProbs.ndim === 3 ? finite : finite.squeeze(0), reduction);
}
