/** @file Modules by name. */
import { describe, TorchError, ValueError } from "../../core/errors.ts";
import { isModule, modulesIn } from "../module/contents.ts";
import { Module } from "../module/module.ts";
import type { NamedModules } from "./sequential.ts";

/**
 * Modules by name, in a module. PyTorch: `torch.nn.ModuleDict`. A field that holds a plain record of modules does the same.
 *
 * Differs: names that are whole numbers come first and in rising order, as in every JavaScript object.
 *
 * @example
 * const choices = new nn.ModuleDict({ linear: new nn.Linear(2, 2), relu: new nn.ReLU() });
 * choices.get("relu")(torch.tensor([-1.5, 2])) // tensor([0., 2.])
 */
export class ModuleDict<M extends Module = Module> extends Module {
  static readonly printedName: string = "ModuleDict";

  constructor(modules: NamedModules | Iterable<readonly [string, M]> = {}) {
    super();
    this.update(modules);
  }

  override stateNameOf(field: string): string {
    return field;
  }

  override forward(): never {
    throw new TorchError(
      "ModuleDict: expected calls of the modules in it, got a call of the dict, which has no forward",
    );
  }

  /** Number of modules. */
  override get length(): number {
    return this.entries().length;
  }

  /** @throws ValueError if there is no module of that name */
  get(key: string): M {
    for (const [name, module] of this.entries()) if (name === key) return module;
    throw new ValueError(`ModuleDict: expected one of the keys ${this.keys().join(", ")}, got ${describe(key)}`);
  }

  has(key: string): boolean {
    return this.keys().includes(key);
  }

  set(key: string, module: M): this {
    if (!isModule(module)) throw new ValueError(`ModuleDict: expected a Module as ${key}, got ${describe(module)}`);
    this.addModule(key, module);
    return this;
  }

  /** Adds modules, or replaces those of the same name. */
  update(modules: NamedModules | Iterable<readonly [string, M]>): void {
    const pairs = Symbol.iterator in modules ? modules : Object.entries(modules);
    for (const [key, module] of pairs as Iterable<[string, M]>) this.set(key, module);
  }

  /** Takes a module out, and gives it. */
  pop(key: string): M {
    const module = this.get(key);
    Reflect.deleteProperty(this, key);
    return module;
  }

  clear(): void {
    for (const key of this.keys()) this.pop(key);
  }

  keys(): string[] {
    return this.entries().map(([key]) => key);
  }

  values(): M[] {
    return this.entries().map(([, module]) => module);
  }

  entries(): [key: string, module: M][] {
    return modulesIn(this).map(([key, module]) => [key, module as M]);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.keys()[Symbol.iterator]();
  }
}
