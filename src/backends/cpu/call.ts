/** @file Writes the arguments of kernels into the slots that the addon reads. */
import { TorchError } from "../../core/errors.ts";
import { broadcastStrides } from "../../core/layout.ts";
import type { Shape } from "../../core/shape.ts";
import type { Program } from "../../expr/program.ts";
import type { Operand } from "../backend.ts";
import { args, engine } from "./engine.ts";
import { address } from "./memory.ts";

/** The address of an operand's first element. */
export function operandAddress(x: Operand): number {
  return address(x.storage) + x.layout.offset * x.dtype.itemsize;
}

const programAddresses = new WeakMap<Program, number>();

/** Programs never change, so their address is asked for once. */
export function programAddress(program: Program): number {
  let found = programAddresses.get(program);
  if (found === undefined) {
    found = engine.place(program.code);
    programAddresses.set(program, found);
  }
  return found;
}

/** Writes numbers from slot `at` on; gives the next free slot. */
export function putAll(at: number, numbers: readonly number[]): number {
  for (let i = 0; i < numbers.length; i++) args[at++] = numbers[i] as number;
  return at;
}

/** Writes an operand, broadcast to `shape`: address, dtype, strides. */
export function putOperand(at: number, x: Operand, shape: Shape): number {
  args[at++] = operandAddress(x);
  args[at++] = x.dtype.code;
  return putAll(at, broadcastStrides(x.layout, shape));
}

/** Writes a contiguous operand as one dimension. */
export function putFlat(at: number, x: Operand): number {
  args[at] = operandAddress(x);
  args[at + 1] = x.dtype.code;
  args[at + 2] = 1;
  return at + 3;
}

/** Turns the status of a kernel that cannot fail but for memory into an error. */
export function check(op: string, status: number): void {
  if (status === 0) return;
  if (status === 1) throw new TorchError(`${op}: out of memory`);
  if (status === 2) throw new TorchError(`${op}: not available for this dtype`);
  throw new TorchError(`${op}: the native engine refused the call (status ${status})`);
}
