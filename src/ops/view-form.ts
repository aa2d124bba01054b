/** @file The `view` form of op: a function from layout to layout. No data moves; the result shares the storage. */
import { attach, connect, renewAccumulator, shouldRecord } from "../autograd/graph.ts";
import { asView, checkInplace } from "../autograd/inplace.ts";
import { bumpVersion, metaOf } from "../autograd/meta.ts";
import { mode } from "../autograd/modes.ts";
import { type Grad, Node } from "../autograd/node.ts";
import type { DType } from "../core/dtype.ts";
import type { Layout } from "../core/layout.ts";
import type { Shape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { traced, tracer } from "../core/trace.ts";
import { nodeNameOf } from "./names.ts";

export interface ViewSpec<Attrs> {
  /** PyTorch's name in camelCase. */
  readonly name: string;
  /** PyTorch's node, where its name does not follow from the op's. */
  readonly node?: string;
  /** Where the result's elements lie, in elements of the result's dtype. */
  readonly layout: (input: Layout, attrs: Attrs, dtype: DType) => Layout;
  /** The result's dtype, where it is another one. */
  readonly dtype?: (input: DType, attrs: Attrs) => DType;
  /** The gradient of the input; if not given: zeros with the gradient written into the same view of them. */
  readonly backward?: (grad: Tensor, attrs: Attrs, shape: Shape) => Tensor;
  /** One of several results of a call, so that an in-place change of it is refused. */
  readonly multiOutput?: boolean;
}

export class ViewOp<Attrs> {
  readonly spec: ViewSpec<Attrs>;
  readonly isView = true;

  constructor(spec: ViewSpec<Attrs>) {
    this.spec = spec;
  }

  call(input: Tensor, attrs: Attrs): Tensor {
    if (tracer === null) return this.see(input, attrs);
    return traced("op", this.spec.name, [input], () => this.see(input, attrs));
  }

  private see(input: Tensor, attrs: Attrs): Tensor {
    const { spec } = this;
    const dtype = spec.dtype === undefined ? input.dtype : spec.dtype(input.dtype, attrs);
    const result = new Tensor(input.storage, spec.layout(input.layout, attrs, dtype), dtype);
    const { grad, inference } = mode();
    if (inference) {
      metaOf(result).isInference = true;
      return result;
    }
    const replay = spec.dtype === undefined ? null : (base: Tensor) => this.call(base, attrs);
    asView(result, input, !grad ? "noGrad" : spec.multiOutput ? "multiOutput" : "default", replay);
    if (grad && shouldRecord([input])) attach(new ViewNode(this, input, attrs), result);
    return result;
  }

  /** Makes the tensor itself what `call` gives: its layout changes, and its history; its elements stay where they are. */
  callInPlace(input: Tensor, attrs: Attrs): Tensor {
    const recorded = shouldRecord([input]);
    checkInplace(`${this.spec.name}_`, input, recorded);
    const view = input.meta?.view ?? null;
    // A view sees its history through its base, by its layout.
    const node = recorded && view === null ? new ViewNode(this, input, attrs) : null;
    Object.assign(input, { layout: this.spec.layout(input.layout, attrs, input.dtype) });
    if (view !== null && view.replay !== null) {
      const { replay } = view;
      Object.assign(view, { replay: (base: Tensor) => this.call(replay(base), attrs) });
    }
    bumpVersion(input);
    if (node !== null) attach(node, input);
    else if (view === null) renewAccumulator(input);
    return input;
  }
}

class ViewNode<Attrs> extends Node {
  private readonly op: ViewOp<Attrs>;
  private readonly attrs: Attrs;
  private readonly shape: Shape;
  private readonly dtype: DType;

  constructor(op: ViewOp<Attrs>, input: Tensor, attrs: Attrs) {
    super();
    this.op = op;
    this.attrs = attrs;
    this.shape = input.layout.shape;
    this.dtype = input.dtype;
    connect(this, [input]);
  }

  override name(): string {
    return this.op.spec.node ?? nodeNameOf(this.op.spec.name);
  }

  override apply(grads: Grad[]): Grad[] {
    const grad = grads[0];
    if (!grad) return [null];
    const { backward } = this.op.spec;
    if (backward !== undefined) return [backward(grad, this.attrs, this.shape)];
    const whole = grad.newZeros(this.shape, { dtype: this.dtype });
    this.op.call(whole, this.attrs).copy_(grad);
    return [whole];
  }
}

/** Declares an op of the view form. */
export function viewOp<Attrs = void>(spec: ViewSpec<Attrs>): ViewOp<Attrs> {
  return new ViewOp(spec);
}
