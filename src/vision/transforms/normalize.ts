/** @file Shifting and scaling the channels of pictures. */
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { pyFloat } from "../../format/python-number.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { tensor } from "../../ops/from-data.ts";
import { Transform } from "./transform.ts";

/**
 * `(x − mean) / std`, channel by channel. torchvision: `transforms.Normalize`.
 *
 * @param mean - one number a channel, or one for all
 * @param std - likewise; none may be 0
 * @param options.inplace - whether the input itself is changed
 * @throws DTypeError if the tensor is not floating; ShapeError if it has less than 3 dimensions (C, H, W)
 * @example
 * new Normalize([0.5], [0.5])(torch.ones(1, 1, 2)) // tensor([[[1., 1.]]])
 */
export class Normalize extends Transform<Tensor, Tensor> {
  static override readonly printedName = "Normalize";
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly inplace: boolean;

  constructor(
    mean: readonly number[],
    std: readonly number[],
    ...args: Call<[inplace: boolean], { inplace?: boolean }>
  ) {
    super();
    const { inplace = false } = bind<{ inplace?: boolean }>("Normalize", ["inplace"], args);
    this.mean = checkNumbers("mean", mean);
    this.std = checkNumbers("std", std);
    if (this.std.includes(0)) throw new ValueError(`Normalize: expected a std other than 0, got [${std.join(", ")}]`);
    this.inplace = inplace;
  }

  forward(input: Tensor): Tensor {
    if (!(input instanceof Tensor))
      throw new ValueError(`Normalize: expected a Tensor, got ${describe(input)}; put ToTensor before it`);
    if (!input.dtype.isFloatingPoint)
      throw new DTypeError(`Normalize: expected a floating-point tensor, got ${input.dtype}`);
    if (input.ndim < 3)
      throw new ShapeError(`Normalize: expected a tensor of shape (..., C, H, W), got ${shapeText(input.shape)}`);
    const channels = input.shape[input.ndim - 3] as number;
    const mean = this.perChannel("mean", channels, input);
    const std = this.perChannel("std", channels, input);
    return this.inplace ? input.sub_(mean).div_(std) : input.sub(mean).div(std);
  }

  private perChannel(name: "mean" | "std", channels: number, like: Tensor): Tensor {
    const numbers = this[name];
    if (numbers.length !== 1 && numbers.length !== channels)
      throw new ShapeError(`Normalize: expected one ${name} for each of ${channels} channels, got ${numbers.length}`);
    return tensor(numbers, { dtype: like.dtype, device: like.device }).reshape([-1, 1, 1]);
  }

  override extraRepr(): string {
    const list = (xs: readonly number[]) => `[${xs.map(pyFloat).join(", ")}]`;
    return `mean=${list(this.mean)}, std=${list(this.std)}`;
  }
}

function checkNumbers(name: string, numbers: readonly number[]): readonly number[] {
  const wrong = !Array.isArray(numbers) || numbers.length === 0 || numbers.some((x) => typeof x !== "number");
  if (wrong) throw new ValueError(`Normalize: expected an array of numbers as ${name}, got ${describe(numbers)}`);
  return numbers;
}
