/** @file Elman networks. */
import { describe, ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { type Named, named } from "../../../ops/params.ts";
import { rnnRelu, rnnTanh } from "../../functional/recurrent.ts";
import type { PackedSequence } from "../../utils/rnn/packed-sequence.ts";
import { type RecurrentOptions, RNNBase, type RNNBaseOptions } from "./base.ts";

/** What an Elman network does to the sums. */
export type Nonlinearity = "tanh" | "relu";

interface RNNOptions extends RecurrentOptions {
  inputSize: number;
  hiddenSize: number;
  nonlinearity?: Nonlinearity;
}
type RNNArgs = Named<
  [
    inputSize: number,
    hiddenSize: number,
    numLayers: number,
    nonlinearity: Nonlinearity,
    bias: boolean,
    batchFirst: boolean,
    dropout: number,
    bidirectional: boolean,
  ],
  ["inputSize", "hiddenSize", "numLayers", "nonlinearity", "bias", "batchFirst", "dropout", "bidirectional"],
  RNNOptions
>;
const PARAMETERS = [
  "inputSize",
  "hiddenSize",
  "numLayers",
  "nonlinearity",
  "bias",
  "batchFirst",
  "dropout",
  "bidirectional",
  "device",
  "dtype",
] as const;

/** @throws ValueError if there is no such nonlinearity */
export function checkNonlinearity(op: string, x: unknown): asserts x is Nonlinearity {
  if (x !== "tanh" && x !== "relu")
    throw new ValueError(`${op}: expected a nonlinearity of "tanh" or "relu", got ${describe(x)}`);
}

/** A call gives an output of the input's form. */
export interface RNN {
  (input: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
  (input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
}

/**
 * An Elman network: `h′ = tanh(W_ih · x + b_ih + W_hh · h + b_hh)`, or with relu. PyTorch: `torch.nn.RNN`.
 *
 * Shape: input [L, N, inputSize] ([N, L, inputSize] if `batchFirst`), [L, inputSize] without batch, or a `PackedSequence`; `hx`
 * [numLayers · directions, N, hiddenSize], zeros if not given. Gives the states of the last layer at all steps, [L, N, directions ·
 * hiddenSize], and the last states of all layers, of the shape of `hx`.
 *
 * @example
 * const rnn = new nn.RNN(10, 20, 2);
 * const [output, hidden] = rnn(torch.randn(5, 3, 10), torch.randn(2, 3, 20));
 * output.shape // [5, 3, 20]
 * hidden.shape // [2, 3, 20]
 */
export class RNN extends RNNBase {
  static readonly printedName: string = "RNN";
  readonly nonlinearity: Nonlinearity;

  constructor(...args: RNNArgs) {
    const { nonlinearity = "tanh", ...options } = named<RNNOptions>("RNN", PARAMETERS, 2, args);
    checkNonlinearity("RNN", nonlinearity);
    super(nonlinearity === "tanh" ? "RNN_TANH" : "RNN_RELU", options as RNNBaseOptions);
    this.nonlinearity = nonlinearity;
  }

  override forward(given: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
  override forward(given: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  override forward(given: Tensor | PackedSequence, hx: Tensor | null = null): [Tensor | PackedSequence, Tensor] {
    const input = this.prepare(given);
    const run = this.nonlinearity === "tanh" ? rnnTanh : rnnRelu;
    const [output, hidden] = run(...this.argumentsFor(input, this.initialState(hx, "hx", this.hiddenSize, input)));
    return [this.finish(output, input), this.finishState(hidden, input)];
  }
}
