/** @file `linear`, and the like. */
import { inLowerPrecision, isAutocasting } from "../../autograd/autocast.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { numelOf, shapeText } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { matmul } from "../../ops/matmul.ts";
import { addmm, addmmOfLayer, addmmReluOfLayer } from "../../ops/matmul-add.ts";

/**
 * `input @ weightᵀ + bias`. PyTorch: `torch.nn.functional.linear`.
 *
 * @param input - [*, inFeatures]
 * @param weight - [outFeatures, inFeatures], or [inFeatures]
 * @param bias - [outFeatures]
 * @returns [*, outFeatures]
 * @throws ShapeError if the sizes do not fit
 */
export function linear(input: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  if (isAutocasting()) return inLowerPrecision(linear, [input, weight, bias]);
  if (!(input instanceof Tensor)) throw new ValueError(`linear: expected a Tensor as input, got ${describe(input)}`);
  if (!(weight instanceof Tensor)) throw new ValueError(`linear: expected a Tensor as weight, got ${describe(weight)}`);
  if (bias !== null && !(bias instanceof Tensor))
    throw new ValueError(`linear: expected a Tensor or null as bias, got ${describe(bias)}`);
  const features = weight.shape[weight.ndim - 1];
  if (input.ndim === 0 || weight.ndim === 0 || weight.ndim > 2 || input.shape[input.ndim - 1] !== features)
    throw new ShapeError(
      `linear: expected an input of shape [*, ${features}] for a weight of shape ${shapeText(weight.shape)}, got ${shapeText(input.shape)}`,
    );
  if (bias === null || weight.ndim === 1) {
    const product = matmul(input, weight.ndim === 2 ? weight.t() : weight);
    return bias === null ? product : product.add(bias);
  }
  if (input.ndim === 2)
    return bias.ndim === 1 && bias.shape[0] === weight.shape[0]
      ? addmmOfLayer(bias, input, weight.t())
      : addmm(bias, input, weight.t());
  if (input.ndim === 1) return matmul(input, weight.t()).add(bias);
  const batch = input.shape.slice(0, -1);
  const flat = addmm(bias, input.reshape(numelOf(batch), features as number), weight.t());
  return flat.view([...batch, weight.shape[0] as number]);
}

/** @internal `relu(linear(input, weight, bias))` as one product; null where it takes more than that, or is an error. */
export function linearRelu(input: unknown, weight: unknown, bias: unknown): Tensor | null {
  if (isAutocasting()) return null;
  if (!(input instanceof Tensor) || !(weight instanceof Tensor) || !(bias instanceof Tensor)) return null;
  const [features, inFeatures] = weight.shape;
  const { dtype, ndim } = input;
  const fits =
    weight.ndim === 2 &&
    bias.ndim === 1 &&
    bias.shape[0] === features &&
    ndim > 1 &&
    input.shape[ndim - 1] === inFeatures;
  const isOneKind = dtype.isFloatingPoint && weight.dtype === dtype && bias.dtype === dtype;
  const isOnOneDevice = weight.storage.device === input.storage.device && bias.storage.device === input.storage.device;
  if (!fits || !isOneKind || !isOnOneDevice) return null;
  if (ndim === 2) return addmmReluOfLayer(bias, input, weight.t());
  const batch = input.shape.slice(0, -1);
  const flat = addmmReluOfLayer(bias, input.reshape(numelOf(batch), inFeatures as number), weight.t());
  return flat.view([...batch, features as number]);
}
