/** @file Which arguments of a function a transform is about. */
import { describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";

// biome-ignore lint/suspicious/noExplicitAny: transforms take functions of any arguments
export type AnyFunction = (...args: any[]) => any;

/** The number of an argument, or of several. */
export type Argnums = number | readonly number[];

/** What takes the place of the arguments: one thing, or an array of them. */
export type OfArguments<A extends readonly unknown[], N extends Argnums> = N extends readonly number[]
  ? { -readonly [I in keyof N]: A[N[I] & keyof A] }
  : A[N & keyof A];

/** The chosen arguments, and how to call the function with others in their place. */
export interface Chosen {
  readonly inputs: readonly unknown[];
  readonly call: (...inputs: unknown[]) => unknown;
}

export function checkFunction(op: string, f: unknown): asserts f is AnyFunction {
  if (typeof f !== "function") throw new ValueError(`${op}: expected a function, got ${describe(f)}`);
}

export function chosen(op: string, f: AnyFunction, args: readonly unknown[], argnums: Argnums): Chosen {
  const numbers = (typeof argnums === "number" ? [argnums] : argnums).map((n) => {
    const at = n < 0 ? n + args.length : n;
    if (!Number.isInteger(at) || at < 0 || at >= args.length)
      throw new ValueError(
        `${op}: expected argnums within the ${args.length} arguments of the call, got ${describe(n)}`,
      );
    return at;
  });
  return {
    inputs: numbers.map((n) => args[n]),
    call: (...inputs) => {
      const all = [...args];
      for (const [i, n] of numbers.entries()) all[n] = inputs[i];
      return f(...all) as unknown;
    },
  };
}

/** What a function gives, in two where it gives something beside what is differentiated. */
export function splitAux(op: string, result: unknown, hasAux: boolean): [output: unknown, aux: unknown] {
  if (!hasAux) return [result, undefined];
  if (!Array.isArray(result) || result.length !== 2)
    throw new ValueError(`${op}: expected [output, aux] from the function with hasAux, got ${describe(result)}`);
  return result as [unknown, unknown];
}

/** @throws ValueError if `x` is no tensor of one element */
export function checkScalarOutput(op: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor) || x.ndim !== 0)
    throw new ValueError(
      `${op}: expected the function to give a tensor without dimensions, got ${x instanceof Tensor ? `shape [${x.shape.join(", ")}]` : describe(x)}`,
    );
}
