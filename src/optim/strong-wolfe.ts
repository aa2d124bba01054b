/** @file Line search: a step along a direction that satisfies the strong Wolfe conditions. */
import type { Tensor } from "../core/tensor.ts";

/** A point on the line: the step to it, the value and gradient there, and the slope along the line. */
export interface LinePoint {
  readonly t: number;
  readonly f: number;
  readonly g: Tensor;
  readonly slope: number;
}

/** Where the cubic through two points, with their slopes, is least, within bounds. */
function cubicMinimum(a: LinePoint, b: LinePoint, bounds = [Math.min(a.t, b.t), Math.max(a.t, b.t)]): number {
  const [least, most] = bounds as [number, number];
  const d1 = a.slope + b.slope - (3 * (a.f - b.f)) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const d2 = Math.sqrt(square);
  const [x, y] = a.t <= b.t ? [a, b] : [b, a];
  const t = y.t - (y.t - x.t) * ((y.slope + d2 - d1) / (y.slope - x.slope + 2 * d2));
  return Math.min(Math.max(t, least), most);
}

export interface WolfeOptions {
  /** The first step to try. */
  readonly t: number;
  /** The greatest magnitude in the direction. */
  readonly size: number;
  readonly toleranceChange: number;
}

const ARMIJO = 1e-4;
const CURVATURE = 0.9;
const MAX_TRIALS = 25;

/**
 * First brackets a step that satisfies the conditions, then narrows the bracket down. PyTorch: `_strong_wolfe` of `LBFGS`.
 * @param start - the point at step 0
 * @param at - evaluates a step
 * @returns the point found, and how often `at` was called
 * @see Nocedal & Wright 2006, "Numerical Optimization", algorithms 3.5 and 3.6
 */
export function strongWolfe(
  start: LinePoint,
  at: (t: number) => LinePoint,
  { t, size, toleranceChange }: WolfeOptions,
): { point: LinePoint; evaluations: number } {
  const isTooHigh = ({ t, f }: LinePoint) => f > start.f + ARMIJO * t * start.slope;
  const isFlat = ({ slope }: LinePoint) => Math.abs(slope) <= -CURVATURE * start.slope;

  let before = start;
  let now = at(t);
  let evaluations = 1;
  let trials = 0;
  let bracket: [LinePoint, LinePoint] | null = null;
  while (trials < MAX_TRIALS) {
    if (isTooHigh(now) || (trials > 1 && now.f >= before.f)) bracket = [before, now];
    else if (isFlat(now)) return { point: now, evaluations };
    else if (now.slope >= 0) bracket = [before, now];
    if (bracket !== null) break;
    const bounds = [now.t + 0.01 * (now.t - before.t), now.t * 10];
    const next = cubicMinimum(before, now, bounds);
    before = now;
    now = at(next);
    evaluations++;
    trials++;
  }
  bracket ??= [start, now];

  let stuck = false;
  let low = bracket[0].f <= bracket[1].f ? 0 : 1;
  while (trials < MAX_TRIALS) {
    const high = 1 - low;
    const [a, b] = bracket;
    if (Math.abs(b.t - a.t) * size < toleranceChange) break;
    let next = cubicMinimum(a, b);
    const [least, most] = [Math.min(a.t, b.t), Math.max(a.t, b.t)];
    const margin = 0.1 * (most - least);
    // Close to an end twice, or at one: step away from it, or the bracket would hardly shrink.
    const isClose = Math.min(most - next, next - least) < margin;
    if (isClose && (stuck || next >= most || next <= least)) {
      next = Math.abs(next - most) < Math.abs(next - least) ? most - margin : least + margin;
      stuck = false;
    } else stuck = isClose;
    now = at(next);
    evaluations++;
    trials++;
    if (isTooHigh(now) || now.f >= (bracket[low] as LinePoint).f) {
      bracket[high] = now;
      low = bracket[0].f <= bracket[1].f ? 0 : 1;
      continue;
    }
    const found = isFlat(now);
    if (!found && now.slope * ((bracket[high] as LinePoint).t - (bracket[low] as LinePoint).t) >= 0)
      bracket[high] = bracket[low] as LinePoint;
    bracket[low] = now;
    if (found) break;
  }
  return { point: bracket[low] as LinePoint, evaluations };
}
