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
import { checkName, contentsOf, INTERNALS, isModule, joined, walk } from "./contents.ts";
import {
  callWithHooks,
  type ForwardHook,
  type ForwardPreHook,
  type FullBackwardHook,
  type FullBackwardPreHook,
  type HookHandle,
  type HookOptions,
  Internals,
} from "./hooks.ts";
import { printed } from "./print.ts";
import {
  type IncompatibleKeys,
  type LoadStateDictOptions,
  loadInto,
  type StateDict,
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
  /** Put in front of each name. */
  readonly prefix?: string;
  /** Give the parameters themselves instead of detached tensors. */
  readonly keepVars?: boolean;
}

export interface ModuleToOptions {
  readonly dtype?: DType | null;
  readonly device?: DeviceLike | null;
}

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
    const internals = new Internals();
    // The function gets the class's prototype below, and with it all that a module is.
    const self = ((...args: unknown[]) =>
      internals.plain ? self.forward(...args) : callWithHooks(self, internals, args)) as unknown as this;
    Reflect.deleteProperty(self, "name");
    Reflect.deleteProperty(self, "length");
    Object.setPrototypeOf(self, new.target.prototype);
    Object.defineProperty(self, INTERNALS, { value: internals });
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
    const { prefix = "", keepVars = false } = bind<StateDictOptions>("stateDict", ["prefix", "keepVars"], [options]);
    return stateDictOf(this, prefix.replace(/\.$/, ""), keepVars);
  }

  /**
   * Copies parameters and buffers from a state_dict. PyTorch: `Module.load_state_dict`.
   *
   * Differs: where something does not fit, nothing is copied.
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
   * @throws DTypeError for a dtype that is not floating-point or complex
   */
  to(
    target: DType | DeviceLike | Tensor | ModuleToOptions,
    ...rest: Call<[dtype: DType], { dtype?: DType | null }>
  ): this {
    const { dtype = null, device = null } = toTarget(target, rest);
    if (dtype !== null && !dtype.isFloatingPoint && !dtype.isComplex)
      throw new DTypeError(`to: expected a floating-point or complex dtype for a module, got ${dtype}`);
    return this.convert((t) => {
      const cast = dtype !== null && (t.dtype.isFloatingPoint || t.dtype.isComplex);
      return t.to({ ...(cast ? { dtype } : {}), ...(device === null ? {} : { device }) });
    });
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
  private convert(convert: (t: Tensor) => Tensor): this {
    noGrad(() => {
      for (const t of [...this.parameters(), ...this.buffers()]) {
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

  /** Calls `hook` before each `forward`; it may replace the arguments. PyTorch: `Module.register_forward_pre_hook`. */
  registerForwardPreHook(hook: ForwardPreHook<this>, options: HookOptions = {}): HookHandle {
    return this.addHook("forwardPre", hook as ForwardPreHook, options);
  }

  /** Calls `hook` after each `forward`; it may replace the output. PyTorch: `Module.register_forward_hook`. */
  registerForwardHook(hook: ForwardHook<this>, options: HookOptions = {}): HookHandle {
    return this.addHook("forward", hook as ForwardHook, options);
  }

  /** Calls `hook` when the gradients of the arguments are known; it may replace them. PyTorch: `Module.register_full_backward_hook`. */
  registerFullBackwardHook(hook: FullBackwardHook<this>, options: HookOptions = {}): HookHandle {
    return this.addHook("backward", hook as FullBackwardHook, options);
  }

  /** Calls `hook` when the gradients of the outputs are known; it may replace them. PyTorch: `Module.register_full_backward_pre_hook`. */
  registerFullBackwardPreHook(hook: FullBackwardPreHook<this>, options: HookOptions = {}): HookHandle {
    return this.addHook("backwardPre", hook as FullBackwardPreHook, options);
  }

  private addHook<K extends "forwardPre" | "forward" | "backward" | "backwardPre">(
    kind: K,
    hook: Internals[K][number],
    options: HookOptions,
  ): HookHandle {
    if (typeof hook !== "function") throw new ValueError(`register hook: expected a function, got ${describe(hook)}`);
    return internalsOf(this).add(kind, hook, options);
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

// What plain JavaScript meets that forgets `forward`: for TypeScript the method is abstract.
Object.defineProperty(Module.prototype, "forward", {
  value(this: Module): never {
    throw new TorchError(`${className(this)}: expected a method forward, got none; a module is called through it`);
  },
  writable: true,
  configurable: true,
});

function internalsOf(module: Module): Internals {
  return Reflect.get(module, INTERNALS) as Internals;
}

function toTarget(target: DType | DeviceLike | Tensor | ModuleToOptions, rest: readonly unknown[]): ModuleToOptions {
  if (target instanceof Tensor) return { dtype: target.dtype, device: target.device };
  if (target instanceof DType) return { dtype: target };
  const byDevice = typeof target === "string" || target instanceof Device;
  if (byDevice) return { ...bind<ModuleToOptions>("to", ["dtype"], rest), device: target };
  return bind<ModuleToOptions>("to", ["dtype", "device"], [target, ...rest]);
}
