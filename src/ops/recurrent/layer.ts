/**
 * @file One layer of a recurrent network in one direction, over all time steps, as one node. The products of the input are one matrix
 * product; a step is one product with the hidden state and one pass over its elements, and so is a step backward. One kernel runs all
 * steps, of all of which the weights' gradients are one product each.
 * `layer-of-steps.ts` says the same in ops on tensors, of which derivatives of higher order are taken.
 */
import { grad } from "../../autograd/api.ts";
import { shouldRecord } from "../../autograd/graph.ts";
import { isGradEnabled } from "../../autograd/modes.ts";
import type { Grad } from "../../autograd/node.ts";
import type { Step } from "../../backends/recurrence-kernels.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Context, KernelOp } from "../kernel-form.ts";
import { kernelOp } from "../kernel-form.ts";
import type { Cell } from "./cell.ts";
import { layerBackward } from "./layer-backward.ts";
import { layerForward } from "./layer-forward.ts";
import { layerOfSteps } from "./layer-of-steps.ts";

/** The steps in the order of time, for so many sequences each. */
export function stepsOf(batchSizes: readonly number[]): Step[] {
  let first = 0;
  return batchSizes.map((rows) => {
    const step = { first, rows };
    first += rows;
    return step;
  });
}

/** What a layer computes with. N sequences, H hidden size, P the size of the hidden state (H without projection), G gates. */
export interface LayerInputs {
  /** [rows of all steps, features] */
  readonly input: Tensor;
  /** [N, P] */
  readonly hidden: Tensor;
  /** [N, H] */
  readonly cell: Tensor | null;
  /** [G · H, features] */
  readonly weightIh: Tensor;
  /** [G · H, P] */
  readonly weightHh: Tensor;
  /** [G · H] */
  readonly biasIh: Tensor | null;
  readonly biasHh: Tensor | null;
  /** [P, H] */
  readonly weightHr: Tensor | null;
}

export interface LayerAttrs {
  readonly cell: Cell;
  /** In the order in which they are taken: against time in the reverse direction. */
  readonly steps: readonly Step[];
}

export interface LayerResult {
  /** The hidden state after each step: [rows of all steps, P]. */
  readonly output: Tensor;
  /** The states after the last step of each sequence. */
  readonly hidden: Tensor;
  readonly cell: Tensor | null;
}

type Name = keyof LayerInputs;
const NAMES: readonly Name[] = ["input", "hidden", "cell", "weightIh", "weightHh", "biasIh", "biasHh", "weightHr"];

interface NodeAttrs extends LayerAttrs {
  /** The inputs that there are, in order. */
  readonly names: readonly Name[];
  /** Whether backward will follow. */
  readonly keeps: boolean;
}

/** Which result is what backward reads; it is the last. */
const keptAt = ({ cell }: LayerAttrs): number => (cell.hasCell ? 3 : 2);

function byName(names: readonly Name[], tensor: (i: number) => Tensor): LayerInputs {
  const found: { [N in Name]: Tensor | null } = {
    input: null,
    hidden: null,
    cell: null,
    weightIh: null,
    weightHh: null,
    biasIh: null,
    biasHh: null,
    weightHr: null,
  };
  for (const [i, name] of names.entries()) found[name] = tensor(i);
  return found as LayerInputs; // `names` has those that are not null
}

const layerOp: KernelOp<NodeAttrs> = kernelOp<NodeAttrs>({
  name: "recurrentLayer",
  node: ({ cell }) => `${cell.nodeName}Backward0`,
  forward: (tensors, attrs) => {
    const { output, hidden, cell, kept } = layerForward(
      byName(attrs.names, (i) => tensors[i] as Tensor),
      attrs,
      attrs.keeps,
    );
    return [output, hidden, ...(cell === null ? [] : [cell]), ...(kept === null ? [] : [kept])];
  },
  saves: (_, attrs) => [...attrs.names.keys(), ~keptAt(attrs)],
  backward: (grads, context) => {
    const { names } = context.attrs;
    if (isGradEnabled()) return differentiableBackward(grads, context);
    const wanted = new Set(names.filter((_, i) => context.needs(i)));
    const [output, hidden, cell] = grads as [Grad, Grad, Grad | undefined];
    const on = byName(names, (i) => context.input(i));
    const kept = context.result(keptAt(context.attrs));
    const gradients = layerBackward(on, context.attrs, kept, { output, hidden, cell: cell ?? null }, wanted);
    return names.map((name) => gradients[name] ?? null);
  },
});

/** Gradients as a graph of their own: those of the layer that is made of steps. */
function differentiableBackward(grads: Grad[], context: Context<NodeAttrs>): Grad[] {
  const { attrs } = context;
  // One input may have been made from another: views keep what flows to each apart.
  const views = attrs.names.map((_, i) => {
    const t = context.input(i);
    return t.view(t.shape);
  });
  const { output, hidden, cell } = layerOfSteps(
    byName(attrs.names, (i) => views[i] as Tensor),
    attrs,
  );
  const results = [output, hidden, ...(cell === null ? [] : [cell])];
  const flowing = results.map((_, i) => grads[i] ?? null);
  const gradients = grad(
    results.filter((_, i) => flowing[i] !== null),
    views.filter((_, i) => context.needs(i)),
    flowing.filter((g) => g !== null),
    { createGraph: true, allowUnused: true },
  );
  return attrs.names.map((_, i) => (context.needs(i) ? (gradients.shift() ?? null) : null));
}

/** Runs a layer. All tensors are of one floating dtype, and fit. */
export function recurrentLayer(inputs: LayerInputs, attrs: LayerAttrs): LayerResult {
  const names = NAMES.filter((name) => inputs[name] !== null);
  const tensors = names.map((name) => inputs[name] as Tensor);
  const results = layerOp.results(tensors, { ...attrs, names, keeps: shouldRecord(tensors) });
  const [output, hidden, cell] = results as [Tensor, Tensor, Tensor];
  return { output, hidden, cell: attrs.cell.hasCell ? cell : null };
}
