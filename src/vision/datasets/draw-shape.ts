/** @file Draws one of ten shapes into 28 × 28 grey pixels. */

/** Pixels of a side. */
export const SIDE = 28;

/** Distance of a point from what is drawn, in units of the shape's radius; negative inside of filled shapes. */
type Distance = (u: number, v: number) => number;

const length = (u: number, v: number) => Math.sqrt(u * u + v * v);
/** From a stroke along the second axis. */
const stroke: Distance = (u, v) => length(u, Math.max(0, Math.abs(v) - 0.8));
const cross: Distance = (u, v) => Math.min(stroke(u, v), stroke(v, u));

/** The classes, in their order. */
export const SHAPES: readonly { readonly name: string; readonly distance: Distance }[] = [
  { name: "disc", distance: (u, v) => length(u, v) - 0.7 },
  { name: "ring", distance: (u, v) => Math.abs(length(u, v) - 0.8) },
  { name: "frame", distance: (u, v) => Math.abs(Math.max(Math.abs(u), Math.abs(v)) - 0.7) },
  { name: "triangle", distance: (u, v) => Math.max(Math.abs(u) * Math.sqrt(0.75) - v / 2, v) - 0.35 },
  { name: "cross", distance: cross },
  { name: "saltire", distance: (u, v) => cross((u + v) * Math.SQRT1_2, (u - v) * Math.SQRT1_2) },
  { name: "beams", distance: (u, v) => stroke(Math.abs(v) - 0.55, u) },
  { name: "pillars", distance: (u, v) => stroke(Math.abs(u) - 0.55, v) },
  { name: "corner", distance: (u, v) => Math.min(stroke(u + 0.65, v), stroke(v - 0.65, u)) },
  { name: "crescent", distance: (u, v) => Math.max(length(u, v) - 0.85, 1 - length(u - 0.6, v)) },
];

/** How much the pictures of a class differ. Lengths in pixels, angles in radians, brightness from 0 to 1. */
const VARIATION = {
  radius: [8.5, 12],
  shift: 2,
  angle: 0.25,
  /** Half the thickness of strokes, in units of the radius; filled shapes grow by as much. */
  thickness: [0.12, 0.28],
  brightness: [0.65, 1],
  distractors: 3,
  distractorRadius: [2, 4.5],
  distractorBrightness: [0.3, 0.8],
  noise: 0.2,
} as const;

/** Distances are looked up in a table of this many points a side, which reaches `REACH` radii from the middle. */
const POINTS = 256;
const REACH = 1.5;

const tables = new Map<Distance, Float32Array>();

function tableOf(distance: Distance): Float32Array {
  const known = tables.get(distance);
  if (known !== undefined) return known;
  const table = new Float32Array(POINTS * POINTS);
  const at = (i: number) => ((i + 0.5) / POINTS - 0.5) * 2 * REACH;
  for (let i = 0; i < POINTS; i++) for (let j = 0; j < POINTS; j++) table[i * POINTS + j] = distance(at(j), at(i));
  tables.set(distance, table);
  return table;
}

/** Gives 32 random bits. */
type Bits = () => number;

/** A number from 0 to 1. */
const uniform = (bits: Bits) => (bits() >>> 0) / 2 ** 32;
const between = (bits: Bits, [low, high]: readonly [number, number]) => low + (high - low) * uniform(bits);
const around = (bits: Bits, reach: number) => between(bits, [-reach, reach]);

const ink = new Float32Array(SIDE * SIDE);

/** Draws shape number `label` into `out`, a picture row by row. */
export function drawShape(label: number, out: Uint8Array, bits: Bits): void {
  ink.fill(0);
  paint(SHAPES[label]!.distance, {
    x: SIDE / 2 + around(bits, VARIATION.shift),
    y: SIDE / 2 + around(bits, VARIATION.shift),
    radius: between(bits, VARIATION.radius),
    angle: around(bits, VARIATION.angle),
    thickness: between(bits, VARIATION.thickness),
    brightness: between(bits, VARIATION.brightness),
  });
  for (let i = Math.floor(uniform(bits) * (VARIATION.distractors + 1)); i > 0; i--) {
    const radius = between(bits, VARIATION.distractorRadius);
    paint(stroke, {
      x: uniform(bits) * SIDE,
      y: uniform(bits) * SIDE,
      radius,
      angle: uniform(bits) * Math.PI,
      thickness: 0.7 / radius,
      brightness: between(bits, VARIATION.distractorBrightness),
    });
  }
  addNoise(out, bits);
}

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly angle: number;
  readonly thickness: number;
  readonly brightness: number;
}

/** Covers the pixels that a shape takes up, with soft edges; of two shapes the brighter shows. */
function paint(distance: Distance, { x, y, radius, angle, thickness, brightness }: Placed): void {
  const table = tableOf(distance);
  // From pixels to points of the table.
  const scale = POINTS / (2 * REACH * radius);
  const cos = Math.cos(angle) * scale;
  const sin = Math.sin(angle) * scale;
  const first = (center: number) => Math.max(0, Math.floor(center - REACH * radius));
  const end = (center: number) => Math.min(SIDE, Math.ceil(center + REACH * radius));
  const [left, right, bottom] = [first(x), end(x), end(y)];
  for (let row = first(y); row < bottom; row++) {
    const dy = row + 0.5 - y;
    for (let column = left; column < right; column++) {
      const dx = column + 0.5 - x;
      const u = cos * dx + sin * dy + POINTS / 2;
      const v = cos * dy - sin * dx + POINTS / 2;
      if (u < 0 || v < 0 || u >= POINTS || v >= POINTS) continue;
      const depth = (thickness - table[(v | 0) * POINTS + (u | 0)]!) * radius + 0.5;
      if (depth <= 0) continue;
      const covered = depth < 1 ? brightness * depth : brightness;
      const i = row * SIDE + column;
      if (covered > ink[i]!) ink[i] = covered;
    }
  }
}

/** The ink as bytes, with noise: the sum of two uniform numbers, here of 16 bits, is near enough to a normal one. */
function addNoise(out: Uint8Array, bits: Bits): void {
  const scale = (255 * VARIATION.noise) / 2 ** 16;
  for (let i = 0; i < out.length; i++) {
    const both = bits();
    const value = 255 * ink[i]! + ((both & 0xffff) + (both >>> 16) - 2 ** 16) * scale;
    out[i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
}
