/** @file Which form of op a call comes to: seen from outside, by watching the forms at work. */
import { KernelOp } from "../../src/ops/kernel-form.ts";
import { PointwiseOp } from "../../src/ops/pointwise-form.ts";
import { ReductionOp } from "../../src/ops/reduction-form.ts";
import { ViewOp } from "../../src/ops/view-form.ts";

export type Form = "pointwise" | "reduction" | "view" | "kernel" | "composite";

/** The forms, and their methods by which calls begin. */
const BEGINNINGS: readonly (readonly [Form, object, readonly string[]])[] = [
  ["pointwise", PointwiseOp.prototype, ["call"]],
  ["reduction", ReductionOp.prototype, ["call"]],
  ["view", ViewOp.prototype, ["call", "callInPlace"]],
  ["kernel", KernelOp.prototype, ["results", "writeInto"]],
];

/** Runs `call`, and says which form it is: that of the one op it runs, or a composite of several (or of none). */
export function formOf(call: () => unknown): Form {
  const seen: Form[] = [];
  let depth = 0;
  const restore: (() => void)[] = [];
  for (const [form, prototype, methods] of BEGINNINGS)
    for (const name of methods) {
      const original = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
      const watched = function (this: unknown, ...args: unknown[]): unknown {
        if (depth === 0) seen.push(form);
        depth++;
        try {
          return original.apply(this, args);
        } finally {
          depth--;
        }
      };
      Object.defineProperty(prototype, name, { value: watched, writable: true, configurable: true });
      restore.push(() =>
        Object.defineProperty(prototype, name, { value: original, writable: true, configurable: true }),
      );
    }
  try {
    call();
  } finally {
    for (const undo of restore) undo();
  }
  return seen.length === 1 ? (seen[0] as Form) : "composite";
}
