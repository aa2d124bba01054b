/** @file Random numbers written into a tensor: `uniform_`, `normal_` and their like, under the rules of every in-place op. */
import { backendOf } from "../../backends/backend.ts";
import type { RandomKernels, RandomState } from "../../backends/kernels.ts";
import { bool, Category, type DType, finfo, iinfo } from "../../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { checkApart } from "../copy.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { partsOf } from "../operands.ts";
import { checkTensor } from "../params.ts";
import { type GeneratorOption, stateOf } from "./generator.ts";
import { checkProbabilities } from "./probabilities.ts";

/** An op that forgets what the tensor held: nothing flows back through it. */
function forgetful(name: string, node: string): KernelOp<void> {
  return kernelOp({
    name,
    node,
    forward: () => {
      throw new ValueError(`${name}: only in place`);
    },
    backward: ([grad], context) => [(grad as Tensor).newZeros(context.shape(0), { dtype: context.dtype(0) })],
  });
}

const uniformOp = forgetful("uniform", "UniformBackward0");
const normalOp = forgetful("normal", "NormalBackward0");
const exponentialOp = forgetful("exponential", "ExponentialBackward0");
const cauchyOp = forgetful("cauchy", "CauchyBackward0");
const logNormalOp = forgetful("logNormal", "LogNormalBackward0");
const geometricOp = forgetful("geometric", "GeometricBackward0");
const randomOp = forgetful("random", "RandomBackward0");
const bernoulliOp = forgetful("bernoulli", "BernoulliBackward2");

type Draw = (random: RandomKernels, into: Tensor, state: RandomState) => void;

/** Draws into `input`, in place. */
function draw(op: KernelOp<void>, input: Tensor, generator: GeneratorOption["generator"], write: Draw): Tensor {
  const name = `${op.spec.name}_`;
  checkApart(name, input);
  const state = stateOf(name, generator, input.device);
  return op.writeInto([input], undefined, () => write(backendOf(input.device).kernels.random, input, state));
}

function checkNumber(op: string, name: string, x: unknown): asserts x is number {
  if (typeof x !== "number") throw new ValueError(`${op}: expected a number as ${name}, got ${describe(x)}`);
}

const atLeast: { readonly [C in 1 | 2]: string } = { 1: "an integer or floating-point", 2: "a floating-point" };

/** Refuses dtypes that a distribution has no numbers in. */
function checkDType(op: string, input: Tensor, least: 1 | 2): void {
  checkTensor(op, input);
  const { dtype } = input;
  if (dtype.category < least || dtype.isComplex)
    throw new DTypeError(`${op}: expected a tensor of ${atLeast[least]} dtype, got ${dtype}`);
}

/** Bounds and the generator. */
export interface UniformOptions extends GeneratorOption {
  readonly from?: number;
  readonly to?: number;
}

/**
 * Fills the tensor with numbers spread evenly over [from, to). PyTorch: `Tensor.uniform_`.
 * @throws ValueError if `from` is greater than `to`
 */
export function uniform_(input: Tensor, ...args: Call<[from: number, to: number], UniformOptions>): Tensor {
  const { from = 0, to = 1, generator } = bind<UniformOptions>("uniform_", ["from", "to", "generator"], args);
  checkNumber("uniform_", "from", from);
  checkNumber("uniform_", "to", to);
  checkTensor("uniform_", input);
  const real = partsOf(input);
  checkDType("uniform_", real, Category.Floating);
  if (!(from <= to)) throw new ValueError(`uniform_: expected from <= to, got from = ${from} and to = ${to}`);
  const { max } = finfo(real.dtype);
  if (to - from > max)
    throw new ValueError(`uniform_: expected a range of at most ${max} for ${real.dtype}, got ${to - from}`);
  return draw(uniformOp, input, generator, (random, into, state) => random.uniform(partsOf(into), state, from, to));
}

/** Mean, standard deviation and the generator. */
export interface NormalOptions extends GeneratorOption {
  readonly mean?: number;
  readonly std?: number;
}

/**
 * Fills the tensor with numbers of a normal distribution. PyTorch: `Tensor.normal_`.
 * @throws ValueError if `std` is negative
 */
export function normal_(input: Tensor, ...args: Call<[mean: number, std: number], NormalOptions>): Tensor {
  const { mean = 0, std = 1, generator } = bind<NormalOptions>("normal_", ["mean", "std", "generator"], args);
  checkNumber("normal_", "mean", mean);
  checkNumber("normal_", "std", std);
  checkTensor("normal_", input);
  checkDType("normal_", partsOf(input), Category.Floating);
  if (!(std >= 0)) throw new ValueError(`normal_: expected std >= 0, got ${std}`);
  // Each part of a complex number has half of the variance.
  const own = input.dtype.isComplex ? std / Math.sqrt(2) : std;
  return draw(normalOp, input, generator, (random, into, state) => random.normal(partsOf(into), state, mean, own));
}

/** Rate and the generator. */
export interface ExponentialOptions extends GeneratorOption {
  readonly lambd?: number;
}

/** Fills the tensor with numbers of the exponential distribution of rate `lambd`. PyTorch: `Tensor.exponential_`. */
export function exponential_(input: Tensor, ...args: Call<[lambd: number], ExponentialOptions>): Tensor {
  const { lambd = 1, generator } = bind<ExponentialOptions>("exponential_", ["lambd", "generator"], args);
  checkNumber("exponential_", "lambd", lambd);
  checkDType("exponential_", input, Category.Floating);
  if (!(lambd >= 0)) throw new ValueError(`exponential_: expected lambd >= 0, got ${lambd}`);
  return draw(exponentialOp, input, generator, (random, into, state) => random.exponential(into, state, lambd));
}

/** Median, width and the generator. */
export interface CauchyOptions extends GeneratorOption {
  readonly median?: number;
  readonly sigma?: number;
}

/** Fills the tensor with numbers of the Cauchy distribution. PyTorch: `Tensor.cauchy_`. */
export function cauchy_(input: Tensor, ...args: Call<[median: number, sigma: number], CauchyOptions>): Tensor {
  const { median = 0, sigma = 1, generator } = bind<CauchyOptions>("cauchy_", ["median", "sigma", "generator"], args);
  checkNumber("cauchy_", "median", median);
  checkNumber("cauchy_", "sigma", sigma);
  checkDType("cauchy_", input, Category.Floating);
  if (!(sigma >= 0)) throw new ValueError(`cauchy_: expected sigma >= 0, got ${sigma}`);
  return draw(cauchyOp, input, generator, (random, into, state) => random.cauchy(into, state, median, sigma));
}

/** Fills the tensor with numbers whose logarithm has the given mean and deviation. PyTorch: `Tensor.log_normal_`. */
export function logNormal_(input: Tensor, ...args: Call<[mean: number, std: number], NormalOptions>): Tensor {
  const { mean = 1, std = 2, generator } = bind<NormalOptions>("logNormal_", ["mean", "std", "generator"], args);
  checkNumber("logNormal_", "mean", mean);
  checkNumber("logNormal_", "std", std);
  checkDType("logNormal_", input, Category.Floating);
  if (!(std > 0)) throw new ValueError(`logNormal_: expected std > 0, got ${std}`);
  return draw(logNormalOp, input, generator, (random, into, state) => random.logNormal(into, state, mean, std));
}

/** Probability and the generator. */
export interface ProbabilityOptions<P> extends GeneratorOption {
  readonly p?: P;
}

/** Fills the tensor with numbers of trials until the first success of probability `p`. PyTorch: `Tensor.geometric_`. */
export function geometric_(input: Tensor, ...args: Call<[p: number], ProbabilityOptions<number>>): Tensor {
  const { p, generator } = bind<ProbabilityOptions<number>>("geometric_", ["p", "generator"], args);
  checkNumber("geometric_", "p", p);
  checkDType("geometric_", input, Category.Integral);
  if (!(p > 0 && p < 1)) throw new ValueError(`geometric_: expected p in (0, 1), got ${p}`);
  return draw(geometricOp, input, generator, (random, into, state) => random.geometric(into, state, p));
}

/**
 * Fills the tensor with 1 where a trial of probability `p` succeeds, 0 elsewhere. PyTorch: `Tensor.bernoulli_`.
 * @param args - `p`: one probability, or a tensor of them that broadcasts; 0.5 if not given
 */
export function bernoulli_(
  input: Tensor,
  ...args: Call<[p: number | Tensor], ProbabilityOptions<number | Tensor>>
): Tensor {
  const { p = 0.5, generator } = bind<ProbabilityOptions<number | Tensor>>("bernoulli_", ["p", "generator"], args);
  checkTensor("bernoulli_", input);
  if (!(p instanceof Tensor)) {
    checkNumber("bernoulli_", "p", p);
    if (!(p >= 0 && p <= 1)) throw new ValueError(`bernoulli_: expected p in [0, 1], got ${p}`);
    return draw(bernoulliOp, input, generator, (random, into, state) => random.bernoulli(partsOf(into), state, p));
  }
  checkProbabilities("bernoulli_", p);
  const each = p.detach().expand(input.shape);
  return draw(bernoulliOp, input, generator, (random, into, state) => random.bernoulli(into, state, each));
}

const LEAST_INT64 = -(2n ** 63n);

/** The whole numbers that a dtype reaches. */
function range(dtype: DType): { min: bigint; max: bigint } {
  if (dtype === bool) return { min: 0n, max: 1n };
  const { min, max } = dtype.isFloatingPoint ? finfo(dtype) : iinfo(dtype);
  return { min: BigInt(min), max: BigInt(max) };
}

function checkBound(op: string, name: string, x: unknown): bigint {
  if (typeof x !== "bigint" && !Number.isSafeInteger(x))
    throw new ValueError(`${op}: expected a whole number as ${name}, got ${describe(x)}`);
  return BigInt(x as number | bigint);
}

/** @internal `random_` with both bounds, under the name of the op that asks for it. */
export function drawFromTo(
  op: string,
  input: Tensor,
  from: number | bigint,
  to: number | bigint,
  generator: GeneratorOption["generator"],
): Tensor {
  const [low, high] = [checkBound(op, "from", from), checkBound(op, "to", to)];
  if (low >= high) throw new ValueError(`${op}: expected from < to, got from = ${low} and to = ${high}`);
  const { min, max } = range(input.dtype);
  if (low < min || low > max)
    throw new ValueError(`${op}: expected from within [${min}, ${max}] for ${input.dtype}, got ${low}`);
  if (high - 1n > max)
    throw new ValueError(`${op}: expected to of at most ${max + 1n} for ${input.dtype}, got ${high}`);
  return draw(randomOp, input, generator, (random, into, state) => random.randomFromTo(op, into, state, low, high));
}

/** Bounds and the generator. */
export interface RandomOptions extends GeneratorOption {
  readonly from?: number | bigint;
  readonly to?: number | bigint | null;
}

type RandomArgs =
  | [options?: RandomOptions]
  | [to: number | bigint, options?: GeneratorOption]
  | [from: number | bigint, to: number | bigint | null, options?: GeneratorOption];

/**
 * Fills the tensor with whole numbers of [from, to), or of all that its dtype holds exactly. PyTorch: `Tensor.random_`.
 * @param args - nothing, `to`, or `from` and `to`
 */
export function random_(input: Tensor, ...args: RandomArgs): Tensor {
  checkTensor("random_", input);
  if (input.dtype.isComplex) throw new DTypeError(`random_: expected a real dtype, got ${input.dtype}`);
  const single = (typeof args[0] === "number" || typeof args[0] === "bigint") && !isBound(args[1]);
  const names = single ? (["to", "from", "generator"] as const) : (["from", "to", "generator"] as const);
  const { from, to, generator } = bind<RandomOptions>("random_", names, args);
  if (from === undefined && (to === undefined || to === null))
    return draw(randomOp, input, generator, (random, into, state) => random.randomOfDtype(into, state));
  if (to !== undefined && to !== null) return drawFromTo("random_", input, from ?? 0, to, generator);
  const low = checkBound("random_", "from", from);
  if (low === LEAST_INT64)
    return draw(randomOp, input, generator, (random, into, state) => random.randomAll64Bits(into, state));
  const { dtype } = input;
  const end = dtype.isFloatingPoint ? BigInt(2 / finfo(dtype).eps) : range(dtype).max;
  return drawFromTo("random_", input, low, end + 1n, generator);
}

function isBound(x: unknown): boolean {
  return x === null || typeof x === "number" || typeof x === "bigint";
}
