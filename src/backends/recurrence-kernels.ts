/** @file The kernel of recurrent layers. */
import type { Program } from "../expr/program.ts";
import type { Operand } from "./backend.ts";

/** Rows that one time step takes: sequences that have ended take no part. */
export interface Step {
  readonly first: number;
  readonly rows: number;
}

/** A matrix of which each step takes some rows; the elements of a row lie side by side. */
export interface StepRows {
  readonly of: Operand;
  /** Whether a step's rows begin at its `first`; else at row 0, as those of states do. */
  readonly moves: boolean;
}

/** Runs a program over the elements of a step's rows. */
export interface ProgramAction {
  readonly program: Program;
  readonly outs: readonly StepRows[];
  readonly ins: readonly StepRows[];
}

/** `out = a @ b`, added to what `start` gives: `out` itself, or a row for all. */
export interface ProductAction {
  readonly out: StepRows;
  readonly a: StepRows;
  readonly b: Operand;
  readonly start: "out" | Operand | null;
}

export interface RecurrenceKernels {
  /**
   * Runs the actions in order, for step after step. A row stands for a sequence, which depends on no other: what is computed of one must
   * neither read nor write rows of another. No step has more rows than `sequences`. All operands are of one dtype.
   */
  recurrence(sequences: number, steps: readonly Step[], actions: readonly (ProgramAction | ProductAction)[]): void;
}
