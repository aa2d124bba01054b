/**
 * @file Reductions, declared in the scalar language: how a tuple of accumulators begins, takes an element, joins another,
 * and becomes the results. The engine's loops and their tests are made from these declarations.
 *
 * `combine` with fresh accumulators must change nothing: an engine reduces in blocks and lanes, some of them empty.
 */
import { constant, type Expr, type ExprLike, where } from "./expr.ts";
import { abs, exp, log, sqrt } from "./functions.ts";
import type { RegisterType } from "./program.ts";

export interface Reduction {
  /** Values of the accumulators before the first element; ±inf are the ends of the range in i64. */
  readonly init: readonly number[];
  /** Accumulators after the element `x`. `s` are the run-time scalars, here and below. */
  readonly step: (acc: readonly Expr[], x: Expr, s: readonly Expr[]) => readonly Expr[];
  /** Accumulators of two parts, `a` before `b`, together. */
  readonly combine: (a: readonly Expr[], b: readonly Expr[]) => readonly Expr[];
  /** The results, from the accumulators and the number of elements. */
  readonly finish: (acc: readonly Expr[], n: Expr, s: readonly Expr[]) => readonly ExprLike[];
  /** Names of run-time scalars, in the order in which they are passed. */
  readonly scalars: readonly string[];
  /** Accumulator types that it exists in. */
  readonly accTypes: readonly RegisterType[];
  /** What a reduction over no elements is: what `finish` makes of `init` (0, 1, NaN), or an error of the op. */
  readonly emptyRule: "finish" | "error";
}

const FLOATS = ["f32", "f64"] as const;
const ALL = ["f32", "f64", "i64"] as const;
const COMMON = { scalars: [], accTypes: ALL, emptyRule: "finish" } as const;

/** Sum of a function of the elements. */
function sumOf(f: (x: Expr) => Expr, finish: (sum: Expr, n: Expr) => ExprLike = (sum) => sum): Reduction {
  return {
    ...COMMON,
    init: [0],
    step: ([sum], x) => [sum!.add(f(x))],
    combine: ([a], [b]) => [a!.add(b!)],
    finish: ([sum], n) => [finish(sum!, n)],
  };
}

/** The extreme of a function of the elements; NaN wins. */
function extremeOf(better: "max" | "min", init: number, f: (x: Expr) => Expr = (x) => x): Reduction {
  return {
    ...COMMON,
    emptyRule: "error",
    init: [init],
    step: ([best], x) => [best![better](f(x))],
    combine: ([a], [b]) => [a![better](b!)],
    finish: ([best]) => [best!],
  };
}

const notNan = (x: Expr, otherwise: ExprLike) => where(x.isnan(), otherwise, x);

/** Welford's accumulators, joined as by Chan et al.: count, mean, sum of squared deviations. */
function moments(finish: (squares: Expr, n: Expr, correction: Expr, mean: Expr) => readonly ExprLike[]): Reduction {
  return {
    init: [0, 0, 0],
    step: ([count, mean, squares], x) => {
      const more = count!.add(1);
      const delta = x.sub(mean!);
      const moved = mean!.add(delta.div(more));
      return [more, moved, squares!.add(delta.mul(x.sub(moved)))];
    },
    combine: ([na, meanA, squaresA], [nb, meanB, squaresB]) => {
      const n = na!.add(nb!);
      const delta = meanB!.sub(meanA!);
      const share = where(nb!.eq(0), 0, nb!.div(n));
      const between = delta.mul(delta).mul(na!.mul(share));
      // A part without elements has mean 0: an infinite mean must not meet it.
      return [
        n,
        where(na!.eq(0), meanB!, where(nb!.eq(0), meanA!, meanA!.add(delta.mul(share)))),
        where(na!.eq(0), squaresB!, where(nb!.eq(0), squaresA!, squaresA!.add(squaresB!).add(between))),
      ];
    },
    finish: ([, mean, squares], n, [correction]) =>
      // Of no elements the mean is NaN, and so is the variance.
      finish(squares!, n, correction!, where(n.eq(0), Number.NaN, mean!)),
    scalars: ["correction"],
    accTypes: FLOATS,
    emptyRule: "finish",
  };
}
/** PyTorch divides by max(0, n − correction): 0/0 is NaN. */
const variance = (squares: Expr, n: Expr, correction: Expr) => squares.div(n.sub(correction).max(0));

/** All reductions by name. */
export const REDUCTIONS = {
  sum: sumOf((x) => x),
  nansum: sumOf((x) => notNan(x, 0)),
  mean: {
    ...sumOf(
      (x) => x,
      (sum, n) => sum.div(n),
    ),
    accTypes: FLOATS,
  },
  nanmean: {
    init: [0, 0],
    step: ([sum, count], x) => [sum!.add(notNan(x, 0)), count!.add(x.isnan().not())],
    combine: ([sumA, countA], [sumB, countB]) => [sumA!.add(sumB!), countA!.add(countB!)],
    finish: ([sum, count]) => [sum!.div(count!)],
    scalars: [],
    accTypes: FLOATS,
    emptyRule: "finish",
  },
  prod: {
    ...COMMON,
    init: [1],
    step: ([product], x) => [product!.mul(x)],
    combine: ([a], [b]) => [a!.mul(b!)],
    finish: ([product]) => [product!],
  },
  amax: extremeOf("max", -Infinity),
  amin: extremeOf("min", Infinity),
  /** Smallest and largest. */
  aminmax: {
    ...COMMON,
    emptyRule: "error",
    init: [Infinity, -Infinity],
    step: ([low, high], x) => [low!.min(x), high!.max(x)],
    combine: ([lowA, highA], [lowB, highB]) => [lowA!.min(lowB!), highA!.max(highB!)],
    finish: ([low, high]) => [low!, high!],
  },
  any: {
    ...COMMON,
    init: [0],
    step: ([found], x) => [found!.or(x)],
    combine: ([a], [b]) => [a!.or(b!)],
    finish: ([found]) => [found!],
  },
  all: {
    ...COMMON,
    init: [1],
    step: ([every], x) => [every!.and(x)],
    combine: ([a], [b]) => [a!.and(b!)],
    finish: ([every]) => [every!],
  },
  countNonzero: sumOf((x) => x.ne(0)),
  sumOfSquares: sumOf((x) => x.mul(x)),
  /** Variance, then mean. */
  varMean: moments((squares, n, correction, mean) => [variance(squares, n, correction), mean]),
  var: moments((squares, n, correction) => [variance(squares, n, correction)]),
  std: moments((squares, n, correction) => [sqrt(variance(squares, n, correction))]),
  /** Standard deviation, then mean. */
  stdMean: moments((squares, n, correction, mean) => [sqrt(variance(squares, n, correction)), mean]),
  norm1: { ...sumOf(abs), accTypes: FLOATS },
  norm2: {
    ...sumOf(
      (x) => x.mul(x),
      (sum) => sqrt(sum),
    ),
    accTypes: FLOATS,
  },
  /** (Σ |x|^p)^(1/p). */
  normP: {
    ...COMMON,
    accTypes: FLOATS,
    init: [0],
    step: ([sum], x, [p]) => [sum!.add(abs(x).pow(p!))],
    combine: ([a], [b]) => [a!.add(b!)],
    finish: ([sum], _, [p]) => [sum!.pow(p!.reciprocal())],
    scalars: ["p"],
  },
  normInf: { ...extremeOf("max", -Infinity, abs), accTypes: FLOATS },
  normNegInf: { ...extremeOf("min", Infinity, abs), accTypes: FLOATS },
  /** log Σ exp(x), with the maximum so far taken out. */
  logsumexp: {
    ...COMMON,
    accTypes: FLOATS,
    init: [-Infinity, 0],
    step: ([top, sum], x) => joinExponentials(top!, sum!, x, constant(1)),
    combine: ([topA, sumA], [topB, sumB]) => joinExponentials(topA!, sumA!, topB!, sumB!),
    finish: ([top, sum]) => [where(abs(top!).eq(Infinity), top!, log(sum!).add(top!))],
  },
} as const satisfies Record<string, Reduction>;

/** Scales the part with the smaller maximum. Equal maxima, infinite ones included, need none (inf − inf would be NaN). */
function joinExponentials(topA: Expr, sumA: Expr, topB: Expr, sumB: Expr): Expr[] {
  const scale = where(topA.eq(topB), 1, exp(abs(topA.sub(topB)).neg()));
  return [topA.max(topB), where(topA.lt(topB), sumA.mul(scale).add(sumB), sumA.add(sumB.mul(scale)))];
}

export type ReductionName = keyof typeof REDUCTIONS;
export const REDUCTION_NAMES = Object.keys(REDUCTIONS) as readonly ReductionName[];

const codes = new Map(REDUCTION_NAMES.map((name, i) => [name, i]));

/** A reduction's number in the engine. */
export function reductionCode(name: ReductionName): number {
  return codes.get(name)!;
}
