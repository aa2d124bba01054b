/** @file The rectifier whose slope below 0 is random. */
import { float64 } from "../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { where } from "../expr/index.ts";
import { bind, type Call } from "./bind.ts";
import { empty } from "./creation.ts";
import { checkTensor } from "./params.ts";
import type { Pair } from "./pointwise/signatures.ts";
import { FLOATING, type Pointwise, type PointwiseOnly, pointwise } from "./pointwise-form.ts";
import type { GeneratorOption } from "./random/generator.ts";

/** As the node that PyTorch makes. */
const timesNoise: Pointwise<Pair> = pointwise({
  name: "rrelu",
  args: ["input", "noise"],
  dtype: "same",
  accepts: FLOATING,
  node: "RreluWithNoiseBackward0",
  expr: ({ input, noise }) => input.mul(noise),
  derivative: { input: ({ grad, input, noise }) => where(input.le(0), grad.mul(noise), grad) },
});

/** The mean of the slopes below 0, 1 above. */
const meanNoise: PointwiseOnly<(input: Tensor, options: { slope: number }) => Tensor> = pointwise({
  name: "rrelu",
  args: ["input"],
  options: { slope: 0 },
  dtype: "same",
  inplace: false,
  expr: ({ input }, { slope }) => where(input.le(0), slope, 1),
});

export interface RreluOptions extends GeneratorOption {
  /** The least slope, 1/8 unless given. */
  readonly lower?: number;
  /** The greatest slope, 1/3 unless given. */
  readonly upper?: number;
  /** Draws the slopes if true; otherwise they are the mean of `lower` and `upper`. */
  readonly training?: boolean;
}
type Rrelu = (input: Tensor, ...args: Call<[lower: number, upper: number, training: boolean], RreluOptions>) => Tensor;

/** One slope is drawn, as a float64, for each element that is not above 0, in their order. */
function drawnNoise(input: Tensor, { lower = 1 / 8, upper = 1 / 3, generator = null }: RreluOptions): Tensor {
  const below = input.le(0);
  const drawn = empty([below.sum().item() as number], { dtype: float64, device: input.device });
  drawn.uniform_(lower, upper, { generator });
  return input.newOnes(input.shape).maskedScatter(below, drawn.to(input.dtype));
}

const rreluWith =
  (op: string, multiply: Pair): Rrelu =>
  (input, ...args) => {
    const options = bind<RreluOptions>(op, ["lower", "upper", "training", "generator"], args);
    const { lower = 1 / 8, upper = 1 / 3, training = false } = options;
    checkTensor(op, input);
    for (const [name, x] of Object.entries({ lower, upper }))
      if (typeof x !== "number") throw new ValueError(`${op}: expected a number as ${name}, got ${describe(x)}`);
    if (!(lower <= upper)) throw new ValueError(`${op}: expected lower <= upper, got ${lower} and ${upper}`);
    if (!input.dtype.isFloatingPoint)
      throw new DTypeError(`${op}: expected a floating-point dtype, got ${input.dtype}`);
    const x = input.detach();
    return multiply(input, training ? drawnNoise(x, options) : meanNoise(x, { slope: (lower + upper) / 2 }));
  };

/**
 * `x` above 0, a random multiple of it elsewhere. PyTorch: `torch.rrelu`.
 *
 * @param options.lower - the least slope
 * @param options.upper - the greatest slope
 * @param options.training - draws the slopes if true; otherwise they are the mean of `lower` and `upper`
 * @throws ValueError if `lower` is above `upper`
 * @see Xu et al. 2015, arXiv:1505.00853
 * @example
 * torch.rrelu(torch.tensor([-2, 4.5]), 0.25, 0.75) // tensor([-1.0000,  4.5000])
 */
export const rrelu: Rrelu & { readonly inplace: Rrelu } = Object.assign(rreluWith("rrelu", timesNoise), {
  inplace: rreluWith("rrelu_", timesNoise.inplace),
});
