/** @file Networks of gated recurrent units. */
import type { Tensor } from "../../../core/tensor.ts";
import { type Named, named } from "../../../ops/params.ts";
import { gru } from "../../functional/recurrent.ts";
import type { PackedSequence } from "../../utils/rnn/packed-sequence.ts";
import { type RecurrentOptions, RNNBase } from "./base.ts";

interface GRUOptions extends RecurrentOptions {
  inputSize: number;
  hiddenSize: number;
}
type GRUArgs = Named<
  [
    inputSize: number,
    hiddenSize: number,
    numLayers: number,
    bias: boolean,
    batchFirst: boolean,
    dropout: number,
    bidirectional: boolean,
  ],
  ["inputSize", "hiddenSize", "numLayers", "bias", "batchFirst", "dropout", "bidirectional"],
  GRUOptions
>;
const PARAMETERS = [
  "inputSize",
  "hiddenSize",
  "numLayers",
  "bias",
  "batchFirst",
  "dropout",
  "bidirectional",
  "device",
  "dtype",
] as const;

/** A call gives an output of the input's form. */
export interface GRU {
  (input: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
  (input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
}

/**
 * A network of gated recurrent units: `h′ = (1 − z) · n + z · h` with `n = tanh(W_in · x + b_in + r · (W_hn · h + b_hn))` and gates
 * r and z that are sigmoids of such sums. Weights have the rows of r, z and n in this order. PyTorch: `torch.nn.GRU`.
 *
 * Shape: as `nn.RNN`.
 *
 * @see Cho et al. 2014, arXiv:1406.1078
 * @example
 * const rnn = new nn.GRU(10, 20, { batchFirst: true, bidirectional: true });
 * const [output, hidden] = rnn(torch.randn(3, 5, 10));
 * output.shape // [3, 5, 40]
 * hidden.shape // [2, 3, 20]
 */
export class GRU extends RNNBase {
  static readonly printedName: string = "GRU";

  constructor(...args: GRUArgs) {
    super("GRU", named<GRUOptions>("GRU", PARAMETERS, 2, args));
  }

  override forward(given: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
  override forward(given: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  override forward(given: Tensor | PackedSequence, hx: Tensor | null = null): [Tensor | PackedSequence, Tensor] {
    const input = this.prepare(given);
    const [output, hidden] = gru(...this.argumentsFor(input, this.initialState(hx, "hx", this.hiddenSize, input)));
    return [this.finish(output, input), this.finishState(hidden, input)];
  }
}
