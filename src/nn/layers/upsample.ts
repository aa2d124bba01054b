/** @file Layers that resize signals, images and volumes. */
import { describe, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { type InterpolationMode, interpolate } from "../functional/interpolate.ts";
import { Module } from "../module/module.ts";
import { extra, py } from "./extra-repr.ts";

type Numbers = number | readonly number[];

interface ResizeOptions {
  /** The new sizes: one for each spatial dimension, or one for all. */
  size?: Numbers | null;
  /** Factors for the sizes; either these or `size`. */
  scaleFactor?: Numbers | null;
}
interface UpsampleOptions extends ResizeOptions {
  mode?: Exclude<InterpolationMode, "area" | "nearest-exact">;
  /** Whether the centres of the outermost elements stay where they are, instead of their outer edges. */
  alignCorners?: boolean | null;
  /** Whether positions are computed from the sizes that result, instead of `scaleFactor`. */
  recomputeScaleFactor?: boolean | null;
}
type UpsampleMode = NonNullable<UpsampleOptions["mode"]>;
type UpsampleArgs = Call<
  [
    size: Numbers | null,
    scaleFactor: Numbers | null,
    mode: UpsampleMode,
    alignCorners: boolean | null,
    recomputeScaleFactor: boolean | null,
  ],
  UpsampleOptions
>;
const NAMES = ["size", "scaleFactor", "mode", "alignCorners", "recomputeScaleFactor"] as const;

/**
 * Resizes signals, images or volumes. PyTorch: `torch.nn.Upsample`.
 *
 * Shape: input [N, C, W], [N, C, H, W] or [N, C, D, H, W]. Modes: `"nearest"` (the default), `"linear"` (one spatial dimension),
 * `"bilinear"`, `"bicubic"` (two), `"trilinear"` (three).
 *
 * @example
 * const layer = new nn.Upsample({ scaleFactor: 2, mode: "bilinear" });
 * layer(torch.randn(1, 3, 4, 5)).shape // [1, 3, 8, 10]
 * layer                                // Upsample(scale_factor=2.0, mode=bilinear)
 */
export class Upsample extends Module {
  static readonly printedName: string = "Upsample";
  readonly size: Numbers | null;
  readonly scaleFactor: Numbers | null;
  readonly mode: UpsampleMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(...args: UpsampleArgs) {
    super();
    const given = bind<UpsampleOptions>("Upsample", NAMES, args);
    const {
      size = null,
      scaleFactor = null,
      mode = "nearest",
      alignCorners = null,
      recomputeScaleFactor = null,
    } = given;
    if (typeof mode !== "string") throw new ValueError(`Upsample: expected a string as mode, got ${describe(mode)}`);
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
    this.recomputeScaleFactor = recomputeScaleFactor;
  }

  override forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(input, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }

  override extraRepr(): string {
    const { size, scaleFactor, mode } = this;
    const factors = typeof scaleFactor === "number" ? py(scaleFactor) : scaleFactor?.map((factor) => py(factor));
    const unquoted = { toString: () => mode }; // as in PyTorch
    return factors ? extra({ scaleFactor: factors, mode: unquoted }) : extra({ size, mode: unquoted });
  }
}

type ResizeArgs = Call<[size: Numbers | null, scaleFactor: Numbers | null], ResizeOptions>;

/**
 * Resizes images, [N, C, H, W], to the nearest elements. PyTorch: `torch.nn.UpsamplingNearest2d`.
 * @example
 * new nn.UpsamplingNearest2d({ scaleFactor: 2 }) // UpsamplingNearest2d(scale_factor=2.0, mode=nearest)
 */
export class UpsamplingNearest2d extends Upsample {
  static override readonly printedName: string = "UpsamplingNearest2d";

  constructor(...args: ResizeArgs) {
    super({ ...bind<ResizeOptions>("UpsamplingNearest2d", ["size", "scaleFactor"], args), mode: "nearest" });
  }
}

/** Resizes images, [N, C, H, W], bilinearly and with aligned corners. PyTorch: `torch.nn.UpsamplingBilinear2d`. */
export class UpsamplingBilinear2d extends Upsample {
  static override readonly printedName: string = "UpsamplingBilinear2d";

  constructor(...args: ResizeArgs) {
    const given = bind<ResizeOptions>("UpsamplingBilinear2d", ["size", "scaleFactor"], args);
    super({ ...given, mode: "bilinear", alignCorners: true });
  }
}
