/** @file The base of all optimizers: groups of parameters with options of their own, and a state for each parameter. */
import { clearGrad, freeGrad, peekGrad } from "../autograd/grad-memory.ts";
import { enableGrad, noGrad } from "../autograd/modes.ts";
import { CheckpointError, describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { traced, tracer } from "../core/trace.ts";
import { camelCase, className, snakeCase } from "../format/python-names.ts";
import { type Printable, pyRepr } from "../format/python-repr.ts";
import type { HookHandle, HookOptions } from "../nn/module/hook-lists.ts";
import { bind, type Call, isOptions } from "../ops/bind.ts";
import { type AnyOptimizer, OptimizerHooks, type StepPostHook, type StepPreHook } from "./hooks.ts";

/** Parameters that share options. */
export type ParamGroup<O extends object> = O & {
  params: Tensor[];
  /** The parameters' names, where they were given with them. */
  paramNames?: string[];
  /** What schedulers note: the learning rate with which they began, and the bounds between which they move. */
  initialLr?: number | undefined;
  maxLr?: number | undefined;
  minLr?: number | undefined;
  swaLr?: number | undefined;
  baseMomentum?: number | undefined;
  maxMomentum?: number | undefined;
};

/** Parameters, or parameters with their names, as `model.namedParameters()` gives them. */
export type ParamList = Iterable<Tensor> | Iterable<readonly [name: string, parameter: Tensor]>;

/** A group as users give it: options not given are the optimizer's. */
export type ParamGroupInput<O extends object> = Partial<O> & { readonly params: Tensor | ParamList };

/** What an optimizer optimizes: parameters, or groups of them with options of their own. */
export type Params<O extends object> = ParamList | Iterable<ParamGroupInput<O>>;

/** What an optimizer remembers of a parameter, under Python's names. */
export type ParamState = Record<string, unknown>;

/** As in Python: parameters are numbered through all groups, and options have their names in snake_case. */
export interface OptimizerStateDict {
  state: Map<number, ParamState>;
  param_groups: Record<string, unknown>[];
}

/**
 * Base of all optimizers. PyTorch: `torch.optim.Optimizer`. A subclass says in `update` how a group moves.
 *
 * @example
 * class Descent extends torch.optim.Optimizer<{ lr: number }> {
 *   constructor(params: Iterable<Tensor>, lr: number) {
 *     super(params, { lr });
 *   }
 *   protected update({ params, lr }: torch.optim.ParamGroup<{ lr: number }>) {
 *     for (const p of params) if (p.grad) p.sub_(p.grad, { alpha: lr });
 *   }
 * }
 * const w = torch.ones(2, { requiresGrad: true });
 * const optimizer = new Descent([w], 0.5);
 * w.sum().backward();
 * optimizer.step();
 * w // tensor([0.5000, 0.5000], requires_grad=True)
 */
export abstract class Optimizer<O extends object> {
  /** Options of groups that do not give their own. */
  readonly defaults: O;
  readonly paramGroups: ParamGroup<O>[] = [];
  readonly state: Map<Tensor, ParamState> = new Map();
  private readonly hooks = new OptimizerHooks();

  /** @throws ValueError if there is nothing to optimize, or something that cannot be */
  constructor(params: Params<O>, defaults: O) {
    this.defaults = defaults;
    const given = listOf(className(this), params);
    if (given.length === 0) throw new ValueError(`${className(this)}: optimizer got an empty parameter list`);
    const grouped = given.every((x) => !(x instanceof Tensor) && isOptions(x));
    // What they hold is checked there.
    const groups = grouped ? given : [{ params: given }];
    for (const group of groups) this.addParamGroup(group as ParamGroupInput<O>);
  }

  /**
   * Adds parameters to what is optimized. PyTorch: `Optimizer.add_param_group`.
   * @throws ValueError for an unknown option, a parameter that is no leaf, or one that is in a group already
   */
  addParamGroup(paramGroup: ParamGroupInput<O>): void {
    const name = className(this);
    if (!isOptions(paramGroup))
      throw new ValueError(`${name}: expected a record with params as group, got ${describe(paramGroup)}`);
    const { params: given, ...own } = paramGroup as ParamGroupInput<O> & Record<string, unknown>;
    const known = Object.keys(this.defaults);
    for (const key of Object.keys(own))
      if (!known.includes(key) && !NOTED.has(key))
        throw new ValueError(
          `${name}: unknown option ${describe(key)} in a parameter group; it knows params, ${known.join(", ")}`,
        );
    const { params, names } = namesApart(name, given instanceof Tensor ? [given] : listOf(name, given));
    const first = this.paramGroups[0];
    if (first !== undefined && (first.paramNames !== undefined) !== (names !== null))
      throw new ValueError(`${name}: all optimizer param groups should be with names, or all without`);
    const present = new Set(this.paramGroups.flatMap((group) => group.params));
    for (const [i, p] of params.entries()) {
      if (!(p instanceof Tensor))
        throw new ValueError(
          `${name}: optimizer can only optimize Tensors, but one of the params is ${describe(p)} (number ${i})`,
        );
      if (!p.isLeaf && !p.retainsGrad)
        throw new ValueError(
          `${name}: can't optimize a non-leaf Tensor (number ${i}); optimize the tensor that it was made from`,
        );
      if (present.has(p))
        throw new ValueError(
          `${name}: some parameters appear in more than one parameter group, or twice in one (number ${i})`,
        );
      present.add(p);
    }
    const options = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    const named = names === null ? {} : { paramNames: names };
    const group = { params, ...named, ...this.defaults, ...options } as unknown as ParamGroup<O>; // O by construction
    this.check(group);
    this.paramGroups.push(group);
  }

  /** Refuses options out of their domain; for subclasses. */
  protected check(_group: ParamGroup<O>): void {}

  /** Moves the parameters of a group, without recording; for subclasses. */
  protected abstract update(group: ParamGroup<O>): void;

  /**
   * Moves all parameters against their gradients. PyTorch: `Optimizer.step`.
   * @param closure - computes the loss (and the gradients) anew, and gives it
   * @returns what `closure` gave, or `null`
   */
  step(): null;
  step<L>(closure: () => L): L;
  step<L>(closure?: () => L): L | null {
    if (tracer === null) return this.stepUntraced(closure);
    const name = className(this);
    return traced("range", `Optimizer.step#${name}.step`, null, () => this.stepUntraced(closure));
  }

  private stepUntraced<L>(closure?: () => L): L | null {
    const { hooks } = this;
    if (hooks.areNone) return this.advance(closure);
    const args = hooks.beforeStep(this as unknown as AnyOptimizer, closure === undefined ? [] : [closure]);
    const loss = this.advance(args[0] as typeof closure);
    hooks.afterStep(this as unknown as AnyOptimizer, args);
    return loss;
  }

  /** A step without its hooks; for subclasses whose step is more than an update of each group. */
  protected advance<L>(closure?: () => L): L | null {
    const loss = closure === undefined ? null : enableGrad(closure);
    noGrad(() => {
      for (const group of this.paramGroups) this.update(group);
    });
    return loss;
  }

  /** Forgets all gradients, or sets them to zero. PyTorch: `Optimizer.zero_grad`. */
  zeroGrad(...args: Call<[setToNone: boolean], { setToNone?: boolean }>): void {
    if (tracer === null) this.forgetGrads(args);
    else traced("range", `Optimizer.zero_grad#${className(this)}.zero_grad`, null, () => this.forgetGrads(args));
  }

  private forgetGrads(args: Call<[setToNone: boolean], { setToNone?: boolean }>): void {
    if (args.length === 0) {
      for (const { params } of this.paramGroups) for (const p of params) freeGrad(p);
      return;
    }
    const { setToNone = true } = bind<{ setToNone?: boolean }>("zeroGrad", ["setToNone"], args);
    for (const { params } of this.paramGroups) for (const p of params) clearGrad(p, setToNone);
  }

  /** The gradient of a parameter, for reading only: it may be gone after `zeroGrad`. */
  protected gradOf(p: Tensor): Tensor | null {
    return peekGrad(p);
  }

  /** The state of a parameter, made at first use. */
  protected stateOf(p: Tensor): ParamState {
    let found = this.state.get(p);
    if (found === undefined) {
      found = {};
      this.state.set(p, found);
    }
    return found;
  }

  /** Calls `hook` before each step; an array it returns replaces the arguments of `step`. PyTorch: `Optimizer.register_step_pre_hook`. */
  registerStepPreHook(hook: StepPreHook): HookHandle {
    return this.hooks.register("registerStepPreHook", "stepPre", hook);
  }

  /** Calls `hook` after each step. PyTorch: `Optimizer.register_step_post_hook`. */
  registerStepPostHook(hook: StepPostHook): HookHandle {
    return this.hooks.register("registerStepPostHook", "stepPost", hook);
  }

  /** Calls `hook` before each `stateDict`. PyTorch: `Optimizer.register_state_dict_pre_hook`. */
  registerStateDictPreHook(hook: (optimizer: AnyOptimizer) => void, options: HookOptions = {}): HookHandle {
    return this.hooks.register("registerStateDictPreHook", "statePre", hook, options);
  }

  /** Calls `hook` with what `stateDict` gives; what it returns, if anything, replaces it. PyTorch: `Optimizer.register_state_dict_post_hook`. */
  registerStateDictPostHook(
    hook: (optimizer: AnyOptimizer, stateDict: OptimizerStateDict) => OptimizerStateDict | void,
    options: HookOptions = {},
  ): HookHandle {
    return this.hooks.register("registerStateDictPostHook", "statePost", hook, options);
  }

  /** Calls `hook` with what is loaded; what it returns, if anything, replaces it. PyTorch: `Optimizer.register_load_state_dict_pre_hook`. */
  registerLoadStateDictPreHook(
    hook: (optimizer: AnyOptimizer, stateDict: SavedState) => SavedState | void,
    options: HookOptions = {},
  ): HookHandle {
    return this.hooks.register("registerLoadStateDictPreHook", "loadPre", hook, options);
  }

  /** Calls `hook` after each `loadStateDict`. PyTorch: `Optimizer.register_load_state_dict_post_hook`. */
  registerLoadStateDictPostHook(hook: (optimizer: AnyOptimizer) => void, options: HookOptions = {}): HookHandle {
    return this.hooks.register("registerLoadStateDictPostHook", "loadPost", hook, options);
  }

  /** All options and states, as Python's: what `torch.save` writes can be loaded there. PyTorch: `Optimizer.state_dict`. */
  stateDict(): OptimizerStateDict {
    const self = this as unknown as AnyOptimizer;
    this.hooks.run("statePre", self);
    return this.hooks.replace("statePost", self, this.currentState());
  }

  private currentState(): OptimizerStateDict {
    const numbers = new Map<Tensor, number>();
    for (const { params } of this.paramGroups) for (const p of params) numbers.set(p, numbers.size);
    const groups = this.paramGroups.map(({ params, ...options }) => ({
      ...Object.fromEntries(Object.entries(options).map(([name, value]) => [snakeCase(name), value])),
      params: params.map((p) => numbers.get(p)),
    }));
    const state = new Map<number, ParamState>();
    for (const [p, number] of numbers) {
      const own = this.state.get(p);
      if (own !== undefined) state.set(number, { ...own });
    }
    return { state, param_groups: groups };
  }

  /**
   * Takes over options and states. Tensors are copied, and cast to the dtype of their parameter. PyTorch: `Optimizer.load_state_dict`.
   * @throws CheckpointError if the groups do not match
   */
  loadStateDict(stateDict: SavedState): void {
    const self = this as unknown as AnyOptimizer;
    const { groups, states } = parse(className(this), this.hooks.replace("loadPre", self, stateDict));
    const sizes = this.paramGroups.map((g) => g.params.length);
    const saved = groups.map((g) => (g.params as unknown[]).length);
    if (saved.length !== sizes.length)
      throw new CheckpointError(
        `loadStateDict: loaded state dict has a different number of parameter groups: expected ${sizes.length}, got ${saved.length}`,
      );
    if (saved.some((n, i) => n !== sizes[i]))
      throw new CheckpointError(
        `loadStateDict: loaded state dict contains a parameter group that doesn't match the size of optimizer's group: expected [${sizes.join(", ")}], got [${saved.join(", ")}]`,
      );
    const own = this.paramGroups.flatMap((g) => g.params);
    const keys = groups.flatMap((g) => g.params as unknown[]).map(String);
    this.state.clear();
    for (const [i, p] of own.entries()) {
      const state = states.get(keys[i] as string);
      if (state !== undefined) this.state.set(p, copied(state, p));
    }
    for (const [i, group] of this.paramGroups.entries()) {
      // Names are those of the parameters that are here.
      const { params: _, param_names: __, ...options } = groups[i] as Record<string, unknown>;
      for (const [name, value] of Object.entries(options)) Reflect.set(group, camelCase(name), value);
    }
    this.hooks.run("loadPost", self);
  }

  /** What Python's `print` gives. */
  toString(): string {
    const groups = this.paramGroups.map(({ params: _, ...options }, i) => {
      const lines = Object.entries(options)
        .map(([name, value]) => [snakeCase(name), value] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `    ${name}: ${pyRepr(value as Printable)}\n`);
      return `\nParameter Group ${i}\n${lines.join("")}`;
    });
    return `${className(this)} (${groups.join("")})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A state_dict as it comes from here, or out of a file. */
export interface SavedState {
  readonly state?: unknown;
  readonly param_groups?: unknown;
}

/** What a group may have besides options. */
const NOTED = new Set(["paramNames", "initialLr", "maxLr", "minLr", "swaLr", "baseMomentum", "maxMomentum"]);

/** Tensors and their names, from tensors or pairs; what is neither is refused where the tensors are checked. */
function namesApart(name: string, list: readonly unknown[]): { params: Tensor[]; names: string[] | null } {
  const pairs = list.filter(
    (x): x is [string, Tensor] => Array.isArray(x) && x.length === 2 && typeof x[0] === "string",
  );
  if (pairs.length === 0) return { params: list as Tensor[], names: null };
  if (pairs.length !== list.length)
    throw new ValueError(`${name}: all optimizer params should be with names, or all without; some names are missing`);
  return { params: pairs.map(([, p]) => p), names: pairs.map(([n]) => n) };
}

function listOf(name: string, params: unknown): unknown[] {
  if (typeof params === "function")
    throw new ValueError(`${name}: expected parameters, got a module; pass model.parameters()`);
  if (params instanceof Tensor)
    throw new ValueError(
      `${name}: params argument given to the optimizer should be an iterable of Tensors or records, got a Tensor; pass [tensor]`,
    );
  const iterable = typeof params === "object" && params !== null && Symbol.iterator in params;
  if (!iterable)
    throw new ValueError(
      `${name}: params argument given to the optimizer should be an iterable of Tensors or records, got ${describe(params)}`,
    );
  return [...(params as Iterable<unknown>)];
}

function fieldOf(x: unknown, key: string): unknown {
  if (x instanceof Map) return x.get(key);
  return typeof x === "object" && x !== null ? Reflect.get(x, key) : undefined;
}

function entriesOf(x: unknown): [unknown, unknown][] {
  if (x instanceof Map) return [...x];
  return typeof x === "object" && x !== null ? Object.entries(x) : [];
}

/** Numbers are keys of a Map here, but strings in an object. */
function parse(name: string, saved: unknown): { groups: Record<string, unknown>[]; states: Map<string, unknown> } {
  const groups = fieldOf(saved, "param_groups");
  if (!Array.isArray(groups) || groups.some((g) => !Array.isArray(fieldOf(g, "params"))))
    throw new CheckpointError(
      `loadStateDict: expected a state_dict of ${name} with state and param_groups, got ${describe(saved)}`,
    );
  return {
    groups: groups.map((g) => Object.fromEntries(entriesOf(g)) as Record<string, unknown>),
    states: new Map(entriesOf(fieldOf(saved, "state")).map(([key, value]) => [String(key), value])),
  };
}

/** A state with copies of its tensors, also those in lists; all but `step` in the dtype of the parameter, where that is floating. */
function copied(state: unknown, p: Tensor): ParamState {
  const copy = (key: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((item) => copy(key, item));
    if (!(value instanceof Tensor)) return value;
    const cast = p.dtype.isFloatingPoint && key !== "step" && value.dtype.isFloatingPoint;
    return value.detach().to({ dtype: cast ? p.dtype : value.dtype, device: p.device, copy: true });
  };
  return Object.fromEntries(entriesOf(state).map(([key, value]) => [key, copy(String(key), value)]));
}
