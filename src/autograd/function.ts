/** @file Ops with a backward of the user's own. */
import { AutogradError, describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { handOut } from "./grad-memory.ts";
import { attach, connect, requiresGrad, save, shouldRecord } from "./graph.ts";
import { asView, checkInplace, written } from "./inplace.ts";
import { withGrad, withRecording } from "./modes.ts";
import { addResult, type Grad, graphFreed, Node, type ResultKind, type Saved } from "./node.ts";

/** What forward leaves for backward. Further fields may be set freely. */
export class FunctionContext {
  /** For each argument of forward, whether its gradient is wanted. */
  needsInputGrad: readonly boolean[] = [];
  /** @internal */
  toSave: readonly (Tensor | null)[] = [];
  /** @internal */
  dirty: readonly Tensor[] = [];
  /** @internal */
  nonDifferentiable: readonly Tensor[] = [];
  /** @internal */
  materialize = true;
  /** @internal */
  unpack: () => (Tensor | null)[] = () => {
    throw new AutogradError("Function: savedTensors are there in backward only");
  };
  // biome-ignore lint/suspicious/noExplicitAny: users keep what they like here, as in Python
  [field: string]: any;

  /** Keeps tensors for backward; changing them in place before that is an error. */
  saveForBackward(...tensors: (Tensor | null)[]): void {
    this.toSave = tensors;
  }

  /** What `saveForBackward` kept. */
  get savedTensors(): Tensor[] {
    return this.unpack() as Tensor[];
  }

  /** Says that forward changed these inputs in place. */
  markDirty(...tensors: Tensor[]): void {
    this.dirty = tensors;
  }

  /** Says that these results have no gradient. */
  markNonDifferentiable(...tensors: Tensor[]): void {
    this.nonDifferentiable = tensors;
  }

  /** Whether backward gets zeros (`true`, the default) or `null` for results that nothing flowed to. */
  setMaterializeGrads(value: boolean): void {
    this.materialize = value;
  }
}

type Results = Tensor | readonly Tensor[];
type Gradients = Grad | undefined | readonly (Grad | undefined)[];

/** The class of a custom function, as `apply` sees it. */
export interface FunctionClass<A extends unknown[], R extends Results> {
  readonly name: string;
  forward(context: FunctionContext, ...args: A): R;
  // biome-ignore lint/suspicious/noExplicitAny: as many gradients as there are results
  backward(context: FunctionContext, ...grads: any[]): Gradients;
}

/**
 * Base of ops with a backward of their own: static `forward` and `backward`, called through `apply`. PyTorch: `torch.autograd.Function`.
 * @example
 * class Cube extends torch.autograd.Function {
 *   static forward(ctx: torch.autograd.FunctionContext, x: torch.Tensor) {
 *     ctx.saveForBackward(x);
 *     return x.pow(3);
 *   }
 *   static backward(ctx: torch.autograd.FunctionContext, grad: torch.Tensor) {
 *     const [x] = ctx.savedTensors;
 *     return grad.mul(x!.pow(2).mul(3));
 *   }
 * }
 * const y = Cube.apply(torch.tensor(2, { dtype: torch.float32 })); // tensor(8.)
 */
// biome-ignore lint/complexity/noStaticOnlyClass: PyTorch's interface
// biome-ignore lint/suspicious/noShadowRestrictedNames: PyTorch's name
export class Function {
  /** Runs forward, and records backward. */
  static apply<A extends unknown[], R extends Results>(this: FunctionClass<A, R>, ...args: A): R {
    // biome-ignore lint/complexity/noThisInStatic: the class that it was called on, not this one
    return applyFunction(this, args);
  }
}

function applyFunction<A extends unknown[], R extends Results>(type: FunctionClass<A, R>, args: A): R {
  if (typeof type.forward !== "function" || typeof type.backward !== "function")
    throw new AutogradError(`${type.name || "Function"}: expected static forward and backward methods`);
  const inputs = args.map((x) => (x instanceof Tensor ? x : null));
  const recorded = shouldRecord(inputs);
  const context = new FunctionContext();
  context.needsInputGrad = inputs.map((t) => t !== null && requiresGrad(t));
  const node = recorded ? new FunctionNode(type as FunctionClass<unknown[], Results>, context, inputs) : null;
  const out = withRecording(false, () => type.forward(context, ...args));
  const results = out instanceof Tensor ? [out] : out;
  if (!Array.isArray(results) || !results.every((t) => t instanceof Tensor))
    throw new ValueError(`${type.name}: expected forward to return a Tensor or an array of them, got ${describe(out)}`);
  const finished = results.map((t) => finishResult(t, node, context, inputs, results.length > 1));
  node?.saveFor(results, finished);
  return (out instanceof Tensor ? finished[0] : finished) as R;
}

function finishResult(
  t: Tensor,
  node: FunctionNode | null,
  context: FunctionContext,
  inputs: readonly (Tensor | null)[],
  several: boolean,
): Tensor {
  const isInput = inputs.includes(t);
  if (context.dirty.includes(t)) {
    checkInplace("Function", t, node !== null);
    if (several && node !== null && t.meta?.view)
      throw new AutogradError("Function: expected a single result where forward changes a view in place, got several");
    written(t, node);
    return node === null && requiresGrad(t) ? t.detach() : t;
  }
  if (context.nonDifferentiable.includes(t)) {
    if (node !== null) addResult(node, t);
    return isInput ? t.detach() : t;
  }
  if (isInput && node === null && requiresGrad(t)) return t.detach();
  const own = isInput || (t.meta !== null && !t.meta.view) ? new Tensor(t.storage, t.layout, t.dtype) : t;
  const origin = several ? "multiOutput" : "customFunction";
  if (isInput) asView(own, t, origin);
  else if (own.meta?.view) own.meta.view = { ...own.meta.view, origin };
  if (node !== null) attach(node, own);
  return own;
}

class FunctionNode extends Node {
  private readonly type: FunctionClass<unknown[], Results>;
  private readonly context: FunctionContext;
  private saved: (Saved | null)[] | null = [];
  /** Something to make zeros like. */
  private readonly like: Tensor;

  constructor(type: FunctionClass<unknown[], Results>, context: FunctionContext, inputs: readonly (Tensor | null)[]) {
    super();
    this.type = type;
    this.context = context;
    this.like = withGrad(false, () => (inputs.find((t) => t !== null) as Tensor).newEmpty([0]));
    connect(this, inputs);
  }

  /** Saves what forward asked for; a result is saved as the tensor that the caller gets. */
  saveFor(results: readonly Tensor[], finished: readonly Tensor[]): void {
    this.saved = this.context.toSave.map((t) => {
      if (t === null) return null;
      const i = results.indexOf(t);
      return save(this.type.name, i < 0 ? t : (finished[i] as Tensor), i >= 0);
    });
    this.context.toSave = [];
    this.context.unpack = () => {
      if (this.saved === null) throw graphFreed(this);
      return this.saved.map((s) => s?.unpack() ?? null);
    };
  }

  override name(): string {
    return `${this.type.name}Backward`;
  }

  override apply(grads: Grad[]): Grad[] {
    for (const g of grads) if (g) handOut(g);
    const given = this.context.materialize ? grads.map((g, i) => g ?? this.zeros(i)) : grads;
    const returned = this.type.backward(this.context, ...given);
    const list = Array.isArray(returned) ? returned : [returned];
    const n = this.nextNodes.length;
    const extra = list.slice(n).find((g) => g !== null && g !== undefined);
    if (list.length < n || extra)
      throw new AutogradError(
        `${this.name()}: expected ${n} gradients (one for each argument of forward), got ${list.length}`,
      );
    return this.nextNodes.map((next, i) => {
      const g = list[i] as Grad | undefined;
      if (g === null || g === undefined || next === null) return null;
      if (!(g instanceof Tensor))
        throw new AutogradError(`${this.name()}: expected a Tensor or null as gradient ${i}, got ${describe(g)}`);
      handOut(g); // the user may hold it
      return g;
    });
  }

  private zeros(i: number): Tensor {
    const { layout, dtype } = this.results[i] as ResultKind;
    return this.like.newZeros(layout.shape, { dtype });
  }

  override release(): void {
    this.saved = null;
  }
}
