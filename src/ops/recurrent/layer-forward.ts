/** @file A recurrent layer forward. */
import { backendOf } from "../../backends/backend.ts";
import type { ProductAction, ProgramAction, StepRows } from "../../backends/recurrence-kernels.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { registerType } from "../dtypes.ts";
import { type BlockSizes, Blocks, ofAll, ofStep, passAction } from "./blocks.ts";
import { CELL, type Cell, HIDDEN, NEXT } from "./cell.ts";
import type { LayerAttrs, LayerInputs, LayerResult } from "./layer.ts";

/** The block of hidden states before their projection. */
export const UNPROJECTED = "unprojected";

/** H hidden size, P that of the hidden state. */
export interface Sizes {
  readonly rows: number;
  readonly batch: number;
  readonly hidden: number;
  readonly state: number;
}

export function sizesOf({ input, hidden, weightHh }: LayerInputs, cell: Cell): Sizes {
  const [batch, state] = hidden.shape as [number, number];
  return {
    rows: input.shape[0] as number,
    batch,
    hidden: (weightHh.shape[0] as number) / cell.spec.gates.length,
    state,
  };
}

/** What a layer keeps of each step: first the gates' activations, which overwrite their products. */
export function keptSizes(cell: Cell, sizes: Sizes, projected: boolean): BlockSizes {
  return [
    ...cell.spec.gates.map((gate) => [gate, sizes.hidden] as const),
    ...cell.kept.map((name) => [name, name === HIDDEN.name ? sizes.state : sizes.hidden] as const),
    ...(projected ? [[UNPROJECTED, sizes.hidden] as const] : []),
  ];
}

/** A contiguous tensor of its own with the same elements. */
export const fresh = (t: Tensor): Tensor => allocate(t.shape, t.dtype, t.device).copy_(t);

/** @returns the results, and what backward reads if it will follow */
export function layerForward(
  on: LayerInputs,
  { cell, steps }: LayerAttrs,
  keeps: boolean,
): LayerResult & { readonly kept: Tensor | null } {
  const { input, weightHh, weightHr } = on;
  const backend = backendOf(input.device);
  const { matmul, recurrence } = backend.kernels;
  const sizes = sizesOf(on, cell);
  const { spec, hiddenGates } = cell;
  const gateColumns = spec.gates.length * sizes.hidden;
  const projected = weightHr !== null;
  const apart = spec.apart;

  const keptBlocks = keptSizes(cell, sizes, projected);
  const kept = new Blocks(keeps ? keptBlocks : keptBlocks.slice(0, spec.gates.length), {
    rows: sizes.rows,
    like: input,
  });
  const products = ofStep(kept.tensor, 0, gateColumns);
  const bias = on.biasIh === null || apart ? on.biasIh : on.biasIh.add(on.biasHh as Tensor);
  matmul(products.of, input, on.weightIh.t(), 1, bias === null ? null : { d: bias, beta: 1, relu: false });

  const ofHidden = new Blocks(
    hiddenGates.map((gate) => [gate, sizes.hidden]),
    { rows: apart ? sizes.batch : 0, like: input },
  );
  const unprojected = allocate([projected && !keeps ? sizes.batch : 0, sizes.hidden], input.dtype, input.device);
  const hidden = fresh(on.hidden);
  const cellState = on.cell === null ? null : fresh(on.cell);
  const output = allocate([sizes.rows, sizes.state], input.dtype, input.device);
  const type = registerType(input.dtype) as "f32" | "f64"; // floating

  const state = ofAll(hidden);
  const leaving = ofStep(output);
  const beforeProjection = keeps && projected ? kept.ofStep(UNPROJECTED) : ofAll(unprojected);
  const written = (name: string): StepRows => {
    if (name === NEXT.output) return leaving;
    if (name === NEXT.hidden) return projected ? beforeProjection : state;
    return name === NEXT.cell ? ofAll(cellState as Tensor) : kept.ofStep(name);
  };
  const read = (name: string): StepRows => {
    if (name === HIDDEN.name) return state;
    if (name === CELL.name) return ofAll(cellState as Tensor);
    return ofHidden.has(name) ? ofHidden.ofAll(name) : kept.ofStep(name);
  };
  const product = apart ? ofAll(ofHidden.tensor) : products;
  const actions: (ProductAction | ProgramAction)[] = [
    { out: product, a: state, b: weightHh.t(), start: apart ? (on.biasHh?.contiguous() ?? null) : "out" },
    passAction(cell.forward(type, keeps, projected), written, read),
  ];
  if (weightHr !== null) {
    const copy = (to: StepRows, from: StepRows) =>
      passAction(
        cell.copy(type),
        () => to,
        () => from,
      );
    actions.push({ out: leaving, a: beforeProjection, b: weightHr.t(), start: null });
    if (keeps) actions.push(copy(kept.ofStep(HIDDEN.name), state));
    actions.push(copy(state, leaving));
  }
  recurrence(sizes.batch, steps, actions);
  for (const { storage } of [ofHidden.tensor, unprojected]) backend.recycle(storage);
  if (!keeps) backend.recycle(kept.tensor.storage);
  return { output, hidden, cell: cellState, kept: keeps ? kept.tensor : null };
}
