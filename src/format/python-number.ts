/**
 * @file Python's ways to write a float: `repr(x)`, `f"{x:.4f}"` and `f"{x:.4e}"`.
 *
 * `toFixed` and `toExponential` know the exact value of a number, as Python does, but differ from it in three points that
 * are mended here: a tie rounds up (Python: to even), numbers from 1e21 on lose their positional form, and an exponent has
 * one digit (Python: two at least).
 */

/** The digits after the point that JavaScript can give, and so the greatest `precision`, less one to look for ties. */
export const maxPrecision = 99;

/** `nan`, `inf` or `-inf`, as Python writes them in every format; `undefined` for finite numbers. */
function nonFinite(x: number): string | undefined {
  if (Number.isNaN(x)) return "nan";
  if (x === Number.POSITIVE_INFINITY) return "inf";
  if (x === Number.NEGATIVE_INFINITY) return "-inf";
  return undefined;
}

const isNegative = (x: number): boolean => x < 0 || Object.is(x, -0);

/** Python's `repr(x)` of a float: `1.0`, `0.001`, `1e-05`, `1e+16`, `-0.0`, `inf`, `nan`. */
export function pyFloat(x: number): string {
  const special = nonFinite(x);
  if (special !== undefined) return special;
  const sign = isNegative(x) ? "-" : "";
  const [mantissa = "", exponent = ""] = Math.abs(x).toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${sign}${mantissa}e${pyExponent(power)}`;
  const plain = String(Math.abs(x)); // positional too: JavaScript changes over at 1e-7 and 1e21
  return sign + (plain.includes(".") ? plain : `${plain}.0`);
}

const pyExponent = (power: number): string => (power < 0 ? "-" : "+") + String(Math.abs(power)).padStart(2, "0");

/** Python's `f"{x:.{digits}f}"`. */
export function pyFixed(x: number, digits: number): string {
  const special = nonFinite(x);
  if (special !== undefined) return special;
  const sign = isNegative(x) ? "-" : "";
  return sign + fixedMagnitude(Math.abs(x), digits);
}

function fixedMagnitude(x: number, digits: number): string {
  if (x >= 1e21) return BigInt(x).toString() + (digits > 0 ? `.${"0".repeat(digits)}` : "");
  const rounded = x.toFixed(digits);
  // A tie has exactly one binary digit more than the last decimal digit can hold: k / 2^(digits + 1) with k odd in decimal.
  if (!Number.isInteger(x * 2 ** (digits + 1))) return rounded;
  const exact = x.toFixed(digits + 1);
  if (!exact.endsWith("5")) return rounded;
  const truncated = exact.slice(0, digits === 0 ? -2 : -1);
  return endsOdd(truncated) ? rounded : truncated;
}

const endsOdd = (decimal: string): boolean => (decimal.charCodeAt(decimal.length - 1) & 1) === 1;

/** Python's `f"{x:.{digits}e}"`. */
export function pyScientific(x: number, digits: number): string {
  const special = nonFinite(x);
  if (special !== undefined) return special;
  const sign = isNegative(x) ? "-" : "";
  const magnitude = Math.abs(x);
  const [mantissa = "", exponent = ""] = (tieToEven(magnitude, digits) ?? magnitude.toExponential(digits)).split("e");
  return `${sign}${mantissa}e${pyExponent(Number(exponent))}`;
}

/** The lower candidate, where `x` lies exactly between two and that one is even. */
function tieToEven(x: number, digits: number): string | undefined {
  const [exact = "", exponent] = x.toExponential(digits + 1).split("e");
  if (!exact.endsWith("5")) return undefined;
  const [all = ""] = x.toExponential(100).split("e"); // far more digits than a double can share with a short decimal
  if (/[1-9]/.test(all.slice(exact.length))) return undefined;
  const truncated = exact.slice(0, digits === 0 ? -2 : -1);
  return endsOdd(truncated) ? undefined : `${truncated}e${exponent}`;
}
