/** @file Tensors of a module by the name of their field, as the functions of `nn.utils` take and replace them. */
import { describe, ValueError } from "../../core/errors.ts";
import { Buffer, Parameter } from "../../core/parameter.ts";
import { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { isModule } from "../module/contents.ts";
import type { Module } from "../module/module.ts";
import { isUninitialized } from "../module/uninitialized.ts";

/** @throws ValueError if `x` is no module */
export function checkModule(op: string, x: unknown): asserts x is Module {
  if (!isModule(x)) throw new ValueError(`${op}: expected a Module, got ${describe(x)}`);
}

/**
 * The tensor in a field of `module`.
 * @throws ValueError if there is none, or it has no shape yet
 */
export function tensorOf(op: string, module: Module, name: string): Tensor {
  checkModule(op, module);
  const value: unknown = typeof name === "string" ? Reflect.get(module, name) : undefined;
  if (!(value instanceof Tensor))
    throw new ValueError(`${op}: expected the name of a tensor in ${className(module)}, got ${describe(name)}`);
  if (isUninitialized(value))
    throw new ValueError(`${op}: expected ${name} to have a shape; call the lazy module with a batch first`);
  return value;
}

/**
 * The parameter in a field of `module`.
 * @throws ValueError if there is none
 */
export function parameterOf(op: string, module: Module, name: string): Parameter {
  const tensor = tensorOf(op, module, name);
  if (!(tensor instanceof Parameter))
    throw new ValueError(
      `${op}: expected ${name} of ${className(module)} to be a Parameter, got a tensor that is none`,
    );
  return tensor;
}

/** Puts a tensor into a field: a parameter or buffer is registered by that, a plain tensor is not. */
export function setTensor(module: Module, name: string, tensor: Tensor): void {
  Object.defineProperty(module, name, { value: tensor, writable: true, enumerable: true, configurable: true });
}

export function deleteField(module: Module, name: string): void {
  Reflect.deleteProperty(module, name);
}

/** `tensor` as what `like` is in its module: a parameter, a buffer, or neither. */
export function ofKind(tensor: Tensor, like: Tensor): Tensor {
  if (like instanceof Parameter) return new Parameter(tensor.detach(), like.requiresGrad);
  return like instanceof Buffer ? new Buffer(tensor.detach(), like.persistent) : tensor;
}
