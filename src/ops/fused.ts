/**
 * @file A pointwise computation: one scalar expression over tensors that broadcast, with run-time scalars.
 * Its gradients are computations of the same kind, so it can be differentiated to any order.
 */
import { attach, connect, save, shouldRecord } from "../autograd/graph.ts";
import { checkInplace, written } from "../autograd/inplace.ts";
import { metaOf } from "../autograd/meta.ts";
import { isInferenceModeEnabled } from "../autograd/modes.ts";
import { type Grad, graphFreed, Node, type ResultKind, type Saved } from "../autograd/node.ts";
import { type Backend, backendOf } from "../backends/backend.ts";
import { Category, canCast, type DType, promoteTypes, toReal } from "../core/dtype.ts";
import { AutogradError, DeviceError, DTypeError, ShapeError, ValueError } from "../core/errors.ts";
import { extent, type Layout, mayOverlap, resultLayout } from "../core/layout.ts";
import type { Scalar } from "../core/scalar.ts";
import { broadcastShapes, type Shape, sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { traced, tracer } from "../core/trace.ts";
import {
  arg,
  compile,
  complexDerivative,
  constant,
  differentiate,
  type Expr,
  freeArgs,
  freeScalars,
  isReal,
  lower,
  type Program,
  substitute,
} from "../expr/index.ts";
import {
  Kind,
  type Kinds,
  kindsOf,
  leavesOf,
  type Part,
  partsRead,
  scalarParts,
  tensorParts,
} from "./complex-kinds.ts";
import { registerType } from "./dtypes.ts";
import { planes } from "./operands.ts";

/** In declared derivatives, the gradient and the value of the op's result. */
export const GRAD: Expr = arg("grad");
export const RESULT: Expr = arg("result");

/** How the gradient of one input comes about. */
type Gradient =
  | { readonly kind: "zero" }
  | { readonly kind: "pass" }
  /** PyTorch has none either: an error, once backward gets there. */
  | { readonly kind: "missing" }
  | { readonly kind: "compute"; readonly fused: Fused; readonly saves: readonly number[] };

export interface Derivatives {
  /** By input where they are declared, in terms of the inputs, `GRAD` and `RESULT`; `undefined` to derive it. */
  readonly given?: readonly (Expr | "missing" | undefined)[];
  /** Derived ones read the result instead of computing it anew: backward then needs the result. */
  readonly readResult?: boolean;
  readonly missing?: boolean;
  /** Not differentiable: results never require grad. */
  readonly isConstant?: boolean;
}

/** The operands of a program that computes with the parts of complex numbers. */
interface Reads {
  readonly tensors: readonly Part[];
  readonly scalars: readonly Part[];
}

/** Stands for the result among the numbers of saved inputs. */
const SAVES_RESULT = -1;

export class Fused {
  readonly name: string;
  readonly nodeName: string;
  readonly expr: Expr;
  /** Names of the tensors, in order. */
  readonly inputs: readonly string[];
  /** Names of the run-time scalars, in order. */
  readonly scalars: readonly string[];
  /** Which operands are complex; `null` where none is, nor the result. */
  readonly kinds: Kinds | null;
  private readonly derivatives: Derivatives;
  private readonly programs: { f32?: Program; f64?: Program; i64?: Program } = {};
  private readonly gradients: (Gradient | undefined)[] = [];
  /** The same computation with complex operands, by their kinds. */
  private readonly complexForms = new Map<string, Fused>();
  /** What a complex computation's programs compute and read. */
  private lowered: { readonly outputs: readonly Expr[]; readonly reads: Reads } | null = null;

  constructor(
    name: string,
    nodeName: string,
    expr: Expr,
    inputs: readonly string[],
    scalars: readonly string[],
    derivatives: Derivatives = {},
    kinds: Kinds | null = null,
  ) {
    this.name = name;
    this.nodeName = nodeName;
    this.expr = expr;
    this.inputs = inputs;
    this.scalars = scalars;
    this.derivatives = derivatives;
    this.kinds = kinds;
  }

  program(type: "f32" | "f64" | "i64"): Program {
    this.programs[type] ??= this.compile(type);
    return this.programs[type];
  }

  private compile(type: "f32" | "f64" | "i64"): Program {
    if (this.kinds !== null) {
      const { outputs, reads } = this.lower(this.kinds);
      const names = (parts: readonly Part[]) => parts.map(({ name }) => name);
      return compile(outputs, names(reads.tensors), names(reads.scalars), type);
    }
    const expr = isReal(this.expr) ? this.expr : lower(this.expr, (re) => ({ re, im: null })).re;
    return compile([expr], this.inputs, this.scalars, type);
  }

  /** The computation over the parts of complex numbers. */
  lower(kinds: Kinds): { readonly outputs: readonly Expr[]; readonly reads: Reads } {
    if (this.lowered === null) {
      const { re, im } = lower(this.expr, leavesOf(this.inputs, this.scalars, kinds));
      const outputs = kinds.result === Kind.Complex ? [re, im ?? constant(0)] : [re];
      const free = (of: (expr: Expr) => Set<string>) => new Set(outputs.flatMap((expr) => [...of(expr)]));
      this.lowered = {
        outputs,
        reads: {
          tensors: partsRead(this.inputs, kinds.tensors, free(freeArgs)),
          scalars: partsRead(this.scalars, kinds.scalars, free(freeScalars)),
        },
      };
    }
    return this.lowered;
  }

  /** This computation for operands of these kinds. */
  complexForm(kinds: Kinds): Fused {
    const key = `${kinds.tensors.join("")} ${kinds.scalars.join("")} ${kinds.result}`;
    let found = this.complexForms.get(key);
    if (found === undefined) {
      found = new Fused(this.name, this.nodeName, this.expr, this.inputs, this.scalars, this.derivatives, kinds);
      this.complexForms.set(key, found);
    }
    return found;
  }

  /** The op's name, or what tells its gradients from it. */
  get tracedName(): string {
    return this.nodeName.endsWith("BackwardBackward0") ? `${this.name}Backward` : this.name;
  }

  get isConstant(): boolean {
    return this.derivatives.isConstant === true;
  }

  gradient(i: number): Gradient {
    this.gradients[i] ??= this.deriveGradient(i);
    return this.gradients[i];
  }

  private deriveGradient(i: number): Gradient {
    const { given, readResult, missing } = this.derivatives;
    if (missing || given?.[i] === "missing") return { kind: "missing" };
    // A gradient's own gradient must not take the two for one another.
    const grad = this.inputs.includes(GRAD.name) ? arg(`${GRAD.name} of ${this.nodeName}`) : GRAD;
    let expr = given?.[i] as Expr | undefined;
    if (this.kinds !== null) expr = this.complexGradient(i, expr, grad, this.kinds);
    else expr ??= differentiate(this.expr, this.inputs[i] as string, grad);
    if (readResult && given?.[i] === undefined) expr = substitute(expr, this.expr, RESULT);
    if (expr === grad) return { kind: "pass" };
    if (expr.op === "const" && expr.value === 0) return { kind: "zero" };
    const free = freeArgs(expr);
    const saves = this.inputs.flatMap((name, j) => (free.has(name) ? [j] : []));
    const names = saves.map((j) => this.inputs[j] as string);
    if (free.has(RESULT.name) && !names.includes(RESULT.name)) {
      saves.push(SAVES_RESULT);
      names.push(RESULT.name);
    }
    const scalars = this.scalars.filter((name) => freeScalars(expr).has(name));
    const nodeName = `${this.nodeName.replace(/Backward\d+$/, "")}BackwardBackward0`;
    const fused = new Fused(
      this.name,
      nodeName,
      expr,
      [grad.name, ...names],
      scalars,
      {},
      this.gradientKinds(i, saves, scalars),
    );
    return { kind: "compute", fused, saves };
  }

  /** What passes is the conjugate of the gradient; a real number gets the real part. */
  private complexGradient(i: number, given: Expr | undefined, grad: Expr, { tensors }: Kinds): Expr {
    const passed =
      given === undefined
        ? differentiate(this.expr, this.inputs[i] as string, grad.conj(), complexDerivative)
        : substitute(given, GRAD, grad.conj());
    return tensors[i] === Kind.Complex ? passed.conj() : passed.real();
  }

  private gradientKinds(i: number, saves: readonly number[], scalars: readonly string[]): Kinds | null {
    if (this.kinds === null) return null;
    const { tensors, result } = this.kinds;
    const kindOfSaved = (j: number) => (j === SAVES_RESULT ? result : (tensors[j] as Kind));
    return {
      tensors: [result, ...saves.map(kindOfSaved)],
      scalars: scalars.map((name) => this.kinds?.scalars[this.scalars.indexOf(name)] as Kind),
      result: tensors[i] === Kind.Complex ? Kind.Complex : Kind.Real,
    };
  }
}

const NOTHING: readonly never[] = [];

class FusedNode extends Node {
  private readonly fused: Fused;
  private readonly values: readonly Scalar[];
  /** By input; `null` when backward has freed them. */
  private saved: readonly (Saved | undefined)[] | null;
  private savedResult: Saved | null = null;
  private readonly savesResult: boolean;

  /** @param overwritten - the input that the op writes into, whose old value must be copied if backward needs it */
  constructor(fused: Fused, inputs: readonly Tensor[], values: readonly Scalar[], overwritten: Tensor | null) {
    super();
    this.fused = fused;
    this.values = values;
    connect(this, inputs);
    let saved: (Saved | undefined)[] | null = null;
    let savesResult = false;
    for (let i = 0; i < inputs.length; i++) {
      const gradient = this.nextNodes[i] === null ? null : fused.gradient(i);
      if (gradient?.kind !== "compute") continue;
      for (const j of gradient.saves) {
        if (j === SAVES_RESULT) savesResult = true;
        else if (saved?.[j] === undefined) {
          const t = inputs[j] as Tensor;
          saved ??= new Array<undefined>(inputs.length).fill(undefined);
          saved[j] = save(fused.name, j === 0 && t === overwritten ? t.clone() : t);
        }
      }
    }
    this.savesResult = savesResult;
    this.saved = saved ?? NOTHING;
  }

  saveResult(result: Tensor): void {
    if (this.savesResult) this.savedResult = save(this.fused.name, result, true);
  }

  override name(): string {
    return this.fused.nodeName;
  }

  override apply(grads: Grad[]): Grad[] {
    const grad = grads[0];
    return this.nextNodes.map((next, i) => {
      const kind = next?.results[this.nextNrs[i] as number];
      return kind && grad ? this.gradientFor(i, grad, kind) : null;
    });
  }

  private gradientFor(i: number, grad: Tensor, { layout, dtype }: ResultKind): Tensor {
    const { shape } = layout;
    const gradient = this.fused.gradient(i);
    if (gradient.kind === "missing") throw new AutogradError(`${this.fused.name}: its derivative is not implemented`);
    if (gradient.kind === "zero") return grad.newZeros(shape, { dtype });
    if (gradient.kind === "pass") return reduceTo(grad, shape, dtype);
    const inputs = [grad];
    for (const j of gradient.saves) inputs.push(this.unpack(j));
    const { fused } = gradient;
    const values = fused.scalars.map((name) => this.values[this.fused.scalars.indexOf(name)] as Scalar);
    const compute = promoteTypes(grad.dtype, dtype);
    const result = fused.kinds?.result === Kind.Real ? toReal(compute) : compute;
    return reduceTo(run(fused, inputs, values, compute, result), shape, dtype);
  }

  private unpack(j: number): Tensor {
    if (this.saved === null) throw graphFreed(this);
    return (j === SAVES_RESULT ? (this.savedResult as Saved) : (this.saved[j] as Saved)).unpack();
  }

  override release(): void {
    if (this.saved !== null && (this.saved.length > 0 || this.savedResult !== null)) this.saved = null;
    this.savedResult = null;
  }
}

/** Undoes broadcasting: sums over the dimensions that were added or stretched, and casts back. */
function reduceTo(grad: Tensor, shape: Shape, dtype: DType): Tensor {
  const summed = sameShape(grad.layout.shape, shape) ? grad : grad.sumToSize(shape);
  return summed.dtype === dtype ? summed : summed.to(dtype);
}

/**
 * Runs a computation.
 * @param compute - the dtype in which the inputs meet
 * @param result - the dtype of the result
 * @param into - the tensor to write into (an in-place op); it is `tensors[0]`
 */
export function run(
  computation: Fused,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  compute: DType,
  result: DType,
  into: Tensor | null = null,
): Tensor {
  if (tracer === null) return runUntraced(computation, tensors, scalars, compute, result, into);
  const name = into === null ? computation.tracedName : `${computation.tracedName}_`;
  return traced("op", name, tensors, () => runUntraced(computation, tensors, scalars, compute, result, into));
}

function runUntraced(
  computation: Fused,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  compute: DType,
  result: DType,
  into: Tensor | null,
): Tensor {
  const first = tensors[0] as Tensor;
  const stored = into === null ? result : into.dtype;
  const fused =
    (compute.isComplex || stored.isComplex) && computation.kinds === null
      ? computation.complexForm(kindsOf(tensors, scalars, stored))
      : computation;
  let { shape } = first.layout;
  let layout: Layout | null = first.layout.isContiguous && first.layout.offset === 0 ? first.layout : null;
  for (let i = 1; i < tensors.length; i++) {
    const t = tensors[i] as Tensor;
    if (t.layout === first.layout) continue;
    if (t.storage.device !== first.storage.device) throw otherDevice(fused.name, first, t);
    if (!sameShape(t.layout.shape, shape)) {
      shape = broadcastShapes(fused.name, shape, t.layout.shape);
      layout = null;
    } else if (!t.layout.isContiguous) layout = null;
  }
  const recorded = stored.category >= Category.Floating && !fused.isConstant && shouldRecord(tensors);
  const program = fused.program(registerType(compute));
  const backend = backendOf(first.storage.device);
  if (into !== null) return runInto(fused, tensors, scalars, program, shape, result, into, recorded);
  layout ??= resultLayout(
    shape,
    tensors.map((t) => t.layout),
  );
  const out = new Tensor(backend.allocate(layout.numel * result.itemsize), layout, result);
  const node = recorded ? new FusedNode(fused, tensors, scalars, null) : null;
  execute(fused, backend, program, out, tensors, shape, scalars);
  if (node !== null) {
    attach(node, out);
    node.saveResult(out);
  } else if (isInferenceModeEnabled()) metaOf(out).isInference = true;
  return out;
}

function runInto(
  fused: Fused,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  program: Program,
  shape: Shape,
  result: DType,
  into: Tensor,
  recorded: boolean,
): Tensor {
  const op = `${fused.name}_`;
  if (!sameShape(shape, into.layout.shape))
    throw new ShapeError(
      `${op}: expected the other shapes to broadcast to that of the tensor written, ${shapeText(into.shape)}, got ${shapeText(shape)}`,
    );
  if (!canCast(result, into.dtype))
    throw new DTypeError(`${op}: expected a result that can be cast to ${into.dtype}, got ${result}`);
  checkInplace(op, into, recorded);
  if (mayOverlap(into.layout))
    throw new ShapeError(
      `${op}: expected a tensor whose elements are apart in memory, got an expanded one of shape ${shapeText(into.shape)}; clone() it first`,
    );
  const inputs = tensors.map((t) => apart(t, into));
  const node = recorded ? new FusedNode(fused, inputs, scalars, into) : null;
  execute(fused, backendOf(into.storage.device), program, into, inputs, shape, scalars);
  written(into, node);
  node?.saveResult(into);
  return into;
}

function execute(
  fused: Fused,
  backend: Backend,
  program: Program,
  out: Tensor,
  inputs: readonly Tensor[],
  shape: Shape,
  scalars: readonly Scalar[],
): void {
  try {
    if (fused.kinds === null) backend.pointwise(program, [out], inputs, shape, scalars);
    else {
      const { reads } = fused.lower(fused.kinds);
      const outs = fused.kinds.result === Kind.Complex ? planes(out) : [out];
      backend.pointwise(program, outs, tensorParts(inputs, reads.tensors), shape, scalarParts(scalars, reads.scalars));
    }
  } catch (error) {
    // A backend does not know the op that it divides for.
    if (error instanceof ValueError && error.message.startsWith("ZeroDivisionError"))
      throw new ValueError(`${fused.name}: ${error.message}`);
    throw error;
  }
}

/** `t` as it can be read while `into` is written: a copy where the two may share elements at different places. PyTorch refuses some of these. */
export function apart(t: Tensor, into: Tensor): Tensor {
  if (t === into || t.storage !== into.storage) return t;
  const [a, b] = [t.layout, into.layout];
  const same = a.offset === b.offset && sameShape(a.shape, b.shape) && sameShape(a.strides, b.strides);
  const disjoint = t.dtype === into.dtype && (a.offset + extent(a) <= b.offset || b.offset + extent(b) <= a.offset);
  return same || disjoint ? t : t.clone();
}

export function otherDevice(op: string, a: Tensor, b: Tensor): DeviceError {
  return new DeviceError(`${op}: expected all tensors on one device, got ${a.device} and ${b.device}`);
}
