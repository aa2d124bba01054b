/** @file The base of all networks. */
import { clearGrad, peekGrad } from "../../autograd/grad-memory.ts";
import { noGrad } from "../../autograd/modes.ts";
import { Device, type DeviceLike } from "../../core/device.ts";
import { bfloat16, DType, float16, float32, float64 } from "../../core/dtype.ts";
import { DTypeError, describe, TorchError, ValueError } from "../../core/errors.ts";
import { Buffer, Parameter } from "../../core/parameter.ts";
import { Tensor } from "../../core/tensor.ts";
import { className, snakeCase } from "../../format/python-names.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { emptyLike } from "../../ops/creation.ts";
import { checkName, contentsOf, INTERNALS, isModule, joined, setChild, walk } from "./contents.ts";
import {
  addHook,
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardPreHook,
  type FullBackwardHook,
  type FullBackwardPreHook,
  globalHooks,
  type HookHandle,
  type HookOptions,
  Internals,
  internalsOf,
} from "./hook-lists.ts";
import { callWithHooks } from "./hooks.ts";
import { located } from "./locate-error.ts";
import { printed } from "./print.ts";
import {
  type IncompatibleKeys,
  type LoadStateDictOptions,
  type LoadStateDictPostHook,
  type LoadStateDictPreHook,
  loadInto,
  type StateDict,
  type StateDictPostHook,
  type StateDictPreHook,
  stateDictOf,
} from "./state-dict.ts";
import { convertUninitialized, isUninitialized } from "./uninitialized.ts";
import { constructing } from "./unregistered.ts";

/** What `parameters` and its like take. */
export interface RecurseOptions {
  /** Look into the modules below, too; the default. */
  readonly recurse?: boolean;
}

export interface NamedOptions extends RecurseOptions {
  /** Put in front of each name. */
  readonly prefix?: string;
  /** Give what is shared once, under its first name; the default. */
  readonly removeDuplicate?: boolean;
}
type NamedArgs = Call<[prefix: string, recurse: boolean, removeDuplicate: boolean], NamedOptions>;
type NamedModulesArgs = [options?: Omit<NamedOptions, "recurse">];

export interface StateDictOptions {
  /** Adds to this object, which may hold other entries. */
  readonly destination?: StateDict;
  /** Put in front of each name, as it is: `"model."`. */
  readonly prefix?: string;
  /** Give the parameters themselves instead of detached tensors. */
  readonly keepVars?: boolean;
}

export interface ModuleToOptions {
  readonly dtype?: DType | null;
  readonly device?: DeviceLike | null;
  /** Changes nothing: copies within the processor's memory are done when the call returns. */
  readonly nonBlocking?: boolean;
}

/** What may follow the first argument of `to`. */
type ToRest = Call<[dtype: DType | null, nonBlocking: boolean], Omit<ModuleToOptions, "device">>;

/** A module is a function with state: calling it runs `forward` and its hooks. */
export interface Module {
  // biome-ignore lint/style/useShorthandFunctionType: it merges with the class, which a type alias cannot
  (...args: Parameters<this["forward"]>): ReturnType<this["forward"]>;
}

/**
 * Base class of neural networks. PyTorch: `torch.nn.Module`.
 *
 * Fields that hold parameters, buffers and modules (also in arrays, records and maps) are registered in the order of their declaration.
 * In the state_dict a field has its name in snake_case, as in Python; `static stateNames = { ln1: "ln_1" }` says otherwise.
 *
 * Differs: a name that PyTorch has as an attribute is a field here, so it is set by declaring or assigning it.
 *
 * @example
 * class Net extends nn.Module {
 *   flatten = new nn.Flatten();
 *   output = new nn.Linear(784, 10);
 *   forward(x: Tensor) {
 *     return this.output(this.flatten(x));
 *   }
 * }
 * const model = new Net();
 * model(torch.zeros(64, 1, 28, 28)).shape // [64, 10]
 */
export abstract class Module {
  /** Names of fields in the state_dict where they are not the field's name in snake_case. */
  declare static readonly stateNames?: Readonly<Record<string, string>>;
  /** Whether layers such as dropout act as in training; see `train()` and `eval()`. */
  declare training: boolean;

  constructor() {
    const self = callable(new.target.prototype, new Internals()) as this;
    self.training = true;
    constructing(self, new.target, Module);
    // biome-ignore lint/correctness/noConstructorReturn: a module is the function, not the object that `new` has made
    return self;
  }

  /** Computes the output. Call the module itself, not this method: hooks run around it. */
  // biome-ignore lint/suspicious/noExplicitAny: subclasses say what they take and give, and calls are typed by that
  abstract forward(...args: any[]): any;

  /** @internal The name of a field in the state_dict. */
  stateNameOf(field: string): string {
    const { stateNames } = this.constructor as typeof Module;
    return (stateNames && Object.hasOwn(stateNames, field) ? stateNames[field] : undefined) ?? snakeCase(field);
  }

  /** All parameters, each once. PyTorch: `Module.parameters`. */
  parameters(...args: Call<[recurse: boolean], RecurseOptions>): Parameter[] {
    const { recurse = true } = bind<RecurseOptions>("parameters", ["recurse"], args);
    return this.namedParameters({ recurse }).map(([, p]) => p);
  }

  /** All parameters with their names. PyTorch: `Module.named_parameters`. */
  namedParameters(...args: NamedArgs): [name: string, parameter: Parameter][] {
    return this.namedTensors("namedParameters", args, (t) => t instanceof Parameter) as [string, Parameter][];
  }

  /** All buffers, each once. PyTorch: `Module.buffers`. */
  buffers(...args: Call<[recurse: boolean], RecurseOptions>): Buffer[] {
    const { recurse = true } = bind<RecurseOptions>("buffers", ["recurse"], args);
    return this.namedBuffers({ recurse }).map(([, b]) => b);
  }

  /** All buffers with their names. PyTorch: `Module.named_buffers`. */
  namedBuffers(...args: NamedArgs): [name: string, buffer: Buffer][] {
    return this.namedTensors("namedBuffers", args, (t) => t instanceof Buffer) as [string, Buffer][];
  }

  private namedTensors(op: string, args: NamedArgs, wanted: (t: Tensor) => boolean): [string, Tensor][] {
    const options = bind<NamedOptions>(op, ["prefix", "recurse", "removeDuplicate"], args);
    const { prefix = "", recurse = true, removeDuplicate = true } = options;
    const seen = new Set<Tensor>();
    const found: [string, Tensor][] = [];
    for (const [path, node] of walk(this, prefix, removeDuplicate)) {
      if (!recurse && node !== this) break;
      for (const [name, t] of contentsOf(node).tensors) {
        if (!wanted(t) || (removeDuplicate && seen.has(t))) continue;
        seen.add(t);
        found.push([joined(path, name), t]);
      }
    }
    return found;
  }

  /** The modules directly in this one. PyTorch: `Module.children`. */
  children(): Module[] {
    return this.namedChildren().map(([, m]) => m);
  }

  /** The modules directly in this one, with their names; those in arrays and records as `layers.0`. PyTorch: `Module.named_children`. */
  namedChildren(): [name: string, module: Module][] {
    const found = new Map<Module, string>();
    const look = (node: Parameters<typeof contentsOf>[0], path: string): void => {
      for (const [name, child] of contentsOf(node).children) {
        if (!isModule(child)) look(child, joined(path, name));
        else if (!found.has(child)) found.set(child, joined(path, name));
      }
    };
    look(this, "");
    return [...found].map(([m, name]) => [name, m]);
  }

  /** This module and all below it, each once. PyTorch: `Module.modules`. */
  modules(): Module[] {
    return this.namedModules().map(([, m]) => m);
  }

  /** This module and all below it, with their names; its own is empty. PyTorch: `Module.named_modules`. */
  namedModules(...args: NamedModulesArgs): [name: string, module: Module][] {
    const { prefix = "", removeDuplicate = true } = bind<NamedOptions>(
      "namedModules",
      ["prefix", "removeDuplicate"],
      args,
    );
    const found: [string, Module][] = [];
    for (const [path, node] of walk(this, prefix, removeDuplicate)) if (isModule(node)) found.push([path, node]);
    return found;
  }

  /**
   * The module that a dotted path of state names leads to. PyTorch: `Module.get_submodule`.
   * @throws ValueError if there is none
   */
  getSubmodule(target: string): Module {
    for (const [path, m] of this.namedModules({ removeDuplicate: false })) if (path === target) return m;
    throw new ValueError(`getSubmodule: expected the name of a module in ${className(this)}, got ${describe(target)}`);
  }

  /**
   * Puts `module` in the place that a dotted path of state names leads to. PyTorch: `Module.set_submodule`.
   * @param args - `strict` (false): refuse a name that is not there yet
   * @throws ValueError if nothing can be put there, or something stands there that is no module
   * @example
   * const model = new nn.Sequential(new nn.Linear(8, 4), new nn.ReLU());
   * model.setSubmodule("1", new nn.Tanh());
   * model[1] // Tanh()
   */
  setSubmodule(target: string, module: Module, ...args: Call<[strict: boolean], { strict?: boolean }>): void {
    const { strict = false } = bind<{ strict?: boolean }>("setSubmodule", ["strict"], args);
    if (typeof target !== "string" || target === "")
      throw new ValueError(`setSubmodule: expected the path of a module, got ${describe(target)}`);
    if (!isModule(module)) throw new ValueError(`setSubmodule: expected a Module, got ${describe(module)}`);
    const cut = target.lastIndexOf(".");
    const above = target.slice(0, Math.max(cut, 0));
    const parent = [...walk(this, "", false)].find(([path]) => path === above)?.[1];
    if (parent === undefined)
      throw new ValueError(
        `setSubmodule: expected the path of a module in ${className(this)}, got ${describe(target)}`,
      );
    setChild("setSubmodule", parent, target.slice(cut + 1), module, strict);
  }

  /** The parameter that a dotted path of state names leads to. PyTorch: `Module.get_parameter`. */
  getParameter(target: string): Parameter {
    for (const [path, p] of this.namedParameters({ removeDuplicate: false })) if (path === target) return p;
    throw new ValueError(
      `getParameter: expected the name of a parameter in ${className(this)}, got ${describe(target)}`,
    );
  }

  /** The buffer that a dotted path of state names leads to. PyTorch: `Module.get_buffer`. */
  getBuffer(target: string): Buffer {
    for (const [path, b] of this.namedBuffers({ removeDuplicate: false })) if (path === target) return b;
    throw new ValueError(`getBuffer: expected the name of a buffer in ${className(this)}, got ${describe(target)}`);
  }

  /** Sets a field to a parameter, or to `null`; for names known only at run time. PyTorch: `Module.register_parameter`. */
  registerParameter(name: string, param: Parameter | null): void {
    if (param !== null && !(param instanceof Parameter))
      throw new ValueError(`registerParameter: expected a Parameter or null as ${name}, got ${describe(param)}`);
    this.register("registerParameter", name, param);
  }

  /** Sets a field to a buffer, or to `null`; for names known only at run time. PyTorch: `Module.register_buffer`. */
  registerBuffer(
    name: string,
    tensor: Tensor | null,
    ...args: Call<[persistent: boolean], { persistent?: boolean }>
  ): void {
    const { persistent = true } = bind<{ persistent?: boolean }>("registerBuffer", ["persistent"], args);
    if (tensor !== null && !(tensor instanceof Tensor))
      throw new ValueError(`registerBuffer: expected a Tensor or null as ${name}, got ${describe(tensor)}`);
    this.register("registerBuffer", name, tensor === null ? null : new Buffer(tensor, persistent));
  }

  /** Sets a field to a module, or to `null`; for names known only at run time. PyTorch: `Module.register_module`. */
  registerModule(name: string, module: Module | null): void {
    if (module !== null && !isModule(module))
      throw new ValueError(`registerModule: expected a Module or null as ${name}, got ${describe(module)}`);
    this.register("registerModule", name, module);
  }

  /** The same as `registerModule`. PyTorch: `Module.add_module`. */
  addModule(name: string, module: Module | null): void {
    this.registerModule(name, module);
  }

  /** @internal */
  protected register(op: string, name: string, value: Module | Tensor | null): void {
    checkName(op, name);
    const { value: present } = Object.getOwnPropertyDescriptor(this, name) ?? {};
    const replaceable = present === null || present === undefined || present instanceof Tensor || isModule(present);
    if (name in this && !(Object.hasOwn(this, name) && replaceable))
      throw new ValueError(
        `${op}: expected a name that is free, got ${describe(name)}, which ${className(this)} has already`,
      );
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  }

  /**
   * Parameters and persistent buffers by name, detached: they share memory with the module. PyTorch: `Module.state_dict`.
   * @example
   * Object.keys(new nn.Linear(2, 1).stateDict()) // ["weight", "bias"]
   */
  stateDict(options: StateDictOptions = {}): StateDict {
    const names = ["destination", "prefix", "keepVars"] as const;
    const { destination = {}, prefix = "", keepVars = false } = bind<StateDictOptions>("stateDict", names, [options]);
    return stateDictOf(this, destination, prefix, keepVars);
  }

  /** What `stateDict` keeps of this module beside its tensors; for subclasses. PyTorch: `Module.get_extra_state`. */
  getExtraState?(): unknown;

  /** Takes over what `getExtraState` gave; for subclasses. PyTorch: `Module.set_extra_state`. */
  setExtraState?(state: unknown): void;

  /**
   * Copies parameters and buffers from a state_dict. PyTorch: `Module.load_state_dict`.
   *
   * Differs: where something does not fit, nothing is copied (unless there are load_state_dict post-hooks, which might settle it).
   * With `assign` a parameter stays the same object, so that optimizers go on with it.
   *
   * @param args - `strict`, and `assign` to take over the tensors instead of copying
   * @returns the names that one side lacks
   * @throws CheckpointError if names (when `strict`) or shapes differ
   */
  loadStateDict(
    stateDict: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    ...args: Call<[strict: boolean, assign: boolean], LoadStateDictOptions>
  ): IncompatibleKeys {
    return loadInto(this, stateDict, bind<LoadStateDictOptions>("loadStateDict", ["strict", "assign"], args));
  }

  /** Sets this module and all below it to training. PyTorch: `Module.train`. */
  train(mode = true): this {
    if (typeof mode !== "boolean") throw new ValueError(`train: expected a boolean as mode, got ${describe(mode)}`);
    for (const m of this.modules()) m.training = mode;
    return this;
  }

  /** Sets this module and all below it to evaluation. PyTorch: `Module.eval`. */
  eval(): this {
    return this.train(false);
  }

  /** Says of all parameters whether gradients are wanted. PyTorch: `Module.requires_grad_`. */
  requiresGrad_(requiresGrad = true): this {
    for (const p of this.parameters()) p.requiresGrad_(requiresGrad);
    return this;
  }

  /** Forgets the gradients of all parameters, or sets them to zero. PyTorch: `Module.zero_grad`. */
  zeroGrad(...args: Call<[setToNone: boolean], { setToNone?: boolean }>): void {
    const { setToNone = true } = bind<{ setToNone?: boolean }>("zeroGrad", ["setToNone"], args);
    for (const p of this.parameters()) clearGrad(p, setToNone);
  }

  /** Calls `fn` with each module below this one, then with this one. PyTorch: `Module.apply`. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Moves parameters and buffers to a device, or turns the floating-point ones into another dtype, in place. PyTorch: `Module.to`.
   *
   * @param target - a dtype, a device, a tensor with both, or `{ dtype, device, nonBlocking }`
   * @param rest - `dtype` behind a device, `nonBlocking`
   * @throws DTypeError for a dtype that is not floating-point or complex
   */
  to(
    target: DType | DeviceLike | Tensor | ModuleToOptions,
    ...rest: ToRest | Call<[nonBlocking: boolean], object>
  ): this {
    const { dtype = null, device = null } = toTarget(target, rest);
    if (dtype !== null && !dtype.isFloatingPoint && !dtype.isComplex)
      throw new DTypeError(`to: expected a floating-point or complex dtype for a module, got ${dtype}`);
    return this.convert((t) => {
      const cast = dtype !== null && (t.dtype.isFloatingPoint || t.dtype.isComplex);
      return t.to({ ...(cast ? { dtype } : {}), ...(device === null ? {} : { device }) });
    });
  }

  /** To the processor. PyTorch: `Module.cpu`. Differs: a Promise, as `Tensor.cpu` gives one. */
  async cpu(): Promise<this> {
    return this.to("cpu");
  }

  /** To a GPU that CUDA runs. PyTorch: `Module.cuda`. @throws DeviceError where there is none */
  cuda(device: DeviceLike | number | null = null): this {
    return this.to(typeof device === "number" ? `cuda:${device}` : (device ?? "cuda"));
  }

  /** All parameters and buffers, whole numbers too, to `dstType`. PyTorch: `Module.type`. */
  type(dstType: DType): this {
    if (!(dstType instanceof DType)) throw new ValueError(`type: expected a dtype, got ${describe(dstType)}`);
    return this.convert((t) => t.to(dstType));
  }

  /** Gives parameters and buffers memory on a device without copying their values. PyTorch: `Module.to_empty`. */
  toEmpty(options: { device: DeviceLike | null; recurse?: boolean }): this {
    const { device = null, recurse = true } = bind<{ device: DeviceLike | null; recurse?: boolean }>(
      "toEmpty",
      ["device", "recurse"],
      [options],
    );
    return this.convert((t) => emptyLike(t, { device }), recurse);
  }

  /** Moves the memory of parameters and buffers to where worker threads can be given it. PyTorch: `Module.share_memory`. */
  shareMemory(): this {
    for (const t of [...this.parameters(), ...this.buffers()]) t.shareMemory_();
    return this;
  }

  /** Floating-point parameters and buffers to float32. PyTorch: `Module.float`. */
  float(): this {
    return this.castFloats(float32);
  }
  /** Floating-point parameters and buffers to float64. PyTorch: `Module.double`. */
  double(): this {
    return this.castFloats(float64);
  }
  /** Floating-point parameters and buffers to float16. PyTorch: `Module.half`. */
  half(): this {
    return this.castFloats(float16);
  }
  /** Floating-point parameters and buffers to bfloat16. PyTorch: `Module.bfloat16`. */
  bfloat16(): this {
    return this.castFloats(bfloat16);
  }

  private castFloats(dtype: DType): this {
    return this.convert((t) => (t.dtype.isFloatingPoint ? t.to(dtype) : t));
  }

  /** Replaces the memory of all parameters (with their gradients) and buffers; each stays the same object. */
  private convert(convert: (t: Tensor) => Tensor, recurse = true): this {
    noGrad(() => {
      for (const t of [...this.parameters(recurse), ...this.buffers(recurse)]) {
        if (isUninitialized(t)) {
          convertUninitialized(t, convert);
          continue;
        }
        const grad = peekGrad(t);
        const data = convert(t.detach());
        if (data.storage !== t.storage) t.data = data;
        if (grad !== null) t.grad = convert(grad);
      }
    });
    return this;
  }

  /**
   * Calls `hook` before each `forward`; it may replace the arguments. PyTorch: `Module.register_forward_pre_hook`.
   * Differs: there are no keyword arguments, so no `withKwargs`: an options object is the last of the arguments.
   */
  registerForwardPreHook(hook: ForwardPreHook<this>, options: HookOptions = {}): HookHandle {
    return addHook("registerForwardPreHook", internalsOf(this), "forwardPre", hook, options);
  }

  /**
   * Calls `hook` after each `forward`; it may replace the output. PyTorch: `Module.register_forward_hook`.
   * @param options - `prepend`, and `alwaysCall` to run also where `forward` throws
   */
  registerForwardHook(hook: ForwardHook<this>, options: ForwardHookOptions = {}): HookHandle {
    return addHook("registerForwardHook", internalsOf(this), "forward", hook, options);
  }

  /** Calls `hook` when the gradients of the arguments are known; it may replace them. PyTorch: `Module.register_full_backward_hook`. */
  registerFullBackwardHook(hook: FullBackwardHook<this>, options: HookOptions = {}): HookHandle {
    return addHook("registerFullBackwardHook", internalsOf(this), "backward", hook, options);
  }

  /** Calls `hook` when the gradients of the outputs are known; it may replace them. PyTorch: `Module.register_full_backward_pre_hook`. */
  registerFullBackwardPreHook(hook: FullBackwardPreHook<this>, options: HookOptions = {}): HookHandle {
    return addHook("registerFullBackwardPreHook", internalsOf(this), "backwardPre", hook, options);
  }

  /** Calls `hook` before this module is written into a state_dict. PyTorch: `Module.register_state_dict_pre_hook`. */
  registerStateDictPreHook(hook: StateDictPreHook<this>): HookHandle {
    return addHook("registerStateDictPreHook", internalsOf(this), "statePre", hook, {});
  }

  /**
   * Calls `hook` when this module stands in a state_dict; it may change that. PyTorch: `Module.register_state_dict_post_hook`.
   * @example
   * const layer = new nn.Linear(2, 1);
   * layer.registerStateDictPostHook((module, stateDict, prefix) => void Reflect.deleteProperty(stateDict, `${prefix}bias`));
   * Object.keys(layer.stateDict()) // ["weight"]
   */
  registerStateDictPostHook(hook: StateDictPostHook<this>): HookHandle {
    return addHook("registerStateDictPostHook", internalsOf(this), "statePost", hook, {});
  }

  /**
   * Calls `hook` before this module is loaded: it may change the state_dict, which is a copy, and add to what is reported.
   * PyTorch: `Module.register_load_state_dict_pre_hook`.
   */
  registerLoadStateDictPreHook(hook: LoadStateDictPreHook<this>): HookHandle {
    return addHook("registerLoadStateDictPreHook", internalsOf(this), "loadPre", hook, {});
  }

  /**
   * Calls `hook` when this module is loaded, before anything missing is refused; it may change the report.
   * PyTorch: `Module.register_load_state_dict_post_hook`.
   */
  registerLoadStateDictPostHook(hook: LoadStateDictPostHook<this>): HookHandle {
    return addHook("registerLoadStateDictPostHook", internalsOf(this), "loadPost", hook, {});
  }

  /** What stands between the parentheses in print. PyTorch: `Module.extra_repr`. */
  extraRepr(): string {
    return "";
  }

  /** What Python's `print` gives. */
  toString(): string {
    return printed(this);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return printed(this);
  }
}

/** @internal A function that calls its own `forward`, with a class's prototype, and by that all that a module of the class is. */
export function callable(prototype: object, internals: Internals): Module {
  const self = ((...args: unknown[]) => {
    try {
      return internals.plain && globalHooks.plain ? self.forward(...args) : callWithHooks(self, internals, args);
    } catch (error) {
      throw located(error, self);
    }
  }) as unknown as Module; // by the lines below
  Reflect.deleteProperty(self, "name");
  Reflect.deleteProperty(self, "length");
  Object.setPrototypeOf(self, prototype);
  Object.defineProperty(self, INTERNALS, { value: internals });
  return self;
}

// What plain JavaScript meets that forgets `forward`: for TypeScript the method is abstract.
Object.defineProperty(Module.prototype, "forward", {
  value(this: Module): never {
    throw new TorchError(`${className(this)}: expected a method forward, got none; a module is called through it`);
  },
  writable: true,
  configurable: true,
});

function toTarget(target: DType | DeviceLike | Tensor | ModuleToOptions, rest: readonly unknown[]): ModuleToOptions {
  const bound = (...names: (keyof ModuleToOptions)[]) => bind<ModuleToOptions>("to", [...names, "nonBlocking"], rest);
  if (target instanceof Tensor) return { ...bound(), dtype: target.dtype, device: target.device };
  if (target instanceof DType) return { ...bound(), dtype: target };
  if (typeof target === "string" || target instanceof Device) return { ...bound("dtype"), device: target };
  return bind<ModuleToOptions>("to", ["dtype", "device", "nonBlocking"], [target, ...rest]);
}
