/** @file Gated and learned rectifiers. */
import { ShapeError } from "../../core/errors.ts";
import { wrapDim } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { cat } from "../../ops/joining.ts";
import { kernelOp } from "../../ops/kernel-form.ts";
import { checkInt, checkTensor } from "../../ops/params.ts";
import type { Pair } from "../../ops/pointwise/signatures.ts";
import { FLOATING, type PointwiseOnly, pointwise } from "../../ops/pointwise-form.ts";
import { type RreluOptions, rrelu as rreluOp } from "../../ops/rrelu.ts";

export { prelu } from "../../ops/pointwise/prelu.ts";

const gate: PointwiseOnly<Pair> = pointwise({
  name: "glu",
  args: ["input", "gate"],
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  expr: ({ input, gate: b }) => input.mul(b.sigmoid()),
});

const halves = (x: Tensor, dim: number): [Tensor, Tensor] => {
  const size = (x.shape[dim] as number) / 2;
  return [x.narrow(dim, 0, size), x.narrow(dim, size, size)];
};

const gluOp = kernelOp<{ dim: number }>({
  name: "glu",
  forward: ([input], { dim }) => gate(...halves(input as Tensor, dim)),
  saves: () => [0],
  backward: ([grad], context) => {
    const { dim } = context.attrs;
    const [a, b] = halves(context.input(0), dim);
    const g = grad as Tensor;
    const open = b.sigmoid();
    return [cat([g.mul(open), g.mul(a).mul(open.mul(open.neg().add(1)))], dim)];
  },
});

/**
 * The gated linear unit: the first half of a dimension times the sigmoid of the second. PyTorch: `torch.nn.functional.glu`.
 *
 * @param input - floating dtype; an even size along `dim`
 * @param options.dim - the dimension, the last unless given
 * @returns half as large along `dim`
 * @throws ShapeError if the size is odd, or there are no dimensions
 * @see Dauphin et al. 2016, arXiv:1612.08083
 * @example
 * torch.nn.functional.glu(torch.tensor([1.5, 2, 0, 100])) // tensor([0.7500, 2.0000])
 */
export function glu(input: Tensor, ...args: Call<[dim: number], { dim?: number }>): Tensor {
  const { dim = -1 } = bind<{ dim: number }>("glu", ["dim"], args);
  checkTensor("glu", input);
  checkInt("glu", "dim", dim);
  if (input.ndim === 0) throw new ShapeError("glu: expected a dimension to halve, got a tensor without any");
  const d = wrapDim("glu", dim, input.ndim);
  if ((input.shape[d] as number) % 2 !== 0)
    throw new ShapeError(`glu: expected an even size to halve, got ${input.shape[d]} along dimension ${d}`);
  return gluOp.call([input], { dim: d });
}

interface Options extends Omit<RreluOptions, "generator"> {
  /** Overwrite `input`. */
  readonly inplace?: boolean;
}

/**
 * `x` above 0, a random multiple of it elsewhere. PyTorch: `torch.nn.functional.rrelu`.
 *
 * @param options.lower - the least slope
 * @param options.upper - the greatest slope
 * @param options.training - draws the slopes if true; otherwise they are the mean of `lower` and `upper`
 * @param options.inplace - overwrite `input`
 * @throws ValueError if `lower` is above `upper`
 * @see Xu et al. 2015, arXiv:1505.00853
 * @example
 * torch.nn.functional.rrelu(torch.tensor([-2, 4.5]), 0.25, 0.75) // tensor([-1.0000,  4.5000])
 */
export function rrelu(
  input: Tensor,
  ...args: Call<[lower: number, upper: number, training: boolean, inplace: boolean], Options>
): Tensor {
  const { inplace, ...options } = bind<Options>("rrelu", ["lower", "upper", "training", "inplace"], args);
  return (inplace ? rreluOp.inplace : rreluOp)(input, options);
}

/** `rrelu` that overwrites `input`. PyTorch: `torch.nn.functional.rrelu_`. */
export const rrelu_: typeof rreluOp.inplace = rreluOp.inplace;
