/** @file Checkpoints as one op, whose backward runs the function once more with a backward of its own. */
import { backward } from "../autograd/api.ts";
import { accumulatesEverywhere } from "../autograd/engine.ts";
import { Function as AutogradFunction, type FunctionContext } from "../autograd/function.ts";
import { requiresGrad } from "../autograd/graph.ts";
import { type Mode, mode, withMode } from "../autograd/modes.ts";
import type { Grad } from "../autograd/node.ts";
import { AutogradError, describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import type { CheckpointOptions } from "./checkpoint.ts";
import { keepRngState, withRngState } from "./random-state.ts";

type AnyFunction = (...args: unknown[]) => unknown;
type Results = Tensor | readonly Tensor[];

/** What the first run leaves for the second. */
interface Call {
  readonly fn: AnyFunction;
  readonly args: readonly unknown[];
  readonly state: Tensor | null;
  readonly forwardMode: Mode;
}

class CheckpointFunction extends AutogradFunction {
  static forward(context: FunctionContext, call: Call, ...tensors: Tensor[]): Results {
    context.call = call;
    context.saveForBackward(...tensors);
    const { fn, args, forwardMode } = call;
    return withMode({ ...forwardMode, grad: false }, () => fn(...args)) as Results;
  }

  static backward(context: FunctionContext, ...grads: Grad[]): Grad[] {
    if (!accumulatesEverywhere())
      throw new AutogradError(
        "checkpoint: expected backward() without inputs for a checkpoint with useReentrant, got autograd.grad or inputs; pass { useReentrant: false }",
      );
    const { fn, args, state, forwardMode } = context.call as Call;
    const detached = context.savedTensors.map((t) => t.detach().requiresGrad_(requiresGrad(t)));
    let next = 0;
    const again = args.map((x) => (x instanceof Tensor ? detached[next++] : x));
    const out = withMode({ ...forwardMode, grad: true }, () => withRngState(state, () => fn(...again))) as Results;
    const results = out instanceof Tensor ? [out] : out;
    const wanted = results.flatMap((t, i) => (requiresGrad(t) ? [i] : []));
    if (wanted.length === 0)
      throw new AutogradError("checkpoint: expected the function to give a tensor that requires grad, got none");
    backward(
      wanted.map((i) => results[i] as Tensor),
      wanted.map((i) => grads[i] ?? null),
    );
    return [null, ...detached.map((t) => t.grad)];
  }
}

/** Calls `fn` as one op of the graph. */
export function reentrant<A extends unknown[], R>(fn: (...args: A) => R, args: A, options: CheckpointOptions): R {
  const tensors = args.filter((x) => x instanceof Tensor);
  if (!tensors.some(requiresGrad))
    throw new AutogradError(
      "checkpoint: expected an argument that requires grad with useReentrant (parameters would get no gradients), got none; pass { useReentrant: false }",
    );
  const call: Call = {
    fn: fn as AnyFunction,
    args,
    state: keepRngState(options.preserveRngState ?? true),
    forwardMode: mode(),
  };
  const result = CheckpointFunction.apply(call, ...tensors);
  if (!(result instanceof Tensor) && !Array.isArray(result))
    throw new ValueError(`checkpoint: expected tensors from the function with useReentrant, got ${describe(result)}`);
  return result as R;
}
