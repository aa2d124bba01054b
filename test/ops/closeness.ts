/** @file Whether a result is what PyTorch gives: dtype and shape exactly, values to rounding. */
import * as torch from "typetorch";
import type { DTypeName } from "../../src/core/dtype.ts";
import { decode, type Golden, tensorsOf } from "./database.ts";

/** Absolute and relative tolerance of results; integers and bools are exact. */
const TOLERANCES: Readonly<Partial<Record<DTypeName, readonly [atol: number, rtol: number]>>> = {
  float64: [1e-8, 1e-7],
  complex128: [1e-8, 1e-7],
  float32: [2e-5, 1e-4],
  complex64: [5e-5, 2e-4],
  float16: [2e-3, 2e-3],
  bfloat16: [2e-2, 2e-2],
};
/** Of gradients, in units of the above: they add up more roundings. */
export const OF_GRADIENTS = 5;

type Elements = { readonly [i: number]: number | bigint; readonly length: number };

/** Real numbers, pairs for complex ones. */
function elementsOf(x: torch.Tensor): Elements {
  const t = x.detach().contiguous();
  if (t.dtype.isComplex) return torch.viewAsReal(t).double().numpy();
  return (t.dtype.isFloatingPoint ? t.double() : t).numpy();
}

const near = (a: number, b: number, margin: number) =>
  Number.isFinite(b) ? Math.abs(a - b) <= margin : Number.isNaN(b) ? Number.isNaN(a) : a === b;

/** What is wrong with a tensor, or `null`. */
export function difference(got: torch.Tensor, want: torch.Tensor, factor = 1): string | null {
  if (got.dtype !== want.dtype) return `${got.dtype} instead of ${want.dtype}`;
  if (String(got.shape) !== String(want.shape)) return `shape [${got.shape}] instead of [${want.shape}]`;
  const [a, b] = [elementsOf(got), elementsOf(want)];
  const tolerance = TOLERANCES[want.dtype.name];
  for (let i = 0; i < b.length; i++) {
    if (tolerance === undefined) {
      if (a[i] !== b[i]) return `element ${i} is ${a[i]} instead of ${b[i]}`;
      continue;
    }
    const [x, y] = [Number(a[i]), Number(b[i])];
    // The parts of a complex number err by its size.
    const size = want.dtype.isComplex ? Math.hypot(y, Number(b[i ^ 1])) : Math.abs(y);
    const margin = factor * (tolerance[0] + tolerance[1] * (Number.isFinite(size) ? size : Math.abs(y)));
    if (!near(x, y, margin)) return `element ${i} is ${x} instead of ${y}`;
  }
  return null;
}

/** The same for whatever an operator may give. */
export function differenceOf(got: unknown, want: Golden, at = "the result"): string | null {
  const wanted = decode(want, []);
  return compare(got, wanted, at);
}

function compare(got: unknown, want: unknown, at: string): string | null {
  if (want instanceof torch.Tensor) {
    const found = got instanceof torch.Tensor ? difference(got, want) : `${typeof got} instead of a tensor`;
    return found === null ? null : `${at}: ${found}`;
  }
  if (Array.isArray(want)) {
    const items =
      typeof got === "object" && got !== null && Symbol.iterator in got ? [...(got as Iterable<unknown>)] : null;
    if (items?.length !== want.length) return `${at}: ${items?.length ?? typeof got} instead of ${want.length} values`;
    for (const [i, item] of want.entries()) {
      const found = compare(items[i], item, `${at}[${i}]`);
      if (found !== null) return found;
    }
    return null;
  }
  return Object.is(got, want) || (typeof want === "number" && near(Number(got), want, 1e-6))
    ? null
    : `${at}: ${String(got)} instead of ${String(want)}`;
}

type Parts = readonly torch.Tensor[];
const outOfParts = (u: torch.Tensor, s: torch.Tensor, v: torch.Tensor) => {
  const n = s.size(-1);
  return u
    .narrow(-1, 0, n)
    .mul(s.unsqueeze(-2))
    .matmul(v.narrow(-1, 0, n).mH);
};
const powerSums = (w: torch.Tensor) => Array.from({ length: w.size(-1) }, (_, i) => w.pow(i + 1).sum(-1));

/** Factorizations that are unique only up to signs, phases or order: what of them is unique. */
export const UNIQUE: Readonly<Record<string, (parts: Parts) => Parts>> = {
  svd: ([u, s, v]) => [s as torch.Tensor, outOfParts(u as torch.Tensor, s as torch.Tensor, v as torch.Tensor)],
  "linalg.svd": ([u, s, vh]) => [
    s as torch.Tensor,
    outOfParts(u as torch.Tensor, s as torch.Tensor, (vh as torch.Tensor).mH),
  ],
  svd_lowrank: ([u, s, v]) => [s as torch.Tensor, outOfParts(u as torch.Tensor, s as torch.Tensor, v as torch.Tensor)],
  pca_lowrank: ([u, s, v]) => [s as torch.Tensor, outOfParts(u as torch.Tensor, s as torch.Tensor, v as torch.Tensor)],
  "linalg.eigh": ([w, v]) => [w as torch.Tensor, outOfParts(v as torch.Tensor, w as torch.Tensor, v as torch.Tensor)],
  "linalg.eig": ([w, v]) => [
    ...powerSums(w as torch.Tensor),
    (v as torch.Tensor).mul((w as torch.Tensor).unsqueeze(-2)).matmul(torch.linalg.inv(v as torch.Tensor)),
  ],
  "linalg.eigvals": ([w]) => powerSums(w as torch.Tensor),
};

/** `differenceOf` what is unique. */
export function differenceOfUnique(unique: (parts: Parts) => Parts, got: unknown, want: Golden): string | null {
  const [mine, theirs] = [tensorsOf(got), tensorsOf(decode(want, []))];
  for (const [i, part] of theirs.entries()) {
    const other = mine[i];
    if (other?.dtype !== part.dtype || String(other.shape) !== String(part.shape))
      return `part ${i}: ${other?.dtype} [${other?.shape}] instead of ${part.dtype} [${part.shape}]`;
  }
  if (theirs.some((part) => part.numel() === 0)) return null;
  const [a, b] = [unique(mine), unique(theirs)];
  for (const [i, part] of b.entries()) {
    const found = difference(a[i] as torch.Tensor, part, OF_GRADIENTS);
    if (found !== null) return `what is unique, ${i}: ${found}`;
  }
  return null;
}
