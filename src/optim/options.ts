/** @file Options of optimizers as tables: names in PyTorch's order, what they are if not given, and what they may be. */
import { describe, ValueError } from "../core/errors.ts";
import { bind } from "../ops/bind.ts";

/** What an option may be. */
export interface Domain<T> {
  readonly text: string;
  has(value: T): boolean;
}

interface Option<T> {
  readonly initial: T;
  readonly domain: Domain<unknown>;
}

/** All options of an optimizer, in the order in which they can be passed. */
export type OptionTable<O extends object> = { readonly [K in keyof O]: Option<O[K]> };

/** A row of the table. */
export const option = <T>(initial: T, domain: Domain<never>): Option<T> => ({
  initial,
  // Every domain answers for any value.
  domain: domain as Domain<unknown>,
});

const isNumber = (x: unknown): x is number => typeof x === "number" && !Number.isNaN(x);

export const number: Domain<unknown> = { text: "a number", has: isNumber };
export const whole: Domain<unknown> = { text: "a whole number", has: (x) => Number.isSafeInteger(x) };
export const flag: Domain<unknown> = { text: "true or false", has: (x) => typeof x === "boolean" };
/** PyTorch's choice of an implementation. */
export const choice: Domain<unknown> = { text: "true, false or null", has: (x) => x === null || flag.has(x) };
export const atLeast = (least: number): Domain<unknown> => ({
  text: `a number of at least ${least}`,
  has: (x) => isNumber(x) && x >= least,
});
export const within = (least: number, most: number): Domain<unknown> => ({
  text: `a number from ${least} to ${most}`,
  has: (x) => isNumber(x) && x >= least && x <= most,
});
const isPair = (x: unknown): x is [unknown, unknown] => Array.isArray(x) && x.length === 2;
/** Two numbers, of which a test says whether they are right. */
export const pair = (text: string, test: (a: number, b: number) => boolean): Domain<unknown> => ({
  text,
  has: (x) => isPair(x) && isNumber(x[0]) && isNumber(x[1]) && test(x[0], x[1]),
});
/** Coefficients of running averages. */
export const betas: Domain<unknown> = pair(
  "two numbers from 0 to below 1",
  (a, b) => a >= 0 && a < 1 && b >= 0 && b < 1,
);
/** Options that all optimizers of one rule have. */
export interface CommonOptions {
  /** Goes up instead of down. */
  maximize: boolean;
  /** PyTorch's choices between its implementations; here there is one, and they change nothing. */
  foreach: boolean | null;
  capturable: boolean;
  differentiable: boolean;
}

export const COMMON: OptionTable<CommonOptions> = {
  maximize: option(false, flag),
  foreach: option<boolean | null>(null, choice),
  capturable: option(false, flag),
  differentiable: option(false, flag),
};

/** Arrays that are tuples in Python: `torch.save` writes frozen arrays as such. */
export const tuple = <const T extends readonly unknown[]>(...items: T): T => Object.freeze(items) as unknown as T;

/** The options of a call, with those not given as in the table. */
export function withDefaults<O extends object>(op: string, table: OptionTable<O>, args: readonly unknown[]): O {
  const names = Object.keys(table) as (keyof O & string)[];
  const given = bind<O>(op, names, args);
  return Object.fromEntries(
    names.map((name) => [name, given[name] === undefined ? table[name].initial : given[name]]),
  ) as O;
}

/** @throws ValueError for an option out of its domain */
export function checkOptions<O extends object>(op: string, table: OptionTable<O>, options: O): void {
  for (const name of Object.keys(table) as (keyof O & string)[]) {
    const { domain } = table[name];
    if (!domain.has(options[name]))
      throw new ValueError(`${op}: expected ${domain.text} as ${name}, got ${spell(options[name])}`);
  }
}

const spell = (x: unknown) => (Array.isArray(x) ? `[${x.map(describe).join(", ")}]` : describe(x));
