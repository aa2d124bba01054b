/** @file `torch.random`: the default generator. */
import { defaultGenerator } from "./generator.ts";

export { getRngState, initialSeed, manualSeed, seed, setRngState } from "./generator.ts";

/**
 * Runs `body`, which may draw and seed as it likes, and afterwards goes on as if it had not. Without `body`: a scope for `using`.
 * PyTorch: `torch.random.fork_rng`.
 * @example
 * torch.manualSeed(0);
 * torch.random.forkRng(() => torch.rand(100));
 * torch.rand(2) // tensor([0.4963, 0.7682])
 */
export function forkRng(): Disposable;
export function forkRng<R>(body: () => R): R;
export function forkRng<R>(body?: () => R): R | Disposable {
  const state = defaultGenerator.getState();
  const restore = () => defaultGenerator.setState(state);
  if (body === undefined) return { [Symbol.dispose]: restore };
  let waits = false;
  try {
    const result = body();
    waits = result instanceof Promise;
    return waits ? ((result as Promise<unknown>).finally(restore) as R) : result;
  } finally {
    if (!waits) restore();
  }
}
