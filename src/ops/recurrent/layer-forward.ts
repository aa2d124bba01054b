/** @file A recurrent layer forward. */
import { backendOf, type Operand } from "../../backends/backend.ts";
import { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { registerType } from "../dtypes.ts";
import { type BlockSizes, Blocks, part, runPass } from "./blocks.ts";
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
const asTensor = ({ storage, layout, dtype }: Operand): Tensor => new Tensor(storage, layout, dtype);

/** @returns the results, and what backward reads if it will follow */
export function layerForward(
  on: LayerInputs,
  { cell, steps }: LayerAttrs,
  keeps: boolean,
): LayerResult & { readonly kept: Tensor | null } {
  const { input, weightHh, weightHr } = on;
  const backend = backendOf(input.device);
  const { matmul } = backend.kernels;
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
  const products = (first: number, rows: number) => part(kept.tensor, first, rows, 0, gateColumns);
  const bias = on.biasIh === null || apart ? on.biasIh : on.biasIh.add(on.biasHh as Tensor);
  const added = (d: Tensor | null) => (d === null ? null : { d, beta: 1 });
  matmul(products(0, sizes.rows), input, on.weightIh.t(), 1, added(bias));

  const ofHidden = new Blocks(
    hiddenGates.map((gate) => [gate, sizes.hidden]),
    { rows: apart ? sizes.batch : 0, like: input },
  );
  const unprojected = allocate([projected && !keeps ? sizes.batch : 0, sizes.hidden], input.dtype, input.device);
  const hidden = fresh(on.hidden);
  const cellState = on.cell === null ? null : fresh(on.cell);
  const output = allocate([sizes.rows, sizes.state], input.dtype, input.device);
  const turned = weightHh.t().contiguous(); // every step reads it, and rows are read faster
  const pass = cell.forward(registerType(input.dtype), keeps, projected);

  for (const { first, rows } of steps) {
    const state = part(hidden, 0, rows);
    const leaving = part(output, first, rows);
    if (apart) matmul(part(ofHidden.tensor, 0, rows), state, turned, 1, added(on.biasHh));
    else matmul(products(first, rows), state, turned, 1, { d: products(first, rows), beta: 1 });
    const beforeProjection = keeps && projected ? kept.at(UNPROJECTED, first, rows) : part(unprojected, 0, rows);
    const written = (name: string): Operand => {
      if (name === NEXT.output) return leaving;
      if (name === NEXT.hidden) return projected ? beforeProjection : state;
      if (name === NEXT.cell) return part(cellState as Tensor, 0, rows);
      return kept.at(name, first, rows);
    };
    const read = (name: string): Operand => {
      if (name === HIDDEN.name) return state;
      if (name === CELL.name) return part(cellState as Tensor, 0, rows);
      return hiddenGates.includes(name) ? ofHidden.at(name, 0, rows) : kept.at(name, first, rows);
    };
    runPass(backend, pass, written, read);
    if (!projected) continue;
    matmul(leaving, beforeProjection, weightHr.t(), 1, null);
    if (keeps) asTensor(kept.at(HIDDEN.name, first, rows)).copy_(asTensor(state));
    asTensor(state).copy_(asTensor(leaving));
  }
  for (const { storage } of [ofHidden.tensor, unprojected, turned])
    if (storage !== weightHh.storage) backend.recycle(storage);
  if (!keeps) backend.recycle(kept.tensor.storage);
  return { output, hidden, cell: cellState, kept: keeps ? kept.tensor : null };
}
