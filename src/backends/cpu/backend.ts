/** @file The `cpu` device: programs, reductions and kernels handed to the native engine. */
import { DTypeError, ValueError } from "../../core/errors.ts";
import type { Layout } from "../../core/layout.ts";
import type { Scalar } from "../../core/scalar.ts";
import { numelOf, type Shape } from "../../core/shape.ts";
import type { Program } from "../../expr/program.ts";
import { type Backend, type Operand, registerBackend } from "../backend.ts";
import type { Epilogue } from "../kernels.ts";
import { check, operandAddress, programAddress, putAll, putFlat, putOperand } from "./call.ts";
import { ARG_SLOTS, argBits, args, kernel } from "./engine.ts";
import { argReduce } from "./kernels/arg-reduce.ts";
import * as attentionKernels from "./kernels/attention.ts";
import * as convKernels from "./kernels/conv.ts";
import * as fftKernels from "./kernels/fft.ts";
import * as indexKernels from "./kernels/index.ts";
import * as joinKernels from "./kernels/join.ts";
import { linalgKernels } from "./kernels/linalg.ts";
import * as lossKernels from "./kernels/loss.ts";
import * as normKernels from "./kernels/norm.ts";
import * as poolKernels from "./kernels/pool.ts";
import * as randomKernels from "./kernels/random.ts";
import * as recurrenceKernels from "./kernels/recurrence.ts";
import * as resampleKernels from "./kernels/resample.ts";
import * as scanKernels from "./kernels/scan.ts";
import * as sequenceKernels from "./kernels/sequence.ts";
import * as softmaxKernels from "./kernels/softmax.ts";
import * as sortKernels from "./kernels/sort.ts";
import { allocate, bytes, isShared, recycle, share } from "./memory.ts";
import { RandomState } from "./random-state.ts";

const pointwiseKernel = kernel("pointwise");
const updateEachKernel = kernel("update_each");
const reduceKernel = kernel("reduce");
const matmulKernel = kernel("matmul");

/** Whether all operands lie row-major in the same shape, so that one loop serves. */
function allFlat(outs: readonly Operand[], ins: readonly Operand[], numel: number): boolean {
  for (let i = 0; i < outs.length; i++) if (!(outs[i] as Operand).layout.isContiguous) return false;
  for (let i = 0; i < ins.length; i++) {
    const { layout } = ins[i] as Operand;
    if (!layout.isContiguous || layout.numel !== numel) return false;
  }
  return true;
}

function putScalar(at: number, value: Scalar, type: Program["type"]): number {
  if (type === "i64") {
    const bits = BigInt.asUintN(64, typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value))));
    argBits[2 * at] = Number(bits & 0xffffffffn);
    argBits[2 * at + 1] = Number(bits >> 32n);
  } else args[at] = Number(value);
  return at + 1;
}

function pointwise(
  program: Program,
  outs: readonly Operand[],
  ins: readonly Operand[],
  shape: Shape,
  scalars: readonly Scalar[],
): void {
  const numel = numelOf(shape);
  if (numel === 0) return;
  args[0] = programAddress(program);
  args[1] = outs.length;
  args[2] = ins.length;
  args[4] = scalars.length;
  let at: number;
  if (allFlat(outs, ins, numel)) {
    args[3] = 1;
    args[5] = numel;
    at = 6;
    for (let i = 0; i < outs.length; i++) at = putFlat(at, outs[i] as Operand);
    for (let i = 0; i < ins.length; i++) at = putFlat(at, ins[i] as Operand);
  } else {
    args[3] = shape.length;
    at = putAll(5, shape);
    for (let i = 0; i < outs.length; i++) at = putOperand(at, outs[i] as Operand, shape);
    for (let i = 0; i < ins.length; i++) at = putOperand(at, ins[i] as Operand, shape);
  }
  for (let i = 0; i < scalars.length; i++) at = putScalar(at, scalars[i] as Scalar, program.type);
  const status = pointwiseKernel();
  if (status === 5) throw new ValueError("ZeroDivisionError: expected integer divisors other than 0, got 0");
  if (status !== 0) check("pointwise", status);
}

/** Into how many parts the operands of an update are divided at most, and elements of one at least. */
const MOST_PARTS = 8;
const LEAST_PART = 1 << 12;

/** Where a part begins: at a cache line. */
const startOf = (part: number, parts: number, numel: number): number =>
  part === parts ? numel : Math.floor((numel * part) / parts / 16) * 16;

/**
 * Sets whose operands lie flat go to the engine as many at once as fit its argument slots; the others are run one by one.
 *
 * The engine shares out all elements among its threads in the order given. First come the first parts of all large sets, then the
 * second ones …: so a thread has the same part of each, as it had in the products that read the parameter and made the gradient,
 * and need not fetch them from another core.
 */
function updateEach(
  program: Program,
  written: readonly number[],
  operands: readonly Operand[],
  scalars: readonly number[],
): void {
  const { nIn, nOut, nScalars } = program;
  const row = 1 + nIn + nScalars;
  const first = 6 + nOut;
  const sets = operands.length / nIn;
  let rows = 0;
  let at = first;
  const flush = () => {
    if (rows === 0) return;
    args[0] = programAddress(program);
    args[1] = rows;
    args[2] = nOut;
    args[3] = nIn;
    args[4] = nScalars;
    args[5] = (operands[0] as Operand).dtype.code;
    for (let k = 0; k < nOut; k++) args[6 + k] = written[k] as number;
    rows = 0;
    at = first;
    check("updateEach", updateEachKernel());
  };
  const add = (set: number, from: number, to: number) => {
    if (at + row > ARG_SLOTS) flush();
    args[at++] = to - from;
    for (let k = set * nIn; k < (set + 1) * nIn; k++) {
      const x = operands[k] as Operand;
      args[at++] = operandAddress(x) + from * x.dtype.itemsize;
    }
    for (let s = set * nScalars; s < (set + 1) * nScalars; s++) args[at++] = scalars[s] as number;
    rows++;
  };
  const runAlone = (set: number, shape: Shape) => {
    const ins = operands.slice(set * nIn, (set + 1) * nIn);
    const outs = written.map((k) => ins[k] as Operand);
    flush();
    pointwise(program, outs, ins, shape, scalars.slice(set * nScalars, (set + 1) * nScalars));
  };
  const parts = Math.max(1, Math.min(MOST_PARTS, Math.floor((ARG_SLOTS - first) / row / sets)));
  for (let part = 0; part < parts; part++)
    for (let set = 0; set < sets; set++) {
      const { numel, shape } = (operands[set * nIn] as Operand).layout;
      let flat = true;
      for (let k = set * nIn; k < (set + 1) * nIn; k++) flat &&= (operands[k] as Operand).layout.isContiguous;
      const isDivided = flat && numel >= LEAST_PART * parts;
      if (isDivided) add(set, startOf(part, parts, numel), startOf(part + 1, parts, numel));
      else if (numel === 0 || set % parts !== part) continue;
      else if (flat) add(set, 0, numel);
      else runAlone(set, shape);
    }
  flush();
}

function reduce(
  reduction: number,
  accType: number,
  outs: readonly Operand[],
  input: Operand,
  scalars: readonly number[],
): void {
  const { shape } = input.layout;
  args[0] = reduction;
  args[1] = accType;
  args[2] = shape.length;
  args[3] = outs.length;
  args[4] = scalars.length;
  let at = putAll(5, shape);
  at = putOperand(at, input, shape);
  for (const out of outs) {
    // A reduced dimension has size 1 in the output: broadcasting gives it stride 0.
    args[at++] = operandAddress(out);
    args[at++] = out.dtype.code;
    for (let i = 0; i < shape.length; i++)
      args[at++] = out.layout.shape[i] === shape[i] ? (out.layout.strides[i] as number) : 0;
  }
  putAll(at, scalars);
  check("reduce", reduceKernel());
}

/** Strides of the two matrix dimensions, then of the batch dimensions (0 where they broadcast). */
function putMatrix(at: number, x: Operand, batch: Shape): number {
  const { shape, strides } = x.layout;
  const n = shape.length;
  args[at++] = operandAddress(x);
  args[at++] = strides[n - 2] as number;
  args[at++] = strides[n - 1] as number;
  for (let i = 0; i < batch.length; i++) {
    const j = i + n - 2 - batch.length;
    args[at++] = j < 0 || shape[j] !== batch[i] ? 0 : (strides[j] as number);
  }
  return at;
}

const NO_BATCH: Shape = [];

/** The stride of what is added in dimension `i` of the result: it broadcasts in its matrix dimensions as well. */
function strideAt({ shape, strides }: Layout, result: Shape, i: number): number {
  const j = i + shape.length - result.length;
  return j < 0 || shape[j] !== result[i] || shape[j] === 1 ? 0 : (strides[j] as number);
}

function matmul(out: Operand, a: Operand, b: Operand, alpha: number, epilogue: Epilogue | null): void {
  const { shape } = out.layout;
  const batch = shape.length === 2 ? NO_BATCH : shape.slice(0, -2);
  args[0] = out.dtype.code;
  args[1] = shape[shape.length - 2] as number;
  args[2] = shape[shape.length - 1] as number;
  args[3] = a.layout.shape[a.layout.shape.length - 1] as number;
  args[4] = batch.length;
  let at = putAll(5, batch);
  at = putMatrix(at, a, batch);
  at = putMatrix(at, b, batch);
  at = putMatrix(at, out, batch);
  args[at++] = epilogue === null ? 0 : epilogue.relu ? 3 : 1;
  args[at++] = alpha;
  args[at++] = epilogue === null ? 0 : epilogue.beta;
  if (epilogue !== null) {
    args[at++] = operandAddress(epilogue.d);
    const n = shape.length;
    args[at++] = strideAt(epilogue.d.layout, shape, n - 2);
    args[at++] = strideAt(epilogue.d.layout, shape, n - 1);
    for (let i = 0; i < batch.length; i++) args[at++] = strideAt(epilogue.d.layout, shape, i);
  }
  const status = matmulKernel();
  if (status === 2) throw new DTypeError(`matmul: not available for ${out.dtype}`);
  check("matmul", status);
}

export const cpuBackend: Backend = {
  type: "cpu",
  allocate,
  pointwise,
  updateEach,
  reduce,
  bytes,
  recycle,
  share,
  isShared,
  kernels: {
    random: { ...randomKernels, newState: () => new RandomState() },
    linalg: linalgKernels,
    matmul,
    ...attentionKernels,
    ...softmaxKernels,
    ...lossKernels,
    ...normKernels,
    ...indexKernels,
    ...sequenceKernels,
    ...joinKernels,
    ...sortKernels,
    ...scanKernels,
    ...convKernels,
    ...poolKernels,
    ...recurrenceKernels,
    ...resampleKernels,
    ...fftKernels,
    argReduce,
  },
};
registerBackend(cpuBackend);
