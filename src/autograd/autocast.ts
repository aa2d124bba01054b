/**
 * @file Autocast as ops see it: an op that computes better in a certain precision says so at its beginning, and is called again, with
 * its tensors cast and autocast off. Where autocast is off that costs one check.
 */
import { bfloat16, type DType, float16, float32, float64 } from "../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { requiresGrad } from "./graph.ts";
import { type Autocast, autocastMode, inMode, isGradEnabled, type ModeScope, mode, withMode } from "./modes.ts";

export interface AutocastOptions {
  /** What ops that gain from it compute in: `torch.bfloat16` if not given, or `torch.float16`. */
  readonly dtype?: DType | null;
  /** `false` switches autocast off in a stretch of code. */
  readonly enabled?: boolean;
  /** Cast each parameter once, not at each use; the default. */
  readonly cacheEnabled?: boolean | null;
}

const DEVICES: readonly string[] = ["cpu"];

/** @throws ValueError for a kind of device that autocast does not know */
export function checkDeviceType(op: string, deviceType: unknown): void {
  if (!DEVICES.includes(deviceType as string))
    throw new ValueError(`${op}: expected ${DEVICES.join(", ")} as deviceType, got ${describe(deviceType)}`);
}

/** The autocast that options ask for, within `outer`. */
export function autocastOf(op: string, options: AutocastOptions, outer: Autocast | null): Autocast | null {
  const { dtype, enabled = true, cacheEnabled } = options;
  const to = dtype ?? bfloat16;
  if (to !== bfloat16 && to !== float16)
    throw new DTypeError(`${op}: expected torch.bfloat16 or torch.float16 as dtype, got ${describe(dtype)}`);
  if (!enabled) return null;
  if (cacheEnabled === false) return { dtype: to, cache: null };
  return { dtype: to, cache: outer?.dtype === to && outer.cache !== null ? outer.cache : new WeakMap() };
}

/** Runs `body` with autocast, or opens a scope. */
export function inAutocast<R>(name: string, autocast: Autocast | null, body: (() => R) | undefined): R | ModeScope {
  return inMode(name, { ...mode(), autocast }, body);
}

/** Whether ops are to cast their tensors here. */
export function isAutocasting(): boolean {
  return autocastMode() !== null;
}

/** Autocast leaves whole numbers, complex numbers and float64 alone. */
const isEligible = (t: Tensor): boolean => t.dtype.isFloatingPoint && t.dtype !== float64;

/** `x`, or a tensor of `to` in its place; in arrays and options, too. */
function cast(x: unknown, to: DType, { dtype, cache }: Autocast): unknown {
  if (Array.isArray(x)) return x.map((item) => cast(item, to, { dtype, cache }));
  if (!(x instanceof Tensor)) {
    const isRecord = typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;
    if (!isRecord) return x;
    return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, cast(value, to, { dtype, cache })]));
  }
  if (!isEligible(x) || x.dtype === to) return x;
  const keeps = cache !== null && to === dtype && x.dtype === float32 && x.isLeaf && requiresGrad(x) && !x.isView;
  if (!keeps) return x.to(to);
  const known = cache.get(x);
  // One that was cast in noGrad would pass no gradient on.
  if (known !== undefined && (requiresGrad(known) || !isGradEnabled())) return known;
  const made = x.to(to);
  cache.set(x, made);
  return made;
}

function calledIn<A extends unknown[], R>(to: DType, f: (...args: A) => R, args: A): R {
  const autocast = autocastMode() as Autocast;
  const { grad, inference, savedHooks } = mode();
  return withMode({ grad, inference, savedHooks, autocast: null }, () =>
    f(...(args.map((x) => cast(x, to, autocast)) as A)),
  );
}

/** Calls an op that gains from a smaller dtype. */
export function inLowerPrecision<A extends unknown[], R>(f: (...args: A) => R, args: A): R {
  return calledIn((autocastMode() as Autocast).dtype, f, args);
}

/** Calls an op that needs the digits of float32. */
export function inFloat32<A extends unknown[], R>(f: (...args: A) => R, args: A): R {
  return calledIn(float32, f, args);
}

/** Calls an op whose tensors must be of one dtype, in the widest of theirs. */
export function inWidest<A extends unknown[], R>(f: (...args: A) => R, args: A): R {
  const tensors = args.flatMap((x) => (Array.isArray(x) ? x : [x])).filter((x) => x instanceof Tensor);
  const dtypes = new Set(tensors.map((t) => t.dtype));
  const { dtype } = autocastMode() as Autocast;
  const widest = [float64, float32].find((d) => dtypes.has(d)) ?? dtype;
  return calledIn(widest, f, args);
}
