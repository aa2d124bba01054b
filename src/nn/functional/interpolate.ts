/** @file Resizing of signals, images and volumes: `interpolate`, `upsample`. */
import { float64, uint8 } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { checkInt, checkTensor } from "../../ops/params.ts";
import {
  antialiasedTable,
  areaTable,
  cubicTable,
  linearTable,
  nearestTable,
  type Resizing,
} from "../../ops/resample/interpolation.ts";
import { resample } from "../../ops/resample/resample.ts";
import type { TapTable } from "../../ops/resample/tap-table.ts";

export type InterpolationMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "bicubic" | "trilinear" | "area";

export interface InterpolateOptions {
  /** The new sizes: one for each spatial dimension, or one for all. */
  size?: number | readonly number[] | null;
  /** Factors for the sizes; either these or `size`. */
  scaleFactor?: number | readonly number[] | null;
  mode?: InterpolationMode;
  /** Whether the centres of the outermost elements stay where they are, instead of their outer edges. */
  alignCorners?: boolean | null;
  /** Whether positions are computed from the sizes that result, instead of `scaleFactor`. */
  recomputeScaleFactor?: boolean | null;
  /** Whether every element counts where an image shrinks, as in Pillow; `"bilinear"` and `"bicubic"` only. */
  antialias?: boolean;
}
type InterpolateArgs = Call<
  [
    size: number | readonly number[] | null,
    scaleFactor: number | readonly number[] | null,
    mode: InterpolationMode,
    alignCorners: boolean | null,
    recomputeScaleFactor: boolean | null,
    antialias: boolean,
  ],
  InterpolateOptions
>;

interface Mode {
  /** Numbers of spatial dimensions that it takes. */
  readonly dims: readonly number[];
  /** Whether `alignCorners` means anything to it. */
  readonly aligns: boolean;
  readonly bytes: boolean;
  readonly node: (dims: number) => string;
  readonly table: (resizing: Resizing, antialias: boolean) => TapTable;
}

const modes: { readonly [M in InterpolationMode]: Mode } = {
  nearest: {
    dims: [1, 2, 3],
    aligns: false,
    bytes: true,
    node: (dims) => `UpsampleNearest${dims}D`,
    table: (resizing) => nearestTable(resizing, false),
  },
  "nearest-exact": {
    dims: [1, 2, 3],
    aligns: false,
    bytes: true,
    node: (dims) => `UpsampleNearestExact${dims}D`,
    table: (resizing) => nearestTable(resizing, true),
  },
  linear: { dims: [1], aligns: true, bytes: false, node: () => "UpsampleLinear1D", table: linearTable },
  bilinear: {
    dims: [2],
    aligns: true,
    bytes: true,
    node: () => "UpsampleBilinear2D",
    table: (resizing, antialias) => (antialias ? antialiasedTable(resizing, "linear") : linearTable(resizing)),
  },
  bicubic: {
    dims: [2],
    aligns: true,
    bytes: true,
    node: () => "UpsampleBicubic2D",
    table: (resizing, antialias) => (antialias ? antialiasedTable(resizing, "cubic") : cubicTable(resizing)),
  },
  trilinear: { dims: [3], aligns: true, bytes: false, node: () => "UpsampleTrilinear3D", table: linearTable },
  area: { dims: [1, 2, 3], aligns: false, bytes: false, node: (dims) => `AdaptiveAvgPool${dims}D`, table: areaTable },
};

/** A number for each spatial dimension. */
function each(name: string, given: number | readonly number[], dims: number): readonly number[] {
  if (!Array.isArray(given)) return new Array<number>(dims).fill(given as number);
  if (given.length !== dims)
    throw new ShapeError(
      `interpolate: expected ${dims} numbers as ${name}, one for each spatial dimension, got ${shapeText(given)}`,
    );
  return given as readonly number[];
}

function checkInput(input: Tensor, mode: InterpolationMode): void {
  const spec = modes[mode];
  const dims = input.ndim - 2;
  if (!spec.dims.includes(dims))
    throw new ShapeError(
      `interpolate: expected an input of shape [N, C, …] with ${spec.dims.join(", ")} more dimensions for mode ${describe(mode)}, got shape ${shapeText(input.shape)}`,
    );
  if (!input.dtype.isFloatingPoint && !(input.dtype === uint8 && spec.bytes))
    throw new DTypeError(
      `interpolate: expected a floating-point dtype${spec.bytes ? " or torch.uint8" : ""} for mode ${describe(mode)}, got ${input.dtype}`,
    );
  if (input.shape.slice(1).some((n) => n === 0))
    throw new ShapeError(`interpolate: expected sizes above 0 but for the batch, got shape ${shapeText(input.shape)}`);
}

/** The new sizes, and the factors that give the positions (`null`: the sizes do). */
function target(input: Tensor, options: Partial<InterpolateOptions>, mode: InterpolationMode) {
  const { size = null, scaleFactor = null, recomputeScaleFactor = null } = options;
  const spatial = input.shape.slice(2);
  if (size !== null && scaleFactor !== null)
    throw new ValueError("interpolate: expected either size or scaleFactor, got both");
  if (size !== null) {
    if (recomputeScaleFactor)
      throw new ValueError("interpolate: expected no recomputeScaleFactor where size is given, got true");
    const sizes = each("size", size, spatial.length);
    for (const n of sizes) {
      checkInt("interpolate", "size", n);
      if (n < 1) throw new ShapeError(`interpolate: expected sizes above 0, got ${shapeText(sizes)}`);
    }
    return { sizes, scales: null };
  }
  if (scaleFactor === null) throw new ValueError("interpolate: expected size or scaleFactor, got neither");
  const scales = each("scaleFactor", scaleFactor, spatial.length);
  for (const scale of scales)
    if (typeof scale !== "number" || !Number.isFinite(scale))
      throw new ValueError(`interpolate: expected finite numbers as scaleFactor, got ${describe(scale)}`);
  const sizes = spatial.map((n, d) => Math.trunc(n * (scales[d] as number)));
  if (sizes.some((n) => n < 1))
    throw new ShapeError(
      `interpolate: expected sizes above 0, got ${shapeText(sizes)} for shape ${shapeText(input.shape)} and scaleFactor ${shapeText(scales)}`,
    );
  return { sizes, scales: recomputeScaleFactor || mode === "area" ? null : scales };
}

/**
 * A signal, image or volume resized. PyTorch: `torch.nn.functional.interpolate`.
 *
 * @param input - `[N, C, W]`, `[N, C, H, W]` or `[N, C, D, H, W]`; floating dtype, or uint8 for images and nearest elements
 * @param args - `size` or `scaleFactor`; `mode`: `"nearest"` (the default), `"nearest-exact"`, `"linear"` (one spatial dimension),
 *   `"bilinear"`, `"bicubic"` (two), `"trilinear"` (three) or `"area"`; `alignCorners`; `recomputeScaleFactor`; `antialias`
 * @throws ValueError for options that do not go together
 * @throws ShapeError if the mode does not take so many dimensions
 * @see Keys 1981, Cubic convolution interpolation for digital image processing
 * @example
 * F.interpolate(torch.tensor([[[1, 3.5]]]), { scaleFactor: 2, mode: "linear" }) // tensor([[[1.0000, 1.6250, 2.8750, 3.5000]]])
 */
export function interpolate(input: Tensor, ...args: InterpolateArgs): Tensor {
  checkTensor("interpolate", input);
  const options = bind<InterpolateOptions>(
    "interpolate",
    ["size", "scaleFactor", "mode", "alignCorners", "recomputeScaleFactor", "antialias"],
    args,
  );
  const { mode = "nearest", alignCorners = null, antialias = false } = options;
  if (!Object.hasOwn(modes, mode))
    throw new ValueError(
      `interpolate: expected a mode of ${Object.keys(modes).map(describe).join(", ")}, got ${describe(mode)}`,
    );
  const spec = modes[mode];
  if (!spec.aligns && alignCorners !== null)
    throw new ValueError(
      `interpolate: expected alignCorners only for the modes "linear", "bilinear", "bicubic" and "trilinear", got it for ${describe(mode)}`,
    );
  if (antialias && mode !== "bilinear" && mode !== "bicubic")
    throw new ValueError(
      `interpolate: expected antialias only for the modes "bilinear" and "bicubic", got it for ${describe(mode)}`,
    );
  checkInput(input, mode);
  const { sizes, scales } = target(input, options, mode);
  const round = input.dtype === float64 || input.dtype === uint8 ? (x: number) => x : Math.fround;
  const tables = sizes.map((to, d) =>
    spec.table(
      {
        from: input.shape[d + 2] as number,
        to,
        scale: scales?.[d] ?? null,
        alignCorners: alignCorners ?? false,
        round,
      },
      antialias,
    ),
  );
  return resample(
    input,
    [null, null, ...tables],
    `${spec.node(sizes.length)}${antialias ? "Aa" : ""}`,
    mode === "area",
  );
}

export interface UpsampleOptions {
  size?: number | readonly number[] | null;
  scaleFactor?: number | readonly number[] | null;
  mode?: InterpolationMode;
  alignCorners?: boolean | null;
}
type UpsampleArgs = Call<
  [
    size: number | readonly number[] | null,
    scaleFactor: number | readonly number[] | null,
    mode: InterpolationMode,
    alignCorners: boolean | null,
  ],
  UpsampleOptions
>;

/**
 * The former name of `interpolate`. PyTorch: `torch.nn.functional.upsample`.
 * @example
 * F.upsample(torch.tensor([[[1, 2.5]]]), { scaleFactor: 2 }) // tensor([[[1.0000, 1.0000, 2.5000, 2.5000]]])
 */
export function upsample(input: Tensor, ...args: UpsampleArgs): Tensor {
  return interpolate(input, bind<UpsampleOptions>("upsample", ["size", "scaleFactor", "mode", "alignCorners"], args));
}

interface ResizeOptions {
  size?: number | readonly number[] | null;
  scaleFactor?: number | readonly number[] | null;
}
type ResizeArgs = Call<
  [size: number | readonly number[] | null, scaleFactor: number | readonly number[] | null],
  ResizeOptions
>;

/** `interpolate` with mode `"nearest"`. PyTorch: `torch.nn.functional.upsample_nearest`. */
export function upsampleNearest(input: Tensor, ...args: ResizeArgs): Tensor {
  const options = bind<ResizeOptions>("upsampleNearest", ["size", "scaleFactor"], args);
  return interpolate(input, { ...options, mode: "nearest" });
}

/** `interpolate` with mode `"bilinear"` and aligned corners. PyTorch: `torch.nn.functional.upsample_bilinear`. */
export function upsampleBilinear(input: Tensor, ...args: ResizeArgs): Tensor {
  const options = bind<ResizeOptions>("upsampleBilinear", ["size", "scaleFactor"], args);
  return interpolate(input, { ...options, mode: "bilinear", alignCorners: true });
}
