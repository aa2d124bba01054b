/** @file Running something with the random numbers of before. */
import type { Tensor } from "../core/tensor.ts";
import { getRngState, setRngState } from "../ops/random/generator.ts";

/** The state of the random numbers now, if it is to be kept. */
export function keepRngState(keep: boolean): Tensor | null {
  return keep ? getRngState() : null;
}

/** Runs `body` with the random numbers of `state`; those of the present go on after it as if nothing had been drawn. */
export function withRngState<R>(state: Tensor | null, body: () => R): R {
  if (state === null) return body();
  const present = getRngState();
  setRngState(state);
  try {
    return body();
  } finally {
    setRngState(present);
  }
}
