/** @file Modules in a list. */
import { describe, IndexError, TorchError, ValueError } from "../../core/errors.ts";
import { isModule, modulesIn } from "../module/contents.ts";
import { Module } from "../module/module.ts";

/**
 * Modules in a list, which is itself a module. PyTorch: `torch.nn.ModuleList`. A field that holds a plain array of modules does the same.
 * @example
 * const layers = new nn.ModuleList([new nn.Linear(2, 4), new nn.Linear(4, 2)]);
 * let x = torch.zeros(3, 2);
 * for (const layer of layers) x = layer(x);
 * x.shape // [3, 2]
 */
export class ModuleList<M extends Module = Module> extends Module {
  static readonly printedName: string = "ModuleList";
  static readonly compactPrint: boolean = true;
  [index: number]: M;

  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  override stateNameOf(field: string): string {
    return field;
  }

  override forward(): never {
    throw new TorchError(
      "ModuleList: expected calls of the modules in it, got a call of the list, which has no forward",
    );
  }

  /** Number of modules. */
  override get length(): number {
    return modulesIn(this).length;
  }

  *[Symbol.iterator](): Generator<M> {
    for (const [, module] of modulesIn(this)) yield module as M;
  }

  /** The module at `index`; negative ones count from the end. */
  at(index: number): M {
    const modules = [...this];
    const found = Number.isInteger(index) ? modules.at(index) : undefined;
    if (found === undefined)
      throw new IndexError(
        `ModuleList: expected an index within [${-modules.length}, ${modules.length - 1}], got ${describe(index)}`,
      );
    return found;
  }

  /** A new list of the modules from `start` to before `end`; they are shared. */
  slice(start?: number, end?: number): ModuleList<M> {
    return new ModuleList([...this].slice(start, end));
  }

  /** The results of calling `f` with each module and its index. */
  map<R>(f: (module: M, index: number) => R): R[] {
    return [...this].map((module, i) => f(module, i));
  }

  /** Adds a module at the end; gives this list. */
  append(module: M): this {
    if (!isModule(module)) throw new ValueError(`ModuleList: expected a Module, got ${describe(module)}`);
    this.addModule(String(this.length), module);
    return this;
  }

  /** Adds modules at the end; gives this list. */
  extend(modules: Iterable<M>): this {
    if (typeof modules?.[Symbol.iterator] !== "function")
      throw new ValueError(`ModuleList: expected an array of modules, got ${describe(modules)}`);
    for (const module of [...modules]) this.append(module);
    return this;
  }

  /** Puts a module in before `index`. */
  insert(index: number, module: M): void {
    this.renumber([...this].toSpliced(index, 0, module));
  }

  /** Takes the module at `index` out, and gives it. */
  pop(index = -1): M {
    const module = this.at(index);
    this.renumber([...this].toSpliced(index, 1));
    return module;
  }

  private renumber(modules: readonly M[]): void {
    for (const [name] of modulesIn(this)) Reflect.deleteProperty(this, name);
    this.extend(modules);
  }
}
