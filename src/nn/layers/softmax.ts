/** @file Softmax and its like as layers. */
import { ShapeError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { checkTensor } from "../../ops/params.ts";
import * as F from "../functional/softmax.ts";
import { Module } from "../module/module.ts";
import { extra } from "./extra-repr.ts";

type DimOptions = { dim?: number | null };

/** A layer that works along a dimension; without one, along that which PyTorch guesses. */
abstract class AlongDim extends Module {
  readonly dim: number | null;

  constructor(...args: Call<[dim: number | null], DimOptions>) {
    super();
    const { dim = null } = bind<DimOptions>(className(this), ["dim"], args);
    this.dim = dim;
  }

  /** The dimension as functions take it. */
  protected along(): { dim?: number } {
    return this.dim === null ? {} : { dim: this.dim };
  }

  override extraRepr(): string {
    return extra({ dim: this.dim });
  }
}

/** `exp(x) / Σ exp(x)` along `dim`. PyTorch: `torch.nn.Softmax`. */
export class Softmax extends AlongDim {
  static readonly printedName: string = "Softmax";

  override forward(input: Tensor): Tensor {
    return F.softmax(input, this.along());
  }
}

/** The logarithm of softmax along `dim`. PyTorch: `torch.nn.LogSoftmax`. */
export class LogSoftmax extends AlongDim {
  static readonly printedName: string = "LogSoftmax";

  override forward(input: Tensor): Tensor {
    return F.logSoftmax(input, this.along());
  }
}

/** Softmax of `−x` along `dim`. PyTorch: `torch.nn.Softmin`. */
export class Softmin extends AlongDim {
  static readonly printedName: string = "Softmin";

  override forward(input: Tensor): Tensor {
    return F.softmin(input, this.along());
  }
}

/**
 * Softmax over the channels of each pixel. PyTorch: `torch.nn.Softmax2d`.
 *
 * Shape: input and output [N, C, H, W] or [C, H, W].
 *
 * @example
 * new nn.Softmax2d()(torch.zeros(2, 1, 1)).flatten() // tensor([0.5000, 0.5000])
 */
export class Softmax2d extends Module {
  static readonly printedName: string = "Softmax2d";

  override forward(input: Tensor): Tensor {
    checkTensor("Softmax2d", input);
    if (input.ndim !== 3 && input.ndim !== 4)
      throw new ShapeError(
        `Softmax2d: expected an input of shape [C, H, W] or [N, C, H, W], got ${shapeText(input.shape)}`,
      );
    return F.softmax(input, { dim: -3 });
  }
}
