/**
 * @file Special functions in float64, for evaluating expressions in tests and for folding constants.
 *
 * They are written for accuracy without tables of coefficients, not for speed: series and continued fractions that
 * converge to the last bits. The engine has its own, faster ones, which the tests compare with these.
 */

/** `erf` by Kummer's series, all of whose terms have one sign; by `erfc` where that would be slow. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a < 2.5)) return Number.isNaN(x) ? x : Math.sign(x) * (1 - erfc(a));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-18; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** `1 − erf(x)`, by its continued fraction (Lentz's method) where it is small. */
export function erfc(x: number): number {
  if (!(x >= 1)) return 1 - erf(x);
  if (x > 30) return 0;
  // erfc(x) = exp(-x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …))))
  let tail = x;
  for (let n = 400; n >= 1; n--) tail = x + n / 2 / tail;
  const high = Math.fround(x);
  return (Math.exp(-high * high) * Math.exp((high - x) * (high + x))) / (Math.sqrt(Math.PI) * tail);
}

/** Inverse of `erf`: Winitzki's approximation, then Halley's iteration. */
export function erfinv(y: number): number {
  const a = Math.abs(y);
  if (!(a < 1)) return a === 1 ? y * Infinity : NaN;
  if (a < 1e-9) return (y * Math.sqrt(Math.PI)) / 2;
  const log = Math.log1p(-y * y);
  const guess = 2 / (Math.PI * 0.147) + log / 2;
  let x = Math.sqrt(Math.sqrt(guess * guess - log / 0.147) - guess);
  for (let i = 0; i < 4; i++) {
    const error = a < 0.5 ? erf(x) - a : 1 - a - erfc(x);
    const step = error / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
    x -= step / (1 + x * step);
  }
  return Math.sign(y) * x;
}

/** `e^(x²) erfc(x)`. */
export function erfcx(x: number): number {
  if (!(x >= 1)) return x < -27 ? Infinity : expSquare(x) * erfc(x);
  let tail = x;
  for (let n = 400; n >= 1; n--) tail = x + n / 2 / tail;
  return 1 / (Math.sqrt(Math.PI) * tail);
}

/** `e^(x²)`: the square in two parts, the first of them exact. */
function expSquare(x: number): number {
  const high = Math.fround(x);
  return Math.exp(high * high) * Math.exp((x - high) * (x + high));
}

/** Where the normal distribution function is `p`: Newton's steps for its logarithm, or near ½ for itself. */
export function ndtri(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  if (p > 0.5) return -ndtri(1 - p);
  if (p > 0.25) return Math.SQRT2 * erfinv(2 * p - 1);
  const log = Math.log(p);
  let x = -Math.sqrt(-2 * log - Math.log(1.5 - 2 * log));
  for (let i = 0; i < 8; i++) {
    const tail = erfcx(-x * Math.SQRT1_2);
    x -= (Math.log(tail / 2) - (x * x) / 2 - log) * tail * Math.sqrt(Math.PI / 2);
  }
  return x;
}

// B₂ₙ for n = 1, 2, …
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798];

/** `log |Γ(x)|`: Stirling's series above 12, the recurrence below, the reflection formula for negative `x`. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return Infinity;
  if (x <= 0 && Number.isInteger(x)) return Infinity;
  if (x < 0.5) {
    const sine = Math.abs(Math.sin(Math.PI * (x - Math.round(x))));
    return Math.log(Math.PI / sine) - lgamma(1 - x);
  }
  if (x === 1 || x === 2) return 0;
  let product = 1;
  let z = x;
  for (; z < 12; z++) product *= z;
  let series = 0;
  BERNOULLI.forEach((b, i) => {
    series += b / ((2 * i + 2) * (2 * i + 1) * z ** (2 * i + 1));
  });
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/** `d/dx log Γ(x)`. As in PyTorch, ∓inf at ±0 and NaN at the negative integers. */
export function digamma(x: number): number {
  if (x === 0) return Object.is(x, 0) ? -Infinity : Infinity;
  if (x < 0 && Number.isInteger(x)) return NaN;
  if (x === -Infinity) return NaN;
  if (x < 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  let shift = 0;
  let z = x;
  for (; z < 12; z++) shift += 1 / z;
  let series = 0;
  BERNOULLI.forEach((b, i) => {
    series += b / ((2 * i + 2) * z ** (2 * i + 2));
  });
  return Math.log(z) - 0.5 / z - series - shift;
}

/** Hurwitz's `ζ(s, q) = Σ (q + n)^−s`. Poles as in PyTorch. */
export function zeta(s: number, q: number): number {
  if (s === 1) return Infinity;
  if (s < 1 || Number.isNaN(q)) return NaN;
  if (q <= 0 && Math.floor(q) === q) return Infinity;
  if (Number.isNaN(s) || q === Infinity) return NaN;
  if (s === Infinity) return q > 1 ? 0 : q === 1 ? 1 : Infinity;
  if (q > 0) return zetaPositive(s, q);
  if (!Number.isInteger(s)) return NaN;
  // Outwards from zero, with the distance `d` of `q` from a whole number, which is exact: d^−s, then terms of falling size, which
  // for odd s cancel in pairs, then what is left on either side, to the left a stretch of a series.
  const d = q - Math.round(q);
  const near = Math.abs(d);
  const sign = s % 2 === 0 ? 1 : -1;
  const [inner, outer] = d < 0 ? [1, sign] : [sign, 1];
  let sum = d ** -s;
  let j = 1;
  for (; j <= d - q && j <= 30; j++) {
    sum += inner * (j - near) ** -s;
    sum += outer * (j + near) ** -s;
  }
  return sum + zetaPositive(s, j + d) + sign * (zetaPositive(s, j - d) - zetaPositive(s, 1 - q));
}

/** For positive `q`, term by term until Euler's and Maclaurin's series is good for the rest, or nothing is left. */
function zetaPositive(s: number, q: number): number {
  let sum = 0;
  let z = q;
  for (; z < 12 + s; z++) {
    const term = z ** -s;
    sum += term;
    if (term <= 1e-18 * sum) return sum;
  }
  const last = z ** -s;
  sum += (last * z) / (s - 1) + last / 2;
  let factor = (s * last) / z;
  let factorial = 2;
  BERNOULLI.forEach((b, i) => {
    sum += (b * factor) / factorial;
    factor *= ((s + 2 * i + 1) / z) * ((s + 2 * i + 2) / z);
    factorial *= (2 * i + 3) * (2 * i + 4);
  });
  return sum;
}

/** The next float64 after `a` towards `b`. */
export function nextafter(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return NaN;
  if (a === b) return b;
  if (a === 0) return Math.sign(b) * Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([a]).buffer);
  bits[0]! += b > a === a > 0 ? 1n : -1n;
  return new Float64Array(bits.buffer)[0]!;
}

/** Round half to even. */
export function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  const rounded = rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
  return rounded === 0 ? x * 0 : rounded;
}

/** Python's `a % b`: the sign of `b`. */
export function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** Python's `a // b`, as PyTorch computes it: exact even where `a / b` rounds up to a whole number. */
export function floordiv(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && rest < 0 !== b < 0) quotient -= 1;
  if (quotient === 0) return (a / b) * 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/** `|a|` with the sign of `b`; −0 is negative, NaN counts as positive. */
export function copysign(a: number, b: number): number {
  const negative = b < 0 || Object.is(b, -0);
  return negative ? -Math.abs(a) : Math.abs(a);
}

/** 1, 0 or −1; as in PyTorch, 0 for NaN. */
export function sign(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

/** The fraction and the exponent of `x = m · 2^e` with `½ ≤ |m| < 1`; 0, infinities and NaN stay, with exponent 0. */
export function frexp(x: number): { mantissa: number; exponent: number } {
  if (x === 0 || !Number.isFinite(x)) return { mantissa: x, exponent: 0 };
  // Near a power of two the logarithm may round to the wrong side. Exponents stay where half their power of two is a number.
  let exponent = Math.min(Math.max(Math.floor(Math.log2(Math.abs(x))) + 1, -1022), 1024);
  let mantissa = x / 2 ** (exponent - 1) / 2;
  for (; Math.abs(mantissa) < 0.5; exponent--) mantissa *= 2;
  for (; Math.abs(mantissa) >= 1; exponent++) mantissa /= 2;
  return { mantissa, exponent };
}

/** Greatest common divisor of the magnitudes. */
export function gcd(a: number, b: number): number {
  let [p, q] = [Math.abs(a), Math.abs(b)];
  while (q > 0) [p, q] = [q, p % q];
  return p;
}

/** Least common multiple of the magnitudes. */
export function lcm(a: number, b: number): number {
  return a === 0 && b === 0 ? 0 : Math.abs((a / gcd(a, b)) * b);
}
