/** @file Filling tensors with random numbers: PyTorch's sampling, number for number. */

import type { DTypeName } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/errors.ts";
import type { Operand } from "../../backend.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args, kernel } from "../engine.ts";
import type { RandomState } from "../random-state.ts";
import { putStrided } from "./strided.ts";

const randomKernel = kernel("random");
const normalFillKernel = kernel("normal_fill");
const randpermKernel = kernel("randperm");
const multinomialKernel = kernel("multinomial");
const countsKernel = kernel("random_counts");

// The numbers that native/kernels/random.cc gives its distributions.
const Distribution = {
  uniform: 0,
  normal: 1,
  exponential: 2,
  cauchy: 3,
  logNormal: 4,
  geometric: 5,
  bernoulli: 6,
  fromTo: 7,
  dtypeRange: 8,
  all64Bits: 9,
} as const;

type Parameters = readonly [a: number, b: number, c: number, d: number];

function fill(
  op: string,
  distribution: number,
  out: Operand,
  state: RandomState,
  parameters: Parameters,
  input: Operand | null = null,
): void {
  const { shape } = out.layout;
  args[0] = state.address;
  args[1] = distribution;
  putAll(2, parameters);
  args[6] = input === null ? 0 : 1;
  args[7] = shape.length;
  const at = putStrided(putAll(8, shape), out);
  if (input !== null) putStrided(at, input);
  check(op, randomKernel());
}

/** `out` ~ U[from, to). */
export function uniform(out: Operand, state: RandomState, from: number, to: number): void {
  fill("uniform_", Distribution.uniform, out, state, [from, to, 0, 0]);
}

export function normal(out: Operand, state: RandomState, mean: number, std: number): void {
  const { numel, isContiguous } = out.layout;
  if (numel >= 16 && isContiguous) {
    putAll(0, [state.address, operandAddress(out), out.dtype.code, numel, mean, std]);
    check("normal_", normalFillKernel());
  } else fill("normal_", Distribution.normal, out, state, [mean, std, 0, 0]);
}

export function exponential(out: Operand, state: RandomState, lambda: number): void {
  fill("exponential_", Distribution.exponential, out, state, [lambda, 0, 0, 0]);
}

export function cauchy(out: Operand, state: RandomState, median: number, sigma: number): void {
  fill("cauchy_", Distribution.cauchy, out, state, [median, sigma, 0, 0]);
}

export function logNormal(out: Operand, state: RandomState, mean: number, std: number): void {
  fill("logNormal_", Distribution.logNormal, out, state, [mean, std, 0, 0]);
}

export function geometric(out: Operand, state: RandomState, p: number): void {
  fill("geometric_", Distribution.geometric, out, state, [p, 0, 0, 0]);
}

/** `p` is one probability, or one an element (an operand of `out`'s shape: expand it first). */
export function bernoulli(out: Operand, state: RandomState, p: number | Operand): void {
  if (typeof p === "number") fill("bernoulli_", Distribution.bernoulli, out, state, [p, 0, 0, 0]);
  else fill("bernoulli_", Distribution.bernoulli, out, state, [0, 0, 0, 0], p);
}

/** Significant bits of the floating dtypes. */
const digits: Partial<Record<DTypeName, bigint>> = { float16: 11n, bfloat16: 8n, float32: 24n, float64: 53n };

/** The multiple of a power of two nearest to `value` that has at most `bits` significant bits; ties go to even. */
function roundToBits(value: bigint, bits: bigint): bigint {
  const size = value < 0n ? -value : value;
  const excess = BigInt(size.toString(2).length) - bits;
  if (excess <= 0n) return value;
  const unit = 1n << excess;
  const low = (size / unit) * unit;
  const rest = 2n * (size - low);
  const up = rest > unit || (rest === unit && ((low / unit) & 1n) === 1n);
  const rounded = up ? low + unit : low;
  return value < 0n ? -rounded : rounded;
}

/** A unit in the last place of `value` in a dtype with `bits` significant bits. */
function spacing(value: bigint, bits: bigint): bigint {
  const size = value < 0n ? -value : value;
  return 1n << (BigInt(size.toString(2).length) - bits);
}

/** Narrows a range so that no sample is rounded out of it, as PyTorch does for floating dtypes. */
function representableRange(from: bigint, to: bigint, bits: bigint): [from: bigint, to: bigint] {
  const first = roundToBits(from + 1n, bits);
  const last = roundToBits(to - 1n, bits);
  return [first < from ? first + spacing(from + 1n, bits) : from, last >= to ? last - spacing(to - 1n, bits) : to];
}

/**
 * Integers of [from, to).
 * @throws ValueError if the range is empty, or becomes so in the dtype
 */
export function randomFromTo(op: string, out: Operand, state: RandomState, from: bigint, to: bigint): void {
  if (from >= to) throw new ValueError(`${op}: expected from < to, got from = ${from} and to = ${to}`);
  const bits = digits[out.dtype.name];
  const [low, high] = bits === undefined ? [from, to] : representableRange(from, to, bits);
  if (low >= high) throw new ValueError(`${op}: expected from < to as ${out.dtype}, got from = ${from} and to = ${to}`);
  const base = BigInt.asUintN(64, low);
  const range = BigInt.asUintN(64, high - low);
  const words = [base >> 32n, base & 0xffffffffn, range >> 32n, range & 0xffffffffn].map(Number);
  fill(op, Distribution.fromTo, out, state, words as [number, number, number, number]);
}

/** Integers of the whole range that `Tensor.random_()` has for the dtype: up to its maximum, or to 2^mantissa. */
export function randomOfDtype(out: Operand, state: RandomState): void {
  fill("random_", Distribution.dtypeRange, out, state, [0, 0, 0, 0]);
}

/** All 64-bit integers: `random_(from = −2^63)`. */
export function randomAll64Bits(out: Operand, state: RandomState): void {
  fill("random_", Distribution.all64Bits, out, state, [0, 0, 0, 0]);
}

/** Samples by parameters that are tensors: operands of the shape and dtype of `out`. */
function counts(
  op: string,
  distribution: number,
  out: Operand,
  state: RandomState,
  parameters: readonly Operand[],
): void {
  const { shape } = out.layout;
  let at = putAll(0, [state.address, distribution, shape.length, ...shape]);
  for (const operand of [out, ...parameters]) at = putStrided(at, operand);
  check(op, countsKernel());
}

/** `rates` finite and at least 0. */
export function poisson(out: Operand, state: RandomState, rates: Operand): void {
  counts("poisson", 0, out, state, [rates]);
}

export function binomial(out: Operand, state: RandomState, trials: Operand, probabilities: Operand): void {
  counts("binomial", 1, out, state, [trials, probabilities]);
}

/** A permutation of 0 … n − 1 into a contiguous `out` of n elements. */
export function randperm(out: Operand, state: RandomState): void {
  putAll(0, [state.address, out.layout.numel, operandAddress(out), out.dtype.code]);
  check("randperm", randpermKernel());
}

/**
 * Categories by their probabilities (the rows of `input`, which need not sum to 1), with replacement.
 * @param out - contiguous int64, [rows, samples]
 * @param input - floating, [rows, categories]
 * @throws ValueError if a row is no distribution
 */
export function multinomial(out: Operand, input: Operand, state: RandomState): void {
  const [rows, categories] = input.layout.shape as [number, number];
  putAll(0, [state.address, rows, categories, out.layout.shape[1] as number]);
  args[putStrided(4, input)] = operandAddress(out);
  const status = multinomialKernel();
  if (status === 16) throw new ValueError("multinomial: expected probabilities of at least 0, got a negative one");
  if (status === 17) throw new ValueError("multinomial: expected finite probabilities, got an infinite one or NaN");
  if (status === 18) throw new ValueError("multinomial: expected rows with a positive sum, got one that sums to 0");
  check("multinomial", status);
}
