/** @file Parameters in a list or by name. */
import { describe, IndexError, TorchError, ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import { Tensor } from "../../core/tensor.ts";
import { contentsOf } from "../module/contents.ts";
import { Module } from "../module/module.ts";
import { tensorLines } from "../module/print.ts";

/** A parameter as it is; another tensor becomes one. */
function toParameter(op: string, value: unknown): Parameter {
  if (value instanceof Parameter) return value;
  if (value instanceof Tensor) return new Parameter(value);
  throw new ValueError(`${op}: expected a Parameter, got ${describe(value)}`);
}

/**
 * Parameters in a list, in a module. PyTorch: `torch.nn.ParameterList`. A field that holds a plain array of parameters does the same.
 * @example
 * const scales = new nn.ParameterList([torch.ones(2), torch.zeros(3)]);
 * scales[0] // Parameter containing:
 *           // tensor([1., 1.], requires_grad=True)
 */
export class ParameterList extends Module {
  static readonly printedName: string = "ParameterList";
  [index: number]: Parameter;

  constructor(values: Iterable<Tensor> = []) {
    super();
    this.extend(values);
  }

  override stateNameOf(field: string): string {
    return field;
  }

  override forward(): never {
    throw new TorchError(
      "ParameterList: expected use of the parameters in it, got a call of the list, which has no forward",
    );
  }

  /** Number of parameters. */
  override get length(): number {
    return contentsOf(this).tensors.length;
  }

  *[Symbol.iterator](): Generator<Parameter> {
    for (const [, p] of contentsOf(this).tensors) yield p as Parameter;
  }

  /** The parameter at `index`; negative ones count from the end. */
  at(index: number): Parameter {
    const all = [...this];
    const found = Number.isInteger(index) ? all.at(index) : undefined;
    if (found === undefined)
      throw new IndexError(
        `ParameterList: expected an index within [${-all.length}, ${all.length - 1}], got ${describe(index)}`,
      );
    return found;
  }

  /** Adds a parameter at the end; gives this list. */
  append(value: Tensor): this {
    this.registerParameter(String(this.length), toParameter("ParameterList", value));
    return this;
  }

  /** Adds parameters at the end; gives this list. */
  extend(values: Iterable<Tensor>): this {
    if (typeof values?.[Symbol.iterator] !== "function" || values instanceof Tensor)
      throw new ValueError(`ParameterList: expected an array of parameters, got ${describe(values)}`);
    for (const value of [...values]) this.append(value);
    return this;
  }

  override extraRepr(): string {
    return tensorLines(contentsOf(this).tensors);
  }
}

type NamedTensors = Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]>;

/** Parameters by name, in a module. PyTorch: `torch.nn.ParameterDict`. A field that holds a plain record of parameters does the same. */
export class ParameterDict extends Module {
  static readonly printedName: string = "ParameterDict";

  constructor(parameters: NamedTensors = {}) {
    super();
    this.update(parameters);
  }

  override stateNameOf(field: string): string {
    return field;
  }

  override forward(): never {
    throw new TorchError(
      "ParameterDict: expected use of the parameters in it, got a call of the dict, which has no forward",
    );
  }

  /** Number of parameters. */
  override get length(): number {
    return this.entries().length;
  }

  /** @throws ValueError if there is no parameter of that name */
  get(key: string): Parameter {
    for (const [name, p] of this.entries()) if (name === key) return p;
    throw new ValueError(`ParameterDict: expected one of the keys ${this.keys().join(", ")}, got ${describe(key)}`);
  }

  has(key: string): boolean {
    return this.keys().includes(key);
  }

  set(key: string, value: Tensor): this {
    this.registerParameter(key, toParameter("ParameterDict", value));
    return this;
  }

  /** Adds parameters, or replaces those of the same name. */
  update(parameters: NamedTensors): void {
    const pairs = Symbol.iterator in parameters ? parameters : Object.entries(parameters);
    for (const [key, value] of pairs as Iterable<[string, Tensor]>) this.set(key, value);
  }

  /** Takes a parameter out, and gives it. */
  pop(key: string): Parameter {
    const p = this.get(key);
    Reflect.deleteProperty(this, key);
    return p;
  }

  clear(): void {
    for (const key of this.keys()) this.pop(key);
  }

  keys(): string[] {
    return this.entries().map(([key]) => key);
  }

  values(): Parameter[] {
    return this.entries().map(([, p]) => p);
  }

  entries(): [key: string, parameter: Parameter][] {
    return contentsOf(this).tensors.map(([key, p]) => [key, p as Parameter]);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.keys()[Symbol.iterator]();
  }

  override extraRepr(): string {
    return tensorLines(contentsOf(this).tensors, "type");
  }
}
