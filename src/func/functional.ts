/** @file `torch.autograd.functional`: derivatives of functions at a place, in one call. */
import { AutogradError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "../ops/bind.ts";
import { type AnyFunction, checkFunction } from "./arguments.ts";
import {
  forwardJacobian,
  pullBack,
  pushForward,
  released,
  reverseJacobian,
  type Traced,
  trace,
  zerosFor,
} from "./traced.ts";

type Tensors = Tensor | readonly Tensor[];
/** One for each input: a tensor where there is one input, an array where there are several. */
type PerInput<I extends Tensors> = I extends Tensor ? Tensor : Tensor[];
type PerOutput<R extends Tensors, T> = R extends Tensor ? T : T[];
type FunctionOf<I extends Tensors, R extends Tensors> = (
  ...inputs: I extends Tensor ? [I] : I extends readonly [...infer L] ? L : Tensor[]
) => R;

export interface DerivativeOptions {
  /** Record the derivatives, to differentiate them again. */
  createGraph?: boolean;
  /** Refuse outputs that do not depend on an input, instead of giving zeros. */
  strict?: boolean;
}

export interface JacobianOptions extends DerivativeOptions {
  /** PyTorch's choice of computing all rows at once; here it changes nothing. */
  vectorize?: boolean;
  /** By gradients, one for each output, or along the inputs. */
  strategy?: "reverse-mode" | "forward-mode";
}

export interface HessianOptions extends DerivativeOptions {
  vectorize?: boolean;
  outerJacobianStrategy?: "reverse-mode" | "forward-mode";
}

const listOf = (x: Tensors): readonly Tensor[] => (x instanceof Tensor ? [x] : x);
const likeInputs = (inputs: Tensors, list: readonly unknown[]): unknown =>
  inputs instanceof Tensor ? list[0] : [...list];

function checkTensors(op: string, what: string, x: unknown): asserts x is Tensors {
  if (!(x instanceof Tensor) && !(Array.isArray(x) && x.every((t) => t instanceof Tensor)))
    throw new ValueError(`${op}: expected a Tensor or an array of them as ${what}, got ${describe(x)}`);
}

interface Run extends Traced {
  readonly outputs: readonly Tensor[];
}

function runAt(op: string, func: AnyFunction, inputs: Tensors, options: DerivativeOptions): Run {
  checkFunction(op, func);
  checkTensors(op, "inputs", inputs);
  const { createGraph = false, strict = false } = options;
  const traced = trace(op, listOf(inputs), func, createGraph);
  const { output } = traced;
  checkTensors(op, "the output of the function", output);
  const outputs = listOf(output);
  if (strict)
    for (const [i, t] of outputs.entries())
      if (!t.requiresGrad)
        throw new AutogradError(
          `${op}: expected outputs that depend on the inputs (strict), got output ${i}, which does not`,
        );
  return { ...traced, recorded: createGraph, outputs };
}

/** Zeros, or an error, where there is no dependence. */
function orZeros(op: string, strict: boolean, grads: readonly (Tensor | null)[], like: readonly Tensor[]): Tensor[] {
  return grads.map((g, i) => {
    if (g !== null) return g;
    if (strict)
      throw new AutogradError(
        `${op}: expected outputs that depend on all inputs (strict), got none that depends on input ${i}`,
      );
    const t = like[i] as Tensor;
    return t.newZeros(t.shape);
  });
}

function vectorsFor(op: string, v: Tensors | null | undefined, like: readonly Tensor[], what: string): Tensor[] {
  if (v === null || v === undefined) {
    if (like.length !== 1 || like[0]?.numel() !== 1)
      throw new ValueError(`${op}: expected v where there is more than one element in ${what}, got none`);
    return [like[0].detach().newOnes(like[0].shape)];
  }
  checkTensors(op, "v", v);
  const list = listOf(v);
  if (list.length !== like.length)
    throw new ValueError(`${op}: expected ${like.length} tensors as v, got ${list.length}`);
  for (const [i, t] of list.entries())
    if (!sameShape(t.shape, (like[i] as Tensor).shape))
      throw new ShapeError(
        `${op}: expected v of shape ${shapeText((like[i] as Tensor).shape)}, got ${shapeText(t.shape)}`,
      );
  return [...list];
}

/**
 * The Jacobian of a function. PyTorch: `torch.autograd.functional.jacobian`.
 *
 * @param inputs - a tensor, or an array with one for each argument
 * @param args - `createGraph` (false), `strict` (false), `vectorize`, which changes nothing, `strategy` ("reverse-mode")
 * @returns for an output of shape O and an input of shape I a tensor of shape [...O, ...I]; arrays where there are several of either
 * @example
 * torch.autograd.functional.jacobian((x: Tensor) => x.exp(), torch.zeros(2)) // tensor([[1., 0.],
 *                                                                            //         [0., 1.]])
 */
export function jacobian<I extends Tensors, R extends Tensors>(
  func: FunctionOf<I, R>,
  inputs: I,
  ...args: Call<[createGraph: boolean, strict: boolean, vectorize: boolean], JacobianOptions>
): PerOutput<R, PerInput<I>> {
  const op = "jacobian";
  const names = ["createGraph", "strict", "vectorize", "strategy"] as const;
  const options = bind<JacobianOptions>(op, names, args);
  const { strict = false, strategy = "reverse-mode" } = options;
  const run = runAt(op, func, inputs, options);
  const by = strategy === "forward-mode" ? forwardJacobian : reverseJacobian;
  const rows = by(run.outputs, run.inputs, run.recorded).map((row, i) => {
    const output = run.outputs[i] as Tensor;
    const whole = row.map((j, k) => {
      if (j === null && strict)
        throw new AutogradError(
          `${op}: expected outputs that depend on all inputs (strict), got output ${i}, which does not on input ${k}`,
        );
      return j ?? zerosFor(output, run.inputs[k] as Tensor);
    });
    return likeInputs(inputs, whole);
  });
  const result = run.output instanceof Tensor ? rows[0] : rows;
  return released(run, result) as PerOutput<R, PerInput<I>>;
}

/**
 * The Hessian of a function to one number. PyTorch: `torch.autograd.functional.hessian`.
 *
 * @param args - `createGraph` (false), `strict` (false), `vectorize`, which changes nothing, `outerJacobianStrategy` ("reverse-mode")
 * @returns a tensor of shape [...I, ...I]; for several inputs an array of arrays of them
 * @example
 * torch.autograd.functional.hessian((x: Tensor) => x.pow(3).sum(), torch.tensor([1.5, 2.5])) // tensor([[ 9.,  0.],
 *                                                                                            //         [ 0., 15.]])
 */
export function hessian<I extends Tensors>(
  func: FunctionOf<I, Tensor>,
  inputs: I,
  ...args: Call<[createGraph: boolean, strict: boolean, vectorize: boolean], HessianOptions>
): I extends Tensor ? Tensor : Tensor[][] {
  const op = "hessian";
  const names = ["createGraph", "strict", "vectorize", "outerJacobianStrategy"] as const;
  const {
    outerJacobianStrategy: strategy = "reverse-mode",
    createGraph = false,
    strict = false,
  } = bind<HessianOptions>(op, names, args);
  const gradient = (...at: Tensor[]): Tensor[] => {
    const output: unknown = (func as AnyFunction)(...at);
    if (!(output instanceof Tensor) || output.numel() !== 1)
      throw new ValueError(`${op}: expected the function to give a single number, got ${describe(output)}`);
    return orZeros(op, strict, pullBack([output], at, [output.detach().newOnes(output.shape)], true), at);
  };
  const rows = jacobian(gradient as never, [...listOf(inputs)] as never, {
    createGraph,
    strict,
    strategy,
  }) as unknown as Tensor[][];
  return (inputs instanceof Tensor ? rows[0]?.[0] : rows) as I extends Tensor ? Tensor : Tensor[][];
}

type ProductArgs<V> = Call<[v: V | null, createGraph: boolean, strict: boolean], DerivativeOptions & { v?: V | null }>;
const PRODUCT = ["v", "createGraph", "strict"] as const;

function productOptions<V>(op: string, args: readonly unknown[]) {
  return bind<DerivativeOptions & { v?: V | null }>(op, PRODUCT, args);
}

/**
 * The output, and a vector times the Jacobian. PyTorch: `torch.autograd.functional.vjp`.
 *
 * @param args - `v` of the form of the output (1 for a single number), `createGraph` (false), `strict` (false)
 * @returns `[output, product]`
 */
export function vjp<I extends Tensors, R extends Tensors>(
  func: FunctionOf<I, R>,
  inputs: I,
  ...args: ProductArgs<R>
): [output: R, vjp: PerInput<I>] {
  const options = productOptions<R>("vjp", args);
  const run = runAt("vjp", func, inputs, options);
  const v = vectorsFor("vjp", options.v, run.outputs, "the output");
  const grads = pullBack(run.outputs, run.inputs, v, run.recorded);
  const product = orZeros("vjp", options.strict ?? false, grads, run.inputs);
  return released(run, [run.output, likeInputs(inputs, product)]) as [R, PerInput<I>];
}

/**
 * The output, and the Jacobian times a vector. PyTorch: `torch.autograd.functional.jvp`.
 *
 * @param args - `v` of the form of the inputs (1 for a single number), `createGraph` (false), `strict` (false)
 * @returns `[output, product]`
 */
export function jvp<I extends Tensors, R extends Tensors>(
  func: FunctionOf<I, R>,
  inputs: I,
  ...args: ProductArgs<I>
): [output: R, jvp: R] {
  const options = productOptions<I>("jvp", args);
  const run = runAt("jvp", func, inputs, options);
  const v = vectorsFor("jvp", options.v, run.inputs, "the inputs");
  const product = pushForward(run.outputs, run.inputs, run.recorded)(v);
  return released(run, [run.output, likeInputs(run.output as Tensors, product)]) as [R, R];
}

/** The gradient of a function to one number, with its graph. */
function gradientAt(op: string, func: AnyFunction, inputs: Tensors, options: DerivativeOptions) {
  const run = runAt(op, func, inputs, options);
  const [output] = run.outputs;
  if (output === undefined || run.outputs.length !== 1 || output.numel() !== 1)
    throw new ValueError(`${op}: expected the function to give a single number, got ${describe(run.output)}`);
  const grads = orZeros(
    op,
    options.strict ?? false,
    pullBack([output], run.inputs, [output.detach().newOnes(output.shape)], true),
    run.inputs,
  );
  return { run, grads };
}

/**
 * The output of a function to one number, and a vector times its Hessian. PyTorch: `torch.autograd.functional.vhp`.
 *
 * @param args - `v` of the form of the inputs, `createGraph` (false), `strict` (false)
 * @returns `[output, product]`
 */
export function vhp<I extends Tensors>(
  func: FunctionOf<I, Tensor>,
  inputs: I,
  ...args: ProductArgs<I>
): [output: Tensor, vhp: PerInput<I>] {
  const options = productOptions<I>("vhp", args);
  const { run, grads } = gradientAt("vhp", func, inputs, options);
  const v = vectorsFor("vhp", options.v, run.inputs, "the inputs");
  const product = orZeros("vhp", options.strict ?? false, pullBack(grads, run.inputs, v, run.recorded), run.inputs);
  return released(run, [run.output, likeInputs(inputs, product)]) as [Tensor, PerInput<I>];
}

/**
 * The output of a function to one number, and its Hessian times a vector. PyTorch: `torch.autograd.functional.hvp`.
 *
 * @param args - `v` of the form of the inputs, `createGraph` (false), `strict` (false)
 * @returns `[output, product]`
 */
export function hvp<I extends Tensors>(
  func: FunctionOf<I, Tensor>,
  inputs: I,
  ...args: ProductArgs<I>
): [output: Tensor, hvp: PerInput<I>] {
  const options = productOptions<I>("hvp", args);
  const { run, grads } = gradientAt("hvp", func, inputs, options);
  const v = vectorsFor("hvp", options.v, run.inputs, "the inputs");
  const product = pushForward(grads, run.inputs, run.recorded)(v);
  return released(run, [run.output, likeInputs(inputs, product)]) as [Tensor, PerInput<I>];
}
