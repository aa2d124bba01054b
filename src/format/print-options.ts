/** @file The state behind `torch.setPrintoptions`. */
import { describe, ValueError } from "../core/errors.ts";
import { maxPrecision } from "./python-number.ts";

/** How tensors are printed. */
export interface PrintOptions {
  /** Digits after the point. */
  readonly precision: number;
  /** A tensor with more elements than this is summarised. */
  readonly threshold: number;
  /** Elements shown at either end of each dimension of a summarised tensor. */
  readonly edgeitems: number;
  /** Characters after which lines break. */
  readonly linewidth: number;
  /** Scientific notation: always, never, or (`null`) where the values ask for it. */
  readonly sciMode: boolean | null;
}

/** The arguments of `setPrintoptions`. */
export interface SetPrintOptions extends Partial<PrintOptions> {
  /** Defaults to start from; the other options override them. */
  readonly profile?: "default" | "short" | "full";
}

const profiles = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Number.POSITIVE_INFINITY, edgeitems: 3, linewidth: 80 },
} as const;

const parameters = ["precision", "threshold", "edgeitems", "linewidth", "profile", "sciMode"] as const;

let current: PrintOptions = { ...profiles.default, sciMode: null };

/** The print options in force. */
export const printOptions = (): PrintOptions => current;

/**
 * Sets how tensors are printed, until the next call. As in PyTorch, `sciMode` goes back to automatic in every call that
 * does not give it.
 *
 * PyTorch: `torch.set_printoptions`.
 *
 * @param options - `precision`, `threshold`, `edgeitems`, `linewidth`, `profile` and `sciMode`, in this order where positional
 * @throws ValueError for an unknown option, one given twice, or a value that makes no sense
 * @example
 * torch.setPrintoptions({ precision: 2 });
 * torch.tensor([1.12345]) // tensor([1.12])
 */
export function setPrintoptions(options?: SetPrintOptions): void;
export function setPrintoptions(
  ...options: [...(number | boolean | string | null | undefined)[], SetPrintOptions | number | null | undefined]
): void;
export function setPrintoptions(...args: unknown[]): void {
  const given = namedArguments(args);
  const profile = given.profile;
  if (profile !== undefined && !(typeof profile === "string" && Object.hasOwn(profiles, profile)))
    throw new ValueError(`setPrintoptions: expected profile "default", "short" or "full", got ${describe(profile)}`);
  const base = profile === undefined ? current : profiles[profile as keyof typeof profiles];
  current = {
    precision: wholeNumber(given, "precision", base.precision, 0, maxPrecision),
    threshold: wholeNumber(given, "threshold", base.threshold, 0, Number.POSITIVE_INFINITY),
    edgeitems: wholeNumber(given, "edgeitems", base.edgeitems, 0, Number.POSITIVE_INFINITY),
    linewidth: wholeNumber(given, "linewidth", base.linewidth, 0, Number.POSITIVE_INFINITY),
    sciMode: booleanOrNull(given.sciMode),
  };
}

function namedArguments(args: unknown[]): Partial<Record<(typeof parameters)[number], unknown>> {
  const given: Record<string, unknown> = {};
  const last = args.at(-1);
  const hasOptions = typeof last === "object" && last !== null;
  const positional = hasOptions ? args.slice(0, -1) : args;
  if (positional.length > parameters.length)
    throw new ValueError(`setPrintoptions: expected at most ${parameters.length} arguments, got ${positional.length}`);
  for (const [i, value] of positional.entries()) given[parameters[i] ?? ""] = value ?? undefined;
  if (hasOptions)
    for (const [name, value] of Object.entries(last)) {
      if (!(parameters as readonly string[]).includes(name))
        throw new ValueError(`setPrintoptions: unknown option "${name}", expected one of ${parameters.join(", ")}`);
      if (given[name] !== undefined) throw new ValueError(`setPrintoptions: option "${name}" is given twice`);
      given[name] = value ?? undefined;
    }
  return given;
}

function wholeNumber(
  given: Readonly<Record<string, unknown>>,
  name: string,
  fallback: number,
  least: number,
  most: number,
) {
  const value = given[name];
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !(value >= least && value <= most) || !(Number.isInteger(value) || value === most))
    throw new ValueError(
      `setPrintoptions: expected ${name} to be a whole number from ${least} to ${most}, got ${describe(value)}`,
    );
  return value;
}

function booleanOrNull(value: unknown): boolean | null {
  if (value === undefined) return null;
  if (typeof value !== "boolean")
    throw new ValueError(`setPrintoptions: expected sciMode to be a boolean, got ${describe(value)}`);
  return value;
}
