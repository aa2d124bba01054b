/**
 * @file The error classes. A text starts with the op, then gives what was expected and what came:
 * `matmul: expected a.shape[1] == b.shape[0], got [2, 3] and [4, 5]`.
 */

/** Base of every error that this library throws on purpose. */
export class TorchError extends Error {}

/** Sets the printed name on the prototype, so that minifiers cannot change it. */
function named<T extends typeof TorchError>(name: string, type: T): T {
  Object.defineProperty(type.prototype, "name", { value: name, configurable: true });
  return type;
}

/** Sizes do not fit each other, or are not possible. */
export class ShapeError extends TorchError {}
/** A dtype that the op does not take, or two that do not go together. */
export class DTypeError extends TorchError {}
/** An index or a dimension out of range. */
export class IndexError extends TorchError {}
/** An argument that cannot be used: unknown option, wrong type, value out of its domain. */
export class ValueError extends TorchError {}
/** A device that is not there, or tensors on different devices. */
export class DeviceError extends TorchError {}
/** Backward through something that cannot be differentiated (twice), or was changed in place. */
export class AutogradError extends TorchError {}
/** A matrix that a factorization or solver cannot work with: singular, not positive-definite, not finite. */
export class LinAlgError extends TorchError {}
/** A file that cannot be read as a checkpoint, or holds what must not be loaded. */
export class CheckpointError extends TorchError {}

named("TorchError", TorchError);
named("ShapeError", ShapeError);
named("DTypeError", DTypeError);
named("IndexError", IndexError);
named("ValueError", ValueError);
named("DeviceError", DeviceError);
named("AutogradError", AutogradError);
named("LinAlgError", LinAlgError);
named("CheckpointError", CheckpointError);

/** Says in an error text what a value is: `Tensor`, `Array`, `"abc"`, `3`, `null`. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return value.name ? `function ${value.name}` : "a function";
  if (typeof value !== "object" || value === null) return String(value);
  const name = value.constructor?.name;
  return name && name !== "Object" ? name : "an object";
}
