/** @file Copies of several tensors, side by side in one. */
import { numelOf, type Shape } from "../../../core/shape.ts";
import type { Operand } from "../../backend.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { ARG_SLOTS, args, kernel } from "../engine.ts";

const catKernel = kernel("cat");

/** How the inputs lie in the dimensions of the result. */
interface Inputs {
  /** Size of an input along the joined dimension. */
  readonly size: (x: Operand) => number;
  readonly putStrides: (at: number, x: Operand) => number;
}

/** Calls the kernel for as many inputs at a time as there are argument slots. */
function join(
  op: string,
  out: Operand,
  shape: Shape,
  strides: readonly number[],
  dim: number,
  inputs: readonly Operand[],
  { size, putStrides }: Inputs,
): void {
  const head = 5 + 2 * shape.length;
  const room = Math.floor((ARG_SLOTS - head) / (shape.length + 3));
  const step = (strides[dim] as number) * out.dtype.itemsize;
  let offset = 0;
  for (let first = 0; first < inputs.length; first += room) {
    const count = Math.min(room, inputs.length - first);
    args[0] = count;
    args[1] = shape.length;
    args[2] = dim;
    let at = putAll(3, shape);
    args[at++] = operandAddress(out) + offset;
    args[at++] = out.dtype.code;
    at = putAll(at, strides);
    for (let i = first; i < first + count; i++) {
      const x = inputs[i] as Operand;
      const along = size(x);
      args[at] = along;
      args[at + 1] = operandAddress(x);
      args[at + 2] = x.dtype.code;
      at = putStrides(at + 3, x);
      offset += along * step;
    }
    check(op, catKernel());
  }
}

/** Whether whole tensors move as blocks. */
function allContiguous(out: Operand, inputs: readonly Operand[]): boolean {
  if (!out.layout.isContiguous) return false;
  for (let i = 0; i < inputs.length; i++) if (!(inputs[i] as Operand).layout.isContiguous) return false;
  return true;
}

const wholeTensors: Inputs = {
  size: (x) => x.layout.numel,
  putStrides(at) {
    args[at] = 1;
    return at + 1;
  },
};

/** Contiguous inputs, of which nothing but blocks need be known: `rows` blocks each. */
function joinBlocks(op: string, out: Operand, inputs: readonly Operand[], rows: number): void {
  const length = out.layout.numel / Math.max(rows, 1);
  if (rows === 1) {
    join(op, out, [length], [1], 0, inputs, wholeTensors);
    return;
  }
  join(op, out, [rows, length], [length, 1], 1, inputs, {
    size: (x) => x.layout.numel / rows,
    putStrides(at, x) {
      args[at] = x.layout.numel / rows;
      args[at + 1] = 1;
      return at + 2;
    },
  });
}

/** Joins inputs along `dim`; sizes in the other dimensions are those of `out`. Dtypes are converted to that of `out`. */
export function cat(out: Operand, inputs: readonly Operand[], dim: number): void {
  const { shape, strides, numel } = out.layout;
  if (numel === 0) return;
  if (allContiguous(out, inputs)) {
    joinBlocks("cat", out, inputs, numelOf(shape.slice(0, dim)));
    return;
  }
  join("cat", out, shape, strides, dim, inputs, {
    size: (x) => x.layout.shape[dim] as number,
    putStrides: (at, x) => putAll(at, x.layout.strides),
  });
}

/** Joins inputs of one shape along a new dimension `dim` of `out`. */
export function stack(out: Operand, inputs: readonly Operand[], dim: number): void {
  const { shape, strides, numel } = out.layout;
  if (numel === 0) return;
  if (allContiguous(out, inputs)) {
    joinBlocks("stack", out, inputs, numelOf(shape.slice(0, dim)));
    return;
  }
  join("stack", out, shape, strides, dim, inputs, {
    size: () => 1,
    putStrides(at, x) {
      const own = x.layout.strides;
      for (let i = 0; i < shape.length; i++) args[at++] = i === dim ? 0 : (own[i < dim ? i : i - 1] as number);
      return at;
    },
  });
}
