/**
 * @file Gives `Tensor` its methods and accessors: a thin skin over the ops. An op that takes a tensor first is a method; one with an
 * in-place variant has that too, under its name with an underscore.
 */
import * as autogradApi from "./autograd/api.ts";
import { handOut } from "./autograd/grad-memory.ts";
import { gradFnOf, isDifferentiable, renewAccumulator, requiresGrad } from "./autograd/graph.ts";
import { metaOf, versionOf } from "./autograd/meta.ts";
import type { Node, TensorHook } from "./autograd/node.ts";
import { AutogradError, DTypeError, describe, ShapeError, ValueError } from "./core/errors.ts";
import { sameShape, shapeText } from "./core/shape.ts";
import { Tensor } from "./core/tensor.ts";
import type { ExtremeMethod } from "./ops/arg-reduce.ts";
import * as complexOps from "./ops/complex.ts";
import * as methodsOnly from "./ops/methods.ts";
import type { WholeOrAlongMethod } from "./ops/order-statistics.ts";
import * as shared from "./ops/shared.ts";
import type { UniqueConsecutiveMethod, UniqueMethod } from "./ops/unique.ts";

/** Turns `(input: Tensor, …rest) => R` into `(…rest) => R`. */
type Method<F> = F extends (input: Tensor, ...rest: infer A) => infer R ? (...rest: A) => R : never;
// Which keys there are must not depend on Tensor, or the type would refer to itself.
type Methods<T> = { readonly [K in keyof T]: Method<T[K]> };
type InPlaceMethods<T> = {
  readonly [K in keyof T as T[K] extends { readonly inplace: unknown } ? `${K & string}_` : never]: T[K] extends {
    readonly inplace: infer F;
  }
    ? Method<F>
    : never;
};

/** Methods with overloads, which a mapped type cannot carry over. */
interface OverloadedMethods {
  /** The sizes, or that of one dimension. PyTorch: `Tensor.size`. */
  size(): readonly number[];
  size(dim: number): number;
  /** The strides in elements, or that of one dimension. PyTorch: `Tensor.stride`. */
  stride(): readonly number[];
  stride(dim: number): number;
  /** Largest element: of all, along `dim`, or of two tensors. PyTorch: `Tensor.max`. */
  readonly max: ExtremeMethod;
  /** Smallest element: of all, along `dim`, or of two tensors. PyTorch: `Tensor.min`. */
  readonly min: ExtremeMethod;
  /** The median of everything, or of each row along `dim`. PyTorch: `Tensor.median`. */
  readonly median: WholeOrAlongMethod;
  /** The median of what is not NaN. PyTorch: `Tensor.nanmedian`. */
  readonly nanmedian: WholeOrAlongMethod;
  /** The distinct elements, or slices along `dim`, in order. PyTorch: `Tensor.unique`. */
  readonly unique: UniqueMethod;
  /** The elements, or slices along `dim`, without those that equal the one before. PyTorch: `Tensor.unique_consecutive`. */
  readonly uniqueConsecutive: UniqueConsecutiveMethod;
  /** The positions of the elements that are not zero: one a row, or one tensor a dimension. PyTorch: `Tensor.nonzero`. */
  nonzero(options: { asTuple: true }): Tensor[];
  nonzero(options?: { asTuple?: false }): Tensor;
}

interface AutogradMethods {
  /** Gradients of this tensor, added to the leaves' `grad`. PyTorch: `Tensor.backward`. */
  backward(options?: autogradApi.BackwardOptions): void;
  backward(gradient: Tensor | null, options?: autogradApi.BackwardOptions): void;
  /** The same values without history; shares memory and version. PyTorch: `Tensor.detach`. */
  detach(): Tensor;
  /** Cuts the tensor itself off its history. PyTorch: `Tensor.detach_`. */
  detach_(): this;
  /** Says whether gradients for this leaf are wanted. PyTorch: `Tensor.requires_grad_`. */
  requiresGrad_(requiresGrad?: boolean): this;
  /** Keeps the gradient of a tensor that is no leaf in its `grad`. PyTorch: `Tensor.retain_grad`. */
  retainGrad(): void;
  /** Calls `hook` with the gradient when it is computed; what it returns replaces it. PyTorch: `Tensor.register_hook`. */
  registerHook(hook: TensorHook): { remove(): void };
}

export interface TensorMethods
  extends Omit<Methods<typeof shared>, keyof OverloadedMethods>,
    InPlaceMethods<typeof shared>,
    InPlaceMethods<typeof methodsOnly>,
    Omit<Methods<typeof methodsOnly>, keyof OverloadedMethods>,
    OverloadedMethods,
    AutogradMethods {}

export interface TensorAccessors {
  /** Whether gradients flow to this tensor; may be set on leaves. PyTorch: `Tensor.requires_grad`. */
  requiresGrad: boolean;
  /** The accumulated gradient of a leaf (or after `retainGrad`); `null` before backward. */
  grad: Tensor | null;
  /** The node that made this tensor; `null` for leaves. PyTorch: `Tensor.grad_fn`. */
  readonly gradFn: Node | null;
  /** Whether no recorded op made this tensor. PyTorch: `Tensor.is_leaf`. */
  readonly isLeaf: boolean;
  /** Which result of `gradFn` this is. PyTorch: `Tensor.output_nr`. */
  readonly outputNr: number;
  /** Whether `retainGrad` was called. */
  readonly retainsGrad: boolean;
  /** The values without history and without the version check: shares memory. */
  data: Tensor;
  /** Number of in-place changes so far. PyTorch: `Tensor._version`. */
  readonly version: number;
  /** The dimensions reversed. PyTorch: `Tensor.T`. */
  readonly T: Tensor;
  /** The last two dimensions exchanged. PyTorch: `Tensor.mT`. */
  readonly mT: Tensor;
  /** The dimensions of a matrix reversed, and complex numbers conjugated. PyTorch: `Tensor.H`. */
  readonly H: Tensor;
  /** The last two dimensions exchanged, and complex numbers conjugated. PyTorch: `Tensor.mH`. */
  readonly mH: Tensor;
  /** The real parts of a complex tensor, as a view; a real tensor itself. PyTorch: `Tensor.real`. */
  readonly real: Tensor;
  /** The imaginary parts of a complex tensor, as a view. PyTorch: `Tensor.imag`. */
  readonly imag: Tensor;
  /** Bytes of the elements. PyTorch: `Tensor.nbytes`. */
  readonly nbytes: number;
  /** Bytes an element. PyTorch: `Tensor.itemsize`. */
  readonly itemsize: number;
  /** Whether this is a view of another tensor, as autograd sees it. */
  readonly isView: boolean;
  /** Whether it was made in inference mode. */
  readonly isInference: boolean;
}

const accessors = {
  get requiresGrad(): boolean {
    return requiresGrad(this);
  },
  set requiresGrad(value: boolean) {
    if (!this.isLeaf)
      throw new AutogradError("requiresGrad: you can only change requiresGrad flags of leaf variables; use detach()");
    this.requiresGrad_(value);
  },
  get grad(): Tensor | null {
    const grad = this.meta?.grad ?? null;
    if (grad !== null) handOut(grad); // the caller may keep it
    return grad;
  },
  set grad(value: Tensor | null) {
    setGrad(this, value);
  },
  get gradFn(): Node | null {
    return gradFnOf(this);
  },
  get isLeaf(): boolean {
    return gradFnOf(this) === null;
  },
  get outputNr(): number {
    return this.meta?.outputNr ?? 0;
  },
  get retainsGrad(): boolean {
    return this.meta?.retainsGrad ?? false;
  },
  get data(): Tensor {
    const result = new Tensor(this.storage, this.layout, this.dtype);
    metaOf(result).ownVersion = { value: 0 };
    return result;
  },
  set data(value: Tensor) {
    setData(this, value);
  },
  get version(): number {
    return versionOf(this);
  },
  get T(): Tensor {
    return this.permute(this.shape.map((_, i) => this.ndim - 1 - i));
  },
  get mT(): Tensor {
    if (this.ndim === 0) return this;
    if (this.ndim < 2)
      throw new ShapeError(`mT: expected a matrix or a batch of them, got shape ${shapeText(this.shape)}`);
    return this.transpose(-2, -1);
  },
  get H(): Tensor {
    if (this.ndim !== 0 && this.ndim !== 2)
      throw new ShapeError(`H: expected a matrix, got shape ${shapeText(this.shape)}; use mH for batches`);
    return this.ndim === 0 ? this.conj() : this.adjoint();
  },
  get mH(): Tensor {
    return this.adjoint();
  },
  get real(): Tensor {
    return complexOps.real(this);
  },
  get imag(): Tensor {
    return complexOps.imag(this);
  },
  get nbytes(): number {
    return this.layout.numel * this.dtype.itemsize;
  },
  get itemsize(): number {
    return this.dtype.itemsize;
  },
  get isView(): boolean {
    return this.meta?.view !== undefined && this.meta.view !== null;
  },
  get isInference(): boolean {
    return this.meta?.isInference ?? false;
  },
} satisfies TensorAccessors & ThisType<Tensor>;

function setGrad(t: Tensor, value: Tensor | null): void {
  if (value === null || value === undefined) {
    if (t.meta) t.meta.grad = null;
    return;
  }
  if (!(value instanceof Tensor)) throw new ValueError(`grad: expected a Tensor or null, got ${describe(value)}`);
  if (value === t) throw new ValueError("grad: cannot assign a tensor as its own gradient");
  if (!sameShape(value.shape, t.shape))
    throw new ShapeError(`grad: expected a gradient of shape ${shapeText(t.shape)}, got ${shapeText(value.shape)}`);
  if (value.dtype !== t.dtype) throw new DTypeError(`grad: expected a gradient of ${t.dtype}, got ${value.dtype}`);
  handOut(value);
  metaOf(t).grad = value;
}

/** `x.data = y`: `x` takes over the memory of `y`, and keeps its place in the graph and its version. */
function setData(t: Tensor, value: Tensor): void {
  if (!(value instanceof Tensor)) throw new ValueError(`data: expected a Tensor, got ${describe(value)}`);
  if (requiresGrad(t) && !isDifferentiable(value))
    throw new DTypeError(
      `data: expected a floating-point or complex dtype for a tensor that requires grad, got ${value.dtype}`,
    );
  const sameKind = value.dtype === t.dtype && sameShape(value.shape, t.shape);
  if (t.storage !== value.storage) metaOf(t).ownVersion = { value: versionOf(t) };
  Object.assign(t, { storage: value.storage, layout: value.layout, dtype: value.dtype });
  if (!sameKind) renewAccumulator(t);
}

/** Makes a function whose first parameter is the tensor into a method. */
function method(f: (...args: never[]) => unknown) {
  const call = f as (...args: unknown[]) => unknown;
  return function (this: Tensor, ...rest: unknown[]): unknown {
    return call(this, ...rest);
  };
}

/** The commonest methods get a fixed number of parameters, which costs less than a rest parameter. */
function install(name: string, f: unknown): void {
  if (typeof f !== "function") return;
  Object.defineProperty(Tensor.prototype, name, { value: method(f as never), writable: true, configurable: true });
  const { inplace } = f as { inplace?: (...args: never[]) => unknown };
  if (inplace)
    Object.defineProperty(Tensor.prototype, `${name}_`, { value: method(inplace), writable: true, configurable: true });
}

for (const [name, f] of Object.entries(shared)) install(name, f);
for (const [name, f] of Object.entries(methodsOnly)) install(name, f);
install("backward", autogradApi.backwardMethod);
const { detach, detach_, requiresGrad_, retainGrad, registerHook } = autogradApi;
for (const [name, f] of Object.entries({ detach, detach_, requiresGrad_, retainGrad, registerHook })) install(name, f);
Object.defineProperties(Tensor.prototype, Object.getOwnPropertyDescriptors(accessors));
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor) {
    return this.toString();
  },
  configurable: true,
});

export { Tensor };
