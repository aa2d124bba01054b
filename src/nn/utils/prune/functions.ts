/** @file Pruning a parameter of a module: the functions that users call. */
import { describe, ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { onesLike } from "../../../ops/creation.ts";
import type { NormOrder } from "../../../ops/norm.ts";
import { type Named, named } from "../../../ops/params.ts";
import type { Module } from "../../module/module.ts";
import { parametersToVector } from "../convert-parameters.ts";
import { tensorOf } from "../module-tensor.ts";
import { type BasePruningMethod, type ImportanceOption, PruningContainer, pruningOf } from "./method.ts";
import {
  CustomFromMask,
  checkMethodClass,
  Identity,
  L1Unstructured,
  LnStructured,
  RandomStructured,
  RandomUnstructured,
} from "./methods.ts";

/**
 * Gives a parameter a mask of ones: for what is pruned by hand afterwards. PyTorch: `torch.nn.utils.prune.identity`.
 * @param name - the field
 * @returns the module itself
 */
export function identity<M extends Module>(module: M, name: string): M {
  Identity.apply(module, name);
  return module;
}

interface AmountOptions {
  /** A whole number counts what goes, any other number between 0 and 1 is a part of what there is. */
  amount: number;
}

/**
 * Prunes entries of a parameter at random. PyTorch: `torch.nn.utils.prune.random_unstructured`.
 * Differs: 1 is one entry, as in Python; the whole is `parameter.numel()`.
 * @returns the module itself
 */
export function randomUnstructured<M extends Module>(
  module: M,
  name: string,
  ...args: Named<[amount: number], ["amount"], AmountOptions>
): M {
  RandomUnstructured.apply(module, name, named<AmountOptions>("randomUnstructured", ["amount"], 1, args).amount);
  return module;
}

type L1Options = AmountOptions & ImportanceOption;

/**
 * Prunes the entries of a parameter that have the smallest absolute value, or the smallest of `importanceScores`.
 * PyTorch: `torch.nn.utils.prune.l1_unstructured`.
 * @returns the module itself
 * @example
 * const layer = new nn.Linear(2, 2, { bias: false });
 * nn.init.eye_(layer.weight);
 * nn.utils.prune.l1Unstructured(layer, "weight", 0.5);
 * layer.getBuffer("weight_mask") // tensor([[1., 0.],
 *                                //         [0., 1.]])
 */
export function l1Unstructured<M extends Module>(
  module: M,
  name: string,
  ...args: Named<[amount: number, importanceScores: Tensor | null], ["amount", "importanceScores"], L1Options>
): M {
  const { amount, importanceScores = null } = named<L1Options>(
    "l1Unstructured",
    ["amount", "importanceScores"],
    1,
    args,
  );
  L1Unstructured.apply(module, name, amount, { importanceScores });
  return module;
}

type StructuredOptions = AmountOptions & { dim: number };

/**
 * Prunes whole slices of a parameter along `dim` at random. PyTorch: `torch.nn.utils.prune.random_structured`.
 * @returns the module itself
 */
export function randomStructured<M extends Module>(
  module: M,
  name: string,
  ...args: Named<[amount: number, dim: number], ["amount", "dim"], StructuredOptions>
): M {
  const { amount, dim } = named<StructuredOptions>("randomStructured", ["amount", "dim"], 2, args);
  RandomStructured.apply(module, name, amount, dim);
  return module;
}

type LnOptions = StructuredOptions & ImportanceOption & { n: NormOrder };

/**
 * Prunes the slices of a parameter along `dim` that have the smallest `n`-norm. PyTorch: `torch.nn.utils.prune.ln_structured`.
 * @returns the module itself
 * @example
 * const layer = nn.utils.prune.lnStructured(new nn.Linear(3, 4), "weight", { amount: 2, n: 2, dim: 0 });
 * layer.getBuffer("weight_mask").sum().item() // 6
 */
export function lnStructured<M extends Module>(
  module: M,
  name: string,
  ...args: Named<
    [amount: number, n: NormOrder, dim: number, importanceScores: Tensor | null],
    ["amount", "n", "dim", "importanceScores"],
    LnOptions
  >
): M {
  const names = ["amount", "n", "dim", "importanceScores"] as const;
  const { amount, n, dim, importanceScores = null } = named<LnOptions>("lnStructured", names, 3, args);
  LnStructured.apply(module, name, amount, n, dim, { importanceScores });
  return module;
}

/**
 * Prunes a parameter where `mask` is 0. PyTorch: `torch.nn.utils.prune.custom_from_mask`.
 * @returns the module itself
 */
export function customFromMask<M extends Module>(
  module: M,
  name: string,
  ...args: Named<[mask: Tensor], ["mask"], { mask: Tensor }>
): M {
  CustomFromMask.apply(module, name, named<{ mask: Tensor }>("customFromMask", ["mask"], 1, args).mask);
  return module;
}

/** A parameter of a module, by the field. */
export type ModuleParameter = readonly [module: Module, name: string];

/** What `globalUnstructured` takes beside what the constructor of its method does. */
export interface GlobalOptions {
  /** Scores to judge by instead of the values, of some of the parameters. */
  importanceScores?: Iterable<readonly [module: Module, name: string, scores: Tensor]> | null;
}
/** The options object that a constructor takes as its only argument. */
type OptionsOf<C> = C extends new (...args: infer A) => unknown ? OnlyOptions<A> : never;
type OnlyOptions<A> = A extends readonly [(infer O)?] ? (O extends object ? O : never) : never;

/**
 * Prunes several parameters as if they were one: those entries go that count least among all. PyTorch:
 * `torch.nn.utils.prune.global_unstructured`.
 *
 * @param parameters - `[[model.fc1, "weight"], [model.fc2, "weight"]]`
 * @param pruningMethod - a class such as `prune.L1Unstructured`
 * @param options - what its constructor takes by name, and `importanceScores`, with `[module, name, scores]` for each
 * @throws ValueError for a method that is not of the type "unstructured"
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Linear(4, 2));
 * const { prune } = nn.utils;
 * prune.globalUnstructured(model.children().map((layer) => [layer, "weight"]), prune.L1Unstructured, { amount: 0.25 });
 * model.buffers().reduce((n, mask) => n + mask.eq(0).sum().item(), 0) // 6
 */
export function globalUnstructured<C extends new (...args: never) => BasePruningMethod>(
  parameters: Iterable<ModuleParameter>,
  pruningMethod: C,
  options: OptionsOf<C> & GlobalOptions,
): void {
  const op = "globalUnstructured";
  checkMethodClass(op, pruningMethod);
  if (typeof parameters?.[Symbol.iterator] !== "function")
    throw new ValueError(`${op}: expected pairs of a module and a name as parameters, got ${describe(parameters)}`);
  const { importanceScores, ...rest }: GlobalOptions = options;
  const method = new pruningMethod(...([rest] as never));
  if (method.PRUNING_TYPE !== "unstructured")
    throw new ValueError(
      `${op}: expected a method of the type "unstructured", got ${className(method)}, which is ${method.PRUNING_TYPE}`,
    );
  const given = [...(importanceScores ?? [])];
  const all = [...parameters].map(([module, name]) => {
    const tensor = tensorOf(op, module, name);
    const scores = given.find(([m, n]) => m === module && n === name)?.[2] ?? tensor;
    const mask = pruningOf(module, name) === null ? onesLike(tensor) : tensorOf(op, module, `${name}Mask`);
    return { module, name, tensor, scores, mask };
  });
  const whole = new PruningContainer(method);
  const mask = whole.computeMask(
    parametersToVector(all.map((p) => p.scores.detach())),
    parametersToVector(all.map((p) => p.mask.detach())),
  );
  let at = 0;
  for (const { module, name, tensor } of all) {
    customFromMask(module, name, mask.narrow(0, at, tensor.numel()).viewAs(tensor));
    at += tensor.numel();
  }
}

/**
 * Ends pruning of a parameter: it stays as it is now, zeros included, and is trained whole again. PyTorch:
 * `torch.nn.utils.prune.remove`.
 * @returns the module itself
 * @throws ValueError if the parameter is not pruned
 */
export function remove<M extends Module>(module: M, name: string): M {
  const method = pruningOf(module, name);
  if (method === null)
    throw new ValueError(`prune.remove: expected ${name} of ${className(module)} to be pruned, got one that is not`);
  method.remove(module);
  return module;
}

/** Whether anything in `module` is pruned. PyTorch: `torch.nn.utils.prune.is_pruned`. */
export function isPruned(module: Module): boolean {
  return module.modules().some((m) => pruningOf(m) !== null);
}
