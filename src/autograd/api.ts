/** @file What users call: backward, grad, and the autograd methods of tensors. */
import { AutogradError, DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { run } from "./engine.ts";
import { edgeNr, edgeOf, gradFnOf, isDifferentiable, requiresGrad } from "./graph.ts";
import { metaOf } from "./meta.ts";
import { withGrad } from "./modes.ts";
import { addHook, resultHooksOf, type TensorHook } from "./node.ts";

export interface BackwardOptions {
  /** Gradient of the tensor; 1 for one with a single element. */
  gradient?: Tensor | null;
  /** Keep what was saved, to go backward again. Defaults to `createGraph`. */
  retainGraph?: boolean;
  /** Record backward itself, for higher derivatives. */
  createGraph?: boolean;
  /** The leaves to accumulate into; all if not given. */
  inputs?: Tensor | readonly Tensor[] | null;
}

/** The seed gradients: ones for tensors with a single element. */
function seeds(op: string, tensors: readonly Tensor[], grads: readonly (Tensor | null | undefined)[]): Tensor[] {
  return tensors.map((t, i) => {
    const grad = grads[i];
    if (grad === null || grad === undefined) {
      if (!requiresGrad(t))
        throw new AutogradError(`${op}: element ${i} of tensors does not require grad and does not have a gradFn`);
      if (t.layout.numel !== 1)
        throw new AutogradError(
          `${op}: grad can be implicitly created only for scalar outputs, got shape ${shapeText(t.shape)}; pass a gradient`,
        );
      if (!t.dtype.isFloatingPoint)
        throw new AutogradError(`${op}: grad can be computed only for real scalar outputs, got ${t.dtype}`);
      return withGrad(false, () => t.newOnes(t.shape, { dtype: t.dtype }));
    }
    if (!(grad instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as gradient, got ${describe(grad)}`);
    if (!sameShape(grad.shape, t.shape))
      throw new ShapeError(`${op}: expected a gradient of shape ${shapeText(t.shape)}, got ${shapeText(grad.shape)}`);
    if (grad.dtype.isComplex !== t.dtype.isComplex)
      throw new DTypeError(`${op}: expected a gradient of ${t.dtype}, got ${grad.dtype}`);
    return grad;
  });
}

function list<T extends Tensor | null>(x: T | readonly T[]): readonly T[] {
  return x instanceof Tensor || x === null ? [x] : x;
}

/**
 * Adds the gradients of `tensors` to the leaves' `grad`. PyTorch: `torch.autograd.backward`.
 * @throws AutogradError if a tensor has no graph, or the graph was freed by an earlier call
 */
export function backward(
  tensors: Tensor | readonly Tensor[],
  gradTensors?: Tensor | readonly (Tensor | null)[] | null,
  options: Omit<BackwardOptions, "gradient"> = {},
): void {
  const roots = list(tensors);
  const grads = gradTensors === null || gradTensors === undefined ? [] : list<Tensor | null>(gradTensors);
  const { createGraph = false, retainGraph = createGraph, inputs = null } = options;
  if (Array.isArray(inputs) && inputs.length === 0)
    throw new ValueError("backward: expected at least one tensor as inputs, got none");
  if (inputs !== null) for (const input of list<Tensor>(inputs)) retainGrad(input);
  run("backward", roots, seeds("backward", roots, grads), {
    createGraph,
    retainGraph,
    inputs: inputs === null ? null : list<Tensor>(inputs),
    accumulate: true,
  });
}

export interface GradOptions {
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null;
  retainGraph?: boolean;
  createGraph?: boolean;
  /** Give `null` for inputs that the outputs do not depend on, instead of an error. */
  allowUnused?: boolean;
  /** Give zeros for them. */
  materializeGrads?: boolean;
}

/**
 * Gradients of `outputs` with respect to `inputs`, without touching any `grad`. PyTorch: `torch.autograd.grad`.
 * @returns one gradient for each input; `null` for an unused one where `allowUnused`
 * @example
 * const x = torch.tensor(3, { requiresGrad: true, dtype: torch.float32 });
 * torch.autograd.grad(x.mul(x), x)[0] // tensor(6.)
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  gradOutputs: Tensor | readonly (Tensor | null)[] | null,
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  third?: GradOptions | Tensor | readonly (Tensor | null)[] | null,
  fourth?: GradOptions,
): (Tensor | null)[] {
  const positional = third instanceof Tensor || Array.isArray(third) ? third : null;
  const options: GradOptions = fourth ?? (positional === null ? ((third ?? {}) as GradOptions) : {});
  const { createGraph = false, retainGraph = createGraph, allowUnused = false, materializeGrads = false } = options;
  const gradOutputs = positional ?? options.gradOutputs ?? [];
  const roots = list(outputs);
  const leaves = list(inputs);
  const results = run("grad", roots, seeds("grad", roots, list<Tensor | null>(gradOutputs as Tensor)), {
    createGraph,
    retainGraph,
    inputs: leaves,
    accumulate: false,
  });
  return results.map((g, i) => {
    if (g !== null) return g;
    const input = leaves[i] as Tensor;
    if (materializeGrads) return input.newZeros(input.shape, { dtype: input.dtype });
    if (!allowUnused)
      throw new AutogradError(
        `grad: one of the differentiated tensors appears to not have been used in the graph (input ${i}); pass { allowUnused: true } if that is meant`,
      );
    return null;
  });
}

/** Tensor methods. */

/** Gradients of this tensor, added to the leaves' `grad`. PyTorch: `Tensor.backward`. */
export function backwardMethod(t: Tensor, first?: Tensor | null | BackwardOptions, second?: BackwardOptions): void {
  const isGradient = first instanceof Tensor || first === null;
  const options = (isGradient ? second : (first as BackwardOptions | undefined)) ?? {};
  const { gradient = null, ...rest } = options;
  backward(t, [isGradient ? first : gradient], rest);
}

/** The same values without history; shares memory and version. PyTorch: `Tensor.detach`. */
export function detach(t: Tensor): Tensor {
  const result = new Tensor(t.storage, t.layout, t.dtype);
  if (t.meta?.ownVersion) metaOf(result).ownVersion = t.meta.ownVersion;
  if (t.meta?.isInference) metaOf(result).isInference = true;
  return result;
}

/** Cuts the tensor itself off its history. PyTorch: `Tensor.detach_`. */
export function detach_(t: Tensor): Tensor {
  if (t.meta?.view) throw new AutogradError("detach_: views cannot be detached in place; use detach()");
  if (t.meta) {
    t.meta.gradFn = null;
    t.meta.requiresGrad = false;
  }
  return t;
}

/**
 * Says whether gradients for this leaf are wanted. PyTorch: `Tensor.requires_grad_`.
 * @throws AutogradError for a tensor that is no leaf; DTypeError for one that is not floating
 */
export function requiresGrad_(t: Tensor, value = true): Tensor {
  if (value && !isDifferentiable(t))
    throw new DTypeError(
      `requiresGrad_: only tensors of floating-point and complex dtype can require gradients, got ${t.dtype} (whole numbers make int64: pass a dtype)`,
    );
  if (gradFnOf(t) !== null) {
    if (value) return t;
    throw new AutogradError("requiresGrad_: you can only change requiresGrad flags of leaf variables; use detach()");
  }
  if (!value && t.meta === null) return t;
  metaOf(t).requiresGrad = value;
  return t;
}

/** Keeps the gradient of a tensor that is no leaf in its `grad`. PyTorch: `Tensor.retain_grad`. */
export function retainGrad(t: Tensor): void {
  if (!requiresGrad(t)) throw new AutogradError("retainGrad: expected a tensor that requires grad");
  const node = gradFnOf(t);
  if (node === null) return;
  const meta = metaOf(t);
  meta.retainsGrad = true;
  resultHooksOf(node, meta.outputNr).retained = t;
}

/**
 * Calls `hook` with the gradient whenever it is computed; what it returns replaces the gradient. PyTorch: `Tensor.register_hook`.
 * @returns a handle with `remove()`
 */
export function registerHook(t: Tensor, hook: TensorHook): { remove(): void } {
  if (!requiresGrad(t))
    throw new AutogradError("registerHook: cannot register a hook on a tensor that does not require grad");
  if (typeof hook !== "function") throw new ValueError(`registerHook: expected a function, got ${describe(hook)}`);
  const node = edgeOf(t);
  return node === null ? { remove() {} } : addHook(resultHooksOf(node, edgeNr(t)).hooks, hook);
}
