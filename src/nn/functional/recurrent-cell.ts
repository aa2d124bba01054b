/** @file One step of a recurrent network: what `nn.LSTMCell` and its like compute. */
import { isAutocasting } from "../../autograd/autocast.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { checkTensor } from "../../ops/params.ts";
import type { Cell } from "../../ops/recurrent/cell.ts";
import {
  gruCell as gru,
  lstmCell as lstm,
  rnnReluCell as rnnRelu,
  rnnTanhCell as rnnTanh,
} from "../../ops/recurrent/cells.ts";
import { type LayerResult, recurrentLayer } from "../../ops/recurrent/layer.ts";
import { autocastFor, type LSTMState } from "./recurrent.ts";

type Parameters = [weightIh: Tensor, weightHh: Tensor, biasIh?: Tensor | null, biasHh?: Tensor | null];

/** A network of one step is a layer of one step. */
function step(op: string, cell: Cell, input: Tensor, states: readonly Tensor[], parameters: Parameters): LayerResult {
  const [weightIh, weightHh, biasIh = null, biasHh = null] = parameters;
  checkTensor(op, input);
  for (const [i, state] of states.entries()) checkTensor(op, state, states.length === 1 ? "hx" : `hx[${i}]`);
  checkTensor(op, weightIh, "weightIh");
  checkTensor(op, weightHh, "weightHh");
  if (isAutocasting())
    return autocastFor(cell, input)(
      (x: Tensor, hx: readonly Tensor[], cast: Parameters) => step(op, cell, x, hx, cast),
      [input, states, parameters],
    );
  if ((biasIh === null) !== (biasHh === null))
    throw new ValueError(`${op}: expected both biasIh and biasHh, or neither, got one`);
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point input, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
  const rows = weightIh.shape[0] ?? 0;
  const hiddenSize = rows / cell.spec.gates.length;
  const batch = input.shape[0] ?? 0;
  for (const [t, name, shape] of [
    [input, "input", [batch, weightIh.shape[1] ?? 0]],
    ...states.map((state, i) => [state, states.length === 1 ? "hx" : `hx[${i}]`, [batch, hiddenSize]] as const),
    [weightIh, "weightIh", [rows, weightIh.shape[1] ?? 0]],
    [weightHh, "weightHh", [rows, hiddenSize]],
    [biasIh, "biasIh", [rows]],
    [biasHh, "biasHh", [rows]],
  ] as const) {
    if (t === null) continue;
    if (!sameShape(t.shape, shape))
      throw new ShapeError(`${op}: expected ${name} of shape ${shapeText(shape)}, got ${shapeText(t.shape)}`);
    if (t.dtype !== input.dtype)
      throw new DTypeError(`${op}: expected all tensors in one dtype, got ${input.dtype} and ${t.dtype} (${name})`);
  }
  const [hidden, cellState = null] = states as [Tensor, Tensor?];
  return recurrentLayer(
    { input, hidden, cell: cellState, weightIh, weightHh, biasIh, biasHh, weightHr: null },
    { cell, steps: [{ first: 0, rows: batch }] },
  );
}

/**
 * One step of a long short-term memory network. PyTorch: `torch.lstm_cell`.
 * @param input - [N, features]
 * @param hx - hidden and cell state, [N, H] each
 * @param parameters - `weightIh` [4 · H, features], `weightHh` [4 · H, H], `biasIh` and `biasHh` [4 · H]
 * @returns the next hidden and cell state
 * @throws ShapeError if the sizes do not fit
 */
export function lstmCell(input: Tensor, hx: LSTMState, ...parameters: Parameters): LSTMState {
  const { hidden, cell } = step("lstmCell", lstm, input, hx, parameters);
  return [hidden, cell as Tensor];
}

/** One step of gated recurrent units, with weights of 3 · H rows: gives the next state. PyTorch: `torch.gru_cell`. */
export function gruCell(input: Tensor, hx: Tensor, ...parameters: Parameters): Tensor {
  return step("gruCell", gru, input, [hx], parameters).hidden;
}

/** `tanh(weightIh · input + biasIh + weightHh · hx + biasHh)`. PyTorch: `torch.rnn_tanh_cell`. */
export function rnnTanhCell(input: Tensor, hx: Tensor, ...parameters: Parameters): Tensor {
  return step("rnnTanhCell", rnnTanh, input, [hx], parameters).hidden;
}

/** The same with relu for tanh. PyTorch: `torch.rnn_relu_cell`. */
export function rnnReluCell(input: Tensor, hx: Tensor, ...parameters: Parameters): Tensor {
  return step("rnnReluCell", rnnRelu, input, [hx], parameters).hidden;
}
