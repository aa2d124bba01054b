/**
 * @file The `kernel` form of op: a forward that calls the backend, and derivatives in terms of other ops. It carries every op
 * that must be one node of the graph without being pointwise, a reduction or a view.
 */
import { attach, connect, isDifferentiable, save, shouldRecord } from "../autograd/graph.ts";
import { checkInplace, written } from "../autograd/inplace.ts";
import { metaOf } from "../autograd/meta.ts";
import { isGradEnabled, isInferenceModeEnabled, withGrad } from "../autograd/modes.ts";
import { type Grad, graphFreed, Node, type Saved } from "../autograd/node.ts";
import type { DType } from "../core/dtype.ts";
import type { Shape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { traced, tracer } from "../core/trace.ts";
import { nodeNameOf } from "./names.ts";

/** What backward sees of the call. */
export interface Context<Attrs> {
  readonly attrs: Attrs;
  /** An input that was named in `saves`. */
  input(i: number): Tensor;
  /** A result that was named in `saves`, as `~j`. */
  result(j: number): Tensor;
  /** Whether the gradient of input `i` is wanted. */
  needs(i: number): boolean;
  shape(i: number): Shape;
  dtype(i: number): DType;
}

export interface KernelSpec<Attrs> {
  /** PyTorch's name in camelCase. */
  readonly name: string;
  /** PyTorch's node, where its name does not follow from the op's, or depends on the call. */
  readonly node?: string | ((attrs: Attrs) => string);
  /** Computes the results; recording is off inside. */
  readonly forward: (inputs: readonly Tensor[], attrs: Attrs) => Tensor | Tensor[];
  /** What backward needs: input `i` as `i`, result `j` as `~j`. */
  readonly saves?: (needs: (i: number) => boolean, attrs: Attrs) => readonly number[];
  /** Gradients of the inputs from those of the results (`null` where nothing flowed). */
  readonly backward: (grads: Grad[], context: Context<Attrs>) => Grad[];
}

export class KernelOp<Attrs> {
  readonly spec: KernelSpec<Attrs>;

  constructor(spec: KernelSpec<Attrs>) {
    this.spec = spec;
  }

  /** Runs forward and records it. */
  call(inputs: readonly Tensor[], attrs: Attrs): Tensor {
    return this.results(inputs, attrs)[0] as Tensor;
  }

  /** The same for an op with several results. */
  results(inputs: readonly Tensor[], attrs: Attrs): Tensor[] {
    if (tracer === null) return this.compute(inputs, attrs);
    return traced("op", this.spec.name, inputs, () => this.compute(inputs, attrs));
  }

  private compute(inputs: readonly Tensor[], attrs: Attrs): Tensor[] {
    const node = shouldRecord(inputs) ? new KernelNode(this.spec, inputs, attrs, null) : null;
    const forward = () => this.spec.forward(inputs, attrs);
    const out = isGradEnabled() ? withGrad(false, forward) : forward();
    const results = (Array.isArray(out) ? out : [out]).map(bare);
    if (node !== null) {
      for (const result of results) attach(node, result);
      node.saveResults(results);
    } else if (isInferenceModeEnabled()) for (const result of results) metaOf(result).isInference = true;
    return results;
  }

  /** Runs an in-place op: `write` changes `inputs[0]`. */
  writeInto(inputs: readonly Tensor[], attrs: Attrs, write: () => void): Tensor {
    const into = inputs[0] as Tensor;
    const recorded = isDifferentiable(into) && shouldRecord(inputs);
    checkInplace(`${this.spec.name}_`, into, recorded);
    const node = recorded ? new KernelNode(this.spec, inputs, attrs, into) : null;
    withGrad(false, tracer === null ? write : () => traced("op", `${this.spec.name}_`, inputs, write));
    written(into, node);
    node?.saveResults([into]);
    return into;
  }
}

/** A result as a tensor of its own, where forward made it by views of something fresh. */
function bare(t: Tensor): Tensor {
  return t.meta === null ? t : new Tensor(t.storage, t.layout, t.dtype);
}

class KernelNode<Attrs> extends Node implements Context<Attrs> {
  readonly attrs: Attrs;
  private readonly spec: KernelSpec<Attrs>;
  private readonly inputShapes: Shape[];
  private readonly inputDTypes: DType[];
  private saved: Map<number, Saved> | null;
  private readonly savedNumbers: readonly number[];

  constructor(spec: KernelSpec<Attrs>, inputs: readonly Tensor[], attrs: Attrs, overwritten: Tensor | null) {
    super();
    this.spec = spec;
    this.attrs = attrs;
    connect(this, inputs);
    this.inputShapes = inputs.map((t) => t.layout.shape);
    this.inputDTypes = inputs.map((t) => t.dtype);
    this.saved = new Map();
    this.savedNumbers = spec.saves?.((i) => this.needs(i), attrs) ?? [];
    for (const i of this.savedNumbers) {
      if (i < 0) continue;
      const t = inputs[i] as Tensor;
      this.saved.set(i, save(spec.name, i === 0 && t === overwritten ? t.clone() : t));
    }
  }

  saveResults(results: readonly Tensor[]): void {
    for (const i of this.savedNumbers) if (i < 0) this.saved?.set(i, save(this.spec.name, results[~i] as Tensor, true));
  }

  override name(): string {
    const { node, name } = this.spec;
    return typeof node === "function" ? node(this.attrs) : (node ?? nodeNameOf(name));
  }

  input(i: number): Tensor {
    if (this.saved === null) throw graphFreed(this);
    return (this.saved.get(i) as Saved).unpack();
  }

  result(j: number): Tensor {
    return this.input(~j);
  }

  needs(i: number): boolean {
    return this.nextNodes[i] !== null && this.nextNodes[i] !== undefined;
  }

  shape(i: number): Shape {
    return this.inputShapes[i] as Shape;
  }

  dtype(i: number): DType {
    return this.inputDTypes[i] as DType;
  }

  override apply(grads: Grad[]): Grad[] {
    if (grads.every((g) => g === null)) return this.nextNodes.map(() => null);
    return this.spec.backward(grads, this);
  }

  override release(): void {
    if (this.savedNumbers.length > 0) this.saved = null;
  }
}

/** Declares an op of the kernel form. */
export function kernelOp<Attrs = void>(spec: KernelSpec<Attrs>): KernelOp<Attrs> {
  return new KernelOp(spec);
}
