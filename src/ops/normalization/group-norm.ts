/** @file Normalisation over groups of channels of each sample. */
import { ShapeError } from "../../core/errors.ts";
import { numelOf, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { KernelOp } from "../kernel-form.ts";
import { checkInt, checkTensor, type Named, named } from "../params.ts";
import { type NormAttrs, normInputs, normOp } from "./norm-op.ts";

const groupNormOp: KernelOp<NormAttrs> = normOp({
  name: "nativeGroupNorm",
  centered: true,
  perSample: true,
  forward: (kernels, out, on, { eps, groups }) => kernels.groupNorm(out, on, groups, eps),
  backward: (kernels, gradients, grad, on, { groups }) => kernels.groupNormBackward(gradients, grad, on, groups),
});

function run(
  op: string,
  input: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  [samples, channels, inner]: readonly [number, number, number],
  groups: number,
  eps: number,
): [Tensor, Tensor, Tensor] {
  checkInt(op, "numGroups", groups);
  if (groups < 1 || channels % groups !== 0)
    throw new ShapeError(`${op}: expected a number of channels that numGroups divides, got ${channels} and ${groups}`);
  const each = channels / groups;
  const [out, mean, rstd] = groupNormOp.results(normInputs(op, input, weight, bias, [channels]), {
    geometry: {
      shape: [samples, channels, inner],
      roles: [samples, groups, each, inner],
      unit: [2, 3],
      factors: [1, groups, each, 1],
      repeats: [0, 3],
      units: samples * groups,
    },
    factorShape: [channels],
    eps,
    hasWeight: weight !== null,
    hasBias: bias !== null,
    given: null,
    groups,
  }) as [Tensor, Tensor, Tensor];
  const statistic = (t: Tensor) =>
    t
      .detach()
      .view([samples, groups])
      .to(weight?.dtype ?? input.dtype);
  return [out, statistic(mean), statistic(rstd)];
}

export interface GroupNormOptions {
  /** How many groups the channels are divided into. */
  numGroups: number;
  /** A factor for each channel. */
  weight?: Tensor | null;
  /** Added to each channel. */
  bias?: Tensor | null;
  /** Added to the variance. */
  eps?: number;
}
type GroupNormArgs = Named<
  [numGroups: number, weight: Tensor | null, bias: Tensor | null, eps: number],
  ["numGroups", "weight", "bias", "eps"],
  GroupNormOptions
>;

/**
 * Group normalisation: mean 0 and variance 1 over each group of channels of a sample, then a factor and a bias for each channel.
 * PyTorch: `torch.nn.functional.group_norm`.
 *
 * @param input - [N, C, *]; floating dtype
 * @param args - `numGroups` (divides C), `weight` and `bias` [C], `eps` (1e-5)
 * @throws ShapeError if the shapes do not fit
 * @see Wu & He 2018, arXiv:1803.08494
 * @example
 * F.groupNorm(torch.tensor([[1.5, 2.5, 4, 8]]), 2) // tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
 */
export function groupNorm(input: Tensor, ...args: GroupNormArgs): Tensor {
  const given = named<GroupNormOptions>("groupNorm", ["numGroups", "weight", "bias", "eps"], 1, args);
  const { numGroups, weight = null, bias = null, eps = 1e-5 } = given;
  checkTensor("groupNorm", input);
  if (input.ndim < 2)
    throw new ShapeError(`groupNorm: expected an input of shape [N, C, …], got ${shapeText(input.shape)}`);
  const [samples, channels, ...inner] = input.shape as [number, number, ...number[]];
  return run("groupNorm", input, weight, bias, [samples, channels, numelOf(inner)], numGroups, eps)[0];
}

/**
 * `groupNorm`, with the mean and the inverse deviation of each group beside its result. PyTorch: `torch.native_group_norm`.
 *
 * @param n - samples
 * @param c - channels
 * @param hxw - elements of a channel
 * @param group - number of groups
 * @returns output, mean [n, group] and rstd [n, group]; only the output is differentiable
 * @throws ShapeError if the sizes do not fit
 */
export function nativeGroupNorm(
  input: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  n: number,
  c: number,
  hxw: number,
  group: number,
  eps: number,
): [output: Tensor, mean: Tensor, rstd: Tensor] {
  checkTensor("nativeGroupNorm", input);
  for (const [name, size] of Object.entries({ n, c, hxw, group })) checkInt("nativeGroupNorm", name, size);
  if (n * c * hxw !== input.numel())
    throw new ShapeError(`nativeGroupNorm: expected ${n} · ${c} · ${hxw} elements, got ${shapeText(input.shape)}`);
  return run("nativeGroupNorm", input, weight ?? null, bias ?? null, [n, c, hxw], group, eps);
}
