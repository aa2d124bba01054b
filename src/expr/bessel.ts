/**
 * @file Bessel functions and the Airy function in float64: series, recurrences and integrals that converge to the last
 * bits. The engine computes them so too (native/scalar).
 */
const EULER = 0.5772156649015329;

/**
 * Hankel's series for large `x`: sums of the even and of the odd terms
 * `a_k = (μ − 1²)(μ − 3²) … (μ − (2k−1)²) / (k! (8x)^k)`, with every second one negative if `alternate`.
 */
function hankel(mu: number, x: number, alternate: boolean): [even: number, odd: number] {
  const sums: [number, number] = [1, 0];
  let term = 1;
  for (let k = 1; k < 40; k++) {
    const next = (term * (mu - (2 * k - 1) ** 2)) / (8 * k * x);
    if (!(Math.abs(next) < Math.abs(term))) break;
    term = next;
    sums[(k & 1) as 0 | 1] += alternate && k & 2 ? -term : term;
  }
  return sums;
}

interface Bessel {
  readonly j0: number;
  readonly j1: number;
  readonly y0: number;
  readonly y1: number;
}

/** Miller's recurrence downwards, scaled by `J₀ + 2 Σ J₂ₖ = 1`, and Neumann's series for `Y` (Abramowitz & Stegun 9.1.88). */
function near(x: number): Bessel {
  const log = Math.log(x / 2) + EULER;
  if (x < 1e-4) {
    const q = (x * x) / 4;
    const y0 = (2 / Math.PI) * (log * (1 - q) + q);
    return { j0: 1 - q, j1: (x / 2) * (1 - q / 2), y0, y1: (x / Math.PI) * (log - 0.5) - 2 / (Math.PI * x) };
  }
  let [above, here, sum, sum0, sum1] = [0, 1e-280, 0, 0, 0];
  for (let n = 20 + 2 * Math.floor(x); n > 0; n--) {
    const k = n >> 1;
    const alternating = k & 1 ? -here : here;
    if (n % 2 === 0) {
      sum += here;
      sum0 += alternating / k;
    } else if (k > 0) sum1 += (alternating * n) / (k * (k + 1));
    [above, here] = [here, ((2 * n) / x) * here - above];
  }
  const scale = 1 / (here + 2 * sum);
  const [j0, j1] = [here * scale, above * scale];
  const y0 = (2 / Math.PI) * (log * j0 - 2 * sum0 * scale);
  return { j0, j1, y0, y1: (2 / Math.PI) * ((log - 1) * j1 - j0 / x - sum1 * scale) };
}

function far(x: number): Bessel {
  const scale = 1 / Math.sqrt(Math.PI * x);
  const [p0, q0] = hankel(0, x, true);
  const [p1, q1] = hankel(4, x, true);
  const plus = Math.cos(x) + Math.sin(x);
  const minus = Math.sin(x) - Math.cos(x);
  return {
    j0: scale * (p0 * plus - q0 * minus),
    j1: scale * (p1 * minus + q1 * plus),
    y0: scale * (p0 * minus + q0 * plus),
    y1: scale * (q1 * minus - p1 * plus),
  };
}

const bessel = (x: number) => (x < 25 ? near(x) : far(x));

/** Bessel functions of the first kind. */
export const besselJ0 = (x: number): number => (x === 0 ? 1 : bessel(Math.abs(x)).j0);
export const besselJ1 = (x: number): number => (x === 0 ? x : x < 0 ? -bessel(-x).j1 : bessel(x).j1);
/** Bessel functions of the second kind. */
export const besselY0 = (x: number): number => (x > 0 ? bessel(x).y0 : x === 0 ? -Infinity : NaN);
export const besselY1 = (x: number): number => (x > 0 ? bessel(x).y1 : x === 0 ? -Infinity : NaN);

/** `e^x K_ν(x)` for `x ≥ 1`: its integral over `exp(−x cosh t) cosh νt` by the trapezoidal rule. */
function scaledK(nu: number, x: number): number {
  if (x > 20) {
    const [even, odd] = hankel(4 * nu * nu, x, false);
    return Math.sqrt(Math.PI / (2 * x)) * (even + odd);
  }
  const h = Math.min(0.22, 0.5 / Math.sqrt(x));
  let sum = 0.5;
  for (let t = h, part = 1; part > 1e-18 * sum; t += h) {
    part = Math.exp(-2 * x * Math.sinh(t / 2) ** 2) * Math.cosh(nu * t);
    sum += part;
  }
  return h * sum;
}

/** `Σ (x²/4)^k / (k! (k+ν)!)`, and the same with harmonic numbers: `Σ … H_k` or `Σ … (H_k + H_{k+1})`. */
function series(nu: 0 | 1, x: number): [i: number, harmonic: number] {
  let [term, sum, low, high, harmonic]: number[] = [1, 1, 0, nu, nu] as [number, number, number, number, number];
  for (let k = 1; term! > 1e-18 * sum!; k++) {
    term! *= (x * x) / 4 / (k * (k + nu));
    low! += 1 / k;
    high! += 1 / (k + nu);
    sum! += term!;
    harmonic! += term! * (nu === 0 ? low! : low! + high!);
  }
  return [sum!, harmonic!];
}

/** `I_ν(a)`, times `e^−a` if `scaled`; for `a ≥ 0`. */
function modifiedI(nu: 0 | 1, a: number, scaled: boolean): number {
  if (a > 20) {
    const [even, odd] = hankel(4 * nu, a, false);
    const size = (even - odd) / Math.sqrt(2 * Math.PI * a);
    return scaled ? size : size * Math.exp(a / 2) * Math.exp(a / 2);
  }
  return series(nu, a)[0] * (nu === 0 ? 1 : a / 2) * (scaled ? Math.exp(-a) : 1);
}

function modifiedK(nu: 0 | 1, x: number, scaled: boolean): number {
  if (!(x > 0)) return x === 0 ? Infinity : NaN;
  if (x >= 1) return scaledK(nu, x) * (scaled ? 1 : Math.exp(-x));
  const log = Math.log(x / 2) + EULER;
  const [i, harmonic] = series(nu, x);
  const value = nu === 0 ? harmonic - log * i : 1 / x + (x / 2) * (log * i - harmonic / 2);
  return scaled ? value * Math.exp(x) : value;
}

/** Modified Bessel functions of the first kind; as in PyTorch, NaN at ±inf, unless scaled by `e^−|x|`. */
export const i0 = (x: number): number => (Math.abs(x) < Infinity ? modifiedI(0, Math.abs(x), false) : NaN);
export const i1 = (x: number): number => (Math.abs(x) < Infinity ? signed(modifiedI(1, Math.abs(x), false), x) : NaN);
export const i0e = (x: number): number => modifiedI(0, Math.abs(x), true);
export const i1e = (x: number): number => signed(modifiedI(1, Math.abs(x), true), x);
/** As in PyTorch, +0 at −0. */
const signed = (y: number, x: number) => (x < 0 ? -y : y);
/** Modified Bessel functions of the second kind, and the same times `e^x`. */
export const k0 = (x: number): number => modifiedK(0, x, false);
export const k1 = (x: number): number => modifiedK(1, x, false);
export const k0e = (x: number): number => modifiedK(0, x, true);
export const k1e = (x: number): number => modifiedK(1, x, true);

/** Ai and its derivative at 0: `3^(−2/3) / Γ(2/3)` and `−3^(−1/3) / Γ(1/3)`. */
const AIRY = [0.3550280538878172, -0.2588194037928068] as const;

/** The Airy function: Taylor's series in steps from 0 (`y″ = x y`), Bessel functions of order ⅓ beyond. */
export function airyAi(x: number): number {
  const zeta = (2 / 3) * Math.abs(x) ** 1.5;
  if (!(zeta < Infinity)) return x > 0 && x < Infinity ? 0 : NaN;
  if (x >= 1.5) return (Math.sqrt(x / 3) / Math.PI) * Math.exp(-zeta) * scaledK(1 / 3, zeta);
  if (x < -9.5) {
    const [even, odd] = hankel(4 / 9, zeta, true);
    const [s, c] = [Math.sin(zeta), Math.cos(zeta)];
    return ((c + s) * even - (s - c) * odd) / Math.sqrt(2 * Math.PI * Math.sqrt(-x));
  }
  const steps = Math.max(1, Math.ceil(4 * Math.abs(x)));
  let [y, slope]: [number, number] = [...AIRY];
  for (let i = 0; i < steps; i++) [y, slope] = airyStep((x * i) / steps, x / steps, y, slope);
  return y;
}

/** From Ai and its derivative at `c` to those at `c + h`. */
function airyStep(c: number, h: number, y: number, slope: number): [number, number] {
  let [before, a, next, power, value, derivative] = [0, y, slope, 1, 0, 0];
  for (let n = 0; n < 24; n++) {
    value += a * power;
    derivative += (n + 1) * next * power;
    power *= h;
    [before, a, next] = [a, next, (c * a + before) / ((n + 1) * (n + 2))];
  }
  return [value, derivative];
}
