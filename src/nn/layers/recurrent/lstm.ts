/** @file Long short-term memory networks. */
import { describe, ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { type Named, named } from "../../../ops/params.ts";
import { type LSTMState, lstm } from "../../functional/recurrent.ts";
import type { PackedSequence } from "../../utils/rnn/packed-sequence.ts";
import { RNNBase, type RNNBaseOptions } from "./base.ts";

type LSTMArgs = Named<
  [
    inputSize: number,
    hiddenSize: number,
    numLayers: number,
    bias: boolean,
    batchFirst: boolean,
    dropout: number,
    bidirectional: boolean,
    projSize: number,
  ],
  ["inputSize", "hiddenSize", "numLayers", "bias", "batchFirst", "dropout", "bidirectional", "projSize"],
  RNNBaseOptions
>;
const PARAMETERS = [
  "inputSize",
  "hiddenSize",
  "numLayers",
  "bias",
  "batchFirst",
  "dropout",
  "bidirectional",
  "projSize",
  "device",
  "dtype",
] as const;

/** @throws ValueError if `hx` is no pair */
export function checkState(op: string, hx: LSTMState): void {
  if (!Array.isArray(hx) || hx.length !== 2)
    throw new ValueError(`${op}: expected hx to be [hidden, cell], got ${describe(hx)}`);
}

/** A call gives an output of the input's form. */
export interface LSTM {
  (input: Tensor, hx?: LSTMState | null): [output: Tensor, state: LSTMState];
  (input: PackedSequence, hx?: LSTMState | null): [output: PackedSequence, state: LSTMState];
}

/**
 * A long short-term memory network: `c′ = f · c + i · g` and `h′ = o · tanh(c′)`, with gates i, f and o that are sigmoids of
 * `W_ih · x + b_ih + W_hh · h + b_hh`, and g, the tanh of it. Weights have the rows of i, f, g and o in this order. With `projSize`, the
 * hidden state is `W_hr · h′`. PyTorch: `torch.nn.LSTM`.
 *
 * Shape: input [L, N, inputSize] ([N, L, inputSize] if `batchFirst`), [L, inputSize] without batch, or a `PackedSequence`; `hx`
 * the hidden state [numLayers · directions, N, hiddenSize or projSize] and the cell state [numLayers · directions, N, hiddenSize],
 * zeros if not given. Gives the hidden states of the last layer at all steps, [L, N, directions · size], and the last states.
 *
 * @see Hochreiter & Schmidhuber 1997, Neural Computation 9(8); Sak et al. 2014, arXiv:1402.1128 (projection)
 * @example
 * const lstm = new nn.LSTM(10, 20, 2);
 * const [output, [hidden, cell]] = lstm(torch.randn(5, 3, 10));
 * output.shape // [5, 3, 20]
 * cell.shape // [2, 3, 20]
 */
export class LSTM extends RNNBase {
  static readonly printedName: string = "LSTM";

  constructor(...args: LSTMArgs) {
    super("LSTM", named<RNNBaseOptions>("LSTM", PARAMETERS, 2, args));
  }

  override forward(given: Tensor, hx?: LSTMState | null): [output: Tensor, state: LSTMState];
  override forward(given: PackedSequence, hx?: LSTMState | null): [output: PackedSequence, state: LSTMState];
  override forward(given: Tensor | PackedSequence, hx: LSTMState | null = null): [Tensor | PackedSequence, LSTMState] {
    const input = this.prepare(given);
    if (hx !== null) checkState("LSTM", hx);
    const [h, c] = hx ?? [null, null];
    const state: LSTMState = [
      this.initialState(h, "hx[0]", this.stateSize, input),
      this.initialState(c, "hx[1]", this.hiddenSize, input),
    ];
    const [output, hidden, cell] = lstm(...this.argumentsFor(input, state));
    return [this.finish(output, input), [this.finishState(hidden, input), this.finishState(cell, input)]];
  }
}
