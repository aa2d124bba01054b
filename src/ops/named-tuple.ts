/** @file Several results of one call: a tuple that also has PyTorch's names. */
import type { Tensor } from "../core/tensor.ts";
import { snakeCase } from "../format/python-names.ts";

/**
 * `const [values, indices] = x.max(1)` and `const { values, indices } = x.max(1)` alike. The order of the fields cannot be seen in
 * a type: of more than two, the tuple is given as `P`.
 */
export type NamedTuple<
  T extends Readonly<Record<string, Tensor>>,
  P extends readonly Tensor[] = readonly [Tensor, Tensor],
> = P & Readonly<T>;

/** What `sort`, `max` along a dimension and their like give. */
export type ValuesAndIndices = NamedTuple<{ values: Tensor; indices: Tensor }>;

/**
 * Makes fields a tuple in their order, with their names; it prints as PyTorch's `torch.return_types`.
 * @param op - PyTorch's name of what gave it
 * @example
 * const [values, indices] = namedTuple({ values: torch.tensor([2, 4]), indices: torch.tensor([1, 0]) }, "sort");
 * indices // tensor([1, 0])
 */
export function namedTuple<T extends Readonly<Record<string, Tensor>>>(fields: T, op?: string): NamedTuple<T>;
export function namedTuple<T extends Readonly<Record<string, Tensor>>, P extends readonly Tensor[]>(
  fields: T,
  op?: string,
): NamedTuple<T, P>;
export function namedTuple(fields: Readonly<Record<string, Tensor>>, op = "namedTuple"): readonly Tensor[] {
  const tuple: Tensor[] = Object.values(fields);
  for (const name of Object.keys(fields)) Object.defineProperty(tuple, name, { value: fields[name] });
  const print = () =>
    `torch.return_types.${op}(\n${Object.entries(fields)
      .map(([name, t]) => `${snakeCase(name)}=${t}`)
      .join(",\n")})`;
  Object.defineProperty(tuple, "toString", { value: print });
  Object.defineProperty(tuple, Symbol.for("nodejs.util.inspect.custom"), { value: print });
  return Object.freeze(tuple);
}

/** `namedTuple` for three fields. */
export function namedTriple<T extends Readonly<Record<string, Tensor>>>(
  fields: T,
  op: string,
): NamedTuple<T, readonly [Tensor, Tensor, Tensor]> {
  return namedTuple<T, readonly [Tensor, Tensor, Tensor]>(fields, op);
}
