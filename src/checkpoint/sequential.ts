/** @file Checkpoints along a chain of functions. */
import { describe, ValueError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Call } from "../ops/bind.ts";
import { bind } from "../ops/bind.ts";
import { type CheckpointOptions, checkpoint } from "./checkpoint.ts";

/** What `checkpointSequential` takes beside the chain. */
export type SequentialOptions = Pick<CheckpointOptions, "useReentrant" | "preserveRngState">;
type Step = (input: Tensor) => Tensor;

/**
 * Calls functions one after the other, cut into segments: of each but the last only the input is kept for backward.
 * PyTorch: `torch.utils.checkpoint.checkpoint_sequential`.
 *
 * @param functions - an `nn.Sequential`, or an array of modules or functions
 * @param segments - into how many parts to cut
 * @param args - `useReentrant` (false), `preserveRngState` (true)
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Tanh(), new nn.Linear(4, 4), new nn.Tanh());
 * torch.utils.checkpoint.checkpointSequential(model, 2, torch.randn(1, 4)).shape // [1, 4]
 */
export function checkpointSequential(
  functions: Iterable<Step>,
  segments: number,
  input: Tensor,
  ...args: Call<[useReentrant: boolean], SequentialOptions>
): Tensor {
  const op = "checkpointSequential";
  const options = bind<SequentialOptions>(op, ["useReentrant", "preserveRngState"], args);
  if (typeof functions?.[Symbol.iterator] !== "function")
    throw new ValueError(`${op}: expected an nn.Sequential or an array of functions, got ${describe(functions)}`);
  const steps = [...functions];
  if (!Number.isInteger(segments) || segments < 1 || segments > steps.length)
    throw new ValueError(`${op}: expected between 1 and ${steps.length} segments, got ${describe(segments)}`);
  const size = Math.floor(steps.length / segments);
  const run = (from: number, to?: number) => (x: Tensor) => steps.slice(from, to).reduce((y, step) => step(y), x);
  let x = input;
  // The last segment is next in backward: to keep it costs nothing.
  const last = size * (segments - 1);
  for (let from = 0; from < last; from += size)
    x = checkpoint(run(from, from + size), x, { useReentrant: false, ...options });
  return run(last)(x);
}
