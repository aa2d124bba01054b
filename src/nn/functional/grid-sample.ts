/** @file Images and volumes read at positions: `gridSample`, and `affineGrid`, which makes such positions. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { type Backend, backendOf } from "../../backends/backend.ts";
import type { GridSampleOptions as Attrs } from "../../backends/resample-kernels.ts";
import { type DType, float32 } from "../../core/dtype.ts";
import { AutogradError, DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate, linspace } from "../../ops/creation.ts";
import { type KernelOp, kernelOp } from "../../ops/kernel-form.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";

/** Half types are computed in float32. */
function wide(x: Tensor): Tensor {
  return (x.dtype.itemsize === 2 ? x.to(float32) : x).contiguous();
}

const samplerNode = (image: Shape): string => `GridSampler${image.length - 2}D`;

const gridSamplerBackwardOp: KernelOp<Attrs & { needs: readonly [boolean, boolean] }> = kernelOp<
  Attrs & { needs: readonly [boolean, boolean] }
>({
  name: "gridSamplerBackward",
  forward: (inputs, { needs, ...options }) => {
    const [grad, input, grid] = inputs.map(wide) as [Tensor, Tensor, Tensor];
    const { dtype } = inputs[1] as Tensor;
    const { kernels }: Backend = backendOf(input.device);
    const results: Tensor[] = [];
    if (needs[0]) {
      const gradInput = input.newZeros(input.shape);
      kernels.gridSampleGradInput(gradInput, grad, grid, options);
      results.push(gradInput.to(dtype));
    }
    if (needs[1]) {
      const gradGrid = grid.newZeros(grid.shape);
      kernels.gridSampleGradGrid(gradGrid, grad, input, grid, options);
      results.push(gradGrid.to(dtype));
    }
    return results;
  },
  backward: () => {
    throw new AutogradError("gridSample: expected to be differentiated once, got a second derivative, which it lacks");
  },
});

const gridSamplerOp: KernelOp<Attrs & { node: string }> = kernelOp<Attrs & { node: string }>({
  name: "gridSampler",
  node: ({ node }) => `${node}Backward0`,
  forward: ([image, positions], options) => {
    const [input, grid] = [wide(image as Tensor), wide(positions as Tensor)];
    const [n, c] = input.shape as [number, number];
    const out = allocate([n, c, ...grid.shape.slice(1, -1)], input.dtype, input.device);
    backendOf(input.device).kernels.gridSample(out, input, grid, options);
    return out.to((image as Tensor).dtype as DType);
  },
  saves: () => [0, 1],
  backward: ([grad], context) => {
    const needs = [context.needs(0), context.needs(1)] as const;
    const { mode, paddingMode, alignCorners } = context.attrs;
    const inputs = [grad as Tensor, context.input(0), context.input(1)];
    const results = gridSamplerBackwardOp.results(inputs, { mode, paddingMode, alignCorners, needs });
    return needs.map((needed) => (needed ? (results.shift() as Tensor) : null));
  },
});

export interface GridSampleOptions {
  /** How elements between those of the input come about; `"bicubic"` for images only. */
  mode?: "bilinear" | "nearest" | "bicubic";
  /** What is read outside of the input: zeros, its outermost elements, or its elements reflected at the border. */
  paddingMode?: "zeros" | "border" | "reflection";
  /** Whether −1 and 1 are the centres of the outermost elements, instead of their outer edges. */
  alignCorners?: boolean | null;
}

const modes = ["bilinear", "nearest", "bicubic"];
const paddingModes = ["zeros", "border", "reflection"];

interface GridSampleCall extends GridSampleOptions {
  grid: Tensor;
}
type GridSampleArgs = Named<
  [grid: Tensor, mode: Attrs["mode"], paddingMode: Attrs["paddingMode"], alignCorners: boolean | null],
  ["grid", "mode", "paddingMode", "alignCorners"],
  GridSampleCall
>;

/**
 * Reads images or volumes at the positions of a grid, which go from −1 to 1 in each dimension.
 * PyTorch: `torch.nn.functional.grid_sample`.
 *
 * @param input - `[N, C, H, W]` or `[N, C, D, H, W]`; floating dtype
 * @param args - `grid`: `[N, H', W', 2]` (x, y) or `[N, D', H', W', 3]` (x, y, z), of the same dtype; `mode` (`"bilinear"`),
 *   `paddingMode` (`"zeros"`), `alignCorners` (`false`)
 * @returns `[N, C, H', W']` or `[N, C, D', H', W']`; differentiable once in both, as in PyTorch
 * @throws ShapeError if the shapes do not go together
 * @see Jaderberg et al. 2015, Spatial transformer networks, arXiv:1506.02025
 * @example
 * const image = torch.tensor([[[[1, 2], [3, 4.5]]]]);
 * F.gridSample(image, torch.tensor([[[[0.0, -0.5], [0.5, 0.5]]]]), { alignCorners: false }) // tensor([[[[1.5000, 4.5000]]]])
 */
export function gridSample(input: Tensor, ...args: GridSampleArgs): Tensor {
  if (isAutocasting()) return inFloat32(gridSample, [input, ...args]);
  checkTensor("gridSample", input);
  const {
    grid,
    mode = "bilinear",
    paddingMode = "zeros",
    alignCorners,
  } = named<GridSampleCall>("gridSample", ["grid", "mode", "paddingMode", "alignCorners"], 1, args);
  checkTensor("gridSample", grid, "grid");
  const oneOf = (name: string, value: string, known: readonly string[]) => {
    if (!known.includes(value))
      throw new ValueError(
        `gridSample: expected a ${name} of ${known.map(describe).join(", ")}, got ${describe(value)}`,
      );
  };
  oneOf("mode", mode, modes);
  oneOf("paddingMode", paddingMode, paddingModes);
  checkShapes(input, grid, mode);
  return gridSamplerOp.call([input, grid], {
    mode,
    paddingMode,
    alignCorners: alignCorners ?? false,
    node: samplerNode(input.shape),
  });
}

function checkShapes(input: Tensor, grid: Tensor, mode: string): void {
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `gridSample: expected a floating-point dtype, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
  if (grid.dtype !== input.dtype)
    throw new DTypeError(`gridSample: expected input and grid in one dtype, got ${input.dtype} and ${grid.dtype}`);
  const shapes = `got ${shapeText(input.shape)} and ${shapeText(grid.shape)}`;
  const dims = input.ndim - 2;
  if ((dims !== 2 && dims !== 3) || grid.ndim !== input.ndim)
    throw new ShapeError(`gridSample: expected input and grid with 4 or both with 5 dimensions, ${shapes}`);
  if (input.shape[0] !== grid.shape[0])
    throw new ShapeError(`gridSample: expected input and grid of one batch size, ${shapes}`);
  if (grid.shape.at(-1) !== dims)
    throw new ShapeError(`gridSample: expected a grid with a last dimension of size ${dims}, ${shapes}`);
  if (input.shape.slice(2).some((n) => n === 0))
    throw new ShapeError(`gridSample: expected an input with spatial sizes above 0, ${shapes}`);
  if (mode === "bicubic" && dims !== 2)
    throw new ShapeError(`gridSample: expected an input of shape [N, C, H, W] for mode "bicubic", ${shapes}`);
}

/** The middles of `n` elements, or their range, from −1 to 1; as a vector along dimension `dim` of the grid. */
function coordinates(n: number, alignCorners: boolean, theta: Tensor): Tensor {
  if (n <= 1) return theta.newZeros([n]);
  const line = linspace(-1, 1, n, { dtype: theta.dtype, device: theta.device });
  return alignCorners ? line : line.mul((n - 1) / n);
}

interface AffineGridOptions {
  size: readonly number[];
  alignCorners?: boolean | null;
}
type AffineGridArgs = Named<
  [size: readonly number[], alignCorners: boolean | null],
  ["size", "alignCorners"],
  AffineGridOptions
>;

/**
 * A grid of positions for `gridSample`: those of the output's elements, moved by affine maps.
 * PyTorch: `torch.nn.functional.affine_grid`.
 *
 * @param theta - `[N, 2, 3]` for images, `[N, 3, 4]` for volumes; floating dtype
 * @param args - `size` of the output, `[N, C, H, W]` or `[N, C, D, H, W]`; `alignCorners` (`false`)
 * @returns `[N, H, W, 2]` or `[N, D, H, W, 3]`
 * @throws ShapeError if `theta` does not fit `size`
 * @example
 * F.affineGrid(torch.tensor([[[1.0, 0, 0.25], [0, 1, 0]]]), [1, 1, 1, 2]) // tensor([[[[-0.2500,  0.0000],
 *                                                                         //           [ 0.7500,  0.0000]]]])
 */
export function affineGrid(theta: Tensor, ...args: AffineGridArgs): Tensor {
  checkTensor("affineGrid", theta, "theta");
  const { size, alignCorners } = named<AffineGridOptions>("affineGrid", ["size", "alignCorners"], 1, args);
  if (!theta.dtype.isFloatingPoint)
    throw new DTypeError(
      `affineGrid: expected a floating-point dtype, got ${theta.dtype} (whole numbers make int64: pass a dtype)`,
    );
  if (!Array.isArray(size)) throw new ValueError(`affineGrid: expected an array as size, got ${describe(size)}`);
  for (const n of size) {
    checkInt("affineGrid", "size", n);
    if (n < 1) throw new ShapeError(`affineGrid: expected sizes above 0, got ${shapeText(size)}`);
  }
  const dims = size.length - 2;
  if (dims !== 2 && dims !== 3)
    throw new ShapeError(`affineGrid: expected a size [N, C, H, W] or [N, C, D, H, W], got ${shapeText(size)}`);
  const n = size[0] as number;
  if (theta.ndim !== 3 || theta.shape[0] !== n || theta.shape[1] !== dims || theta.shape[2] !== dims + 1)
    throw new ShapeError(
      `affineGrid: expected theta of shape [${n}, ${dims}, ${dims + 1}] for size ${shapeText(size)}, got ${shapeText(theta.shape)}`,
    );
  const spatial = size.slice(2);
  const base = allocate([...spatial, dims + 1], theta.dtype, theta.device);
  for (let k = 0; k < dims; k++) {
    // x runs along the last dimension.
    const dim = dims - 1 - k;
    const line = coordinates(spatial[dim] as number, alignCorners ?? false, theta);
    base.select(-1, k).copy_(line.view(spatial.map((_, d) => (d === dim ? -1 : 1))));
  }
  base.select(-1, dims).fill_(1);
  const points = base.view(1, -1, dims + 1).expand(n, -1, -1);
  return points.matmul(theta.mT).view(n, ...spatial, dims);
}
