/** @file Says in an error which module of a model it came from. Costs nothing until one is thrown. */
import { TorchError } from "../../core/errors.ts";
import { className } from "../../format/python-names.ts";
import { joined, walk } from "./contents.ts";
import type { Module } from "./module.ts";

/** Where an error has been seen on its way out. */
interface Place {
  readonly message: string;
  readonly stack: string | undefined;
  /** The outermost module that it has passed, and the path from there to where it was thrown; */
  module: Module;
  path: string;
  /** until one calls a module that it does not hold. */
  lost: boolean;
}

const places = new WeakMap<TorchError, Place>();

/** Notes that `error` leaves `module`; its text names the path to the innermost module that it left. */
export function located(error: unknown, module: Module): unknown {
  if (!(error instanceof TorchError)) return error;
  const place = places.get(error);
  if (place === undefined) {
    const { message, stack } = error;
    places.set(error, { message, stack, module, path: "", lost: false });
    return error;
  }
  if (place.lost || place.module === module) return error;
  const step = pathTo(place.module, module);
  if (step === null) {
    place.lost = true;
    return error;
  }
  place.module = module;
  place.path = place.path === "" ? step : joined(step, place.path);
  error.message = `${place.message} (in ${place.path} of ${className(module)})`;
  // The stack begins with the text as it was when the error was made.
  if (place.stack !== undefined) error.stack = place.stack.replace(place.message, () => error.message);
  return error;
}

function pathTo(inner: Module, outer: Module): string | null {
  for (const [path, node] of walk(outer)) if (node === inner) return path;
  return null;
}
