/** @file The actions of a recurrent layer, over all of its steps. */
import type { ProductAction, ProgramAction, Step, StepRows } from "../../recurrence-kernels.ts";
import { check, operandAddress, programAddress, putAll } from "../call.ts";
import { ARG_SLOTS, args, kernel } from "../engine.ts";

const recurrenceKernel = kernel("recurrence");

const START = { nothing: 0, out: 1, row: 2 } as const;

function putRows(at: number, { of, moves }: StepRows): number {
  const { strides } = of.layout;
  return putAll(at, [operandAddress(of), of.dtype.code, strides[0] as number, moves ? 1 : 0]);
}

function putProgram(at: number, { program, outs, ins }: ProgramAction): number {
  const columns = (outs[0] as StepRows).of.layout.shape[1] as number;
  let next = putAll(at, [0, programAddress(program), outs.length, ins.length, columns]);
  for (const rows of outs) next = putRows(next, rows);
  for (const rows of ins) next = putRows(next, rows);
  return next;
}

function putProduct(at: number, { out, a, b, start }: ProductAction): number {
  const [k, n] = b.layout.shape as [number, number];
  let next = putRows(putAll(at, [1, out.of.dtype.code, n, k]), a);
  next = putRows(putAll(next, [operandAddress(b), ...b.layout.strides]), out);
  if (start === null || start === "out") return putAll(next, [start === null ? START.nothing : START.out, 0]);
  return putAll(next, [START.row, operandAddress(start)]);
}

export function recurrence(
  sequences: number,
  steps: readonly Step[],
  actions: readonly (ProgramAction | ProductAction)[],
): void {
  let done = 0;
  do {
    let at = 3;
    for (const action of actions) at = "program" in action ? putProgram(at, action) : putProduct(at, action);
    // What does not fit goes on where this ends: the states are all that a step knows of those before.
    const count = Math.min(steps.length - done, (ARG_SLOTS - at) >> 1);
    putAll(0, [sequences, count, actions.length]);
    for (const { first, rows } of steps.slice(done, done + count)) {
      args[at++] = first;
      args[at++] = rows;
    }
    check("recurrence", recurrenceKernel());
    done += count;
  } while (done < steps.length);
}
