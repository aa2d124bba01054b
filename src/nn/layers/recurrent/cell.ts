/** @file Recurrent networks of one layer, a step a call. */
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { Parameter } from "../../../core/parameter.ts";
import { shapeText } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import { empty } from "../../../ops/creation.ts";
import { checkInt, type Named, named } from "../../../ops/params.ts";
import type { LSTMState } from "../../functional/recurrent.ts";
import { gruCell, lstmCell, rnnReluCell, rnnTanhCell } from "../../functional/recurrent-cell.ts";
import { uniform_ } from "../../init.ts";
import { Module } from "../../module/module.ts";
import type { FactoryOptions } from "../linear.ts";
import { checkState } from "./lstm.ts";
import { checkNonlinearity, type Nonlinearity } from "./rnn.ts";

interface CellOptions extends FactoryOptions {
  inputSize: number;
  hiddenSize: number;
  /** Whether to add biases that are learned; the default. */
  bias?: boolean;
}
type CellArgs = Named<
  [inputSize: number, hiddenSize: number, bias: boolean],
  ["inputSize", "hiddenSize", "bias"],
  CellOptions
>;
const PARAMETERS = ["inputSize", "hiddenSize", "bias", "device", "dtype"] as const;

/** What the cells share. */
export abstract class RNNCellBase extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;

  constructor(op: string, { inputSize, hiddenSize, bias = true, ...factory }: CellOptions, gates: number) {
    super();
    checkInt(op, "inputSize", inputSize);
    checkInt(op, "hiddenSize", hiddenSize);
    if (inputSize < 0) throw new ValueError(`${op}: expected inputSize of at least 0, got ${inputSize}`);
    if (hiddenSize < 1) throw new ValueError(`${op}: expected hiddenSize of at least 1, got ${hiddenSize}`);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    const rows = gates * hiddenSize;
    this.weightIh = new Parameter(empty([rows, inputSize], factory));
    this.weightHh = new Parameter(empty([rows, hiddenSize], factory));
    this.biasIh = bias ? new Parameter(empty([rows], factory)) : null;
    this.biasHh = bias ? new Parameter(empty([rows], factory)) : null;
    this.resetParameters();
  }

  /** Draws all parameters anew, uniform within ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const parameter of this.parameters()) uniform_(parameter, -bound, bound);
  }

  /** Runs a step; an input without batch is a batch of one, and states are zeros if not given. */
  protected step(
    op: string,
    input: Tensor,
    states: readonly (Tensor | null)[],
    run: (input: Tensor, states: Tensor[]) => Tensor[],
  ): Tensor[] {
    if (!(input instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as input, got ${describe(input)}`);
    if (input.ndim !== 1 && input.ndim !== 2)
      throw new ShapeError(`${op}: expected an input of 1 or 2 dimensions, got shape ${shapeText(input.shape)}`);
    for (const state of states) {
      if (state === null) continue;
      if (!(state instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as hx, got ${describe(state)}`);
      if (state.ndim !== input.ndim)
        throw new ShapeError(
          `${op}: expected hx of ${input.ndim} dimensions, as the input has, got shape ${shapeText(state.shape)}`,
        );
    }
    const isBatched = input.ndim === 2;
    const x = isBatched ? input : input.unsqueeze(0);
    const batched = states.map((state) =>
      state === null ? x.newZeros([x.shape[0] as number, this.hiddenSize]) : isBatched ? state : state.unsqueeze(0),
    );
    const next = run(x, batched);
    return isBatched ? next : next.map((t) => t.squeeze(0));
  }

  protected get weights(): [Tensor, Tensor, Tensor | null, Tensor | null] {
    return [this.weightIh, this.weightHh, this.biasIh, this.biasHh];
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? "" : ", bias=False"}`;
  }
}

/**
 * One step of an Elman network. PyTorch: `torch.nn.RNNCell`.
 *
 * Shape: input [N, inputSize] or [inputSize], `hx` [N, hiddenSize] or [hiddenSize] (zeros if not given); gives the next state.
 *
 * @example
 * const cell = new nn.RNNCell(10, 20);
 * let h = torch.zeros(3, 20);
 * for (const x of torch.randn(6, 3, 10).unbind()) h = cell(x, h);
 * h.shape // [3, 20]
 */
export class RNNCell extends RNNCellBase {
  static readonly printedName: string = "RNNCell";
  readonly nonlinearity: Nonlinearity;

  constructor(
    ...args: Named<
      [inputSize: number, hiddenSize: number, bias: boolean, nonlinearity: Nonlinearity],
      ["inputSize", "hiddenSize", "bias", "nonlinearity"],
      CellOptions & { nonlinearity?: Nonlinearity }
    >
  ) {
    const { nonlinearity = "tanh", ...options } = named<CellOptions & { nonlinearity?: Nonlinearity }>(
      "RNNCell",
      ["inputSize", "hiddenSize", "bias", "nonlinearity", "device", "dtype"],
      2,
      args,
    );
    checkNonlinearity("RNNCell", nonlinearity);
    super("RNNCell", options, 1);
    this.nonlinearity = nonlinearity;
  }

  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    const run = this.nonlinearity === "tanh" ? rnnTanhCell : rnnReluCell;
    return this.step("RNNCell", input, [hx], (x, [h]) => [run(x, h as Tensor, ...this.weights)])[0] as Tensor;
  }

  override extraRepr(): string {
    return `${super.extraRepr()}${this.nonlinearity === "tanh" ? "" : `, nonlinearity=${this.nonlinearity}`}`;
  }
}

/**
 * One step of a long short-term memory network. PyTorch: `torch.nn.LSTMCell`.
 *
 * Shape: input [N, inputSize] or [inputSize], hidden and cell state [N, hiddenSize] or [hiddenSize] each (zeros if not given).
 *
 * @example
 * const cell = new nn.LSTMCell(10, 20);
 * let [h, c] = cell(torch.randn(3, 10));
 * [h, c] = cell(torch.randn(3, 10), [h, c]);
 * h.shape // [3, 20]
 */
export class LSTMCell extends RNNCellBase {
  static readonly printedName: string = "LSTMCell";

  constructor(...args: CellArgs) {
    super("LSTMCell", named<CellOptions>("LSTMCell", PARAMETERS, 2, args), 4);
  }

  override forward(input: Tensor, hx: LSTMState | null = null): LSTMState {
    if (hx !== null) checkState("LSTMCell", hx);
    return this.step("LSTMCell", input, hx ?? [null, null], (x, state) =>
      lstmCell(x, state as LSTMState, ...this.weights),
    ) as LSTMState;
  }
}

/**
 * One step of gated recurrent units. PyTorch: `torch.nn.GRUCell`.
 *
 * Shape: as `nn.RNNCell`.
 *
 * @example
 * new nn.GRUCell(10, 20)(torch.randn(3, 10)).shape // [3, 20]
 */
export class GRUCell extends RNNCellBase {
  static readonly printedName: string = "GRUCell";

  constructor(...args: CellArgs) {
    super("GRUCell", named<CellOptions>("GRUCell", PARAMETERS, 2, args), 3);
  }

  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    return this.step("GRUCell", input, [hx], (x, [h]) => [gruCell(x, h as Tensor, ...this.weights)])[0] as Tensor;
  }
}
