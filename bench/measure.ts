/** @file How a case is timed: as on the PyTorch side, but for the longer warm-up. */
import type { Step } from "./cases.ts";

export interface Timing {
  /** Milliseconds a step in the best round. */
  readonly ms: number;
  /** In the worst. */
  readonly max: number;
}

const round4 = (x: number) => Math.round(x * 1e4) / 1e4;

/**
 * Three rounds after a warm-up; a round's figure is its time over its steps, so that every pause counts (a median hides garbage
 * collection), and the best of three leaves out the neighbours' noise. The warm-up lasts while V8 compiles what has become hot: on two
 * cores its compiler takes one from the engine now and then, for the first 2 to 3 seconds of a training loop.
 */
export function measure(step: Step, seconds: number): Timing {
  const begin = performance.now();
  for (let i = 0; i < 3 || performance.now() - begin < 2e3 * seconds; i++) step();
  const rounds: number[] = [];
  for (let r = 0; r < 3; r++) {
    const start = performance.now();
    let n = 0;
    do {
      step();
      n++;
    } while (n < 2 || performance.now() - start < (seconds * 1e3) / 3);
    rounds.push((performance.now() - start) / n);
  }
  return { ms: round4(Math.min(...rounds)), max: round4(Math.max(...rounds)) };
}

/** Two runs of something that takes long by itself. */
export function measureLong(step: Step): Timing {
  const runs = [0, 1].map(() => {
    const start = performance.now();
    step();
    return performance.now() - start;
  });
  return { ms: round4(Math.min(...runs)), max: round4(Math.max(...runs)) };
}
