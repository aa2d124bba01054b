/** @file Orthogonal polynomials of degree `n`, by their recurrences. Degrees are truncated; a negative one gives 0, as in PyTorch. */

/** `p_n` from `p_0 = 1`, `p_1 = q` and the step from two of them to the next. */
function recur(degree: number, q: number, next: (k: number, q: number, p: number) => number): number {
  const n = Math.trunc(degree);
  if (!(n >= 0)) return 0;
  if (n === 0) return 1;
  if (n > 2 ** 30) return NaN;
  let p = 1;
  for (let k = 2; k <= n && !Number.isNaN(q); k++) [p, q] = [q, next(k, q, p)];
  return q;
}

/** A kind of Chebyshev polynomial: its first one, its value at 1 and that at −1 but for the sign, and its closed form. */
const chebyshev =
  (
    first: (x: number) => number,
    right: (n: number) => number,
    left: (n: number) => number,
    closed: (n: number, theta: number) => number,
  ) =>
  (x: number, degree: number): number => {
    const n = Math.trunc(degree);
    if (n >= 0 && Math.abs(x) === 1) return x === 1 ? right(n) : left(n) * (n % 2 === 0 ? 1 : -1);
    if (n > 8 && Math.abs(x) < 1) return closed(n, Math.acos(x));
    return recur(n, first(x), (_, q, p) => 2 * x * q - p);
  };

const one = () => 1;
export const chebyshevT = chebyshev(
  (x) => x,
  one,
  one,
  (n, t) => Math.cos(n * t),
);
export const chebyshevU = chebyshev(
  (x) => 2 * x,
  (n) => n + 1,
  (n) => n + 1,
  (n, t) => Math.sin((n + 1) * t) / Math.sin(t),
);
export const chebyshevV = chebyshev(
  (x) => 2 * x - 1,
  one,
  (n) => 2 * n + 1,
  (n, t) => Math.cos((n + 0.5) * t) / Math.cos(t / 2),
);
export const chebyshevW = chebyshev(
  (x) => 2 * x + 1,
  (n) => 2 * n + 1,
  one,
  (n, t) => Math.sin((n + 0.5) * t) / Math.sin(t / 2),
);

/** The degree above which PyTorch's Hermite polynomials in float64 are NaN. */
const HERMITE_LIMIT = 512;

export const hermiteH = (x: number, n: number): number =>
  n >= HERMITE_LIMIT + 1 ? NaN : recur(n, 2 * x, (k, q, p) => 2 * x * q - 2 * (k - 1) * p);

export const hermiteHe = (x: number, n: number): number =>
  n >= HERMITE_LIMIT + 1 ? NaN : recur(n, x, (k, q, p) => x * q - (k - 1) * p);

export const laguerreL = (x: number, n: number): number =>
  x === 0 && n > -1 ? 1 : recur(n, 1 - x, (k, q, p) => ((2 * k - 1 - x) * q) / k - ((k - 1) * p) / k);

export function legendreP(x: number, n: number): number {
  if (Math.abs(x) === 1 && n > -1) return x === 1 || Math.trunc(n) % 2 === 0 ? 1 : -1;
  return recur(n, x, (k, q, p) => ((2 * k - 1) * x * q - (k - 1) * p) / k);
}
