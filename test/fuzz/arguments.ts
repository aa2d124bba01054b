/** @file Random tensors and arguments, and random changes of the samples of PyTorch's database. */
import * as torch from "typetorch";
import { DTYPES, type DTypeName } from "../../src/core/dtype.ts";
import { type Arguments, camel, decode, type Golden, isList, type Sample } from "../ops/database.ts";
import type { Random } from "./random.ts";

const DTYPE_LIST = Object.values(DTYPES);
const SIZES = [0, 1, 1, 2, 2, 3, 4, 7];
const NUMBERS = [0, 1, -1, 2, 3, -2, 5, 0.5, -1.5, 1e-3, 1e30, -0, Infinity, Number.NaN, 20, 2 ** 62, -(2 ** 63)];
const WORDS = [
  "none",
  "mean",
  "sum",
  "floor",
  "trunc",
  "reflect",
  "fro",
  "nuc",
  "ij",
  "bilinear",
  "1:3",
  "...",
  "i,i->",
  "x",
];

/** A tensor of this shape that lies in one of the ways that tensors may lie in. */
export function randomTensor(random: Random, shape: readonly number[], dtype = random.pick(DTYPE_LIST)): torch.Tensor {
  const x = filled(random, shape, dtype);
  const t = laid(random, x);
  const differentiable = dtype.isFloatingPoint || dtype.isComplex;
  return differentiable && random.chance(0.3) ? t.detach().requiresGrad_() : t;
}

function filled(random: Random, shape: readonly number[], dtype: torch.DType): torch.Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  const special = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e30, 1e-30];
  const value = () => (random.chance(0.05) ? random.pick(special) : random.next() * 20 - 10);
  const values = Float64Array.from({ length: n }, value);
  return torch.tensor(values).to(dtype).reshape(shape);
}

function laid(random: Random, x: torch.Tensor): torch.Tensor {
  if (x.ndim === 0) return x;
  const last = x.ndim - 1;
  switch (random.below(7)) {
    case 0: {
      const dims = x.shape.map((_, i) => last - i);
      return x.permute(dims).contiguous().permute(dims);
    }
    case 1:
      return torch.cat([x, x], last).at("...", `${x.size(last)}:`);
    case 2:
      return torch.stack([x, x], x.ndim).select(x.ndim, 1);
    case 3:
      return x.narrow(0, 0, Math.min(1, x.size(0))).expand(x.shape.with(0, Math.min(1, x.size(0)) && x.size(0)));
    default:
      return x;
  }
}

export const randomShape = (random: Random): number[] =>
  Array.from({ length: random.below(5) }, () => random.pick(SIZES));

/** Anything that a user might pass. */
export function randomArgument(random: Random, shape: readonly number[]): unknown {
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return random.pick(NUMBERS);
    case 3:
      return random.chance(0.5);
    case 4:
      return Array.from({ length: random.below(4) }, () => random.below(5) - 1);
    case 5:
      return random.pick(WORDS);
    case 6:
      return random.pick([null, undefined, 3n, { re: 1, im: -2 }, random.pick(DTYPE_LIST)]);
    case 7:
      return { dim: random.below(5) - 2, keepdim: random.chance(0.5) };
    case 8:
      return Array.from({ length: random.below(3) }, () => randomTensor(random, shape));
    case 9:
      return filled(random, randomShape(random), torch.int64).remainder(5);
    default:
      return randomTensor(random, random.chance(0.6) ? shape : randomShape(random));
  }
}

/** A sample with sizes renamed, dtypes and numbers changed, tensors laid otherwise, or none of these. */
export function changedSample(random: Random, sample: Sample): Arguments {
  const renamed = random.chance(0.5) ? new Map<number, number>() : null;
  const sizeOf = (n: number): number => {
    if (renamed === null) return n;
    const known = renamed.get(n) ?? (random.chance(0.4) ? random.pick(SIZES) : n);
    renamed.set(n, known);
    return known;
  };
  const dtypes = random.chance(0.3);
  const numbers = random.chance(0.3);
  const change = (v: Golden): unknown => {
    if (isList(v)) return v.map(change);
    const value = decode(v, []);
    if (typeof value === "number" && numbers && random.chance(0.5)) return random.pick(NUMBERS);
    if (typeof value === "boolean" && numbers) return random.chance(0.5);
    if (!(value instanceof torch.Tensor)) return value;
    const shape = value.shape.map(sizeOf);
    const same = String(shape) === String(value.shape);
    const dtype: DTypeName = dtypes ? random.pick(DTYPE_LIST).name : value.dtype.name;
    if (!same) return randomTensor(random, shape, DTYPES[dtype]);
    const t = laid(random, value.to(DTYPES[dtype]));
    return t.dtype.isFloatingPoint && random.chance(0.3) ? t.detach().requiresGrad_() : t;
  };
  const options = Object.fromEntries(Object.entries(sample.kwargs).map(([name, v]) => [camel(name), change(v)]));
  return { input: change(sample.input), args: sample.args.map(change), options, leaves: [] };
}
