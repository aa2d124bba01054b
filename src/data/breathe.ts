/** @file Lets timers, signals and sockets have their turn in long asynchronous loops. */

/** How long a loop may keep the event loop waiting, in milliseconds. */
const PATIENCE = 20;

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };

/** Gives a function that, awaited in a loop, returns to the event loop whenever it has waited long enough. */
export function breather(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < PATIENCE) return undefined;
    return new Promise((resolve) => {
      const goOn = () => {
        last = performance.now();
        resolve();
      };
      if (setImmediate) setImmediate(goOn);
      else setTimeout(goOn, 0);
    });
  };
}
