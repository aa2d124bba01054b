/** @file Views of which one call gives several, as one node of the graph: split, unbind. */
import { attach, connect, shouldRecord } from "../autograd/graph.ts";
import { asView } from "../autograd/inplace.ts";
import { metaOf } from "../autograd/meta.ts";
import { mode } from "../autograd/modes.ts";
import { type Grad, Node } from "../autograd/node.ts";
import type { Layout } from "../core/layout.ts";
import { Tensor } from "../core/tensor.ts";
import { traced, tracer } from "../core/trace.ts";
import { nodeNameOf } from "./names.ts";

export interface MultiViewSpec<Attrs> {
  /** PyTorch's name in camelCase. */
  readonly name: string;
  /** Where the elements of each result lie. */
  readonly layouts: (input: Layout, attrs: Attrs) => Layout[];
  /** The gradient of the input from those of all results. */
  readonly backward: (grads: readonly Tensor[], attrs: Attrs) => Tensor;
}

export class MultiViewOp<Attrs> {
  readonly spec: MultiViewSpec<Attrs>;

  constructor(spec: MultiViewSpec<Attrs>) {
    this.spec = spec;
  }

  call(input: Tensor, attrs: Attrs): Tensor[] {
    if (tracer === null) return this.see(input, attrs);
    return traced("op", this.spec.name, [input], () => this.see(input, attrs));
  }

  private see(input: Tensor, attrs: Attrs): Tensor[] {
    const results = this.spec
      .layouts(input.layout, attrs)
      .map((layout) => new Tensor(input.storage, layout, input.dtype));
    const { grad, inference } = mode();
    if (inference) {
      for (const result of results) metaOf(result).isInference = true;
      return results;
    }
    const origin = grad ? "multiOutput" : "noGrad";
    for (const result of results) asView(result, input, origin);
    if (results.length > 0 && grad && shouldRecord([input])) {
      const node = new MultiViewNode(this, input, attrs);
      for (const result of results) attach(node, result);
    }
    return results;
  }
}

class MultiViewNode<Attrs> extends Node {
  private readonly op: MultiViewOp<Attrs>;
  private readonly attrs: Attrs;

  constructor(op: MultiViewOp<Attrs>, input: Tensor, attrs: Attrs) {
    super();
    this.op = op;
    this.attrs = attrs;
    connect(this, [input]);
  }

  override name(): string {
    return nodeNameOf(this.op.spec.name);
  }

  override apply(grads: Grad[]): Grad[] {
    const some = grads.find((g) => g !== null);
    if (!some) return [null];
    const all = this.results.map(({ layout }, i) => grads[i] ?? some.newZeros(layout.shape));
    return [this.op.spec.backward(all, this.attrs)];
  }
}

/** Declares an op that gives several views. */
export function multiViewOp<Attrs>(spec: MultiViewSpec<Attrs>): MultiViewOp<Attrs> {
  return new MultiViewOp(spec);
}
