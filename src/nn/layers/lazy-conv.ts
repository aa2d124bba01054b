/** @file Convolutions that take the number of their channels from their first input. */
import { ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { type Named, named } from "../../ops/params.ts";
import { type LazyClass, LazyModuleMixin } from "../module/lazy.ts";
import { isUninitialized, UninitializedParameter } from "../module/uninitialized.ts";
import {
  CONV_NAMES,
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvLayerOptions,
  type ConvPositional,
  type ConvPositionalNames,
} from "./conv.ts";
import type { ConvNd } from "./conv-nd.ts";
import {
  CONV_TRANSPOSE_NAMES,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
  type ConvTransposePositional,
  type ConvTransposePositionalNames,
} from "./conv-transpose.ts";

interface OutChannels {
  outChannels: number;
}
type LazyConvArgs = Named<
  [outChannels: number, ...ConvPositional],
  ["outChannels", ...ConvPositionalNames],
  ConvLayerOptions & OutChannels
>;
type LazyConvTransposeArgs = Named<
  [outChannels: number, ...ConvTransposePositional],
  ["outChannels", ...ConvTransposePositionalNames],
  ConvTransposeLayerOptions & OutChannels
>;

// biome-ignore lint/suspicious/noExplicitAny: TypeScript wants just this of a class to be mixed into
type ConvClass = abstract new (...args: any[]) => ConvNd;

/** Makes one of the classes of convolutions lazy. */
function lazy<B extends ConvClass>(Base: B, [, ...names]: readonly string[]): LazyClass<B> {
  abstract class LazyConv extends LazyModuleMixin<ConvClass>(Base) {
    // biome-ignore lint/suspicious/noExplicitAny: TypeScript wants just this constructor of a mixin
    constructor(...args: any[]) {
      const op = `Lazy${className(Base.prototype)}`;
      const options = named<(ConvLayerOptions | ConvTransposeLayerOptions) & OutChannels>(op, names as never, 2, args);
      const { outChannels, bias = true, device = null, dtype = null } = options;
      super({ ...options, inChannels: 0, outChannels: 0, bias: false });
      this.outChannels = outChannels;
      this.weight = new UninitializedParameter({ device, dtype });
      if (bias) this.bias = new UninitializedParameter({ device, dtype });
    }

    override resetParameters(): void {
      if (!this.hasUninitializedParams() && this.inChannels !== 0) super.resetParameters();
    }

    override initializeParameters(input: Tensor): void {
      const { weight, bias, groups, transposed } = this;
      const fresh = isUninitialized(weight);
      this.inChannels = fresh
        ? channelsOf(this, input)
        : (weight.shape[transposed ? 0 : 1] as number) * (transposed ? 1 : groups);
      if (this.inChannels % groups !== 0 || this.outChannels % groups !== 0)
        throw new ValueError(
          `${className(this)}: expected channels to be a multiple of groups (${groups}), got ${this.inChannels} and ${this.outChannels}`,
        );
      if (fresh) weight.materialize(this.weightShape());
      if (isUninitialized(bias)) bias.materialize([this.outChannels]);
      if (fresh) this.resetParameters();
    }
  }
  return LazyConv as unknown as LazyClass<B>; // the class above knows ConvNd only
}

function channelsOf(layer: ConvNd, input: Tensor): number {
  const { dims } = layer;
  if (input.ndim !== dims + 1 && input.ndim !== dims + 2)
    throw new ShapeError(
      `${className(layer)}: expected an input of ${dims + 1} dimensions, or ${dims + 2} with a batch, got shape ${shapeText(input.shape)}`,
    );
  return input.shape[input.ndim - dims - 1] as number;
}

/**
 * A `Conv1d` that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConv1d`.
 *
 * @example
 * const layer = new nn.LazyConv1d(8, 3);
 * layer                               // LazyConv1d(0, 8, kernel_size=(3,), stride=(1,))
 * layer(torch.randn(2, 4, 10)).shape  // [2, 8, 8]
 * layer                               // Conv1d(4, 8, kernel_size=(3,), stride=(1,))
 */
export class LazyConv1d extends lazy(Conv1d, CONV_NAMES) {
  static override readonly printedName: string = "LazyConv1d";
  constructor(...args: LazyConvArgs) {
    super(...(args as never));
  }
}

/** A `Conv2d` that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConv2d`. */
export class LazyConv2d extends lazy(Conv2d, CONV_NAMES) {
  static override readonly printedName: string = "LazyConv2d";
  constructor(...args: LazyConvArgs) {
    super(...(args as never));
  }
}

/** A `Conv3d` that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConv3d`. */
export class LazyConv3d extends lazy(Conv3d, CONV_NAMES) {
  static override readonly printedName: string = "LazyConv3d";
  constructor(...args: LazyConvArgs) {
    super(...(args as never));
  }
}

/** A `ConvTranspose1d` that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConvTranspose1d`. */
export class LazyConvTranspose1d extends lazy(ConvTranspose1d, CONV_TRANSPOSE_NAMES) {
  static override readonly printedName: string = "LazyConvTranspose1d";
  constructor(...args: LazyConvTransposeArgs) {
    super(...(args as never));
  }
}

/** A `ConvTranspose2d` that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConvTranspose2d`. */
export class LazyConvTranspose2d extends lazy(ConvTranspose2d, CONV_TRANSPOSE_NAMES) {
  static override readonly printedName: string = "LazyConvTranspose2d";
  constructor(...args: LazyConvTransposeArgs) {
    super(...(args as never));
  }
}

/** A `ConvTranspose3d` that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConvTranspose3d`. */
export class LazyConvTranspose3d extends lazy(ConvTranspose3d, CONV_TRANSPOSE_NAMES) {
  static override readonly printedName: string = "LazyConvTranspose3d";
  constructor(...args: LazyConvTransposeArgs) {
    super(...(args as never));
  }
}
