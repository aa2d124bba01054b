/** @file Grids and products of vectors: meshgrid, cartesianProd, combinations. */
import { int64 } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call, isOptions } from "./bind.ts";
import { allocate } from "./creation.ts";
import { fromNumpy } from "./from-data.ts";
import { stack } from "./joining.ts";
import { checkInt, checkTensor, checkTensors } from "./params.ts";

/** Tensors as arguments or as one array, then perhaps options. */
function listAndOptions(
  op: string,
  args: readonly unknown[],
): { list: readonly Tensor[]; options: readonly unknown[] } {
  const last = args[args.length - 1];
  const [given, options] = isOptions(last) ? [args.slice(0, -1), [last]] : [args, []];
  const list = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
  checkTensors(op, list);
  return { list, options };
}

interface MeshgridOptions {
  indexing?: "ij" | "xy";
}
type MeshgridArgs =
  | readonly Tensor[]
  | readonly [...tensors: readonly Tensor[], options: MeshgridOptions]
  | readonly [tensors: readonly Tensor[], options?: MeshgridOptions];

/**
 * Grids of coordinates: of vectors of sizes n and m, two matrices `[n, m]`. Views. PyTorch: `torch.meshgrid`.
 * @param args - vectors, then `{ indexing: "ij" }`, or `"xy"`, which exchanges the first two dimensions
 * @example
 * torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]))[0] // tensor([[1, 1],
 *                                                               //         [2, 2]])
 */
export function meshgrid(...args: MeshgridArgs): Tensor[] {
  const { list, options } = listAndOptions("meshgrid", args);
  const { indexing = "ij" } = bind<MeshgridOptions>("meshgrid", ["indexing"], options);
  const [first] = list;
  if (first === undefined) throw new ValueError("meshgrid: expected at least one tensor, got none");
  if (indexing !== "ij" && indexing !== "xy")
    throw new ValueError(`meshgrid: expected "ij" or "xy" as indexing, got ${describe(indexing)}`);
  for (const t of list) {
    if (t.ndim > 1) throw new ShapeError(`meshgrid: expected vectors, got shape ${shapeText(t.shape)}`);
    if (t.dtype !== first.dtype)
      throw new DTypeError(`meshgrid: expected tensors in one dtype, got ${first.dtype} and ${t.dtype}`);
  }
  const swapped = indexing === "xy" && list.length >= 2;
  const order = swapped ? [list[1] as Tensor, first, ...list.slice(2)] : list;
  const shape = order.map((t) => t.numel());
  const grids = order.map((t, i) => t.view(shape.map((n, j) => (i === j ? n : 1))).expand(shape));
  return swapped ? [grids[1] as Tensor, grids[0] as Tensor, ...grids.slice(2)] : grids;
}

/**
 * All tuples with one element of each vector, as rows. PyTorch: `torch.cartesian_prod`.
 * @example
 * torch.cartesianProd(torch.tensor([1, 2]), torch.tensor([5])) // tensor([[1, 5],
 *                                                              //         [2, 5]])
 */
export function cartesianProd(...tensors: readonly Tensor[]): Tensor {
  const { list } = listAndOptions("cartesianProd", tensors);
  for (const t of list)
    if (t.ndim !== 1) throw new ShapeError(`cartesianProd: expected vectors, got shape ${shapeText(t.shape)}`);
  const [first] = list;
  if (first === undefined) throw new ValueError("cartesianProd: expected at least one tensor, got none");
  if (list.length === 1) return first;
  return stack(
    meshgrid(list).map((t) => t.flatten()),
    1,
  );
}

interface CombinationsOptions {
  r?: number;
  withReplacement?: boolean;
}

/** All choices of `r` elements of a vector, in order, as rows. PyTorch: `torch.combinations`. */
export function combinations(
  input: Tensor,
  ...args: Call<[r: number, withReplacement: boolean], CombinationsOptions>
): Tensor {
  checkTensor("combinations", input);
  const { r = 2, withReplacement = false } = bind<CombinationsOptions>("combinations", ["r", "withReplacement"], args);
  checkInt("combinations", "r", r);
  if (input.ndim !== 1) throw new ShapeError(`combinations: expected a vector, got shape ${shapeText(input.shape)}`);
  if (r < 0) throw new ValueError(`combinations: expected r of at least 0, got ${r}`);
  if (r === 0) return input.newEmpty([0]);
  const n = input.numel();
  const rows: number[] = [];
  const choose = (chosen: readonly number[], from: number): void => {
    if (chosen.length === r) {
      rows.push(...chosen);
      return;
    }
    for (let i = from; i < n; i++) choose([...chosen, i], withReplacement ? i : i + 1);
  };
  choose([], 0);
  const index = rows.length === 0 ? allocate([0], int64) : fromNumpy(BigInt64Array.from(rows, BigInt));
  return input.indexSelect(0, index).view(rows.length / r, r);
}
