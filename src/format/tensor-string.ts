/**
 * @file `repr(tensor)`, to the character. It follows torch/_tensor_str.py; names of the parts are the same, so that the two can be
 * read side by side. Only elements that are printed are read.
 */
import { type PrintOptions, printOptions } from "./print-options.ts";
import { pyFixed, pyScientific } from "./python-number.ts";
import { pyTuple } from "./python-repr.ts";

/** An element of a tensor, as the accessor gives it. Floating elements are numbers, half types widened. */
export type ElementValue = number | bigint | boolean | { readonly re: number; readonly im: number };

/** The part of a dtype that printing needs. */
export interface PrintedDType {
  /** `"float32"`; prints as `torch.float32`. */
  readonly name: string;
  readonly isFloatingPoint: boolean;
  readonly isComplex: boolean;
}

/** Everything that the printed form of a tensor shows. */
export interface PrintedTensor {
  readonly dtype: PrintedDType;
  readonly shape: readonly number[];
  /** The element at a row-major position; left out for a tensor without data (device `meta`). */
  readonly values?: (index: number) => ElementValue;
  readonly requiresGrad?: boolean;
  /** `"MulBackward0"`, where the tensor has a gradient function. */
  readonly gradFnName?: string | null | undefined;
  /** `"cpu"`, the default, is not printed. */
  readonly device?: string;
  readonly isParameter?: boolean;
  /** Name of the default dtype: it is not printed. `"float32"` if left out. */
  readonly defaultDtype?: string;
}

const prefix = "tensor(";

/**
 * Python's `repr(tensor)`.
 *
 * @param tensor - what there is to print
 * @param options - the print options; those of `setPrintoptions` if left out
 */
export function formatTensor(tensor: PrintedTensor, options: PrintOptions = printOptions()): string {
  const { dtype, shape, values, device = "cpu", defaultDtype = "float32" } = tensor;
  const suffixes: string[] = [];
  if (device !== "cpu") suffixes.push(`device='${device}'`);
  const dtypeSuffix = `dtype=torch.${dtype.name}`;
  let contents: string;
  if (values === undefined) {
    suffixes.push(`size=${pyTuple(shape)}`);
    if (dtype.name !== defaultDtype) suffixes.push(dtypeSuffix);
    contents = "...";
  } else if (shape.includes(0)) {
    if (shape.length !== 1) suffixes.push(`size=${pyTuple(shape)}`);
    if (dtype.name !== defaultDtype) suffixes.push(dtypeSuffix); // no element shows it
    contents = "[]";
  } else {
    const defaultComplex = defaultDtype === "float64" ? "complex128" : "complex64";
    if (![defaultDtype, defaultComplex, "int64", "bool"].includes(dtype.name)) suffixes.push(dtypeSuffix);
    contents = new TensorPrinter(dtype, shape, values, options).print(prefix.length);
  }
  if (tensor.gradFnName) suffixes.push(`grad_fn=<${tensor.gradFnName}>`);
  else if (tensor.requiresGrad) suffixes.push("requires_grad=True");
  const text = addSuffixes(prefix + contents, suffixes, prefix.length, options.linewidth);
  return tensor.isParameter ? `Parameter containing:\n${text}` : text;
}

function addSuffixes(text: string, suffixes: readonly string[], indent: number, linewidth: number): string {
  let result = text;
  let lastLineLength = text.length - text.lastIndexOf("\n") + 1; // PyTorch counts two too many here
  for (const suffix of suffixes) {
    if (lastLineLength + suffix.length + 2 > linewidth) {
      result += `,\n${" ".repeat(indent)}${suffix}`;
      lastLineLength = indent + suffix.length;
    } else {
      result += `, ${suffix}`;
      lastLineLength += suffix.length + 2;
    }
  }
  return `${result})`;
}

/** One width and one notation for all elements (or all real or all imaginary parts) of a tensor. */
interface NumberFormat {
  readonly width: number;
  readonly format: (value: number | bigint | boolean) => string;
}

/** `_Formatter` for integers and booleans. */
function plainFormat(values: Iterable<number | bigint | boolean>): NumberFormat {
  const format = (value: number | bigint | boolean): string => {
    if (typeof value !== "boolean") return String(value);
    return value ? "True" : "False";
  };
  const width = maxLength(values, format, 1);
  return { width, format: (value) => format(value).padStart(width) };
}

/** `_Formatter` for floating values. */
function floatFormat(values: readonly number[], options: PrintOptions): NumberFormat {
  const { precision, sciMode } = options;
  const scientific = (value: number): string => pyScientific(value, precision);
  const fixed = (value: number): string => pyFixed(value, precision);
  const whole = (value: number): string => pyFixed(value, 0) + (Number.isFinite(value) ? "." : "");

  const telling = values.filter((value) => value !== 0 && Number.isFinite(value));
  let least = Number.POSITIVE_INFINITY;
  let greatest = 0;
  for (const value of telling) {
    least = Math.min(least, Math.abs(value));
    greatest = Math.max(greatest, Math.abs(value));
  }
  const intMode = telling.every(Number.isInteger);
  const wide = telling.length > 0 && (greatest / least > 1000 || greatest > 1e8 || (!intMode && least < 1e-4));

  const positional = intMode ? whole : fixed;
  // Two habits of PyTorch: the width follows the automatic choice even where `sciMode` overrides it, and without any finite
  // value other than zero `sciMode` does nothing.
  const width = maxLength(telling, wide ? scientific : positional, 1);
  const format = telling.length > 0 && (sciMode ?? wide) ? scientific : positional;
  return { width, format: (value) => format(Number(value)).padStart(width) };
}

function maxLength<T>(values: Iterable<T>, format: (value: T) => string, least: number): number {
  let length = least;
  for (const value of values) length = Math.max(length, format(value).length);
  return length;
}

/** The contents of one tensor: `_tensor_str` and the functions below it. */
class TensorPrinter {
  private readonly strides: readonly number[];
  private readonly summarize: boolean;
  private readonly element: (index: number) => string;
  private readonly elementWidth: number;

  constructor(
    dtype: PrintedDType,
    private readonly shape: readonly number[],
    values: (index: number) => ElementValue,
    private readonly options: PrintOptions,
  ) {
    const strides: number[] = [];
    let numel = 1;
    for (const size of shape.toReversed()) {
      strides.unshift(numel);
      numel *= size;
    }
    this.strides = strides;
    this.summarize = numel > options.threshold;

    const shown = new Map<number, ElementValue>();
    for (const index of this.shownIndices(0, 0)) shown.set(index, values(index));
    const value = (index: number): ElementValue => shown.get(index) ?? values(index);
    if (dtype.isComplex) {
      const parts = [...shown.values()].map(complexParts);
      const real = floatFormat(
        parts.map(({ re }) => re),
        options,
      );
      const imag = floatFormat(
        parts.map(({ im }) => im),
        options,
      );
      this.elementWidth = real.width + imag.width + 1;
      this.element = (index) => {
        const { re, im } = complexParts(value(index));
        const imagText = imag.format(im).trimStart();
        return `${real.format(re)}${imagText.startsWith("-") ? "" : "+"}${imagText}j`;
      };
    } else {
      const scalars = [...shown.values()].map(realScalar);
      const format = dtype.isFloatingPoint ? floatFormat(scalars.map(Number), options) : plainFormat(scalars);
      this.elementWidth = format.width;
      this.element = (index) => format.format(realScalar(value(index)));
    }
  }

  print(indent: number): string {
    return this.shape.length === 0 ? this.element(0) : this.dimension(0, 0, indent);
  }

  private dimension(dim: number, offset: number, indent: number): string {
    const items = this.shownPositions(dim).map((i) => (i === null ? null : offset + i * (this.strides[dim] ?? 0)));
    const deeper = this.shape.length - 1 - dim;
    if (deeper === 0) return this.vector(items, indent);
    const slices = items.map((item) => (item === null ? "..." : this.dimension(dim + 1, item, indent + 1)));
    return `[${slices.join(`,${"\n".repeat(deeper)}${" ".repeat(indent + 1)}`)}]`;
  }

  private vector(items: readonly (number | null)[], indent: number): string {
    const perLine = Math.max(1, Math.floor((this.options.linewidth - indent) / (this.elementWidth + 2)));
    const soleEllipsis = items.length === 1 ? "..." : " ...";
    const texts = items.map((item) => (item === null ? soleEllipsis : this.element(item)));
    const lines: string[] = [];
    for (let i = 0; i < texts.length; i += perLine) lines.push(texts.slice(i, i + perLine).join(", "));
    return `[${lines.join(`,\n${" ".repeat(indent + 1)}`)}]`;
  }

  /** Positions along a dimension that are printed; `null` stands for the dots. */
  private shownPositions(dim: number): (number | null)[] {
    const size = this.shape[dim] ?? 0;
    const { edgeitems } = this.options;
    if (!this.summarize || size <= 2 * edgeitems) return Array.from({ length: size }, (_, i) => i);
    const start = Array.from({ length: edgeitems }, (_, i) => i);
    return [...start, null, ...start.map((i) => size - edgeitems + i)];
  }

  private *shownIndices(dim: number, offset: number): Generator<number> {
    if (dim === this.shape.length) {
      yield offset;
      return;
    }
    for (const i of this.shownPositions(dim))
      if (i !== null) yield* this.shownIndices(dim + 1, offset + i * (this.strides[dim] ?? 0));
  }
}

function complexParts(value: ElementValue): { readonly re: number; readonly im: number } {
  return typeof value === "object" ? value : { re: Number(value), im: 0 };
}

function realScalar(value: ElementValue): number | bigint | boolean {
  return typeof value === "object" ? value.re : value;
}
