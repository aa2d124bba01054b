/** @file Recurrent networks of several layers, in one direction or two: what `nn.LSTM` and its like compute. */
import { inFloat32, inLowerPrecision, isAutocasting } from "../../autograd/autocast.ts";
import { float32 } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, sameShape, shapeText } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { cat, stack } from "../../ops/joining.ts";
import { checkTensor, checkTensors } from "../../ops/params.ts";
import type { Cell } from "../../ops/recurrent/cell.ts";
import { gruCell, lstmCell, rnnReluCell, rnnTanhCell } from "../../ops/recurrent/cells.ts";
import { type LayerInputs, recurrentLayer, stepsOf } from "../../ops/recurrent/layer.ts";
import { checkProbability, dropout } from "./dropout.ts";

/** The hidden and the cell state of an LSTM. */
export type LSTMState = [hidden: Tensor, cell: Tensor];

type Settings = [hasBiases: boolean, numLayers: number, dropout: number, train: boolean, bidirectional: boolean];
/** Of sequences of one length: [L, N, features], or [N, L, features] if `batchFirst`. */
type PaddedCall<S> = [input: Tensor, hx: S, params: readonly Tensor[], ...Settings, batchFirst: boolean];
/** Of packed sequences: [rows of all steps, features], and how many rows each step has. */
type PackedCall<S> = [data: Tensor, batchSizes: Tensor, hx: S, params: readonly Tensor[], ...Settings];
type RecurrentArgs<S> = PaddedCall<S> | PackedCall<S>;

/** A network's call, as both forms have it. */
interface Network {
  /** [rows of all steps, features] */
  readonly input: Tensor;
  readonly batchSizes: readonly number[];
  /** Hidden states, and cell states if there are any: [layers · directions, N, size]. */
  readonly states: readonly Tensor[];
  readonly params: readonly Tensor[];
  readonly hasBiases: boolean;
  readonly numLayers: number;
  readonly dropout: number;
  readonly train: boolean;
  readonly bidirectional: boolean;
}

function checkShape(op: string, what: string, t: Tensor, shape: Shape): void {
  if (!sameShape(t.shape, shape))
    throw new ShapeError(`${op}: expected ${what} of shape ${shapeText(shape)}, got ${shapeText(t.shape)}`);
}

/** The parameters of each layer and direction, by their roles. */
function parametersOf(op: string, cell: Cell, net: Network): Omit<LayerInputs, "input" | "hidden" | "cell">[] {
  const { params, hasBiases, numLayers, bidirectional, states, input } = net;
  const [hiddenStates, cellStates] = states as [Tensor, Tensor | undefined];
  const stateSize = hiddenStates.shape[2] as number;
  const hiddenSize = cellStates === undefined ? stateSize : (cellStates.shape[2] as number);
  const projected = hiddenSize !== stateSize;
  const directions = bidirectional ? 2 : 1;
  const each = 2 + (hasBiases ? 2 : 0) + (projected ? 1 : 0);
  const wanted = each * directions * numLayers;
  if (params.length !== wanted)
    throw new ValueError(
      `${op}: expected ${wanted} params, ${each} for each layer and direction, got ${params.length}`,
    );
  for (const t of params)
    if (t.dtype !== input.dtype)
      throw new DTypeError(`${op}: expected input and params in one dtype, got ${input.dtype} and ${t.dtype}`);
  const rows = cell.spec.gates.length * hiddenSize;
  return Array.from({ length: directions * numLayers }, (_, i) => {
    const own = params.slice(i * each, (i + 1) * each);
    const features = i < directions ? (input.shape[1] as number) : stateSize * directions;
    const [weightIh, weightHh, ...rest] = own as [Tensor, Tensor, ...Tensor[]];
    checkShape(op, "a weightIh", weightIh, [rows, features]);
    checkShape(op, "a weightHh", weightHh, [rows, stateSize]);
    const [biasIh, biasHh] = hasBiases ? (rest as [Tensor, Tensor]) : [null, null];
    for (const bias of [biasIh, biasHh]) if (bias !== null) checkShape(op, "a bias", bias, [rows]);
    const weightHr = projected ? (own[each - 1] as Tensor) : null;
    if (weightHr !== null) checkShape(op, "a weightHr", weightHr, [stateSize, hiddenSize]);
    return { weightIh, weightHh, biasIh, biasHh, weightHr };
  });
}

function runNetwork(op: string, cell: Cell, net: Network): { output: Tensor; states: Tensor[] } {
  const { batchSizes, states, numLayers, bidirectional, train } = net;
  const directions = bidirectional ? 2 : 1;
  const batch = batchSizes[0] as number;
  for (const state of states) {
    if (state.dtype !== net.input.dtype)
      throw new DTypeError(`${op}: expected input and hx in one dtype, got ${net.input.dtype} and ${state.dtype}`);
    checkShape(op, "hx", state, [numLayers * directions, batch, state.shape[2] ?? 0]);
  }
  const parameters = parametersOf(op, cell, net);
  const steps = stepsOf(batchSizes);
  const ways = [steps, steps.toReversed()];
  const last: Tensor[][] = states.map(() => []);
  let output = net.input;
  for (let layer = 0; layer < numLayers; layer++) {
    const outputs = ways.slice(0, directions).map((way, direction) => {
      const i = layer * directions + direction;
      const [hidden, cellState = null] = states.map((state) => state.select(0, i)) as [Tensor, Tensor?];
      const inputs = { ...(parameters[i] as (typeof parameters)[number]), input: output, hidden, cell: cellState };
      const result = recurrentLayer(inputs, { cell, steps: way });
      last[0]?.push(result.hidden);
      if (result.cell !== null) last[1]?.push(result.cell);
      return result.output;
    });
    output = outputs.length === 1 ? (outputs[0] as Tensor) : cat(outputs, 1);
    if (layer < numLayers - 1) output = dropout(output, net.dropout, train);
  }
  return { output, states: last.map((each) => stack(each)) };
}

/** How autocast calls a network: in float32 where states of it enter the steps, as those of such an input do, else in the lower precision. */
export const autocastFor = (cell: Cell, input: Tensor): typeof inFloat32 =>
  cell.readsStates && input.dtype === float32 ? inFloat32 : inLowerPrecision;

/** Runs a network from the arguments of either form. */
function recurrent<S>(
  op: string,
  cell: Cell,
  args: readonly unknown[],
  statesOf: (hx: S) => readonly Tensor[],
): { output: Tensor; states: Tensor[] } {
  if (args.length !== 9) throw new ValueError(`${op}: expected 9 arguments, got ${args.length}`);
  const isPacked = args[1] instanceof Tensor && Array.isArray(args[3]);
  const [input, batchSizes, hx, params, hasBiases, numLayers, dropoutP, train, bidirectional] = (
    isPacked ? args : [args[0], null, ...args.slice(1, 8)]
  ) as [Tensor, Tensor | null, S, Tensor[], boolean, number, number, boolean, boolean];
  const batchFirst = !isPacked && (args[8] as boolean);
  checkTensor(op, input);
  checkTensors(op, params, "params");
  if (isAutocasting())
    return autocastFor(cell, input)((...cast: unknown[]) => recurrent(op, cell, cast, statesOf), [...args]);
  checkProbability(op, dropoutP);
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point input, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
  if (typeof numLayers !== "number" || !(numLayers >= 1))
    throw new ValueError(`${op}: expected numLayers of at least 1, got ${describe(numLayers)}`);
  const states = statesOf(hx);
  checkTensors(op, states, "hx");
  for (const state of states)
    if (state.ndim !== 3)
      throw new ShapeError(`${op}: expected hx of shape [layers · directions, N, size], got ${shapeText(state.shape)}`);
  const settings = { states, params, hasBiases, numLayers, dropout: dropoutP, train, bidirectional };
  if (batchSizes !== null) {
    if (input.ndim !== 2)
      throw new ShapeError(`${op}: expected data of shape [rows, features], got ${shapeText(input.shape)}`);
    const sizes = batchSizes.tolist() as number[];
    const rows = sizes.reduce((a, b) => a + b, 0);
    if (rows !== input.shape[0])
      throw new ShapeError(`${op}: expected data of ${rows} rows, as batchSizes says, got ${shapeText(input.shape)}`);
    return runNetwork(op, cell, { ...settings, input, batchSizes: sizes });
  }
  if (input.ndim !== 3)
    throw new ShapeError(`${op}: expected an input of 3 dimensions, got shape ${shapeText(input.shape)}`);
  const turned = batchFirst ? input.transpose(0, 1) : input;
  const [length, batch, features] = turned.shape as [number, number, number];
  if (length === 0)
    throw new ShapeError(`${op}: expected sequences of at least one step, got ${shapeText(input.shape)}`);
  const rows = turned.reshape(length * batch, features);
  const result = runNetwork(op, cell, { ...settings, input: rows, batchSizes: new Array<number>(length).fill(batch) });
  const output = result.output.view(length, batch, -1);
  return { output: batchFirst ? output.transpose(0, 1) : output, states: result.states };
}

/** What the networks with one state share. */
type OneState = (...args: RecurrentArgs<Tensor>) => [output: Tensor, hidden: Tensor];

function withOneState(op: string, cell: Cell): OneState {
  return (...args) => {
    const { output, states } = recurrent<Tensor>(op, cell, args, (hx) => [hx]);
    return [output, states[0] as Tensor];
  };
}

/**
 * A long short-term memory network: what `nn.LSTM` computes. PyTorch: `torch.lstm`.
 *
 * @param args - `input` [L, N, features] ([N, L, features] if `batchFirst`), `hx` of hidden and cell states [layers · directions, N,
 *   size], `params` (for each layer and direction weightIh, weightHh, biasIh and biasHh if `hasBiases`, weightHr if hidden and cell
 *   state differ in size), `hasBiases`, `numLayers`, `dropout` between layers, `train`, `bidirectional`, `batchFirst`; or for packed
 *   sequences `data`, `batchSizes`, `hx` and so on, without `batchFirst`
 * @returns the hidden states of the last layer at all steps, and the last hidden and cell states of all layers
 * @throws ShapeError if the sizes do not fit
 * @throws DTypeError if the dtypes differ, or are not floating
 */
export function lstm(...args: RecurrentArgs<LSTMState>): [output: Tensor, hidden: Tensor, cell: Tensor] {
  const { output, states } = recurrent<LSTMState>("lstm", lstmCell, args, (hx) => hx);
  return [output, ...(states as LSTMState)];
}

/** A network of gated recurrent units, called as `lstm` but with one state: what `nn.GRU` computes. PyTorch: `torch.gru`. */
export const gru: OneState = withOneState("gru", gruCell);

/** An Elman network with tanh, called as `gru`: what `nn.RNN` computes. PyTorch: `torch.rnn_tanh`. */
export const rnnTanh: OneState = withOneState("rnnTanh", rnnTanhCell);

/** An Elman network with relu, called as `gru`. PyTorch: `torch.rnn_relu`. */
export const rnnRelu: OneState = withOneState("rnnRelu", rnnReluCell);
