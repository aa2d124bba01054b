/** @file What ops ask of their parameters: that the required ones are there, and are what they should be. */
import { DTypeError, describe, ValueError } from "../core/errors.ts";
import { isScalar } from "../core/scalar.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, isOptions } from "./bind.ts";

/**
 * The ways to pass parameters `P` (a labelled tuple) that have the names `N` and, by name, the types of `O`: some positionally, the
 * others in one options object. Unlike `Call`, it knows which are required: those that are so in `O`.
 * `Named<[dim: number, index: Tensor], ["dim", "index"], { dim: number; index: Tensor; sparseGrad?: boolean }>`
 */
export type Named<
  P extends readonly unknown[],
  N extends readonly string[],
  O,
  Rest extends keyof O = Exclude<keyof O, N[number]>,
> =
  // biome-ignore lint/complexity/noBannedTypes: whether no key is required is whether {} will do
  | ({} extends Pick<O, Rest> ? [...P, options?: Pick<O, Rest>] : [...P, options: Pick<O, Rest>])
  | (P extends readonly [...infer FirstP, unknown]
      ? N extends readonly [...infer FirstN extends readonly string[], infer Last extends keyof O]
        ? Named<FirstP, FirstN, O, Rest | Last>
        : never
      : never);

/**
 * Sorts arguments into a record by name; the first `required` of them must be there.
 * @throws ValueError for one that is missing, an unknown option, one given twice, or too many
 */
export function named<O extends object>(
  op: string,
  names: readonly (keyof O & string)[],
  required: number,
  args: readonly unknown[],
): O {
  const bound = bind<O>(op, names, args);
  for (let i = 0; i < required; i++) {
    const name = names[i] as keyof O & string;
    if (bound[name] === undefined)
      throw new ValueError(`${op}: expected ${names.slice(0, required).join(", ")}, got no ${name}`);
  }
  return bound as O;
}

/**
 * Numbers given as an array, as arguments, or by name: `f(2, 3)`, `f([2, 3])`, `f({ size: [2, 3] })`.
 * @throws ValueError if they are none of these
 */
export function numbersArg(op: string, name: string, args: readonly unknown[]): readonly number[] {
  const [first] = args;
  if (args.length === 1 && isOptions(first)) {
    const { [name]: numbers } = named<Record<string, unknown>>(op, [name], 1, args);
    if (isOptions(numbers)) throw new ValueError(`${op}: expected numbers as ${name}, got ${describe(numbers)}`);
    return numbersArg(op, name, [numbers]);
  }
  const numbers = args.length === 1 && Array.isArray(first) ? (first as unknown[]) : args;
  for (const n of numbers) checkInt(op, name, n);
  return numbers as number[];
}

/** @throws ValueError if `x` is no tensor */
export function checkTensor(op: string, x: unknown, name = "input"): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as ${name}, got ${describe(x)}`);
}

/** @throws ValueError if `x` is no array of tensors */
export function checkTensors(op: string, x: unknown, name = "tensors"): asserts x is readonly Tensor[] {
  if (!Array.isArray(x)) throw new ValueError(`${op}: expected an array of Tensors as ${name}, got ${describe(x)}`);
  for (const [i, t] of x.entries()) checkTensor(op, t, `${name}[${i}]`);
}

/** @throws ValueError if `x` is no whole number */
export function checkInt(op: string, name: string, x: unknown): asserts x is number {
  if (typeof x !== "number" || !Number.isSafeInteger(x))
    throw new ValueError(`${op}: expected a whole number as ${name}, got ${describe(x)}`);
}

/** @throws ValueError if `x` is neither a number nor a tensor of one element */
export function checkScalar(op: string, name: string, x: unknown): void {
  if (!isScalar(x) && !(x instanceof Tensor))
    throw new ValueError(`${op}: expected a number as ${name}, got ${describe(x)}`);
}

/** @throws DTypeError if two tensors that must be of one dtype are not */
export function checkSameDType(op: string, a: Tensor, b: Tensor, names: string): void {
  if (a.dtype !== b.dtype) throw new DTypeError(`${op}: expected ${names} in one dtype, got ${a.dtype} and ${b.dtype}`);
}
