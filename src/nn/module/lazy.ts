/** @file Modules that learn the shapes of their parameters from their first input. */
import { noGrad } from "../../autograd/modes.ts";
import { TorchError } from "../../core/errors.ts";
import { className } from "../../format/python-names.ts";
import { contentsOf } from "./contents.ts";
import { Module } from "./module.ts";
import { isUninitialized } from "./uninitialized.ts";

/** What `LazyModuleMixin` adds to a class of modules. */
export interface LazyModule {
  /** Whether a parameter or buffer of this module has no shape yet. */
  hasUninitializedParams(): boolean;
  /** Gives all of them a shape and their first values, from the input of the first call. Not recorded. */
  // biome-ignore lint/suspicious/noExplicitAny: each module takes the arguments of its own forward
  initializeParameters(...inputs: any[]): void;
}

// biome-ignore lint/suspicious/noExplicitAny: TypeScript wants just this of classes that are mixed
type ClassOf<T> = abstract new (...args: any[]) => T;
type ModuleClass = ClassOf<Module>;

/** A class made lazy. */
export type LazyClass<B extends ModuleClass> = B &
  ClassOf<LazyModule> & {
    /** The class of a module once it is initialised: the one that was made lazy, unless it is `Module` itself. */
    clsToBecome: ModuleClass | null;
  };

/**
 * Makes a class of modules lazy: its `initializeParameters` is called with the input of the first call, and gives
 * `UninitializedParameter`s their shapes; from then on the module is of the class that was made lazy. PyTorch:
 * `torch.nn.modules.lazy.LazyModuleMixin`.
 *
 * @example
 * class LazyScale extends nn.LazyModuleMixin(nn.Module) {
 *   scale = new nn.UninitializedParameter();
 *   initializeParameters(input: Tensor) {
 *     if (this.hasUninitializedParams()) this.scale.materialize([input.shape[1] as number]);
 *     nn.init.ones_(this.scale);
 *   }
 *   forward(input: Tensor) {
 *     return input.mul(this.scale);
 *   }
 * }
 * const m = new LazyScale();
 * m.hasUninitializedParams() // true
 * m(torch.zeros(2, 3)).shape // [2, 3]
 * m.scale.shape              // [3]
 */
export function LazyModuleMixin<B extends ModuleClass>(Base: B): LazyClass<B> {
  abstract class Lazy extends Base implements LazyModule {
    static clsToBecome: ModuleClass | null = (Base as ModuleClass) === Module ? null : Base;

    // biome-ignore lint/suspicious/noExplicitAny: TypeScript wants just this constructor of a mixin
    constructor(...args: any[]) {
      super(...args);
      const { clsToBecome } = new.target;
      const hook = this.registerForwardPreHook((_, inputs) => {
        noGrad(() => this.initializeParameters(...inputs));
        if (this.hasUninitializedParams())
          throw new TorchError(
            `${className(this)}: expected initializeParameters to give every parameter its shape, got one without`,
          );
        hook.remove();
        if (clsToBecome !== null) Object.setPrototypeOf(this, clsToBecome.prototype);
      });
    }

    hasUninitializedParams(): boolean {
      return contentsOf(this).tensors.some(([, t]) => isUninitialized(t));
    }

    initializeParameters(..._: readonly unknown[]): void {
      throw new TorchError(`${className(this)}: expected a method initializeParameters, got none`);
    }
  }
  return Lazy as LazyClass<B>;
}
