/** @file Samples of distributions over counts whose parameters are tensors: `poisson`, `binomial`. */
import { backendOf } from "../../backends/backend.ts";
import { AutogradError, DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { allocate } from "../creation.ts";
import { kernelOp } from "../kernel-form.ts";
import { checkSameDType, checkTensor, type Named, named } from "../params.ts";
import { type GeneratorOption, stateOf } from "./generator.ts";
import { extremes } from "./probabilities.ts";

function checkFloating(op: string, t: Tensor, name: string): void {
  if (!t.dtype.isFloatingPoint)
    throw new DTypeError(`${op}: expected a floating-point dtype as ${name}, got ${t.dtype}`);
}

const poissonOp = kernelOp<GeneratorOption>({
  name: "poisson",
  forward: ([input], { generator }) => {
    const rates = input as Tensor;
    const out = allocate(rates.shape, rates.dtype, rates.device);
    backendOf(out.device).kernels.random.poisson(out, stateOf("poisson", generator, out.device), rates);
    return out;
  },
  backward: ([grad], context) => [(grad as Tensor).newZeros(context.shape(0))],
});

/**
 * Numbers of events, by the rates in `input`; PyTorch's stream of them. Gradients are 0. PyTorch: `torch.poisson`.
 *
 * @param input - rates, any shape, of a floating-point dtype
 * @param args - `generator` (the default one)
 * @returns whole numbers, in the shape and dtype of `input`
 * @throws ValueError for a rate that is negative, NaN or infinite
 * @see Hörmann 1993, for rates of 10 and more
 * @example
 * torch.manualSeed(0);
 * torch.poisson(torch.tensor([0.5, 3, 9.9, 10, 50])) // tensor([ 2.,  4., 10., 13., 54.])
 */
export function poisson(
  input: Tensor,
  ...args: Call<[generator: GeneratorOption["generator"]], GeneratorOption>
): Tensor {
  const { generator = null } = bind<GeneratorOption>("poisson", ["generator"], args);
  checkTensor("poisson", input);
  checkFloating("poisson", input, "rates");
  if (input.numel() > 0) {
    const [least, greatest] = extremes(input);
    if (!(least >= 0 && greatest < Number.POSITIVE_INFINITY))
      throw new ValueError(`poisson: expected finite rates of at least 0, got ${least >= 0 ? greatest : least}`);
  }
  return poissonOp.call([input], { generator });
}

const binomialOp = kernelOp<GeneratorOption>({
  name: "binomial",
  forward: ([count, prob], { generator }) => {
    const trials = count as Tensor;
    const out = allocate(trials.shape, trials.dtype, trials.device);
    const { random } = backendOf(out.device).kernels;
    random.binomial(out, stateOf("binomial", generator, out.device), trials, prob as Tensor);
    return out;
  },
  backward: () => {
    throw new AutogradError("binomial: its derivative is not implemented");
  },
});

interface BinomialOptions extends GeneratorOption {
  readonly prob: Tensor;
}
type BinomialArgs = Named<
  [prob: Tensor, generator: GeneratorOption["generator"]],
  ["prob", "generator"],
  BinomialOptions
>;

/**
 * Numbers of successes among `count` trials of probability `prob`; PyTorch's stream of them. PyTorch: `torch.binomial`.
 *
 * @param count - numbers of trials, of a floating-point dtype
 * @param args - `prob`, of the same dtype, of a shape that broadcasts to that of `count`; `generator` (the default one)
 * @returns whole numbers, in the shape and dtype of `count`: 0 where `count` or `prob` is 0 or less, `count` where `prob` is 1 or more
 * @throws ShapeError if `prob` does not fit; DTypeError if the dtypes differ or are not floating
 * @see Hörmann 1993, for 10 and more expected successes or failures
 * @example
 * torch.manualSeed(0);
 * torch.binomial(torch.full([4], 10.5), torch.tensor([0, 0.5, 0.5, 1])) // tensor([ 0.0000,  7.0000,  5.0000, 10.5000])
 */
export function binomial(count: Tensor, ...args: BinomialArgs): Tensor {
  const { prob, generator = null } = named<BinomialOptions>("binomial", ["prob", "generator"], 1, args);
  checkTensor("binomial", count, "count");
  checkTensor("binomial", prob, "prob");
  checkFloating("binomial", count, "count");
  checkSameDType("binomial", count, prob, "count and prob");
  const fits =
    prob.ndim <= count.ndim && prob.shape.every((n, i) => n === 1 || n === count.shape[i + count.ndim - prob.ndim]);
  if (!fits)
    throw new ShapeError(
      `binomial: expected prob of a shape that broadcasts to that of count, ${shapeText(count.shape)}, got ${shapeText(prob.shape)}`,
    );
  const each = sameShape(prob.shape, count.shape) ? prob : prob.expand(count.shape);
  return binomialOp.call([count, each], { generator });
}
