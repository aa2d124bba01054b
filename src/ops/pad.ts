/** @file Padding: with a constant, by reflection, with the outermost elements, or around a circle. */
import { inFloat32, isAutocasting } from "../autograd/autocast.ts";
import { Category } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { isScalar, type Scalar } from "../core/scalar.ts";
import { type Shape, shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { allocate, fillRaw } from "./creation.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { checkInt, checkTensor, type Named, named } from "./params.ts";
import { resample } from "./resample/resample.ts";
import { TapTable } from "./resample/tap-table.ts";

/** What stands in the padding. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Added before and behind each dimension, outermost first. */
type Margins = readonly (readonly [before: number, behind: number])[];

function marginsOf(op: string, input: Tensor, pad: unknown): Margins {
  if (!Array.isArray(pad))
    throw new ValueError(`${op}: expected an array of whole numbers as pad, got ${describe(pad)}`);
  for (const n of pad) checkInt(op, "pad", n);
  const numbers = pad as number[];
  if (numbers.length % 2 !== 0)
    throw new ValueError(`${op}: expected pad in pairs, got ${numbers.length} numbers: ${shapeText(numbers)}`);
  if (numbers.length > 2 * input.ndim)
    throw new ShapeError(
      `${op}: expected at most ${2 * input.ndim} numbers as pad for shape ${shapeText(input.shape)}, got ${numbers.length}`,
    );
  // PyTorch's pairs begin with the last dimension.
  return input.shape.map((_, d) => {
    const at = 2 * (input.ndim - 1 - d);
    return [numbers[at] ?? 0, numbers[at + 1] ?? 0] as const;
  });
}

function paddedShape(op: string, shape: Shape, margins: Margins): Shape {
  return shape.map((n, d) => {
    const [before, behind] = margins[d] as readonly [number, number];
    const size = n + before + behind;
    if (size < 0)
      throw new ShapeError(
        `${op}: expected sizes of at least 0 after padding, got ${size} for dimension ${d} of size ${n} padded by ${before} and ${behind}`,
      );
    return size;
  });
}

/** The part of a tensor that negative margins leave. */
function cropped(x: Tensor, margins: Margins): Tensor {
  return margins.reduce((t, [before, behind], d) => {
    const first = Math.max(0, -before);
    const length = (t.shape[d] as number) - first - Math.max(0, -behind);
    return length === t.shape[d] ? t : t.narrow(d, first, Math.max(0, length));
  }, x);
}

const constantPadNdOp: KernelOp<{ margins: Margins; value: Scalar }> = kernelOp<{ margins: Margins; value: Scalar }>({
  name: "constantPadNd",
  forward: ([input], { margins, value }) => {
    const x = input as Tensor;
    const out = allocate(paddedShape("constantPadNd", x.shape, margins), x.dtype, x.device);
    if (margins.some(([before, behind]) => before > 0 || behind > 0)) fillRaw(out, value);
    const inside = margins.reduce((t, [before, behind], d) => {
      const first = Math.max(0, before);
      const length = (t.shape[d] as number) - first - Math.max(0, behind);
      return length === t.shape[d] ? t : t.narrow(d, Math.min(first, t.shape[d] as number), Math.max(0, length));
    }, out);
    if (inside.layout.numel > 0) inside.copy_(cropped(x, margins));
    return out;
  },
  backward: ([grad], { attrs: { margins } }) => [
    constantPadNdOp.call([grad as Tensor], {
      margins: margins.map(([before, behind]) => [-before, -behind] as const),
      value: 0,
    }),
  ],
});

function padConstant(op: string, input: Tensor, margins: Margins, value: Scalar): Tensor {
  paddedShape(op, input.shape, margins);
  return constantPadNdOp.call([input], { margins, value });
}

interface ConstantPadOptions {
  pad: readonly number[];
  value?: Scalar;
}
type ConstantPadArgs = Named<[pad: readonly number[], value: Scalar], ["pad", "value"], ConstantPadOptions>;

/**
 * A constant added around a tensor, or rows taken away where a number is negative. PyTorch: `torch.constant_pad_nd`.
 *
 * @param args - `pad`: how many before and behind the last dimension, then the last but one, and so on; `value` (0)
 * @throws ShapeError if there are more pairs than dimensions, or a size would be negative
 * @example
 * torch.constantPadNd(torch.tensor([1, 2]), [1, 2], 7) // tensor([7, 1, 2, 7, 7])
 */
export function constantPadNd(input: Tensor, ...args: ConstantPadArgs): Tensor {
  checkTensor("constantPadNd", input);
  const { pad, value = 0 } = named<ConstantPadOptions>("constantPadNd", ["pad", "value"], 1, args);
  return padConstant(
    "constantPadNd",
    input,
    marginsOf("constantPadNd", input, pad),
    checkValue("constantPadNd", value),
  );
}

function checkValue(op: string, value: unknown): Scalar {
  if (!isScalar(value)) throw new ValueError(`${op}: expected a number as value, got ${describe(value)}`);
  return value;
}

/** Where element `i` of a padded line, counted from the first that was there, comes from. */
const sources: { readonly [M in Exclude<PadMode, "constant">]: (i: number, n: number, margins: Margins[0]) => number } =
  {
    reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
    replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
    // What is taken away at one side is no part of the circle.
    circular: (i, n, [before, behind]) => {
      const first = Math.max(0, -before);
      const length = n - first - Math.max(0, -behind);
      return first + ((((i - first) % length) + length) % length);
    },
  };

const names = { reflect: "ReflectionPad", replicate: "ReplicationPad" };

/** The mode's own conditions for a dimension that is padded. */
function checkMargins(
  op: string,
  mode: Exclude<PadMode, "constant">,
  shape: Shape,
  margins: Margins,
  first: number,
): void {
  for (let d = first; d < shape.length; d++) {
    const n = shape[d] as number;
    const [before, behind] = margins[d] as readonly [number, number];
    const left = n + Math.min(0, before) + Math.min(0, behind);
    const most = mode === "reflect" ? n - 1 : mode === "circular" ? left : Infinity;
    if (before > most || behind > most)
      throw new ShapeError(
        `${op}: expected padding of at most ${most} (${mode}) for dimension ${d} of size ${n}, got ${before} and ${behind}`,
      );
    if (n === 0)
      throw new ShapeError(`${op}: expected sizes above 0 in the padded dimensions, got shape ${shapeText(shape)}`);
    if (n + before + behind < (mode === "circular" ? 0 : 1))
      throw new ShapeError(
        `${op}: expected sizes of at least 1 after padding, got ${n + before + behind} for dimension ${d} of size ${n} padded by ${before} and ${behind}`,
      );
  }
}

function padFromWithin(
  op: string,
  input: Tensor,
  margins: Margins,
  mode: Exclude<PadMode, "constant">,
  dims: number,
): Tensor {
  const { shape, ndim, dtype } = input;
  if (dims < 1 || dims > 3 || (ndim !== dims + 1 && ndim !== dims + 2))
    throw new ShapeError(
      `${op}: expected 2, 4 or 6 numbers as pad for an input with one or two dimensions more than are padded (${mode}), got ${2 * dims} for shape ${shapeText(shape)}`,
    );
  if (mode !== "circular" && dtype.category < Category.Floating)
    throw new DTypeError(`${op}: expected a floating-point or complex dtype (${mode}), got ${dtype}`);
  const first = ndim - dims;
  // Only a batch may be empty.
  if (shape.some((n, d) => n === 0 && (d > 0 || ndim === dims + 1)) && !(ndim === dims + 1 && shape[0] === 0))
    throw new ShapeError(`${op}: expected sizes above 0 but for the batch, got shape ${shapeText(shape)}`);
  checkMargins(op, mode, shape, margins, first);
  const tables = shape.map((n, d) => {
    const [before, behind] = margins[d] as readonly [number, number];
    if (before === 0 && behind === 0) return null;
    return TapTable.copying(n, n + before + behind, (i) => sources[mode](i - before, n, [before, behind]));
  });
  return mode === "circular"
    ? resample(input, tables, "PadCircular")
    : resample(input, tables, `${names[mode]}${dims}D`, true);
}

export interface PadOptions {
  pad: readonly number[];
  mode?: PadMode;
  /** What stands in the padding, for `"constant"`. */
  value?: Scalar | null;
}
export type PadArgs = Named<
  [pad: readonly number[], mode: PadMode, value: Scalar | null],
  ["pad", "mode", "value"],
  PadOptions
>;

/**
 * A tensor with something around it: a constant, its own elements reflected at the edge, its outermost elements, or those of the
 * other side. Negative numbers take rows away. PyTorch: `torch.nn.functional.pad`.
 *
 * @param input - any shape; for the modes other than `"constant"` one or two dimensions more than are padded, at most 3 of these
 * @param args - `pad`: how many before and behind the last dimension, then the last but one, and so on; `mode`
 *   (`"constant"`, `"reflect"`, `"replicate"`, `"circular"`); `value` (0)
 * @throws ShapeError if the padding does not fit the shape: reflection needs more elements than it adds, a circle as many
 * @throws DTypeError for integers in `"reflect"` and `"replicate"`
 * @example
 * F.pad(torch.tensor([[1.5, 2, 3]]), [2, 1], "reflect") // tensor([[3.0000, 2.0000, 1.5000, 2.0000, 3.0000, 2.0000]])
 */
export function pad(input: Tensor, ...args: PadArgs): Tensor {
  checkTensor("pad", input);
  const { pad: numbers, mode = "constant", value = null } = named<PadOptions>("pad", ["pad", "mode", "value"], 1, args);
  if (mode !== "constant" && !Object.hasOwn(sources, mode))
    throw new ValueError(
      `pad: expected a mode of "constant", "reflect", "replicate" or "circular", got ${describe(mode)}`,
    );
  if (isAutocasting() && (mode === "replicate" || (mode === "reflect" && numbers.length < 6)))
    return inFloat32(pad, [input, ...args]);
  const margins = marginsOf("pad", input, numbers);
  if (mode === "constant") return padConstant("pad", input, margins, checkValue("pad", value ?? 0));
  if (value !== null && value !== 0)
    throw new ValueError(`pad: expected no value for mode ${describe(mode)}, got ${describe(value)}`);
  return padFromWithin("pad", input, margins, mode, numbers.length / 2);
}
