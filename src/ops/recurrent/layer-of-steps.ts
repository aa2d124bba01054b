/** @file A recurrent layer as ops on tensors: the definition, which can be differentiated to any order. */
import type { Tensor } from "../../core/tensor.ts";
import { cat } from "../joining.ts";
import { mm } from "../matmul.ts";
import { addmm } from "../matmul-add.ts";
import { CELL, HIDDEN } from "./cell.ts";
import type { LayerAttrs, LayerInputs, LayerResult } from "./layer.ts";

const times = (x: Tensor, weight: Tensor, bias: Tensor | null): Tensor =>
  bias === null ? mm(x, weight.t()) : addmm(bias, x, weight.t());

/** `state` with other first rows. */
function replaced(state: Tensor, rows: Tensor): Tensor {
  const [n, all] = [rows.shape[0] as number, state.shape[0] as number];
  return n === all ? rows : cat([rows, state.narrow(0, n, all - n)]);
}

export function layerOfSteps(on: LayerInputs, { cell, steps }: LayerAttrs): LayerResult {
  const { gates, apart } = cell.spec;
  const products = times(on.input, on.weightIh, on.biasIh);
  let { hidden, cell: cellState } = on;
  const outputs: { readonly first: number; readonly output: Tensor }[] = [];
  for (const { first, rows } of steps) {
    const entering = hidden.narrow(0, 0, rows);
    const ofInput = products.narrow(0, first, rows);
    const ofHidden = times(entering, on.weightHh, on.biasHh);
    const args: Record<string, Tensor> = { [HIDDEN.name]: entering };
    const name = (names: readonly string[], blocks: Tensor) => {
      for (const [i, block] of blocks.chunk(names.length, 1).entries()) args[names[i] as string] = block;
    };
    name(gates, apart ? ofInput : ofInput.add(ofHidden));
    if (apart) name(cell.hiddenGates, ofHidden);
    if (cellState !== null) args[CELL.name] = cellState.narrow(0, 0, rows);
    const next = cell.step(args, on.input.dtype);
    const output = on.weightHr === null ? next.hidden : mm(next.hidden, on.weightHr.t());
    outputs.push({ first, output });
    hidden = replaced(hidden, output);
    if (cellState !== null && next.cell !== null) cellState = replaced(cellState, next.cell);
  }
  outputs.sort((a, b) => a.first - b.first);
  return { output: cat(outputs.map(({ output }) => output)), hidden, cell: cellState };
}
