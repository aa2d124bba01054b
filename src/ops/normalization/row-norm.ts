/** @file Normalisation over the last dimensions: layer normalisation and RMS normalisation. */
import { finfo } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { numelOf, type Shape, sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { KernelOp } from "../kernel-form.ts";
import { checkInt, checkTensor, type Named, named } from "../params.ts";
import { type NormAttrs, normInputs, normOp } from "./norm-op.ts";

const layerNormOp: KernelOp<NormAttrs> = normOp({
  name: "nativeLayerNorm",
  centered: true,
  forward: (kernels, out, on, { eps }) => kernels.rowNorm(out, on, eps, false),
  backward: (kernels, gradients, grad, on) => kernels.rowNormBackward(gradients, grad, on, false),
});

const rmsNormOp: KernelOp<NormAttrs> = normOp({
  name: "rmsNorm",
  node: "FusedRmsNormBackward0",
  centered: false,
  forward: (kernels, out, on, { eps }) => kernels.rowNorm(out, on, eps, true),
  backward: (kernels, gradients, grad, on) => kernels.rowNormBackward(gradients, grad, on, true),
});

/** The leading part of the input's shape, which `normalizedShape` leaves. */
function leading(op: string, input: Tensor, normalizedShape: Shape): Shape {
  if (!Array.isArray(normalizedShape) || normalizedShape.length === 0)
    throw new ShapeError(`${op}: expected at least one size in normalizedShape, got ${String(normalizedShape)}`);
  for (const size of normalizedShape) checkInt(op, "normalizedShape", size);
  const split = input.ndim - normalizedShape.length;
  if (split < 0 || !sameShape(input.shape.slice(split), normalizedShape))
    throw new ShapeError(
      `${op}: expected an input of shape [*, ${normalizedShape.join(", ")}] for normalizedShape, got ${shapeText(input.shape)}`,
    );
  return input.shape.slice(0, split);
}

/** Runs it; gives output, mean and rstd, these of the leading shape and 1s. */
function rowNorm(
  op: KernelOp<NormAttrs>,
  name: string,
  input: Tensor,
  normalizedShape: Shape,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
): [Tensor, Tensor, Tensor] {
  checkTensor(name, input);
  const lead = leading(name, input, normalizedShape);
  const inputs = normInputs(name, input, weight, bias, normalizedShape);
  const [rows, columns] = [numelOf(lead), numelOf(normalizedShape)];
  const shape = [rows, columns];
  const [out, mean, rstd] = op.results(inputs, {
    geometry: { shape, roles: shape, unit: [1], factors: [1, columns], repeats: [0], units: rows },
    factorShape: normalizedShape,
    eps,
    hasWeight: weight !== null,
    hasBias: bias !== null,
    given: null,
    groups: 1,
  }) as [Tensor, Tensor, Tensor];
  const kept = [...lead, ...normalizedShape.map(() => 1)];
  const dtype = weight?.dtype ?? bias?.dtype ?? input.dtype;
  const statistic = (t: Tensor) => t.detach().view(kept).to(dtype);
  return [out, statistic(mean), statistic(rstd)];
}

export interface LayerNormOptions {
  normalizedShape: Shape;
  /** A factor for each element of `normalizedShape`. */
  weight?: Tensor | null;
  /** Added to each element of `normalizedShape`. */
  bias?: Tensor | null;
  /** Added to the variance. */
  eps?: number;
}
type LayerNormArgs = Named<
  [normalizedShape: Shape, weight: Tensor | null, bias: Tensor | null, eps: number],
  ["normalizedShape", "weight", "bias", "eps"],
  LayerNormOptions
>;
const LAYER_NAMES = ["normalizedShape", "weight", "bias", "eps"] as const;

/**
 * Layer normalisation: mean 0 and variance 1 over the last dimensions, then a factor and a bias for each of their elements.
 * PyTorch: `torch.nn.functional.layer_norm`.
 *
 * @param input - [*, ...normalizedShape]; floating dtype
 * @param args - `normalizedShape`, `weight` and `bias` (of that shape), `eps` (1e-5)
 * @throws ShapeError if the shapes do not fit
 * @see Ba, Kiros & Hinton 2016, arXiv:1607.06450
 * @example
 * F.layerNorm(torch.tensor([[1.5, 2.5, 6.5]]), [3]) // tensor([[-0.9258, -0.4629,  1.3887]])
 */
export function layerNorm(input: Tensor, ...args: LayerNormArgs): Tensor {
  const given = named<LayerNormOptions>("layerNorm", LAYER_NAMES, 1, args);
  const { normalizedShape, weight = null, bias = null, eps = 1e-5 } = given;
  return rowNorm(layerNormOp, "layerNorm", input, normalizedShape, weight, bias, eps)[0];
}

/**
 * `layerNorm`, with the mean and the inverse deviation of each row beside its result. PyTorch: `torch.native_layer_norm`.
 *
 * @param normalizedShape - the last dimensions of `input`
 * @param weight - of that shape, or null
 * @param bias - of that shape, or null
 * @param eps - added to the variance
 * @returns output, mean and rstd; only the output is differentiable
 * @throws ShapeError if the shapes do not fit
 */
export function nativeLayerNorm(
  input: Tensor,
  normalizedShape: Shape,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
): [output: Tensor, mean: Tensor, rstd: Tensor] {
  return rowNorm(layerNormOp, "nativeLayerNorm", input, normalizedShape, weight ?? null, bias ?? null, eps);
}

export interface RmsNormOptions {
  normalizedShape: Shape;
  /** A factor for each element of `normalizedShape`. */
  weight?: Tensor | null;
  /** Added to the mean square; the dtype's epsilon if not given. */
  eps?: number | null;
}
type RmsNormArgs = Named<
  [normalizedShape: Shape, weight: Tensor | null, eps: number | null],
  ["normalizedShape", "weight", "eps"],
  RmsNormOptions
>;

/**
 * Root mean square normalisation: `x / √(mean(x²) + eps) · weight` over the last dimensions. PyTorch: `torch.nn.functional.rms_norm`.
 *
 * @param input - [*, ...normalizedShape]; floating dtype
 * @param args - `normalizedShape`, `weight` (of that shape), `eps` (the dtype's epsilon)
 * @throws ShapeError if the shapes do not fit
 * @see Zhang & Sennrich 2019, arXiv:1910.07467
 * @example
 * F.rmsNorm(torch.tensor([[3, 4], [6, 8]], { dtype: torch.float32 }), [2]) // tensor([[0.8485, 1.1314],
 *                                                                         //         [0.8485, 1.1314]])
 */
export function rmsNorm(input: Tensor, ...args: RmsNormArgs): Tensor {
  const given = named<RmsNormOptions>("rmsNorm", ["normalizedShape", "weight", "eps"], 1, args);
  const { normalizedShape, weight = null, eps = null } = given;
  checkTensor("rmsNorm", input);
  const least = eps ?? (input.dtype.isFloatingPoint ? finfo(input.dtype).eps : 0);
  return rowNorm(rmsNormOp, "rmsNorm", input, normalizedShape, weight, null, least)[0];
}
