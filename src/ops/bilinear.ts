/** @file A product of two inputs with a weight between. */
import { ShapeError } from "../core/errors.ts";
import { numelOf, sameShape, shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bmm, checkOperands, mm } from "./matmul.ts";
import { type Named, named } from "./params.ts";

interface BilinearOptions {
  input2: Tensor;
  weight: Tensor;
  bias?: Tensor | null;
}

/**
 * `input1ᵀ · weight[o] · input2 + bias[o]` for each output feature `o`. PyTorch: `torch.nn.functional.bilinear`.
 *
 * @param input1 - [*, in1Features]
 * @param input2 - [*, in2Features]
 * @param weight - [outFeatures, in1Features, in2Features]
 * @param bias - [outFeatures]
 * @returns [*, outFeatures]
 * @throws ShapeError if the sizes do not fit
 * @example
 * F.bilinear(torch.tensor([1, 2]), torch.tensor([3, 4]), torch.ones(1, 2, 2, { dtype: torch.int64 })) // tensor([21])
 */
export function bilinear(
  input1: Tensor,
  ...args: Named<[input2: Tensor, weight: Tensor, bias: Tensor | null], ["input2", "weight", "bias"], BilinearOptions>
): Tensor {
  const op = "bilinear";
  const { input2, weight, bias = null } = named<BilinearOptions>(op, ["input2", "weight", "bias"], 2, args);
  checkOperands(op, input1, input2);
  checkOperands(op, input1, weight);
  if (bias !== null) checkOperands(op, input1, bias);
  const lead = input1.shape.slice(0, -1);
  if (input1.ndim === 0 || input2.ndim === 0 || !sameShape(lead, input2.shape.slice(0, -1)))
    throw new ShapeError(
      `${op}: expected two inputs that differ in the last size at most, got ${shapeText(input1.shape)} and ${shapeText(input2.shape)}`,
    );
  const [first, second] = [input1.shape[lead.length] as number, input2.shape[lead.length] as number];
  if (weight.ndim !== 3 || weight.shape[1] !== first || weight.shape[2] !== second)
    throw new ShapeError(
      `${op}: expected a weight of shape [*, ${first}, ${second}] for these inputs, got ${shapeText(weight.shape)}`,
    );
  const out = weight.shape[0] as number;
  if (bias !== null && !sameShape(bias.shape, [out]))
    throw new ShapeError(`${op}: expected a bias of shape ${shapeText([out])}, got ${shapeText(bias.shape)}`);
  const rows = numelOf(lead);
  const half = mm(input1.reshape(rows, first), weight.transpose(0, 1).reshape(first, out * second));
  const whole = bmm(half.reshape(rows, out, second), input2.reshape(rows, second, 1));
  const result = whole.reshape([...lead, out]);
  return bias === null ? result : result.add(bias);
}
