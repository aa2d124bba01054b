/** @file Matrices side by side in one, as the steps of a recurrent layer read and write them. */
import type { Backend, Operand } from "../../backends/backend.ts";
import { Layout } from "../../core/layout.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import type { Pass } from "./cell.ts";

/** A part of a contiguous matrix: `rows` of its rows, and of these `columns` elements. */
export function part(
  t: Tensor,
  first: number,
  rows: number,
  from = 0,
  columns: number = t.shape[1] as number,
): Operand {
  const width = t.shape[1] as number;
  const layout = new Layout([rows, columns], [width, 1], t.layout.offset + first * width + from);
  return { storage: t.storage, layout, dtype: t.dtype };
}

/** Name and number of columns of each block. */
export type BlockSizes = readonly (readonly [name: string, columns: number])[];

export class Blocks {
  readonly tensor: Tensor;
  private readonly places = new Map<string, { readonly from: number; readonly columns: number }>();

  /** @param memory - a tensor to read as such blocks, or the rows of a new one and its likes */
  constructor(sizes: BlockSizes, memory: Tensor | { readonly rows: number; readonly like: Tensor }) {
    let width = 0;
    for (const [name, columns] of sizes) {
      this.places.set(name, { from: width, columns });
      width += columns;
    }
    this.tensor = "rows" in memory ? allocate([memory.rows, width], memory.like.dtype, memory.like.device) : memory;
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  /** Some rows of a block. */
  at(name: string, first: number, rows: number): Operand {
    const { from, columns } = this.places.get(name) as { from: number; columns: number };
    return part(this.tensor, first, rows, from, columns);
  }

  /** A block, as a matrix. */
  matrix(name: string): Tensor {
    const { from, columns } = this.places.get(name) as { from: number; columns: number };
    return this.tensor.narrow(1, from, columns);
  }
}

/** Runs a pass over its elements; `read` and `written` find operands by name. */
export function runPass(
  backend: Backend,
  pass: Pass,
  written: (name: string) => Operand,
  read: (name: string) => Operand,
): void {
  const outs = pass.writes.map(written);
  backend.pointwise(pass.program, outs, pass.reads.map(read), (outs[0] as Operand).layout.shape, []);
}
