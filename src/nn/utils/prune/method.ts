/** @file What every way of pruning does: a mask on a parameter, which is applied before each call. */
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { Buffer, type Parameter } from "../../../core/parameter.ts";
import { sameShape, shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { isOptions } from "../../../ops/bind.ts";
import { onesLike } from "../../../ops/creation.ts";
import { checkTensor } from "../../../ops/params.ts";
import type { Module } from "../../module/module.ts";
import { attachComputed, type ComputedTensor, computedOf, detachComputed } from "../computed-tensor.ts";
import { deleteField, parameterOf, setTensor, tensorOf } from "../module-tensor.ts";

/**
 * What a method may prune: single entries of what is left, whole slices of what is left (the method has a field `dim`), or whatever it
 * likes.
 */
export type PruningType = "unstructured" | "structured" | "global";

/** Whether entries are large enough to stay may be judged by other numbers than the entries themselves. */
export interface ImportanceOption {
  importanceScores?: Tensor | null;
}

type MethodClass = new (...args: never) => BasePruningMethod;
type WithScores<A extends unknown[]> = A | [...A, ImportanceOption];

/**
 * Base of the ways of pruning: a subclass says in `computeMask` what stays. A pruned parameter `name` becomes `nameOrig`, with the
 * buffer `nameMask` beside it (in the state_dict `name_orig` and `name_mask`). PyTorch: `torch.nn.utils.prune.BasePruningMethod`.
 * @example
 * class EveryOther extends nn.utils.prune.BasePruningMethod {
 *   readonly PRUNING_TYPE = "unstructured";
 *   computeMask(t: Tensor, defaultMask: Tensor) {
 *     return defaultMask.clone().setAt(["::2"], 0);
 *   }
 * }
 * const layer = new nn.Linear(1, 4);
 * EveryOther.apply(layer, "bias");
 * layer.getBuffer("bias_mask") // tensor([0., 1., 0., 1.])
 */
export abstract class BasePruningMethod implements ComputedTensor {
  /** PyTorch's name, too. */
  abstract readonly PRUNING_TYPE: PruningType;
  /** The parameter that this is applied to; `null` before. */
  tensorName: string | null = null;

  /**
   * What stays of `t`, by ones and zeros.
   * @param t - the scores by which entries are judged: of what is left only, in a container
   * @param defaultMask - what was left before
   */
  abstract computeMask(t: Tensor, defaultMask: Tensor): Tensor;

  /** The parameter times its mask. */
  applyMask(module: Module): Tensor {
    if (this.tensorName === null)
      throw new ValueError(`${className(this)}: expected to be applied to a module first, got none`);
    const mask = tensorOf("prune", module, `${this.tensorName}Mask`);
    const orig = tensorOf("prune", module, `${this.tensorName}Orig`);
    return mask.to(orig.dtype).mul(orig);
  }

  /** @internal */
  compute(module: Module): Tensor {
    return this.applyMask(module);
  }

  /** `t` pruned, by itself. */
  prune(t: Tensor, options: { defaultMask?: Tensor | null } & ImportanceOption = {}): Tensor {
    const { defaultMask, importanceScores } = options;
    const scores = checkedScores("prune", importanceScores ?? null, t);
    return t.mul(this.computeMask(scores, defaultMask ?? onesLike(t)));
  }

  /** Ends pruning: the parameter stays as it is now, zeros included, and is trained whole again. */
  remove(module: Module): void {
    const pruned = this.applyMask(module);
    const name = this.tensorName as string;
    const orig = tensorOf("prune", module, `${name}Orig`);
    orig.data = pruned.detach();
    detachComputed(module, this);
    for (const suffix of ["", "Orig", "Mask"]) deleteField(module, `${name}${suffix}`);
    setTensor(module, name, orig);
  }

  /**
   * Prunes a parameter of a module, on top of what is pruned there already.
   * @param args - what the constructor takes; `importanceScores` in options
   * @returns the method that the module has now
   */
  static apply<C extends MethodClass>(
    this: C,
    module: Module,
    name: string,
    ...args: WithScores<ConstructorParameters<C>>
  ): BasePruningMethod {
    const [own, importanceScores] = splitScores(args);
    return applied(new this(...(own as never)), module, name, importanceScores);
  }
}

/** The arguments of the constructor, and the scores that came with them. */
function splitScores(args: readonly unknown[]): [unknown[], Tensor | null] {
  const last = args.at(-1);
  if (!isOptions(last) || !("importanceScores" in last)) return [[...args], null];
  const { importanceScores, ...rest } = last;
  const own = args.slice(0, -1);
  return [Object.keys(rest).length > 0 ? [...own, rest] : own, importanceScores as Tensor | null];
}

function checkedScores(op: string, scores: Tensor | null, t: Tensor): Tensor {
  if (scores === null || scores === undefined) return t;
  checkTensor(op, scores, "importanceScores");
  if (!sameShape(scores.shape, t.shape))
    throw new ShapeError(
      `${op}: expected importanceScores of shape ${shapeText(t.shape)}, got ${shapeText(scores.shape)}`,
    );
  return scores;
}

function applied(method: BasePruningMethod, module: Module, name: string, scores: Tensor | null): BasePruningMethod {
  const op = className(method);
  const before = pruningOf(module, name);
  const tensor = before === null ? parameterOf(op, module, name) : tensorOf(op, module, name);
  const judged = checkedScores(op, scores, tensor);
  method.tensorName = name;
  const whole = before === null ? method : new PruningContainer(...methodsOf(before), method);
  const left = before === null ? onesLike(tensor.detach()) : tensorOf(op, module, `${name}Mask`).detach().clone();
  const mask = whole.computeMask(judged.detach(), left);
  if (before === null) {
    deleteField(module, name);
    module.registerParameter(`${name}Orig`, tensor as Parameter);
  } else detachComputed(module, before);
  setTensor(module, `${name}Mask`, new Buffer(mask));
  setTensor(module, name, whole.applyMask(module));
  attachComputed(module, whole);
  return whole;
}

const methodsOf = (method: BasePruningMethod): readonly BasePruningMethod[] =>
  method instanceof PruningContainer ? [...method] : [method];

/** What prunes a parameter of a module; `null` if nothing does. */
export function pruningOf(module: Module, name: string | null = null): BasePruningMethod | null {
  for (const computed of computedOf(module))
    if (computed instanceof BasePruningMethod && (name === null || computed.tensorName === name)) return computed;
  return null;
}

/**
 * Several ways of pruning one parameter, one after the other; made where a parameter is pruned again.
 * PyTorch: `torch.nn.utils.prune.PruningContainer`.
 */
export class PruningContainer extends BasePruningMethod {
  static readonly printedName: string = "PruningContainer";
  readonly PRUNING_TYPE = "global";
  private methods: readonly BasePruningMethod[] = [];

  constructor(...methods: readonly BasePruningMethod[]) {
    super();
    this.tensorName = methods[0]?.tensorName ?? null;
    for (const method of methods) this.addPruningMethod(method);
  }

  /** @throws ValueError for a method that is applied to another parameter */
  addPruningMethod(method: BasePruningMethod): void {
    if (!(method instanceof BasePruningMethod))
      throw new ValueError(`PruningContainer: expected a BasePruningMethod, got ${describe(method)}`);
    if (method.tensorName !== this.tensorName)
      throw new ValueError(
        `PruningContainer: expected a method on ${describe(this.tensorName)}, got one on ${describe(method.tensorName)}`,
      );
    this.methods = [...this.methods, method];
  }

  get length(): number {
    return this.methods.length;
  }

  at(index: number): BasePruningMethod | undefined {
    return this.methods.at(index);
  }

  *[Symbol.iterator](): Generator<BasePruningMethod> {
    yield* this.methods;
  }

  /** Applies the last of the methods to what the others have left. */
  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const method = this.methods.at(-1);
    if (method === undefined) return defaultMask;
    const left = remaining(method, t, defaultMask);
    const mask = defaultMask.to(t.dtype, { copy: true });
    mask.setAt(left, method.computeMask(t.at(...left), defaultMask.at(...left)).to(mask.dtype));
    return mask;
  }
}

/** Where a method may prune: at entries, or in slices, that are not gone already. */
function remaining(method: BasePruningMethod, t: Tensor, mask: Tensor): (Tensor | string)[] {
  if (method.PRUNING_TYPE === "unstructured") return [mask.eq(1)];
  if (method.PRUNING_TYPE === "global") return ["..."];
  if (method.PRUNING_TYPE !== "structured")
    throw new ValueError(`${className(method)}: expected a PRUNING_TYPE, got ${describe(method.PRUNING_TYPE)}`);
  const given: unknown = Reflect.get(method, "dim");
  if (typeof given !== "number")
    throw new ValueError(`${className(method)}: expected a field dim beside the PRUNING_TYPE "structured", got none`);
  const dim = given < 0 ? given + t.ndim : given;
  const others = t.shape.flatMap((_, d) => (d === dim ? [] : [d]));
  return t.shape.map((_, d) => (d === dim ? mask.sum(others).ne(0) : ":"));
}
