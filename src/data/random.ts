/** @file What samplers and loaders draw from a generator, in PyTorch's order. */
import { int64 } from "../core/dtype.ts";
import type { Tensor } from "../core/tensor.ts";
import { empty } from "../ops/creation.ts";
import { randint, randperm } from "../ops/random/creation.ts";
import { random_ } from "../ops/random/fill.ts";
import type { Generator } from "../ops/random/generator.ts";
import { multinomial } from "../ops/random/sample.ts";

/** A seed for another generator: `torch.empty((), dtype=torch.int64).random_().item()`. */
export function drawSeed(generator: Generator | null): bigint {
  return random_(empty([], { dtype: int64 }), { generator }).itemBigInt();
}

/** 0 to n − 1 in random order. */
export function permutation(n: number, generator: Generator | null): number[] {
  return numbers(randperm(n, { generator }));
}

/** `count` integers from 0 to n − 1. */
export function integersBelow(n: number, count: number, generator: Generator): number[] {
  return numbers(randint(n, [count], { generator }));
}

/** Indices drawn by weight. */
export function categories(
  weights: Tensor,
  count: number,
  replacement: boolean,
  generator: Generator | null,
): number[] {
  return numbers(multinomial(weights, count, { replacement, generator }));
}

/** The elements of an int64 vector. */
function numbers(x: Tensor): number[] {
  return Array.from(x.numpy() as BigInt64Array, Number);
}
