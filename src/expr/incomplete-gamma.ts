/**
 * @file The regularized incomplete gamma functions in float64: the power series and the continued fraction with as many
 * terms as they take, some √a for `a` near `x`; for the largest `a` an integral. The engine has an expansion for them.
 */
import { lgamma, zeta } from "./special.ts";

/** The edges of the domain as PyTorch has them; `undefined` inside. */
function edge(a: number, x: number): number | undefined {
  if (a < 0 || x < 0) return NaN;
  if (a === 0) return x > 0 ? 1 : NaN;
  if (x === 0) return 0;
  if (a === Infinity) return x === Infinity ? NaN : 0;
  if (x === Infinity) return 1;
  return Number.isNaN(a + x) ? NaN : undefined;
}

const EULER = 0.5772156649015329;

/** From here on the integral is what ends soon. */
const LARGE = 1e4;

/** `P(a, x) = γ(a, x) / Γ(a)`. */
export function igamma(a: number, x: number): number {
  const p = edge(a, x);
  if (p !== undefined) return p;
  if (a > LARGE) return x < a ? tail(a, x) : 1 - tail(a, x);
  return x < a + 1 ? series(a, x) : 1 - fraction(a, x);
}

/** `Q(a, x) = 1 − P(a, x)`. */
export function igammac(a: number, x: number): number {
  const p = edge(a, x);
  if (p !== undefined) return 1 - p;
  if (a > LARGE) return x < a ? 1 - tail(a, x) : tail(a, x);
  return x >= a + 1 ? fraction(a, x) : x < 1.1 ? complement(a, x) : 1 - series(a, x);
}

/** `x^a e^−x / Γ(a + 1)`; for large `a` by Stirling, since the logarithms cancel there. */
function prefactor(a: number, x: number): number {
  if (a < 20) return Math.exp(a * Math.log(x) - x - lgamma(a + 1));
  const stirling = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * a * a)) / (a * a)) / (a * a)) / a;
  const mu = (x - a) / a;
  const excess = mu < -0.7 ? mu - Math.log(x / a) : mu > 2 ? mu - Math.log1p(mu) : logExcess(mu);
  return Math.exp(-a * excess - stirling) / Math.sqrt(2 * Math.PI) / Math.sqrt(a);
}

/** `μ − log(1 + μ)`, by `log(1 + μ) = 2 artanh(μ / (2 + μ))`. */
function logExcess(mu: number): number {
  const y = mu / (2 + mu);
  let sum = 0;
  for (let k = 3, power = 1; power > 1e-18; k += 2, power *= y * y) sum += power / k;
  return y * (mu - 2 * y * y * sum);
}

/**
 * The smaller of `P` and `Q` for large `a`: `x^a e^−x / Γ(a) · ∫ e^(−xr) (1 + r)^(a−1) dr`, over `r` from 0 away from the
 * peak, which dies away within a few `1/√a`. With `r = e^(t − e^−t) / √a` the trapezoidal rule is exact to the last bits.
 */
function tail(a: number, x: number): number {
  const front = prefactor(a, x);
  if (front === 0) return 0;
  const side = x < a ? -1 : 1;
  const mu = (x - a) / a;
  const root = Math.sqrt(a);
  const step = 1 / 32;
  let sum = 0;
  for (let t = -5; t < 5; t += step) {
    const r = (side * Math.exp(t - Math.exp(-t))) / root;
    if (r <= -0.5 || r > 2) break;
    sum += ((1 + Math.exp(-t)) * Math.abs(r) * Math.exp(-a * (r * mu + logExcess(r)))) / (1 + r);
  }
  return front * a * step * sum;
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
  const logFront = a * Math.log(x) - (a < 0.5 ? lgamma1p(a) : lgamma(a + 1));
  return -Math.expm1(logFront) - a * Math.exp(logFront) * sum;
}

/** `log Γ(1 + a)` for small `a`, of which `1 + a` keeps little: its power series but for that of `−log(1 + a)`. */
function lgamma1p(a: number): number {
  let sum = (1 - EULER) * a - Math.log1p(a);
  for (let k = 2, power = -a; k < 40; k++) {
    power *= -a;
    sum += (zeta(k, 2) * power) / k;
  }
  return sum;
}
