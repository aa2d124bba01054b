/** @file What happens to the tensors that ops save for backward: `torch.autograd.graph`. */
import { describe, ValueError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { inMode, type ModeScope, mode } from "./modes.ts";

/**
 * While a callback runs, or until the end of the block of `using _ = savedTensorsHooks(…)`, whatever ops save for backward goes through
 * `pack`, and comes back through `unpack` when backward needs it: to keep it on disk, in a smaller dtype, or to compute it again.
 * Of several hooks the innermost ones work. PyTorch: `torch.autograd.graph.saved_tensors_hooks`.
 *
 * @param pack - gets a tensor, which it must not change, and gives anything
 * @param unpack - gets that, and gives a tensor of the same shape, dtype and values
 * @example
 * const x = torch.tensor([1.5, 2.5], { requiresGrad: true });
 * const y = torch.autograd.graph.savedTensorsHooks(
 *   (saved) => saved.tolist(),
 *   (list) => torch.tensor(list as number[]),
 *   () => x.mul(x),
 * );
 * y.sum().backward();
 * x.grad // tensor([3., 5.])
 */
export function savedTensorsHooks(pack: (tensor: Tensor) => unknown, unpack: (packed: unknown) => Tensor): ModeScope;
export function savedTensorsHooks<R>(
  pack: (tensor: Tensor) => unknown,
  unpack: (packed: unknown) => Tensor,
  body: () => R,
): R;
export function savedTensorsHooks<R>(
  pack: (tensor: Tensor) => unknown,
  unpack: (packed: unknown) => Tensor,
  body?: () => R,
): R | ModeScope {
  for (const [name, hook] of Object.entries({ pack, unpack }))
    if (typeof hook !== "function")
      throw new ValueError(`savedTensorsHooks: expected a function as ${name}, got ${describe(hook)}`);
  return inMode("savedTensorsHooks", { ...mode(), savedHooks: { pack, unpack } }, body);
}

/**
 * Keeps what ops save for backward in the processor's memory, and brings it back to its device when backward needs it: for models that
 * do not fit a GPU. PyTorch: `torch.autograd.graph.save_on_cpu`.
 * @param options.pinMemory - accepted, and changes nothing
 */
export function saveOnCpu(options?: { pinMemory?: boolean }): ModeScope;
export function saveOnCpu<R>(body: () => R): R;
export function saveOnCpu<R>(options: { pinMemory?: boolean }, body: () => R): R;
export function saveOnCpu<R>(...args: readonly unknown[]): R | ModeScope {
  const body = args.at(-1);
  const pack = (tensor: Tensor): unknown => [tensor.device, tensor.to("cpu")];
  const unpack = (packed: unknown): Tensor => {
    const [device, tensor] = packed as [Tensor["device"], Tensor];
    return tensor.to(device);
  };
  return typeof body === "function"
    ? savedTensorsHooks(pack, unpack, body as () => R)
    : savedTensorsHooks(pack, unpack);
}
