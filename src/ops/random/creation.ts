/** @file Tensors made of random numbers: `rand`, `randn`, `randint`, `randperm` and their `…Like` forms. */
import { backendOf } from "../../backends/backend.ts";
import { cpu, device as toDevice } from "../../core/device.ts";
import { type DType, getDefaultDtype, iinfo, int64 } from "../../core/dtype.ts";
import { describe, ValueError } from "../../core/errors.ts";
import { type Shape, sizesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, isOptions } from "../bind.ts";
import { allocate, checkOptions, finish, type SizesAndOptions, splitSizes, type TensorOptions } from "../creation.ts";
import { checkTensor } from "../params.ts";
import { drawFromTo, normal_, uniform_ } from "./fill.ts";
import { type GeneratorOption, stateOf } from "./generator.ts";

/** What every function that makes a random tensor takes. */
export interface RandomTensorOptions extends TensorOptions, GeneratorOption {}

/** Checks options before anything is drawn, makes the tensor, fills it, and marks it. */
function drawn(
  op: string,
  shape: Shape,
  options: RandomTensorOptions,
  dtype: DType,
  fill: (t: Tensor) => Tensor,
): Tensor {
  checkOptions(op, options, ["generator"]);
  const device = options.device ? toDevice(options.device) : cpu;
  stateOf(op, options.generator, device);
  return finish(fill(allocate(shape, options.dtype ?? dtype, device)), options);
}

/**
 * Numbers spread evenly over [0, 1). PyTorch: `torch.rand`.
 * @param args - sizes as an array or as numbers, then options
 * @example
 * torch.manualSeed(0);
 * torch.rand(2) // tensor([0.4963, 0.7682])
 */
export function rand(...args: SizesAndOptions<RandomTensorOptions>): Tensor {
  const { shape, options } = splitSizes<RandomTensorOptions>("rand", args);
  return drawn("rand", shape, options, getDefaultDtype(), (t) => uniform_(t, 0, 1, generatorOf(options)));
}

/**
 * Numbers of the standard normal distribution. PyTorch: `torch.randn`.
 * @param args - sizes as an array or as numbers, then options
 * @example
 * torch.manualSeed(0);
 * torch.randn(2) // tensor([ 1.5410, -0.2934])
 */
export function randn(...args: SizesAndOptions<RandomTensorOptions>): Tensor {
  const { shape, options } = splitSizes<RandomTensorOptions>("randn", args);
  return drawn("randn", shape, options, getDefaultDtype(), (t) => normal_(t, 0, 1, generatorOf(options)));
}

function generatorOf({ generator }: GeneratorOption): GeneratorOption {
  return generator ? { generator } : {};
}

type Bound = number | bigint;

/** Bounds and sizes by name. */
export interface RandintOptions extends RandomTensorOptions {
  readonly low?: Bound;
  readonly high?: Bound;
  readonly size?: Shape;
}

type RandintArgs =
  | [options: RandintOptions]
  | [high: Bound, options: RandintOptions]
  | [high: Bound, size: Shape, options?: RandomTensorOptions]
  | [low: Bound, high: Bound, options: RandintOptions]
  | [low: Bound, high: Bound, size: Shape, options?: RandomTensorOptions];

/**
 * Whole numbers of [low, high). PyTorch: `torch.randint`.
 * @param args - `high` or `low, high`, then the sizes, then options
 * @example
 * torch.manualSeed(0);
 * torch.randint(10, [3]) // tensor([4, 9, 3])
 */
export function randint(...args: RandintArgs): Tensor {
  const names = boundNames(args);
  const bound = bind<RandintOptions>(
    "randint",
    [...names, "size", "dtype", "device", "requiresGrad", "generator"],
    args,
  );
  const { low = 0, high, size, ...options } = bound;
  if (high === undefined) throw new ValueError("randint: expected high, got no number");
  if (!Array.isArray(size)) throw new ValueError(`randint: expected an array as size, got ${describe(size)}`);
  return drawn("randint", sizesOf("randint", [size]), options, int64, (t) =>
    drawFromTo("randint", t, low, high, options.generator),
  );
}

/** One number in front is `high`, two are `low` and `high`. */
function boundNames(args: readonly unknown[]): ("low" | "high")[] {
  const isNumber = (x: unknown) => typeof x === "number" || typeof x === "bigint";
  return isNumber(args[0]) && !isNumber(args[1]) ? ["high"] : ["low", "high"];
}

/**
 * The whole numbers 0 to n − 1 in random order. PyTorch: `torch.randperm`.
 * @example
 * torch.manualSeed(0);
 * torch.randperm(4) // tensor([0, 1, 3, 2])
 */
export function randperm(n: number, options: RandomTensorOptions = {}): Tensor {
  if (!Number.isSafeInteger(n) || n < 0)
    throw new ValueError(`randperm: expected a whole number of at least 0, got ${describe(n)}`);
  checkOptions("randperm", options, ["generator"]);
  const dtype = options.dtype ?? int64;
  if (!dtype.isFloatingPoint && !dtype.isComplex && n - 1 > (dtype.name === "bool" ? 1 : Number(iinfo(dtype).max)))
    throw new ValueError(`randperm: expected an n whose numbers fit ${dtype}, got ${n}`);
  return drawn("randperm", [n], options, int64, (t) => {
    backendOf(t.device).kernels.random.randperm(t, stateOf("randperm", options.generator, t.device));
    return t;
  });
}

/** Random numbers in the shape, dtype and device of `input`. */
function like(op: string, input: Tensor, options: RandomTensorOptions, fill: (t: Tensor) => Tensor): Tensor {
  checkTensor(op, input);
  checkOptions(op, options, ["generator"]);
  return drawn(op, input.shape, { ...options, device: options.device ?? input.device }, input.dtype, fill);
}

/** `rand` in the shape, dtype and device of `input`. PyTorch: `torch.rand_like`. */
export function randLike(input: Tensor, options: RandomTensorOptions = {}): Tensor {
  return like("randLike", input, options, (t) => uniform_(t, 0, 1, generatorOf(options)));
}

/** `randn` in the shape, dtype and device of `input`. PyTorch: `torch.randn_like`. */
export function randnLike(input: Tensor, options: RandomTensorOptions = {}): Tensor {
  return like("randnLike", input, options, (t) => normal_(t, 0, 1, generatorOf(options)));
}

type RandintLikeOptions = Omit<RandintOptions, "size">;
type RandintLikeArgs =
  | [options: RandintLikeOptions]
  | [high: Bound, options?: RandintLikeOptions]
  | [low: Bound, high: Bound, options?: RandomTensorOptions];

/** `randint` in the shape, dtype and device of `input`. PyTorch: `torch.randint_like`. */
export function randintLike(input: Tensor, ...args: RandintLikeArgs): Tensor {
  const names = boundNames(args);
  const bound = bind<RandintLikeOptions>(
    "randintLike",
    [...names, "dtype", "device", "requiresGrad", "generator"],
    args,
  );
  const { low = 0, high, ...options } = bound;
  if (high === undefined) throw new ValueError("randintLike: expected high, got no number");
  return like("randintLike", input, options, (t) => drawFromTo("randintLike", t, low, high, options.generator));
}

/** @internal Sizes and options of calls that end with them. */
export function trailing(args: readonly unknown[]): { size: Shape | null; options: RandomTensorOptions } {
  const last = args.at(-1);
  const options = (isOptions(last) ? last : {}) as RandomTensorOptions & { size?: Shape };
  const { size: named, ...rest } = options;
  const size = args.find(Array.isArray) ?? named ?? null;
  return { size: size as Shape | null, options: rest };
}
