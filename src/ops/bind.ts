/** @file Arguments as PyTorch's users give them: positional for as long as they like, the rest in one options object. */
import { DType } from "../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../core/errors.ts";
import { isComplexScalar } from "../core/scalar.ts";

/**
 * The ways to pass optional parameters `P` (a labelled tuple), known by name in `O`: a positional prefix, then an options object.
 * `Call<[dim: number, keepdim: boolean], { dim?: number; keepdim?: boolean }>`.
 */
export type Call<P extends readonly unknown[], O> =
  | [...P, options?: O]
  | (P extends readonly [...infer Init, unknown] ? Call<Init, O> : never);

/** Whether an argument is an options object: a plain one that is no complex number. */
export function isOptions(x: unknown): x is Record<string, unknown> {
  if (typeof x !== "object" || x === null) return false;
  const proto = Object.getPrototypeOf(x);
  return (proto === Object.prototype || proto === null) && !isComplexScalar(x);
}

const NONE: Record<string, unknown> = Object.freeze({});

/**
 * Sorts arguments into a record by name.
 * @param names - the parameters' names in PyTorch's order
 * @throws ValueError for an unknown option, one given twice, or too many arguments; DTypeError for a `dtype` that is none
 */
export function bind<O extends object>(
  op: string,
  names: readonly (keyof O & string)[],
  args: readonly unknown[],
): Partial<O> {
  const n = args.length;
  if (n === 0) return NONE as Partial<O>;
  const last = args[n - 1];
  const options = isOptions(last) ? last : null;
  const positional = options === null ? n : n - 1;
  if (positional === 0 && options !== null) {
    for (const key in options) if (!names.includes(key as keyof O & string)) throw unknown(op, key, names);
    return checked(op, options) as Partial<O>;
  }
  if (positional > names.length)
    throw new ValueError(
      `${op}: expected at most ${names.length} optional argument${names.length === 1 ? "" : "s"} (${names.join(", ")}), got ${positional}`,
    );
  const bound: Record<string, unknown> = {};
  for (let i = 0; i < positional; i++) bound[names[i] as string] = args[i];
  if (options !== null)
    for (const key of Object.keys(options)) {
      const i = names.indexOf(key as keyof O & string);
      if (i < 0) throw unknown(op, key, names);
      if (i < positional && options[key] !== undefined)
        throw new ValueError(`${op}: option ${key} was given twice, as argument and in the options`);
      if (i >= positional) bound[key] = options[key];
    }
  return checked(op, bound) as Partial<O>;
}

/** What is called `dtype` is one, everywhere: kernels would take anything else for a number. */
function checked(op: string, bound: Record<string, unknown>): Record<string, unknown> {
  const { dtype } = bound as { dtype?: unknown };
  if (dtype !== undefined && dtype !== null && !(dtype instanceof DType))
    throw new DTypeError(`${op}: expected a dtype such as torch.float32, got ${describe(dtype)}`);
  return bound;
}

function unknown(op: string, key: string, names: readonly string[]): ValueError {
  const known = names.length === 0 ? "it takes none" : `it knows ${names.join(", ")}`;
  return new ValueError(`${op}: unknown option ${describe(key)}; ${known}`);
}
