/** @file Functions of single examples made into functions of batches: `torch.func.vmap`. */
import { describe, ShapeError, ValueError } from "../core/errors.ts";
import { wrapDim } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "../ops/bind.ts";
import { stack } from "../ops/joining.ts";
import { getRngState, setRngState } from "../ops/random/generator.ts";
import { checkFunction } from "./arguments.ts";
import { mapTensors, tensorsOf, withLeaves } from "./tree.ts";

/** A dimension for every tensor, `null` for none, or an array or record with one for each place. */
export type Dims = number | null | readonly Dims[] | { readonly [key: string]: Dims };

/** Those that may stand by themselves: a record would be taken for the options. */
type OwnDims = number | null | readonly Dims[];

export interface VmapOptions {
  /** The dimension of the batch in each argument; `null` where an argument is the same for all examples. */
  inDims?: Dims;
  /** Where the dimension of the batch goes in each result. */
  outDims?: Dims;
  /** Whether random numbers are refused, drawn once for all examples, or anew for each. */
  randomness?: "error" | "same" | "different";
  /** PyTorch's choice of how many examples are computed at once; here it changes nothing. */
  chunkSize?: number | null;
}

/** The dimension for each tensor of a tree. */
function dimsFor(op: string, what: string, tree: unknown, dims: Dims): (number | null)[] {
  if (tree instanceof Tensor) {
    if (dims !== null && !Number.isInteger(dims))
      throw new ValueError(`${op}: expected a dimension or null in ${what}, got ${describe(dims)}`);
    return [dims as number | null];
  }
  if (typeof tree !== "object" || tree === null) return [];
  const deeper = typeof dims === "object" && dims !== null;
  return Object.keys(tree).flatMap((key) => {
    const own: unknown = deeper ? Reflect.get(dims, key) : dims;
    if (own === undefined)
      throw new ValueError(`${op}: expected ${what} of the form of what it is for, got none at ${key}`);
    return dimsFor(op, what, Reflect.get(tree, key), own as Dims);
  });
}

function batchSize(op: string, tensors: readonly Tensor[], dims: readonly (number | null)[]): number {
  const sizes = new Set<number>();
  for (const [i, t] of tensors.entries()) {
    const dim = dims[i] ?? null;
    if (dim === null) continue;
    if (t.ndim === 0)
      throw new ShapeError(`${op}: expected tensors with a dimension of examples, got one without dimensions`);
    sizes.add(t.shape[wrapDim(op, dim, t.ndim)] as number);
  }
  const [size, ...others] = sizes;
  if (size === undefined)
    throw new ValueError(`${op}: expected a dimension of examples in at least one argument, got none`);
  if (others.length > 0) throw new ShapeError(`${op}: expected one number of examples, got ${[...sizes].join(", ")}`);
  if (size === 0) throw new ShapeError(`${op}: expected at least one example, got none`);
  return size;
}

/**
 * Makes a function of one example into a function of a batch. It runs once for each example, and its results are stacked: this says
 * what is meant in the fewest words; it is not faster than the loop that it is. PyTorch: `torch.func.vmap`, `torch.vmap`.
 *
 * @param func - a function of tensors, or of arrays and records of them
 * @param args - `inDims` (0), `outDims` (0), `randomness` ("error"), `chunkSize`, which changes nothing
 * @returns a function of tensors with one dimension more
 * @throws ValueError for random numbers, unless `randomness` allows them
 * @example
 * const dot = torch.func.vmap((a: Tensor, b: Tensor) => a.dot(b), { inDims: [0, null] });
 * dot(torch.eye(3), torch.tensor([1.5, 2.5, 3.5])) // tensor([1.5000, 2.5000, 3.5000])
 */
export function vmap<A extends unknown[], R>(
  func: (...args: A) => R,
  ...args: Call<[inDims: OwnDims, outDims: OwnDims, randomness: "error" | "same" | "different"], VmapOptions>
): (...args: A) => R {
  const op = "vmap";
  checkFunction(op, func);
  const names = ["inDims", "outDims", "randomness", "chunkSize"] as const;
  const { inDims = 0, outDims = 0, randomness = "error" } = bind<VmapOptions>(op, names, args);
  if (!["error", "same", "different"].includes(randomness))
    throw new ValueError(`${op}: expected "error", "same" or "different" as randomness, got ${describe(randomness)}`);
  return (...given: A): R => {
    const tensors = tensorsOf(given);
    const dims = dimsFor(op, "inDims", given, inDims);
    const size = batchSize(op, tensors, dims);
    const state = randomness === "different" ? null : getRngState();
    const results: unknown[] = [];
    for (let i = 0; i < size; i++) {
      if (randomness === "same" && state !== null) setRngState(state);
      let next = 0;
      const example = mapTensors(given, (t) => {
        const dim = dims[next++] ?? null;
        return dim === null ? t : t.select(dim, i);
      }) as A;
      results.push(func(...example));
      if (randomness === "error" && i === 0 && state !== null && !getRngState().equal(state))
        throw new ValueError(
          `${op}: expected a function that draws no random numbers, got one that does; pass { randomness: "different" } or "same"`,
        );
    }
    return stacked(op, results, outDims) as R;
  };
}

function stacked(op: string, results: readonly unknown[], outDims: Dims): unknown {
  const first = results[0];
  const rows = results.map(tensorsOf);
  const dims = dimsFor(op, "outDims", first, outDims);
  if ((rows[0] as Tensor[]).length === 0)
    throw new ValueError(`${op}: expected the function to give tensors, got ${describe(first)}`);
  const leaves = (rows[0] as Tensor[]).map((t, k) => {
    const dim = dims[k] ?? null;
    return dim === null
      ? t
      : stack(
          rows.map((row) => row[k] as Tensor),
          dim,
        );
  });
  return withLeaves(first, leaves);
}
