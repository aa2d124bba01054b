/**
 * @file The regularized incomplete gamma functions in float64: the power series and the continued fraction alone, with as
 * many terms as they take (some √a for large `a` near `x`). The engine has an expansion for that.
 */
import { lgamma } from "./special.ts";

/** The edges of the domain as PyTorch has them; `undefined` inside. */
function edge(a: number, x: number): number | undefined {
  if (a < 0 || x < 0) return NaN;
  if (a === 0) return x > 0 ? 1 : NaN;
  if (x === 0) return 0;
  if (a === Infinity) return x === Infinity ? NaN : 0;
  if (x === Infinity) return 1;
  return Number.isNaN(a + x) ? NaN : undefined;
}

/** `P(a, x) = γ(a, x) / Γ(a)`. */
export const igamma = (a: number, x: number): number => edge(a, x) ?? (x < a + 1 ? series(a, x) : 1 - fraction(a, x));

/** `Q(a, x) = 1 − P(a, x)`. */
export function igammac(a: number, x: number): number {
  const p = edge(a, x);
  if (p !== undefined) return 1 - p;
  return x >= a + 1 ? fraction(a, x) : x < 1.1 ? complement(a, x) : 1 - series(a, x);
}

/** `x^a e^−x / Γ(a + 1)`; for large `a` by Stirling, since the logarithms cancel there. */
function prefactor(a: number, x: number): number {
  if (a < 20) return Math.exp(a * Math.log(x) - x - lgamma(a + 1));
  const stirling = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * a * a)) / (a * a)) / (a * a)) / a;
  const mu = (x - a) / a;
  const excess = mu < -0.7 ? mu - Math.log(x / a) : mu > 2 ? mu - Math.log1p(mu) : logExcess(mu);
  return Math.exp(-a * excess - stirling) / Math.sqrt(2 * Math.PI * a);
}

/** `μ − log(1 + μ)`, by `log(1 + μ) = 2 artanh(μ / (2 + μ))`. */
function logExcess(mu: number): number {
  const y = mu / (2 + mu);
  let sum = 0;
  for (let k = 3, power = 1; power > 1e-18; k += 2, power *= y * y) sum += power / k;
  return y * (mu - 2 * y * y * sum);
}

function series(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = a + 1; term > 1e-17 * sum; n++) {
    term *= x / n;
    sum += term;
  }
  return prefactor(a, x) * sum;
}

/** Lentz's method. */
function fraction(a: number, x: number): number {
  const front = prefactor(a, x) * a;
  if (front === 0) return 0;
  let b = x + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < 1e6; n++) {
    b += 2;
    d = 1 / (b + n * (a - n) * d);
    c = b + (n * (a - n)) / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return front * value;
}

/** `Q` for small `x`: 1 less the alternating series of `P`, without subtracting what is nearly equal. */
function complement(a: number, x: number): number {
  let power = 1;
  let sum = 0;
  for (let n = 1; n < 40; n++) {
    power *= -x / n;
    sum += power / (a + n);
  }
  const logFront = a * Math.log(x) - lgamma(a + 1);
  return -Math.expm1(logFront) - a * Math.exp(logFront) * sum;
}
