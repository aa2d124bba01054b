/** @file Layers that put something around their input. */
import { describe, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { pyTuple } from "../../format/python-repr.ts";
import { type PadMode, pad } from "../../ops/pad.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import type { Dims, Sizes } from "../../ops/pool/windows.ts";
import { Module } from "../module/module.ts";
import { extra, py } from "./extra-repr.ts";

interface PaddingOptions {
  /** One number for all sides, or those before and behind the last dimension, then the last but one, and so on. */
  padding: Sizes;
}
type PaddingArgs = Named<[padding: Sizes], ["padding"], PaddingOptions>;

/** A number for each side of each dimension. */
function sidesOf(op: string, padding: Sizes, dims: Dims): readonly number[] {
  const sides: readonly unknown[] = Array.isArray(padding) ? padding : new Array<unknown>(2 * dims).fill(padding);
  if (sides.length !== 2 * dims)
    throw new ValueError(
      `${op}: expected a whole number or ${2 * dims} of them as padding, got [${sides.map(describe).join(", ")}]`,
    );
  for (const n of sides) checkInt(op, "padding", n);
  return sides as number[];
}

/** What all padding shares: how much, and of what. */
abstract class Padding extends Module {
  readonly padding: readonly number[];

  constructor(dims: Dims, padding: Sizes) {
    super();
    this.padding = sidesOf(className(this), padding, dims);
  }

  /** What stands in the padding. */
  protected abstract mode(): PadMode;

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, this.mode());
  }

  override extraRepr(): string {
    return pyTuple(this.padding);
  }
}

const given = (op: string, args: PaddingArgs): Sizes => named<PaddingOptions>(op, ["padding"], 1, args).padding;

abstract class ReflectionPad extends Padding {
  protected mode(): PadMode {
    return "reflect";
  }
}

/** Pads signals, [N, C, L] or [C, L], with their own elements, reflected at the edge. PyTorch: `torch.nn.ReflectionPad1d`. */
export class ReflectionPad1d extends ReflectionPad {
  static readonly printedName: string = "ReflectionPad1d";

  constructor(...args: PaddingArgs) {
    super(1, given("ReflectionPad1d", args));
  }
}

/**
 * Pads images, [N, C, H, W] or [C, H, W], with their own elements, reflected at the edge. PyTorch: `torch.nn.ReflectionPad2d`.
 * @example
 * new nn.ReflectionPad2d(1)(torch.arange(9, { dtype: torch.float32 }).reshape(1, 3, 3)).at(0, 0) // tensor([4., 3., 4., 5., 4.])
 */
export class ReflectionPad2d extends ReflectionPad {
  static readonly printedName: string = "ReflectionPad2d";

  constructor(...args: PaddingArgs) {
    super(2, given("ReflectionPad2d", args));
  }
}

/**
 * Pads volumes, [N, C, D, H, W] or [C, D, H, W], with their own elements, reflected at the edge. PyTorch: `torch.nn.ReflectionPad3d`.
 */
export class ReflectionPad3d extends ReflectionPad {
  static readonly printedName: string = "ReflectionPad3d";

  constructor(...args: PaddingArgs) {
    super(3, given("ReflectionPad3d", args));
  }
}

abstract class ReplicationPad extends Padding {
  protected mode(): PadMode {
    return "replicate";
  }
}

/**
 * Pads signals, [N, C, L] or [C, L], with their own elements, repeated from the edge. PyTorch: `torch.nn.ReplicationPad1d`.
 * @example
 * new nn.ReplicationPad1d([2, 1])(torch.tensor([[1.5, 2]])) // tensor([[1.5000, 1.5000, 1.5000, 2.0000, 2.0000]])
 */
export class ReplicationPad1d extends ReplicationPad {
  static readonly printedName: string = "ReplicationPad1d";

  constructor(...args: PaddingArgs) {
    super(1, given("ReplicationPad1d", args));
  }
}

/**
 * Pads images, [N, C, H, W] or [C, H, W], with their own elements, repeated from the edge. PyTorch: `torch.nn.ReplicationPad2d`.
 */
export class ReplicationPad2d extends ReplicationPad {
  static readonly printedName: string = "ReplicationPad2d";

  constructor(...args: PaddingArgs) {
    super(2, given("ReplicationPad2d", args));
  }
}

/**
 * Pads volumes, [N, C, D, H, W] or [C, D, H, W], with their own elements, repeated from the edge. PyTorch: `torch.nn.ReplicationPad3d`.
 */
export class ReplicationPad3d extends ReplicationPad {
  static readonly printedName: string = "ReplicationPad3d";

  constructor(...args: PaddingArgs) {
    super(3, given("ReplicationPad3d", args));
  }
}

abstract class CircularPad extends Padding {
  protected mode(): PadMode {
    return "circular";
  }
}

/**
 * Pads signals, [N, C, L] or [C, L], with their own elements, from the other side. PyTorch: `torch.nn.CircularPad1d`.
 * @example
 * new nn.CircularPad1d([2, 1])(torch.tensor([[1.5, 2, 3]])) // tensor([[2.0000, 3.0000, 1.5000, 2.0000, 3.0000, 1.5000]])
 */
export class CircularPad1d extends CircularPad {
  static readonly printedName: string = "CircularPad1d";

  constructor(...args: PaddingArgs) {
    super(1, given("CircularPad1d", args));
  }
}

/** Pads images, [N, C, H, W] or [C, H, W], with their own elements, from the other side. PyTorch: `torch.nn.CircularPad2d`. */
export class CircularPad2d extends CircularPad {
  static readonly printedName: string = "CircularPad2d";

  constructor(...args: PaddingArgs) {
    super(2, given("CircularPad2d", args));
  }
}

/**
 * Pads volumes, [N, C, D, H, W] or [C, D, H, W], with their own elements, from the other side. PyTorch: `torch.nn.CircularPad3d`.
 */
export class CircularPad3d extends CircularPad {
  static readonly printedName: string = "CircularPad3d";

  constructor(...args: PaddingArgs) {
    super(3, given("CircularPad3d", args));
  }
}

interface ConstantPaddingOptions extends PaddingOptions {
  /** What stands in the padding. */
  value: number;
}
type ConstantPaddingArgs = Named<[padding: Sizes, value: number], ["padding", "value"], ConstantPaddingOptions>;

/** Padding with one number. */
abstract class ConstantPad extends Padding {
  readonly value: number;

  constructor(dims: Dims, { padding, value }: ConstantPaddingOptions) {
    super(dims, padding);
    if (typeof value !== "number")
      throw new ValueError(`${className(this)}: expected a number as value, got ${describe(value)}`);
    this.value = value;
  }

  protected mode(): PadMode {
    return "constant";
  }

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, "constant", this.value);
  }

  override extraRepr(): string {
    return extra({ padding: this.padding, value: py(this.value) });
  }
}

const constant = (op: string, args: ConstantPaddingArgs) =>
  named<ConstantPaddingOptions>(op, ["padding", "value"], 2, args);

/**
 * Pads the last dimension with `value`. PyTorch: `torch.nn.ConstantPad1d`.
 * @example
 * const layer = new nn.ConstantPad1d([2, 1], 3.5);
 * layer(torch.tensor([[1.5, 2]])) // tensor([[3.5000, 3.5000, 1.5000, 2.0000, 3.5000]])
 * layer                           // ConstantPad1d(padding=(2, 1), value=3.5)
 */
export class ConstantPad1d extends ConstantPad {
  static readonly printedName: string = "ConstantPad1d";

  constructor(...args: ConstantPaddingArgs) {
    super(1, constant("ConstantPad1d", args));
  }
}

/** Pads the last two dimensions with `value`. PyTorch: `torch.nn.ConstantPad2d`. */
export class ConstantPad2d extends ConstantPad {
  static readonly printedName: string = "ConstantPad2d";

  constructor(...args: ConstantPaddingArgs) {
    super(2, constant("ConstantPad2d", args));
  }
}

/** Pads the last three dimensions with `value`. PyTorch: `torch.nn.ConstantPad3d`. */
export class ConstantPad3d extends ConstantPad {
  static readonly printedName: string = "ConstantPad3d";

  constructor(...args: ConstantPaddingArgs) {
    super(3, constant("ConstantPad3d", args));
  }
}

/** Padding with zeros, which print says nothing of. */
abstract class ZeroPad extends ConstantPad {
  constructor(dims: Dims, padding: Sizes) {
    super(dims, { padding, value: 0 });
  }

  override extraRepr(): string {
    return pyTuple(this.padding);
  }
}

/** Pads the last dimension with zeros. PyTorch: `torch.nn.ZeroPad1d`. */
export class ZeroPad1d extends ZeroPad {
  static readonly printedName: string = "ZeroPad1d";

  constructor(...args: PaddingArgs) {
    super(1, given("ZeroPad1d", args));
  }
}

/**
 * Pads the last two dimensions with zeros. PyTorch: `torch.nn.ZeroPad2d`.
 * @example
 * new nn.ZeroPad2d([1, 0, 0, 1])(torch.ones(1, 1, 1)) // tensor([[[0., 1.],
 *                                                      //          [0., 0.]]])
 */
export class ZeroPad2d extends ZeroPad {
  static readonly printedName: string = "ZeroPad2d";

  constructor(...args: PaddingArgs) {
    super(2, given("ZeroPad2d", args));
  }
}

/** Pads the last three dimensions with zeros. PyTorch: `torch.nn.ZeroPad3d`. */
export class ZeroPad3d extends ZeroPad {
  static readonly printedName: string = "ZeroPad3d";

  constructor(...args: PaddingArgs) {
    super(3, given("ZeroPad3d", args));
  }
}
