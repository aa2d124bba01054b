/** @file The `reduction` form of op: an accumulator run over some dimensions. */
import { backendOf, type Operand } from "../backends/backend.ts";
import { bool, type DType, toComplex, toReal } from "../core/dtype.ts";
import { DTypeError, IndexError, ValueError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { type Shape, shapeText, wrapDims } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { type ReductionName, reductionCode } from "../expr/index.ts";
import { allocate } from "./creation.ts";
import { registerType } from "./dtypes.ts";
import { type Context, type KernelOp, kernelOp } from "./kernel-form.ts";
import { nodeNameOf } from "./names.ts";
import { planes } from "./operands.ts";

/** Dimensions to reduce: one, several, or (not given, `null`) all. */
export type Dims = number | readonly number[] | null;

export interface ReductionAttrs {
  /** Wrapped. */
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Whether all dimensions were reduced because none was named. */
  readonly whole: boolean;
  /** Run-time numbers of the declaration, such as var's correction. */
  readonly scalars: readonly number[];
  readonly compute: DType;
  readonly result: DType;
}

export interface ReductionSpec {
  /** PyTorch's name in camelCase. */
  readonly name: string;
  /** The accumulator, as declared in `expr/reductions.ts`; the op's name if not given. */
  readonly accumulator?: ReductionName;
  /** The dtypes it computes and answers in. Throws for those it does not take. */
  readonly dtype: (input: DType) => { readonly compute: DType; readonly result: DType };
  /** Whether nothing at all may be reduced: then the accumulator's identity comes out. */
  readonly empty: "identity" | "refuse";
  /** PyTorch's node for calls with and without `dim`. */
  readonly node?: (attrs: ReductionAttrs) => string;
  readonly complex?: ComplexReduction;
  readonly saves?: readonly number[];
  readonly backward: (grad: Tensor, context: Context<ReductionAttrs>) => Tensor;
}

export class ReductionOp {
  readonly spec: ReductionSpec;
  private readonly kernel: KernelOp<ReductionAttrs>;

  constructor(spec: ReductionSpec) {
    this.spec = spec;
    const code = reductionCode(spec.accumulator ?? (spec.name as ReductionName));
    this.kernel = kernelOp<ReductionAttrs>({
      name: spec.name,
      node: spec.node ?? (() => nodeNameOf(spec.name)),
      forward: ([input], attrs) => {
        const x = input as Tensor;
        const isComplex = x.dtype.isComplex || attrs.compute.isComplex;
        return isComplex ? reduceComplex(spec, code, x, attrs) : reduceRaw(code, x, attrs);
      },
      saves: () => spec.saves ?? [],
      backward: ([grad], context) => [spec.backward(grad as Tensor, context)],
    });
  }

  /** @param dtype - to compute and answer in, instead of what the rule says */
  call(
    input: Tensor,
    dim: Dims | undefined,
    keepdim: boolean,
    dtype?: DType | null,
    scalars: readonly number[] = [],
  ): Tensor {
    const { name } = this.spec;
    if (!(input instanceof Tensor)) throw new ValueError(`${name}: expected a Tensor as input`);
    const given = Array.isArray(dim) && dim.length === 0 ? null : dim;
    const wrapped = wrapDims(name, given, input.ndim);
    // A number may be reduced along its dimension 0, which it does not have.
    const dims = input.ndim === 0 ? [] : wrapped;
    if (this.spec.empty === "refuse") this.checkNotEmpty(input.shape, dims);
    const { compute, result } = dtype ? { compute: dtype, result: dtype } : this.spec.dtype(input.dtype);
    return this.kernel.call([input], {
      dims,
      keepdim,
      whole: given === null || given === undefined,
      scalars,
      compute,
      result,
    });
  }

  private checkNotEmpty(shape: Shape, dims: readonly number[]): void {
    const empty = dims.find((d) => shape[d] === 0);
    if (empty !== undefined)
      throw new IndexError(
        `${this.spec.name}: expected at least one element in the reduced dimension ${empty}, got shape ${shapeText(shape)}: the result would have no value`,
      );
  }
}

/** How a reduction deals with complex numbers; without a word it refuses them. */
export type ComplexReduction =
  /** Real and imaginary parts apart. */
  | "parts"
  /** Only whether they are 0 counts. */
  | "truth"
  /** In its own way: gives the result with the reduced dimensions kept, as 1. */
  | ((input: Tensor, attrs: ReductionAttrs) => Tensor);

function reduceComplex(spec: ReductionSpec, code: number, x: Tensor, attrs: ReductionAttrs): Tensor {
  const { complex } = spec;
  if (complex === undefined)
    throw new DTypeError(`${spec.name}: expected a real dtype, got ${x.dtype.isComplex ? x.dtype : attrs.compute}`);
  if (complex === "truth") return reduceRaw(code, x.ne(0), { ...attrs, compute: bool });
  const input = x.to(toComplex(attrs.compute));
  const kept = keptShape(input, attrs);
  let out: Tensor;
  if (complex === "parts") {
    out = allocate(kept, attrs.result, input.device);
    const [from, to] = [planes(input), planes(out)];
    for (const i of [0, 1] as const) reduceInto(code, to[i], from[i], toReal(attrs.compute), attrs.scalars);
  } else out = complex(input, attrs);
  return attrs.keepdim ? out : out.view(droppedShape(input, attrs));
}

const keptShape = (x: Tensor, { dims }: ReductionAttrs): Shape =>
  x.layout.shape.map((n, i) => (dims.includes(i) ? 1 : n));
const droppedShape = (x: Tensor, { dims }: ReductionAttrs): Shape => x.layout.shape.filter((_, i) => !dims.includes(i));

/** Runs a reduction without recording it. */
export function reduceRaw(code: number, input: Tensor, attrs: ReductionAttrs): Tensor {
  const layout = Layout.contiguous(keptShape(input, attrs));
  const storage = backendOf(input.storage.device).allocate(layout.numel * attrs.result.itemsize);
  reduceInto(code, { storage, layout, dtype: attrs.result }, input, attrs.compute, attrs.scalars);
  if (attrs.keepdim) return new Tensor(storage, layout, attrs.result);
  return new Tensor(storage, Layout.contiguous(droppedShape(input, attrs)), attrs.result);
}

function reduceInto(code: number, out: Operand, input: Tensor, compute: DType, scalars: readonly number[]): void {
  const type = registerType(compute);
  // A reduction in another dtype first sees its input in that dtype: float64 sums of float32, int64 counts of floats.
  const source = compute !== input.dtype && !sameRegister(compute, input.dtype) ? input.to(compute) : input;
  backendOf(input.storage.device).reduce(code, type === "f32" ? 6 : type === "f64" ? 7 : 4, [out], source, scalars);
}

/** Whether loading `from` into the register type of `to` gives what casting it would. */
function sameRegister(to: DType, from: DType): boolean {
  return to.itemsize >= from.itemsize || from.isFloatingPoint;
}

/** A gradient of reduced shape, expanded over the input's: what most reductions' backward begins with. */
export function expandReduced(grad: Tensor, context: Context<ReductionAttrs>): Tensor {
  const { dims, keepdim } = context.attrs;
  return unsqueezeReduced(grad, dims, keepdim).expand(context.shape(0));
}

/** Puts the reduced dimensions back with size 1. */
export function unsqueezeReduced(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  if (keepdim) return x;
  return [...dims].sort((a, b) => a - b).reduce((t, d) => t.unsqueeze(d), x);
}

/** Declares an op of the reduction form. */
export function reductionOp(spec: ReductionSpec): ReductionOp {
  return new ReductionOp(spec);
}
