/** @file Modules one after the other. */
import { describe, IndexError, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { isReLU, reluOfLinear } from "../layers/linear-relu.ts";
import { isModule, modulesIn } from "../module/contents.ts";
import { Module } from "../module/module.ts";

type Modules = readonly Module[];
/** What the first of the modules takes; a tensor where they are not known one by one. */
type InputsOf<M extends Modules> = M extends readonly [infer First extends Module, ...Modules]
  ? Parameters<First["forward"]>
  : [input: Tensor];
/** What the last of the modules gives. */
type OutputOf<M extends Modules> = M extends readonly [...Modules, infer Last extends Module]
  ? ReturnType<Last["forward"]>
  : Tensor;

/** Modules by name, in order; a `Map` keeps the order of names such as "10" and "2" as well. */
export type NamedModules = Readonly<Record<string, Module>> | ReadonlyMap<string, Module>;

/**
 * Calls modules one after the other, each with the result of the one before. PyTorch: `torch.nn.Sequential`.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
 * model(torch.zeros(64, 784)).shape // [64, 10]
 * model[0]                          // Linear(in_features=784, out_features=128, bias=True)
 * new nn.Sequential({ hidden: new nn.Linear(4, 8), act: new nn.ReLU() });
 */
export class Sequential<M extends Modules = Modules> extends Module {
  static readonly printedName: string = "Sequential";
  readonly [index: number]: Module;

  constructor(...modules: M);
  constructor(modules: NamedModules);
  constructor(...args: readonly [NamedModules] | M) {
    super();
    const [first] = args;
    if (args.length === 1 && !isModule(first)) {
      if (typeof first !== "object" || first === null || Array.isArray(first))
        throw new ValueError(
          `Sequential: expected modules, or a record of them, got ${describe(first)}; spread an array: new nn.Sequential(...layers)`,
        );
      for (const [name, module] of first instanceof Map ? first : Object.entries(first)) this.put(name, module);
    } else for (const module of args as Modules) this.append(module);
  }

  private put(name: string, module: unknown): void {
    if (!isModule(module)) throw new ValueError(`Sequential: expected a Module as ${name}, got ${describe(module)}`);
    this.addModule(name, module);
  }

  override stateNameOf(field: string): string {
    return field;
  }

  /** Number of modules. */
  override get length(): number {
    return modulesIn(this).length;
  }

  /** The module at `index`; negative ones count from the end. */
  at(index: number): Module {
    const modules = [...this];
    const found = Number.isInteger(index) ? modules.at(index) : undefined;
    if (found === undefined)
      throw new IndexError(
        `Sequential: expected an index within [${-modules.length}, ${modules.length - 1}], got ${describe(index)}`,
      );
    return found;
  }

  /** A new Sequential of the modules from `start` to before `end`; they are shared. */
  slice(start?: number, end?: number): Sequential {
    return new Sequential(new Map(modulesIn(this).slice(start, end)));
  }

  *[Symbol.iterator](): Generator<Module> {
    for (const [, module] of modulesIn(this)) yield module;
  }

  /** Adds a module at the end; gives this Sequential. */
  append(module: Module): this {
    this.put(String(this.length), module);
    return this;
  }

  /** Adds modules at the end; gives this Sequential. */
  extend(modules: Iterable<Module>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  /** Puts a module in before `index`. */
  insert(index: number, module: Module): this {
    const modules = [...this];
    if (!Number.isInteger(index) || Math.abs(index) > modules.length)
      throw new IndexError(
        `Sequential: expected an index within [${-modules.length}, ${modules.length}], got ${describe(index)}`,
      );
    return this.renumber(modules.toSpliced(index, 0, module));
  }

  /** Takes the module at `index` out, and gives it. */
  pop(index = -1): Module {
    const module = this.at(index);
    const modules = [...this];
    this.renumber(modules.toSpliced(index, 1));
    return module;
  }

  private renumber(modules: readonly Module[]): this {
    for (const [name] of modulesIn(this)) Reflect.deleteProperty(this, name);
    for (const module of modules) this.append(module);
    return this;
  }

  override forward(...inputs: InputsOf<M>): OutputOf<M> {
    const modules: Module[] = [];
    for (const key of Object.keys(this)) {
      const module: unknown = Reflect.get(this, key);
      if (isModule(module)) modules.push(module);
    }
    let output: unknown = inputs[0];
    for (let i = 0; i < modules.length; i++) {
      const [module, next] = [modules[i] as Module, modules[i + 1]];
      const both = next !== undefined && inputs.length === 1 && isReLU(next) ? reluOfLinear(module, output) : null;
      if (both === null) output = i === 0 ? module(...inputs) : module(output);
      else {
        output = both;
        i++;
      }
    }
    return output as OutputOf<M>;
  }
}
