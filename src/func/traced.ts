/** @file What all transforms do: run a function on inputs of which derivatives are taken, and take them. */
import { grad as gradientsOf } from "../autograd/api.ts";
import { AccumulateGrad, edgeOf, isDifferentiable, requiresGrad } from "../autograd/graph.ts";
import { enableGrad, isGradEnabled } from "../autograd/modes.ts";
import type { Node } from "../autograd/node.ts";
import { AutogradError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { stack } from "../ops/joining.ts";
import { mapTensors, tensorsOf } from "./tree.ts";

/** A function that ran on inputs of which derivatives can be taken. */
export interface Traced {
  readonly output: unknown;
  /** The inputs, as the function got them. */
  readonly inputs: readonly Tensor[];
  /** Whether derivatives are part of a graph themselves: of a transform around this one, or of parameters that the function uses. */
  readonly recorded: boolean;
}

/**
 * Runs `f` with tensors in the place of those in `inputs`.
 * @param keepGraph - derivatives are recorded in any case
 */
export function trace(
  op: string,
  inputs: readonly unknown[],
  f: (...inputs: unknown[]) => unknown,
  keepGraph = false,
): Traced {
  const outer = isGradEnabled();
  const leaves = new Set<Tensor>();
  const fresh = inputs.map((x) =>
    mapTensors(x, (t) => {
      if (!isDifferentiable(t))
        throw new AutogradError(
          `${op}: expected tensors of floating-point or complex dtype to differentiate by, got ${t.dtype}`,
        );
      if (outer && requiresGrad(t)) return t.viewAs(t);
      const leaf = t.detach().requiresGrad_();
      leaves.add(leaf);
      return leaf;
    }),
  );
  const output = enableGrad(() => f(...fresh));
  const recorded = keepGraph || (outer && reachesOthers(tensorsOf(output), leaves));
  return { output, inputs: fresh.flatMap(tensorsOf), recorded };
}

/** Whether a leaf that is not among `own` takes part in making `outputs`. */
function reachesOthers(outputs: readonly Tensor[], own: ReadonlySet<Tensor>): boolean {
  const seen = new Set<Node>();
  const stack = outputs.flatMap((t) => edgeOf(t) ?? []);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node instanceof AccumulateGrad && !own.has(node.variable)) return true;
    for (const next of node.nextNodes) if (next !== null) stack.push(next);
  }
  return false;
}

/** What a transform hands out: without the graph, unless it is part of one outside. */
export const released = ({ recorded }: Pick<Traced, "recorded">, tree: unknown): unknown =>
  recorded ? tree : mapTensors(tree, (t) => t.detach());

/** Gradients of `outputs` by `inputs`, `null` where there is no dependence. The graph stays. */
export function pullBack(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
  createGraph: boolean,
): (Tensor | null)[] {
  const used = outputs.flatMap((t, i) => (requiresGrad(t) ? [i] : []));
  if (used.length === 0 || inputs.length === 0) return inputs.map(() => null);
  const options = { allowUnused: true, retainGraph: true, createGraph };
  return gradientsOf(
    used.map((i) => outputs[i] as Tensor),
    inputs,
    used.map((i) => cotangents[i] ?? null),
    options,
  );
}

const orZeros = (x: Tensor | null | undefined, like: Tensor): Tensor => x ?? like.newZeros(like.shape);

/** The same with zeros where there is no dependence. */
export function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
  createGraph: boolean,
): Tensor[] {
  return pullBack(outputs, inputs, cotangents, createGraph).map((g, i) => orZeros(g, inputs[i] as Tensor));
}

/**
 * The derivative along tangents, by two backwards: the gradient is linear in its cotangents, and the gradient by these is what is
 * wanted. There is no forward mode.
 */
export function pushForward(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  createGraph: boolean,
): (tangents: readonly Tensor[]) => Tensor[] {
  const cotangents = outputs.map((t) => t.newZeros(t.shape).requiresGrad_(isDifferentiable(t)));
  const back = enableGrad(() => pullBack(outputs, inputs, cotangents, true));
  return (tangents) => {
    const linear = back.flatMap((g, i) => (g !== null && requiresGrad(g) ? [[g, tangents[i] as Tensor] as const] : []));
    const along = pullBack(
      linear.map(([g]) => g),
      cotangents,
      linear.map(([, tangent]) => tangent),
      createGraph,
    );
    return outputs.map((t, i) => orZeros(along[i], t));
  };
}

/** The unit vectors of the space of tensors like `t`. */
export function* basisOf(t: Tensor): Generator<Tensor> {
  const n = t.numel();
  for (let i = 0; i < n; i++) {
    const unit = t.newZeros([n]);
    unit.setAt(i, 1);
    yield unit.view(t.shape);
  }
}

/** The Jacobian of each output by each input, of their shapes one after the other; by gradients, one for each element of an output. */
export function reverseJacobian(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  createGraph: boolean,
): (Tensor | null)[][] {
  return outputs.map((output) => {
    const rows: (Tensor | null)[][] = [];
    for (const unit of basisOf(output.detach())) rows.push(pullBack([output], inputs, [unit], createGraph));
    return inputs.map((input, j) => {
      const column = rows.map((row) => row[j] ?? null);
      if (column.every((g) => g === null)) return null;
      return stack(column.map((g) => orZeros(g, input))).reshape([...output.shape, ...input.shape]);
    });
  });
}

/** The same by derivatives along the elements of the inputs. */
export function forwardJacobian(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  createGraph: boolean,
): Tensor[][] {
  const push = pushForward(outputs, inputs, createGraph);
  const byInput = inputs.map((input, j) => {
    const columns: Tensor[][] = [];
    for (const unit of basisOf(input.detach()))
      columns.push(push(inputs.map((other, k) => (k === j ? unit : other.newZeros(other.shape)))));
    return outputs.map((output, i) => {
      const along = columns.map((column) => column[i] as Tensor);
      const shape = [...output.shape, ...input.shape];
      return along.length === 0 ? output.newZeros(shape) : stack(along, -1).reshape(shape);
    });
  });
  return outputs.map((_, i) => byInput.map((column) => column[i] as Tensor));
}

export const zerosFor = (output: Tensor, input: Tensor): Tensor => output.newZeros([...output.shape, ...input.shape]);
