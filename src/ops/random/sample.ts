/** @file Samples of distributions whose parameters are tensors: `bernoulli`, `normal`, `multinomial`. */
import { backendOf } from "../../backends/backend.ts";
import { int64 } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { broadcastShapes, type Shape, shapeText, sizesOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { allocate, finish } from "../creation.ts";
import { kernelOp } from "../kernel-form.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { type RandomTensorOptions, randn, trailing } from "./creation.ts";
import { bernoulli_, exponential_, normal_, type ProbabilityOptions } from "./fill.ts";
import { type GeneratorOption, stateOf } from "./generator.ts";
import { checkProbabilities, extremes } from "./probabilities.ts";

const zerosBack = (grad: Tensor, shape: Shape, input: Tensor | null): Tensor =>
  grad.newZeros(shape, { dtype: input?.dtype ?? grad.dtype });

const bernoulliOp = kernelOp<GeneratorOption>({
  name: "bernoulli",
  forward: ([p], options) => {
    const input = p as Tensor;
    return bernoulli_(allocate(input.shape, input.dtype, input.device), input, options);
  },
  backward: ([grad], context) => [zerosBack(grad as Tensor, context.shape(0), null)],
});

/**
 * Trials of the probabilities in `input`: 1 for success, 0 for failure. With `p`, one probability for all. PyTorch: `torch.bernoulli`.
 * @throws ValueError for a probability outside of [0, 1]
 * @example
 * torch.manualSeed(0);
 * torch.bernoulli(torch.tensor([0.1, 0.5, 0.9])) // tensor([0., 0., 1.])
 */
export function bernoulli(input: Tensor, ...args: Call<[p: number], ProbabilityOptions<number>>): Tensor {
  const { p, generator } = bind<ProbabilityOptions<number>>("bernoulli", ["p", "generator"], args);
  checkTensor("bernoulli", input);
  const from = generator ? { generator } : {};
  if (p !== undefined) return bernoulli_(allocate(input.shape, input.dtype, input.device), p, from);
  checkProbabilities("bernoulli", input);
  return bernoulliOp.call([input], from);
}

interface NormalAttrs {
  readonly shape: Shape;
  readonly mean: number | null;
  readonly std: number | null;
  readonly options: GeneratorOption;
}

const normalOp = kernelOp<NormalAttrs>({
  name: "normal",
  node: ({ mean, std }) => `NormalBackward${std !== null ? 1 : mean !== null ? 2 : 3}`,
  forward: (tensors, { shape, mean, std, options }) => {
    const first = tensors[0] as Tensor;
    const out = allocate(shape, first.dtype, first.device);
    // Only a deviation given as a number is drawn with; the others multiply afterwards, as in PyTorch.
    normal_(out, 0, std ?? 1, options);
    if (std === null) out.mul_(tensors.at(-1) as Tensor);
    return out.add_(mean ?? first);
  },
  backward: ([grad], context) =>
    [0, 1].map((i) => (context.needs(i) ? zerosBack(grad as Tensor, context.shape(i), null) : null)),
});

type NormalArgs =
  | [mean: Tensor, std?: Tensor | number, options?: GeneratorOption]
  | [mean: number, std: Tensor, options?: GeneratorOption]
  | [mean: number, std: number, size: Shape, options?: RandomTensorOptions]
  | [mean: number, std: number, options: RandomTensorOptions & { readonly size: Shape }];

/**
 * Normal numbers, with a mean and a deviation for each, or of a given size. PyTorch: `torch.normal`.
 * @throws ValueError if a deviation is negative
 * @throws ShapeError if the shapes of mean and deviation do not broadcast
 */
export function normal(...args: NormalArgs): Tensor {
  const [mean, given = 1] = args as [number | Tensor, (number | Tensor)?];
  const std = typeof given === "number" || given instanceof Tensor ? given : 1;
  const { size, options } = trailing(args);
  for (const x of [mean, std])
    if (typeof x !== "number" && !(x instanceof Tensor))
      throw new ValueError(`normal: expected numbers or Tensors as mean and std, got ${describe(x)}`);
  if (std instanceof Tensor && std.numel() > 0 && !(extremes(std)[0] >= 0))
    throw new ValueError("normal: expected a std of at least 0 everywhere, got a negative one");
  if (typeof std === "number" && !(std >= 0)) throw new ValueError(`normal: expected std >= 0, got ${std}`);
  if (typeof mean === "number" && typeof std === "number") {
    if (size === null) throw new ValueError("normal: expected a size beside two numbers, got none");
    const { requiresGrad = false, generator, ...plain } = options;
    const out = randn([0], plain);
    const from = generator ? { generator } : {};
    return finish(normal_(allocate(sizesOf("normal", [size]), out.dtype, out.device), mean, std, from), {
      requiresGrad,
    });
  }
  const tensors = [mean, std].filter((x) => x instanceof Tensor) as Tensor[];
  for (const t of tensors)
    if (!t.dtype.isFloatingPoint)
      throw new DTypeError(`normal: expected tensors of a floating-point dtype, got ${t.dtype}`);
  const shape = tensors.map((t) => t.shape).reduce((a, b) => broadcastShapes("normal", a, b));
  return normalOp.call(tensors, {
    shape,
    mean: typeof mean === "number" ? mean : null,
    std: typeof std === "number" ? std : null,
    options: options.generator ? { generator: options.generator } : {},
  });
}

interface MultinomialOptions extends GeneratorOption {
  readonly numSamples: number;
  readonly replacement?: boolean;
}
type MultinomialArgs = Named<
  [numSamples: number, replacement: boolean],
  ["numSamples", "replacement"],
  MultinomialOptions
>;

/**
 * Numbers of categories, drawn by their weights. PyTorch: `torch.multinomial`.
 *
 * @param input - weights, [categories] or [rows, categories]; they need not sum to 1
 * @param args - `numSamples`, and whether a category may come more than once (`replacement`)
 * @returns int64, [numSamples] or [rows, numSamples]
 * @throws ValueError if a row is no distribution, or has too few categories to draw without replacement
 */
export function multinomial(input: Tensor, ...args: MultinomialArgs): Tensor {
  const parameters = ["numSamples", "replacement", "generator"] as const;
  const { numSamples, replacement = false, generator } = named<MultinomialOptions>("multinomial", parameters, 1, args);
  checkTensor("multinomial", input);
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(`multinomial: expected weights of a floating-point dtype, got ${input.dtype}`);
  if (input.ndim !== 1 && input.ndim !== 2)
    throw new ShapeError(`multinomial: expected weights of 1 or 2 dimensions, got shape ${shapeText(input.shape)}`);
  if (!Number.isSafeInteger(numSamples) || numSamples < 1)
    throw new ValueError(`multinomial: expected a numSamples of at least 1, got ${describe(numSamples)}`);
  const categories = input.shape.at(-1) as number;
  if (categories === 0) throw new ShapeError("multinomial: expected at least one category, got none");
  if (!replacement && numSamples > categories)
    throw new ValueError(`multinomial: expected at most ${categories} samples without replacement, got ${numSamples}`);
  const weights = input.detach();
  const rows = input.ndim === 1 ? weights.unsqueeze(0) : weights;
  const state = stateOf("multinomial", generator, input.device);
  const backend = backendOf(input.device);
  const out = allocate([rows.shape[0] as number, numSamples], int64, input.device);
  // Without replacement, or for one sample, PyTorch races exponential variables: the smallest of q / weight wins.
  if (replacement && numSamples > 1) backend.kernels.random.multinomial(out, rows, state);
  else race(out, rows, numSamples, generator);
  return input.ndim === 1 ? out.view(numSamples) : out;
}

function race(out: Tensor, weights: Tensor, n: number, generator: GeneratorOption["generator"]): void {
  checkWeights(weights);
  const q = exponential_(allocate(weights.shape, weights.dtype, weights.device), 1, generator ? { generator } : {});
  const scores = weights.div(q);
  if (n === 1) out.copy_(scores.argmax(-1, true));
  else out.copy_(scores.sort(-1, true).indices.narrow(-1, 0, n));
}

function checkWeights(weights: Tensor): void {
  if (weights.numel() === 0) return;
  const [low, high] = extremes(weights);
  if (!(low >= 0 && high < Number.POSITIVE_INFINITY))
    throw new ValueError(`multinomial: expected finite weights of at least 0, got ${low >= 0 ? high : low}`);
  if (extremes(weights.sum(-1))[0] <= 0)
    throw new ValueError("multinomial: expected rows with a positive sum, got one that sums to 0");
}
