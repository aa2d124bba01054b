/**
 * @file Orthogonal polynomials of degree `n`, by their recurrences. As in PyTorch, degrees are truncated, and those that are
 * negative or beyond int64 give 0.
 *
 * Their recurrences lose digits and overflow on the way, so what they give depends on the precision in which they run: the
 * engine computes them in that of the argument, step for step as PyTorch does. Here each step is rounded by a function.
 */

/** Degrees above it would take many seconds; they give NaN. */
const MOST_STEPS = 2 ** 30;

type Polynomial = (x: number, degree: number) => number;

/**
 * The polynomials computed in one precision.
 * @param r - rounds to it: the identity for float64, `Math.fround` for float32
 * @param hermiteLimit - the degree above which PyTorch's Hermite polynomials are NaN in it
 */
export function polynomials(r: (x: number) => number, hermiteLimit: number) {
  const isDegree = (n: number) => n > -1 && n < 2 ** 63;

  /** `p_n` from `p_0 = 1`, `p_1 = q` and the step from two of them to the next. */
  function recur(degree: number, q: number, next: (k: number, q: number, p: number) => number): number {
    if (!isDegree(degree)) return 0;
    const n = Math.trunc(degree);
    if (n === 0) return 1;
    if (n > MOST_STEPS) return NaN;
    let p = 1;
    for (let k = 2; k <= n && !Number.isNaN(q); k++) [p, q] = [q, next(k, q, p)];
    return q;
  }

  /**
   * A kind of Chebyshev polynomial: its first one, its value at 1, that at −1 but for the sign, and the closed form that is
   * better above degree `low`.
   */
  const chebyshev =
    (
      first: (x: number) => number,
      right: (n: number) => number,
      left: (n: number) => number,
      low: number,
      closed: (n: number, theta: number) => number,
    ): Polynomial =>
    (x, degree) => {
      if (!isDegree(degree)) return 0;
      const n = Math.trunc(degree);
      if (Math.abs(x) === 1) return r(x === 1 ? right(n) : left(n) * (n % 2 === 0 ? 1 : -1));
      if (n > low && Math.abs(x) < 1) return r(closed(n, Math.acos(x)));
      return recur(n, r(first(x)), (_, q, p) => r(r(2 * x * q) - p));
    };
  const one = () => 1;
  const next = (n: number) => n + 1;
  const odd = (n: number) => 2 * n + 1;
  const hermite = (first: (x: number) => number, step: (x: number, k: number, q: number, p: number) => number) =>
    ((x, n) =>
      n >= hermiteLimit + 1 && isDegree(n)
        ? NaN
        : recur(n, first(x), (k, q, p) => step(x, k, q, p))) satisfies Polynomial;

  return {
    chebyshevT: chebyshev(
      (x) => x,
      one,
      one,
      6,
      (n, t) => Math.cos(n * t),
    ),
    chebyshevU: chebyshev(
      (x) => 2 * x,
      next,
      next,
      8,
      (n, t) => Math.sin((n + 1) * t) / Math.sin(t),
    ),
    chebyshevV: chebyshev(
      (x) => 2 * x - 1,
      one,
      odd,
      8,
      (n, t) => Math.cos((n + 0.5) * t) / Math.cos(t / 2),
    ),
    chebyshevW: chebyshev(
      (x) => 2 * x + 1,
      odd,
      one,
      8,
      (n, t) => Math.sin((n + 0.5) * t) / Math.sin(t / 2),
    ),
    hermiteH: hermite(
      (x) => r(2 * x),
      (x, k, q, p) => r(r(2 * x * q) - r(2 * (k - 1) * p)),
    ),
    hermiteHe: hermite(
      (x) => x,
      (x, k, q, p) => r(r(x * q) - r((k - 1) * p)),
    ),
    laguerreL: (x, n) =>
      x === 0 && isDegree(n)
        ? 1
        : recur(n, r(1 - x), (k, q, p) => r(r(r(r(2 * (k - 1) + r(1 - x)) * q) - r((k - 1) * p)) / k)),
    legendreP: (x, n) => {
      if (Math.abs(x) === 1 && isDegree(n)) return x === 1 || Math.trunc(n) % 2 === 0 ? 1 : -1;
      return recur(n, x, (k, q, p) => r(r(r(r((2 * k - 1) * x) * q) - r((k - 1) * p)) / k));
    },
  } satisfies Readonly<Record<string, Polynomial>>;
}
