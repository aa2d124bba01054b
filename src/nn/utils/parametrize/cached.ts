/** @file Parametrized tensors that are computed once while a cache is on. */
import { describe, ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import type { ParametrizationList } from "./parametrization-list.ts";

let cache: WeakMap<ParametrizationList, Tensor> | null = null;
let depth = 0;

/** What the parametrizations give now, or gave before while a cache is on. */
export function tensorIn(list: ParametrizationList): Tensor {
  const known = cache?.get(list);
  if (known !== undefined) return known;
  const value = list();
  cache?.set(list, value);
  return value;
}

/** A cache opened with `using`: it ends with the block. */
export interface CacheScope {
  [Symbol.dispose](): void;
}

function open(): CacheScope {
  depth++;
  cache ??= new WeakMap();
  let isOpen = true;
  return {
    [Symbol.dispose]() {
      if (isOpen && --depth === 0) cache = null;
      isOpen = false;
    },
  };
}

/**
 * Computes each parametrized tensor once while a callback runs, or until the end of the block of `using _ = cached()`: for modules
 * that use a weight several times, such as recurrent ones. The callback may be asynchronous. PyTorch:
 * `torch.nn.utils.parametrize.cached`.
 * @example
 * const layer = nn.utils.parametrizations.orthogonal(new nn.Linear(3, 3));
 * nn.utils.parametrize.cached(() => layer.weight === layer.weight) // true
 */
export function cached(): CacheScope;
export function cached<R>(body: () => R): R;
export function cached<R>(body?: () => R): R | CacheScope {
  const scope = open();
  if (body === undefined) return scope;
  let result: R;
  try {
    if (typeof body !== "function") throw new ValueError(`cached: expected a function, got ${describe(body)}`);
    result = body();
  } catch (error) {
    scope[Symbol.dispose]();
    throw error;
  }
  const end = () => scope[Symbol.dispose]();
  if (result instanceof Promise) result.then(end, end);
  else end();
  return result;
}
