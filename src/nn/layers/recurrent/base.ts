/** @file What the recurrent layers share: parameters, their names and their first values, and what input may look like. */
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { Parameter } from "../../../core/parameter.ts";
import { sameShape, shapeText } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import { empty } from "../../../ops/creation.ts";
import { checkInt } from "../../../ops/params.ts";
import { checkProbability } from "../../functional/dropout.ts";
import { uniform_ } from "../../init.ts";
import { Module } from "../../module/module.ts";
import { PackedSequence } from "../../utils/rnn/packed-sequence.ts";
import { extraAfter, py } from "../extra-repr.ts";
import type { FactoryOptions } from "../linear.ts";

/** PyTorch's names of the kinds of network. */
export type RNNMode = "RNN_TANH" | "RNN_RELU" | "LSTM" | "GRU";

const GATES: { readonly [M in RNNMode]: number } = { RNN_TANH: 1, RNN_RELU: 1, LSTM: 4, GRU: 3 };

/** What the layers of one network have in common. */
export interface RecurrentOptions extends FactoryOptions {
  /** Number of layers, each taking the output of the one before. */
  numLayers?: number;
  /** Whether to add biases that are learned; the default. */
  bias?: boolean;
  /** Input and output are [N, L, features]; states are not concerned. */
  batchFirst?: boolean;
  /** In training, probability of an element of the output of each layer but the last to become zero. */
  dropout?: number;
  /** Whether a second network reads the sequence from its end; outputs of the two stand side by side. */
  bidirectional?: boolean;
}

/** The options that the base takes; of a subclass's, those that it has. */
export interface RNNBaseOptions extends RecurrentOptions {
  inputSize: number;
  hiddenSize: number;
  /** Size of the projected hidden state of an LSTM; 0 for none. */
  projSize?: number;
}

/** A sequence as a network takes it: rows of all steps, or [L, N, features] as it was given. */
export interface Prepared {
  readonly input: Tensor;
  readonly packed: PackedSequence | null;
  readonly isBatched: boolean;
  /** Number of sequences. */
  readonly batch: number;
}

const ROLES = ["weightIh", "weightHh", "biasIh", "biasHh", "weightHr"] as const;

/**
 * Base class of recurrent layers. PyTorch: `torch.nn.RNNBase`.
 *
 * Parameters are fields: `weightIhL0`, `weightHhL0`, `biasIhL0`, `biasHhL0` (and `weightHrL0` of an LSTM with projection), then those of
 * the reverse direction (`weightIhL0Reverse`, …), then those of layer 1. They begin uniform within ±1/√hiddenSize.
 *
 * Differs: `dropout` with a single layer does nothing without a warning.
 *
 * @example
 * Object.keys(new nn.GRU(2, 3, { bias: false, bidirectional: true }).stateDict())
 * // ["weight_ih_l0", "weight_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse"]
 */
export abstract class RNNBase extends Module {
  readonly mode: RNNMode;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  /** [gates · hiddenSize, inputSize]; the further ones have their layer for 0, and `Reverse` behind it in the reverse direction. */
  declare weightIhL0: Parameter;
  /** [gates · hiddenSize, hiddenSize], or of `projSize` columns. */
  declare weightHhL0: Parameter;
  [weight: `weightIhL${number}` | `weightHhL${number}` | `weightHrL${number}`]: Parameter;
  [bias: `biasIhL${number}` | `biasHhL${number}`]: Parameter;
  [reverse: `weight${"Ih" | "Hh" | "Hr"}L${number}Reverse` | `bias${"Ih" | "Hh"}L${number}Reverse`]: Parameter;

  constructor(mode: RNNMode, options: RNNBaseOptions) {
    super();
    const { inputSize, hiddenSize, numLayers = 1, bias = true, batchFirst = false } = options;
    const { dropout = 0, bidirectional = false, projSize = 0, device = null, dtype = null } = options;
    const op = mode.startsWith("RNN") ? "RNN" : mode;
    for (const [name, n, least] of [
      ["inputSize", inputSize, 0],
      ["hiddenSize", hiddenSize, 1],
      ["numLayers", numLayers, 1],
      ["projSize", projSize, 0],
    ] as const) {
      checkInt(op, name, n);
      if (n < least) throw new ValueError(`${op}: expected ${name} of at least ${least}, got ${n}`);
    }
    checkProbability(op, dropout);
    if (projSize >= hiddenSize)
      throw new ValueError(`${op}: expected a projSize below hiddenSize (${hiddenSize}), got ${projSize}`);
    this.mode = mode;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = dropout;
    this.bidirectional = bidirectional;
    this.projSize = projSize;

    const rows = GATES[mode] * hiddenSize;
    for (const [layer, reverse] of this.eachDirection()) {
      const features = layer === 0 ? inputSize : this.stateSize * this.directions;
      const shapes = {
        weightIh: [rows, features],
        weightHh: [rows, this.stateSize],
        biasIh: [rows],
        biasHh: [rows],
        weightHr: [projSize, hiddenSize],
      };
      for (const role of this.roles)
        this.registerParameter(
          `${role}L${layer}${reverse ? "Reverse" : ""}`,
          new Parameter(empty(shapes[role], { device, dtype })),
        );
    }
    this.resetParameters();
  }

  /** The kinds of parameter of each layer and direction, in PyTorch's order. */
  private get roles(): readonly (typeof ROLES)[number][] {
    return ROLES.filter((role) => (role.startsWith("bias") ? this.bias : role !== "weightHr" || this.projSize > 0));
  }

  private *eachDirection(): Generator<[layer: number, reverse: boolean]> {
    for (let layer = 0; layer < this.numLayers; layer++)
      for (const reverse of this.bidirectional ? [false, true] : [false]) yield [layer, reverse];
  }

  protected get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** Size of a hidden state. */
  protected get stateSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize;
  }

  /** The parameters of each layer and direction. PyTorch: `RNNBase.all_weights`. */
  get allWeights(): Parameter[][] {
    return [...this.eachDirection()].map(([layer, reverse]) =>
      this.roles.map((role) => Reflect.get(this, `${role}L${layer}${reverse ? "Reverse" : ""}`) as Parameter),
    );
  }

  /** Draws all parameters anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const parameter of this.parameters()) uniform_(parameter, -bound, bound);
  }

  /** Does nothing: there is no faster arrangement of the parameters. PyTorch: `RNNBase.flatten_parameters`. */
  flattenParameters(): void {}

  /** Checks a sequence, and gives one without batch a batch of one. */
  protected prepare(given: Tensor | PackedSequence): Prepared {
    const op = this.mode.startsWith("RNN") ? "RNN" : this.mode;
    const packed = given instanceof PackedSequence ? given : null;
    const x = packed === null ? given : packed.data;
    if (!(x instanceof Tensor))
      throw new ValueError(`${op}: expected a Tensor or a PackedSequence, got ${describe(given)}`);
    const isBatched = packed !== null || x.ndim === 3;
    if (packed === null ? x.ndim !== 2 && x.ndim !== 3 : x.ndim !== 2)
      throw new ShapeError(
        `${op}: expected ${packed === null ? "an input of 2 or 3 dimensions" : "packed data of 2 dimensions"}, got shape ${shapeText(x.shape)}`,
      );
    if (x.shape[x.ndim - 1] !== this.inputSize)
      throw new ShapeError(`${op}: expected an input of ${this.inputSize} features, got shape ${shapeText(x.shape)}`);
    const input = isBatched ? x : x.unsqueeze(this.batchFirst ? 0 : 1);
    const batch = packed === null ? input.shape[this.batchFirst ? 0 : 1] : (packed.batchSizes.at(0).item() as number);
    return { input, packed, isBatched, batch: batch as number };
  }

  /** The state to begin with, [layers · directions, N, size], in the order of the packed sequences; zeros where none is given. */
  protected initialState(
    state: Tensor | null,
    name: string,
    size: number,
    { input, packed, isBatched, batch }: Prepared,
  ): Tensor {
    const op = this.mode.startsWith("RNN") ? "RNN" : this.mode;
    const count = this.numLayers * this.directions;
    if (state === null) return input.newZeros([count, batch, size]);
    if (!(state instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as ${name}, got ${describe(state)}`);
    const expected = isBatched ? [count, batch, size] : [count, size];
    if (!sameShape(state.shape, expected))
      throw new ShapeError(`${op}: expected ${name} of shape ${shapeText(expected)}, got ${shapeText(state.shape)}`);
    const sorted = packed?.sortedIndices ?? null;
    return sorted !== null ? state.indexSelect(1, sorted) : isBatched ? state : state.unsqueeze(1);
  }

  /** The arguments of the functional forms around `hx`. */
  protected argumentsFor<S>({ input, packed }: Prepared, hx: S) {
    const settings = [this.bias, this.numLayers, this.dropout, this.training, this.bidirectional] as const;
    const params = this.allWeights.flat();
    return packed === null
      ? ([input, hx, params, ...settings, this.batchFirst] as const)
      : ([input, packed.batchSizes, hx, params, ...settings] as const);
  }

  /** The output in the form of the input. */
  protected finish(output: Tensor, { packed, isBatched }: Prepared): Tensor | PackedSequence {
    if (packed !== null)
      return new PackedSequence(output, packed.batchSizes, packed.sortedIndices, packed.unsortedIndices);
    return isBatched ? output : output.squeeze(this.batchFirst ? 0 : 1);
  }

  /** A last state in the order of the sequences as they were given. */
  protected finishState(state: Tensor, { packed, isBatched }: Prepared): Tensor {
    const unsorted = packed?.unsortedIndices ?? null;
    return unsorted !== null ? state.indexSelect(1, unsorted) : isBatched ? state : state.squeeze(1);
  }

  override extraRepr(): string {
    const { inputSize, hiddenSize, projSize, numLayers, bias, batchFirst, dropout, bidirectional } = this;
    return extraAfter([inputSize, hiddenSize], {
      projSize: projSize || undefined,
      numLayers: numLayers === 1 ? undefined : numLayers,
      bias: bias ? undefined : false,
      batchFirst: batchFirst || undefined,
      dropout: dropout === 0 ? undefined : py(dropout),
      bidirectional: bidirectional || undefined,
    });
  }
}
