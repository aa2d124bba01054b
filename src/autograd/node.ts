/** @file Nodes of the backward graph. */
import type { DType } from "../core/dtype.ts";
import { AutogradError } from "../core/errors.ts";
import type { Layout } from "../core/layout.ts";
import type { Storage } from "../core/storage.ts";
import { Tensor } from "../core/tensor.ts";
import { setHistory, versionOf } from "./meta.ts";

/** A gradient; `null` stands for zeros that nobody has written out. */
export type Grad = Tensor | null;

/** A hook of a tensor: gets its gradient, and may return another. */
export type TensorHook = (grad: Tensor) => Tensor | null | undefined | void;
export type NodePreHook = (gradOutputs: Grad[]) => Grad[] | null | undefined | void;
export type NodeHook = (gradInputs: Grad[], gradOutputs: Grad[]) => Grad[] | null | undefined | void;

/** Hooks in the order of registration. Each is an entry of its own, so that one function may be registered twice. */
export type Hooks<F> = Set<{ readonly call: F }>;

/** What a tensor leaves on the node that made it: its hooks, and itself if it wants to keep the gradient. */
export interface ResultHooks {
  readonly hooks: Hooks<TensorHook>;
  retained: Tensor | null;
}

/** What a gradient must be like. */
export interface ResultKind {
  readonly layout: Layout;
  readonly dtype: DType;
}

// Graphs are large: arrays have the length that they need, and empty ones are shared.
const NONE: readonly never[] = [];

let nextSequence = 1;

/** One step of backward: takes the gradients of an op's results, gives those of its inputs. */
export abstract class Node {
  /** Later nodes have higher numbers, and run first. */
  readonly sequence: number = nextSequence++;
  /** For each input the node that its gradient goes to, and as which of that node's results. */
  nextNodes: readonly (Node | null)[] = NONE;
  nextNrs: readonly number[] = NONE;
  /** What each result is, to check and to make up gradients. */
  results: readonly ResultKind[] = NONE;
  /** By result. */
  resultHooks: (ResultHooks | undefined)[] | null = null;
  preHooks: Hooks<NodePreHook> | null = null;
  postHooks: Hooks<NodeHook> | null = null;

  /** PyTorch's name of the node: `MulBackward0`. */
  abstract name(): string;

  /** @internal */
  abstract apply(grads: Grad[]): Grad[];

  /** @internal Drops what was saved for backward. */
  release(): void {}

  /** The nodes that this one hands gradients to, with the number of the result there. */
  get nextFunctions(): readonly (readonly [Node | null, number])[] {
    return this.nextNodes.map((node, i) => [node, this.nextNrs[i] as number]);
  }

  /** Calls `hook` with the gradients of the inputs and results after each run; what it returns replaces the former. */
  registerHook(hook: NodeHook): { remove(): void } {
    this.postHooks ??= new Set();
    return addHook(this.postHooks, hook);
  }

  /** Calls `hook` with the gradients of the results before each run; what it returns replaces them. */
  registerPrehook(hook: NodePreHook): { remove(): void } {
    this.preHooks ??= new Set();
    return addHook(this.preHooks, hook);
  }

  toString(): string {
    return `<${this.name()} object at 0x${(0x7f0000000000 + this.sequence * 0x40).toString(16)}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Adds a hook; the handle takes it out again. */
export function addHook<F>(hooks: Hooks<F>, call: F): { remove(): void } {
  const entry = { call };
  hooks.add(entry);
  return { remove: () => void hooks.delete(entry) };
}

/** @internal The hooks on result number `nr` of `node`. */
export function resultHooksOf(node: Node, nr: number): ResultHooks {
  node.resultHooks ??= [];
  node.resultHooks[nr] ??= { hooks: new Set(), retained: null };
  return node.resultHooks[nr];
}

/** @internal Registers `t` as result number `nr` of `node`. */
export function addResult(node: Node, t: Tensor): number {
  const kind = { layout: t.layout, dtype: t.dtype };
  const nr = node.results.length;
  node.results = nr === 0 ? [kind] : [...node.results, kind];
  return nr;
}

/** A tensor kept for backward, in whatever form. */
export interface Saved {
  unpack(): Tensor;
}

/** A tensor kept as it is, with the version that it had. */
export class SavedTensor implements Saved {
  private readonly tensor: Tensor;
  private readonly version: number;
  /** The memory of a result, which it may exchange (`y.data = …`). An input is read as it is at backward, as in PyTorch. */
  private readonly storage: Storage | null;

  constructor(tensor: Tensor, isResult: boolean) {
    this.tensor = tensor;
    this.version = versionOf(tensor);
    this.storage = isResult ? tensor.storage : null;
  }

  /** @throws AutogradError if the tensor was changed in place since */
  unpack(): Tensor {
    const version = versionOf(this.tensor);
    if (version !== this.version) throw changedInPlace(this.tensor, version, this.version);
    const { gradFn, outputNr } = this.tensor.meta ?? {};
    const kind = gradFn?.results[outputNr ?? 0];
    if (this.storage === null || this.storage === this.tensor.storage || !gradFn || !kind) return this.tensor;
    const before = new Tensor(this.storage, kind.layout, kind.dtype);
    setHistory(before, gradFn, outputNr);
    return before;
  }
}

function changedInPlace(t: Tensor, version: number, expected: number): AutogradError {
  const source = t.meta?.gradFn ? `, which is output ${t.meta.outputNr} of ${t.meta.gradFn.name()},` : "";
  return new AutogradError(
    `backward: one of the variables needed for gradient computation has been modified by an inplace operation: ` +
      `[${t.dtype} [${t.shape.join(", ")}]]${source} is at version ${version}; expected version ${expected} instead`,
  );
}

/** Says that what a node saved is gone. */
export function graphFreed(node: Node): AutogradError {
  return new AutogradError(
    `backward: trying to backward through the graph a second time (${node.name()} has freed what it saved). ` +
      `Saved values are freed by backward() and autograd.grad(); pass { retainGraph: true } to keep them`,
  );
}
