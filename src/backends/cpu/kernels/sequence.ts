/** @file Evenly spaced numbers. */
import type { Operand } from "../../backend.ts";
import type { Spacing } from "../../kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { kernel } from "../engine.ts";

const sequenceKernel = kernel("sequence");

export function sequence(op: string, out: Operand, { first, step, last, half }: Spacing): void {
  putAll(0, [operandAddress(out), out.dtype.code, out.layout.numel, first, step, last, half]);
  check(op, sequenceKernel());
}
