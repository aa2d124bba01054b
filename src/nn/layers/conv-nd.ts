/** @file What convolutions and their transposes have in common as layers. */
import { describe, ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import { numelOf } from "../../core/shape.ts";
import { pyTuple } from "../../format/python-repr.ts";
import { empty } from "../../ops/creation.ts";
import { checkInt } from "../../ops/params.ts";
import { type Dims, type Sizes, sizesFor } from "../../ops/pool/windows.ts";
import { kaimingUniform_, uniform_ } from "../init.ts";
import { Module } from "../module/module.ts";
import type { FactoryOptions } from "./linear.ts";

/** What stands around the input. */
export type ConvPaddingMode = "zeros" | "reflect" | "replicate" | "circular";
const PADDING_MODES: readonly ConvPaddingMode[] = ["zeros", "reflect", "replicate", "circular"];

/** What both kinds of layer take, apart from their channels. */
export interface ConvNdOptions extends FactoryOptions {
  kernelSize: Sizes;
  /** Steps of the kernel; 1. */
  stride?: Sizes;
  /** Steps between elements of the kernel; 1. */
  dilation?: Sizes;
  /** Groups that the channels fall into, each convolved apart; 1. */
  groups?: number;
  /** Whether to add a bias that is learned; the default. */
  bias?: boolean;
  paddingMode?: ConvPaddingMode;
}

export interface Channels {
  inChannels: number;
  outChannels: number;
}

/** What differs between the two kinds. */
interface Kind {
  readonly op: string;
  readonly dims: Dims;
  readonly transposed: boolean;
  readonly padding: readonly number[] | "same" | "valid";
  readonly outputPadding: Sizes;
}

/** @internal */
export abstract class ConvNd extends Module {
  inChannels: number;
  outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | "same" | "valid";
  readonly dilation: readonly number[];
  readonly transposed: boolean;
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly paddingMode: ConvPaddingMode;
  weight: Parameter;
  bias: Parameter | null;

  constructor({ op, dims, transposed, padding, outputPadding }: Kind, options: ConvNdOptions & Channels) {
    super();
    const { inChannels, outChannels, groups = 1, bias = true, paddingMode = "zeros", device, dtype } = options;
    for (const [name, n] of Object.entries({ inChannels, outChannels, groups })) checkInt(op, name, n);
    if (groups < 1) throw new ValueError(`${op}: expected groups of at least 1, got ${groups}`);
    for (const [name, n] of Object.entries({ inChannels, outChannels }))
      if (n < 0 || n % groups !== 0)
        throw new ValueError(`${op}: expected ${name} to be a multiple of groups (${groups}), got ${n}`);
    if (!PADDING_MODES.includes(paddingMode))
      throw new ValueError(
        `${op}: expected one of ${PADDING_MODES.join(", ")} as paddingMode, got ${describe(paddingMode)}`,
      );
    const sizes = (name: string, value: Sizes) => sizesFor(op, name, value, dims);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = sizes("kernelSize", options.kernelSize);
    this.stride = sizes("stride", options.stride ?? 1);
    this.padding = padding;
    this.dilation = sizes("dilation", options.dilation ?? 1);
    this.transposed = transposed;
    this.outputPadding = sizes("outputPadding", outputPadding);
    this.groups = groups;
    this.paddingMode = paddingMode;
    const factory = { device: device ?? null, dtype: dtype ?? null };
    this.weight = new Parameter(empty(this.weightShape(), factory));
    this.bias = bias ? new Parameter(empty([outChannels], factory)) : null;
    this.resetParameters();
  }

  /** @internal How many dimensions are convolved. */
  get dims(): Dims {
    return this.kernelSize.length as Dims;
  }

  /** @internal */
  weightShape(): number[] {
    const { inChannels, outChannels, groups, kernelSize, transposed } = this;
    return transposed
      ? [inChannels, outChannels / groups, ...kernelSize]
      : [outChannels, inChannels / groups, ...kernelSize];
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    const fanIn = numelOf(this.weight.shape.slice(1));
    if (this.bias === null || fanIn === 0) return;
    uniform_(this.bias, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));
  }

  override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, outputPadding, groups } = this;
    const unless = (name: string, value: readonly number[], usual: number) =>
      value.some((n) => n !== usual) ? [`${name}=${pyTuple(value)}`] : [];
    return [
      inChannels,
      outChannels,
      `kernel_size=${pyTuple(kernelSize)}`,
      `stride=${pyTuple(stride)}`,
      ...(typeof padding === "string" ? [`padding=${padding}`] : unless("padding", padding, 0)),
      ...unless("dilation", dilation, 1),
      ...unless("output_padding", outputPadding, 0),
      ...(groups === 1 ? [] : [`groups=${groups}`]),
      ...(this.bias === null ? ["bias=False"] : []),
      ...(this.paddingMode === "zeros" ? [] : [`padding_mode=${this.paddingMode}`]),
    ].join(", ");
  }
}
