/** @file float16 and bfloat16 as bits, slowly and plainly: what the engine's conversions are compared with. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The value of a binary floating-point number with the given widths. */
function decode(value: number, exponentBits: number, fractionBits: number): number {
  const sign = value >> (exponentBits + fractionBits) ? -1 : 1;
  const exponent = (value >> fractionBits) & ((1 << exponentBits) - 1);
  const fraction = value & ((1 << fractionBits) - 1);
  const bias = (1 << (exponentBits - 1)) - 1;
  if (exponent === (1 << exponentBits) - 1) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
}

export const fromFloat16 = (value: number): number => decode(value, 5, 10);
export const fromBFloat16 = (value: number): number => decode(value, 8, 7);

/** Rounds a float32 to the nearest bfloat16, ties to even. */
export function toBFloat16(value: number): number {
  float[0] = value;
  const word = bits[0] ?? 0;
  if (Number.isNaN(value)) return (word >>> 16) | 0x40;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

/** Rounds to the nearest float16, ties to even. */
export function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 1e-30)));
  const unit = 2 ** (exponent - 10);
  const scaled = magnitude / unit;
  let rounded = Math.floor(scaled);
  if (scaled - rounded > 0.5 || (scaled - rounded === 0.5 && rounded % 2 === 1)) rounded++;
  // A fraction that rounds up to 2 carries into the exponent by itself.
  return sign | (((exponent + 14) << 10) + rounded);
}
