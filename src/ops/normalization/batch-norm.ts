/** @file Normalisation of channels: over a batch, and over each sample. */
import { noGrad } from "../../autograd/modes.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import { numelOf, sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { KernelOp } from "../kernel-form.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { computeDType, type GivenStatistics, type NormAttrs, normInputs, normOp } from "./norm-op.ts";

const batchNormOp: KernelOp<NormAttrs> = normOp({
  name: "nativeBatchNorm",
  centered: true,
  forward: (kernels, out, on, { eps, given }, variance) =>
    kernels.batchNorm(out, on, eps, given !== null, given === null ? variance : null),
  backward: (kernels, gradients, grad, on, { given }) => kernels.batchNormBackward(gradients, grad, on, given !== null),
});

/** `running · (1 − momentum) + value · momentum`, in place. */
function follow(running: Tensor, value: Tensor, momentum: number): void {
  running.copy_(
    running
      .to(value.dtype)
      .mul(1 - momentum)
      .add(value.mul(momentum)),
  );
}

function given(input: Tensor, mean: Tensor, variance: Tensor, eps: number): GivenStatistics {
  const compute = computeDType(input.dtype);
  return noGrad(() => ({
    mean: mean.detach().to(compute).clone(),
    rstd: variance.detach().to(compute).add(eps).rsqrt(),
  }));
}

function checkRunning(op: string, name: string, running: Tensor | null, channels: number): void {
  if (running === null) return;
  checkTensor(op, running, name);
  if (!sameShape(running.shape, [channels]))
    throw new ShapeError(`${op}: expected a ${name} of shape [${channels}], got ${shapeText(running.shape)}`);
}

/** Runs it; gives output, mean and rstd. */
function run(
  op: string,
  input: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  training: boolean,
  momentum: number,
  eps: number,
): [Tensor, Tensor, Tensor] {
  checkTensor(op, input);
  // PyTorch takes nothing at all in one dimension, too.
  const shape = input.ndim === 1 && input.numel() === 0 ? [1, 0] : input.shape;
  if (shape.length < 2) throw new ShapeError(`${op}: expected an input of shape [N, C, …], got ${shapeText(shape)}`);
  const [samples, channels, ...rest] = shape as [number, number, ...number[]];
  const inner = numelOf(rest);
  checkRunning(op, "runningMean", runningMean, channels);
  checkRunning(op, "runningVar", runningVar, channels);
  if (!training && (runningMean === null || runningVar === null))
    throw new ValueError(`${op}: expected runningMean and runningVar where training is false, got null`);
  const inputs = normInputs(op, input, weight, bias, [channels]);
  const [out, mean, rstd, variance] = batchNormOp.results(inputs, {
    geometry: {
      shape: [samples, channels, inner],
      roles: [samples, channels, inner],
      unit: [0, 2],
      factors: [1, channels, 1],
      repeats: [0, 2],
      units: channels,
    },
    factorShape: [channels],
    eps,
    hasWeight: weight !== null,
    hasBias: bias !== null,
    given: training ? null : given(input, runningMean as Tensor, runningVar as Tensor, eps),
    groups: 1,
  }) as [Tensor, Tensor, Tensor, Tensor];
  if (training && input.numel() > 0)
    noGrad(() => {
      const count = samples * inner;
      if (runningMean !== null) follow(runningMean, mean.detach(), momentum);
      if (runningVar !== null) follow(runningVar, variance.detach().mul(count / (count - 1)), momentum);
    });
  return [out, mean.detach(), rstd.detach()];
}

export interface BatchNormOptions {
  /** [C]; followed in place while training, used otherwise. */
  runningMean: Tensor | null;
  /** [C]; the same. */
  runningVar: Tensor | null;
  /** A factor for each channel. */
  weight?: Tensor | null;
  /** Added to each channel. */
  bias?: Tensor | null;
  /** Whether to normalise by the statistics of this batch. */
  training?: boolean;
  /** How much a batch counts in the running statistics. */
  momentum?: number;
  /** Added to the variance. */
  eps?: number;
}
const BATCH_NAMES = ["runningMean", "runningVar", "weight", "bias", "training", "momentum", "eps"] as const;
type BatchNormArgs = Named<
  [
    runningMean: Tensor | null,
    runningVar: Tensor | null,
    weight: Tensor | null,
    bias: Tensor | null,
    training: boolean,
    momentum: number,
    eps: number,
  ],
  typeof BATCH_NAMES,
  BatchNormOptions
>;

/**
 * Batch normalisation: each channel to mean 0 and variance 1, over the batch in training and by the running statistics otherwise, then
 * a factor and a bias for each channel. In training the running statistics follow in place; their variance is the unbiased one.
 * PyTorch: `torch.nn.functional.batch_norm`.
 *
 * @param input - [N, C, *]; floating dtype
 * @param args - `runningMean` and `runningVar` [C] (or null in training), `weight` and `bias` [C], `training` (false), `momentum` (0.1),
 *   `eps` (1e-5)
 * @throws ShapeError if the shapes do not fit
 * @throws ValueError in training with one value a channel
 * @see Ioffe & Szegedy 2015, arXiv:1502.03167
 * @example
 * const x = torch.tensor([[1.5, -2], [2.5, 4]]);
 * F.batchNorm(x, null, null, { training: true }) // tensor([[-1.0000, -1.0000],
 *                                                //         [ 1.0000,  1.0000]])
 */
export function batchNorm(input: Tensor, ...args: BatchNormArgs): Tensor {
  const all = named<BatchNormOptions>("batchNorm", BATCH_NAMES, 2, args);
  const { runningMean, runningVar, weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = all;
  checkTensor("batchNorm", input);
  if (training && input.ndim > 1 && input.numel() === input.shape[1])
    throw new ValueError(
      `batchNorm: expected more than 1 value per channel in training, got an input of shape ${shapeText(input.shape)}`,
    );
  return run("batchNorm", input, weight, bias, runningMean, runningVar, training, momentum, eps)[0];
}

/**
 * `batchNorm`, with the batch's mean and inverse deviation of each channel beside its result (empty unless training).
 * PyTorch: `torch.native_batch_norm`.
 *
 * @param runningMean - [C] or null; followed in place while training
 * @param runningVar - [C] or null; the same
 * @returns output, mean and rstd; only the output is differentiable
 * @throws ShapeError if the shapes do not fit
 */
export function nativeBatchNorm(
  input: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  training: boolean,
  momentum: number,
  eps: number,
): [output: Tensor, saveMean: Tensor, saveInvstd: Tensor] {
  const [w, b, m, v] = [weight ?? null, bias ?? null, runningMean ?? null, runningVar ?? null];
  const [out, mean, rstd] = run("nativeBatchNorm", input, w, b, m, v, training, momentum, eps);
  const statistic = (t: Tensor) =>
    training ? t.to(w?.dtype ?? m?.dtype ?? input.dtype) : input.detach().newEmpty([0]);
  return [out, statistic(mean), statistic(rstd)];
}

export interface InstanceNormOptions extends Omit<BatchNormOptions, "training" | "runningMean" | "runningVar"> {
  runningMean?: Tensor | null;
  runningVar?: Tensor | null;
  /** Whether to normalise by the statistics of each sample, rather than by the running ones. */
  useInputStats?: boolean;
}
const INSTANCE_NAMES = ["runningMean", "runningVar", "weight", "bias", "useInputStats", "momentum", "eps"] as const;
type InstanceNormArgs = Named<
  [
    runningMean: Tensor | null,
    runningVar: Tensor | null,
    weight: Tensor | null,
    bias: Tensor | null,
    useInputStats: boolean,
    momentum: number,
    eps: number,
  ],
  typeof INSTANCE_NAMES,
  InstanceNormOptions
>;

/**
 * Instance normalisation: each channel of each sample to mean 0 and variance 1, then a factor and a bias for each channel.
 * PyTorch: `torch.nn.functional.instance_norm`.
 *
 * @param input - [N, C, *]; floating dtype
 * @param args - `runningMean` and `runningVar` [C], `weight` and `bias` [C], `useInputStats` (true), `momentum` (0.1), `eps` (1e-5)
 * @throws ShapeError if the shapes do not fit
 * @throws ValueError with one value a channel and sample
 * @see Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022
 * @example
 * F.instanceNorm(torch.tensor([[[1.5, 2.5], [-2, 4]]])) // tensor([[[-1.0000,  1.0000],
 *                                                       //          [-1.0000,  1.0000]]])
 */
export function instanceNorm(input: Tensor, ...args: InstanceNormArgs): Tensor {
  const op = "instanceNorm";
  const all = named<InstanceNormOptions>(op, INSTANCE_NAMES, 0, args);
  const { runningMean = null, runningVar = null, weight = null, bias = null } = all;
  const { useInputStats = true, momentum = 0.1, eps = 1e-5 } = all;
  checkTensor(op, input);
  if (input.ndim < 2)
    throw new ShapeError(`${op}: expected an input of shape [N, C, …], got ${shapeText(input.shape)}`);
  const [samples, channels, ...rest] = input.shape as [number, number, ...number[]];
  if (useInputStats && numelOf(rest) === 1)
    throw new ValueError(
      `${op}: expected more than 1 value per channel and sample in training, got an input of shape ${shapeText(input.shape)}`,
    );
  normInputs(op, input, weight, bias, [channels]);
  checkRunning(op, "runningMean", runningMean, channels);
  checkRunning(op, "runningVar", runningVar, channels);
  const each = (t: Tensor | null) => (t === null ? null : t.repeat(samples));
  const [means, variances] = [each(runningMean), each(runningVar)];
  const flat = input.contiguous().view([1, samples * channels, ...rest]);
  const [out] = run(op, flat, each(weight), each(bias), means, variances, useInputStats, momentum, eps);
  if (useInputStats && samples > 0)
    noGrad(() => {
      if (means !== null) runningMean?.copy_(means.view([samples, channels]).mean(0));
      if (variances !== null) runningVar?.copy_(variances.view([samples, channels]).mean(0));
    });
  return out.view(input.shape);
}
