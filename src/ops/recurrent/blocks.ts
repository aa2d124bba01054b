/** @file Matrices side by side in one, as the steps of a recurrent layer read and write them. */
import type { Operand } from "../../backends/backend.ts";
import type { ProgramAction, StepRows } from "../../backends/recurrence-kernels.ts";
import { Layout } from "../../core/layout.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import type { Pass } from "./cell.ts";

/** A contiguous matrix, or some columns of it, of which each step takes rows of its own. */
export function ofStep(t: Tensor, from = 0, columns: number = t.shape[1] as number): StepRows {
  const [rows, width] = t.shape as [number, number];
  const of: Operand = {
    storage: t.storage,
    layout: new Layout([rows, columns], [width, 1], t.layout.offset + from),
    dtype: t.dtype,
  };
  return { of, moves: true };
}

/** A contiguous matrix that all steps share: a row for each sequence. */
export const ofAll = (t: Tensor): StepRows => ({ ...ofStep(t), moves: false });

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

  /** A block, of which each step takes rows of its own. */
  ofStep(name: string): StepRows {
    const { from, columns } = this.places.get(name) as { from: number; columns: number };
    return ofStep(this.tensor, from, columns);
  }

  /** A block of as many rows as there are sequences. */
  ofAll(name: string): StepRows {
    return { ...this.ofStep(name), moves: false };
  }

  /** A block, as a matrix. */
  matrix(name: string): Tensor {
    const { from, columns } = this.places.get(name) as { from: number; columns: number };
    return this.tensor.narrow(1, from, columns);
  }
}

/** A pass over a step's elements; `read` and `written` find operands by name. */
export function passAction(
  { program, reads, writes }: Pass,
  written: (name: string) => StepRows,
  read: (name: string) => StepRows,
): ProgramAction {
  return { program, outs: writes.map(written), ins: reads.map(read) };
}
