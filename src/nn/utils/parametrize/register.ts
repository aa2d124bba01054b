/** @file Registers parametrizations on a module, and takes them off again. */
import { noGrad } from "../../../autograd/modes.ts";
import { ValueError } from "../../../core/errors.ts";
import { Buffer, Parameter } from "../../../core/parameter.ts";
import { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { ModuleDict } from "../../containers/module-dict.ts";
import type { Module } from "../../module/module.ts";
import { checkModule, deleteField, setTensor, tensorOf } from "../module-tensor.ts";
import { tensorIn } from "./cached.ts";
import { checkResult, type Parametrization, ParametrizationList } from "./parametrization-list.ts";

type ModuleClass = abstract new (...args: never[]) => Module;

/** The parametrizations of a module by the state names of its tensors. */
function parametrizationsOf(module: Module): ModuleDict<ParametrizationList> | null {
  const found: unknown = Reflect.get(module, "parametrizations");
  return found instanceof ModuleDict ? found : null;
}

function listOf(module: Module, tensorName: string): ParametrizationList | null {
  const all = parametrizationsOf(module);
  const key = module.stateNameOf(tensorName);
  return all?.has(key) ? all.get(key) : null;
}

/** What the class was before the first parametrization, by the class that prints as `ParametrizedLinear`. */
const original = new WeakMap<object, ModuleClass>();

function parametrizedClass(type: ModuleClass, name: string): ModuleClass {
  abstract class Parametrized extends type {
    static readonly printedName: string = `Parametrized${name}`;
  }
  original.set(Parametrized, type);
  return Parametrized;
}

/**
 * Makes a parameter or buffer of a module the result of `parametrization`: reading `module.weight` computes it, and assigning to it
 * goes the way back. What it is computed of stands in `module.parametrizations.weight`, and in the state_dict as
 * `parametrizations.weight.original`. PyTorch: `torch.nn.utils.parametrize.register_parametrization`.
 *
 * @param tensorName - the field; a second parametrization of it takes what the first one gives
 * @param parametrization - a module from tensor to tensor, with a method `rightInverse` where it can be assigned to
 * @param options.unsafe - let it change shape and dtype
 * @returns the module itself
 * @throws DTypeError or ShapeError if the parametrization changes dtype or shape
 * @example
 * class Symmetric extends nn.Module {
 *   forward(x: Tensor) {
 *     return x.triu().add(x.triu(1).T);
 *   }
 * }
 * const layer = new nn.Linear(3, 3);
 * nn.utils.parametrize.registerParametrization(layer, "weight", new Symmetric());
 * torch.equal(layer.weight, layer.weight.T) // true
 * Object.keys(layer.stateDict()) // ["bias", "parametrizations.weight.original"]
 */
export function registerParametrization<M extends Module>(
  module: M,
  tensorName: string,
  parametrization: Parametrization,
  options: { unsafe?: boolean } = {},
): M {
  const op = "registerParametrization";
  const { unsafe = false } = bind<{ unsafe?: boolean }>(op, ["unsafe"], [options]);
  checkModule(op, module);
  checkModule(op, parametrization);
  parametrization.train(module.training);
  const present = listOf(module, tensorName);
  if (present !== null) {
    if (!unsafe) checkNext(tensorOf(op, module, tensorName), parametrization);
    present.append(parametrization);
    present.unsafe ||= unsafe;
    return module;
  }
  const tensor = tensorOf(op, module, tensorName);
  if (!(tensor instanceof Parameter || tensor instanceof Buffer))
    throw new ValueError(
      `${op}: expected ${tensorName} of ${className(module)} to be a parameter or buffer, got neither`,
    );
  const list = new ParametrizationList([parametrization], tensor, unsafe);
  let all = parametrizationsOf(module);
  if (all === null) {
    all = new ModuleDict<ParametrizationList>();
    module.registerModule("parametrizations", all);
    const type = module.constructor as ModuleClass;
    Object.setPrototypeOf(module, parametrizedClass(type, className(module)).prototype as object);
  }
  deleteField(module, tensorName);
  all.set(module.stateNameOf(tensorName), list);
  // Not enumerable, so that registration does not see it; with `this`, so that a copy of the module has its own.
  Object.defineProperty(module, tensorName, {
    get(this: Module): Tensor {
      return tensorIn(listOf(this, tensorName) as ParametrizationList);
    },
    set(this: Module, value: Tensor) {
      if (!(value instanceof Tensor)) throw new ValueError(`${tensorName}: expected a Tensor, got another value`);
      listOf(this, tensorName)?.rightInverse(value);
    },
    configurable: true,
  });
  return module;
}

/** Checks a parametrization of a tensor that is parametrized already. */
function checkNext(before: Tensor, parametrization: Parametrization): void {
  const after: unknown = parametrization(before);
  checkResult("the parametrization", after, before);
  if (parametrization.rightInverse !== undefined)
    checkResult("rightInverse", parametrization.rightInverse(after), before);
}

/**
 * Whether a module has parametrizations: any, or on one tensor. PyTorch: `torch.nn.utils.parametrize.is_parametrized`.
 */
export function isParametrized(module: Module, tensorName: string | null = null): boolean {
  const all = parametrizationsOf(module);
  return tensorName === null ? all !== null && all.length > 0 : listOf(module, tensorName) !== null;
}

/**
 * Makes a parametrized tensor a parameter (or buffer) again. PyTorch: `torch.nn.utils.parametrize.remove_parametrizations`.
 *
 * @param args - `leaveParametrized` (true): with the value that the parametrizations give; else with the original one, where it is one
 * @returns the module itself
 * @throws ValueError if the tensor is not parametrized
 */
export function removeParametrizations<M extends Module>(
  module: M,
  tensorName: string,
  ...args: Call<[leaveParametrized: boolean], { leaveParametrized?: boolean }>
): M {
  const op = "removeParametrizations";
  const { leaveParametrized = true } = bind<{ leaveParametrized?: boolean }>(op, ["leaveParametrized"], args);
  const list = listOf(module, tensorName);
  const all = parametrizationsOf(module);
  if (list === null || all === null)
    throw new ValueError(`${op}: expected a parametrization of ${tensorName} in ${className(module)}, got none`);
  const tensor = restored(op, list, leaveParametrized);
  deleteField(module, tensorName);
  all.pop(module.stateNameOf(tensorName));
  setTensor(module, tensorName, tensor);
  if (all.length === 0) {
    deleteField(module, "parametrizations");
    Object.setPrototypeOf(module, typeBeforeParametrizations(module).prototype as object);
  }
  return module;
}

function restored(op: string, list: ParametrizationList, leaveParametrized: boolean): Tensor {
  const [first] = list.originals() as [Tensor];
  if (list.isTensor) {
    if (leaveParametrized) first.data = noGrad(() => tensorIn(list)).detach();
    return first;
  }
  if (!leaveParametrized)
    throw new ValueError(`${op}: expected leaveParametrized for a tensor made of several originals, got false`);
  const value = tensorIn(list);
  return value.requiresGrad ? new Parameter(value.detach()) : new Buffer(value.detach());
}

/**
 * The class of a module before it was parametrized. PyTorch: `torch.nn.utils.parametrize.type_before_parametrizations`.
 */
export function typeBeforeParametrizations(module: Module): ModuleClass {
  const type = module.constructor as ModuleClass;
  return original.get(type) ?? type;
}

/**
 * Registers the parametrizations of one module on another, with the originals: the two share them from then on. PyTorch:
 * `torch.nn.utils.parametrize.transfer_parametrizations_and_params`.
 * @param tensorName - one tensor; all that are parametrized if not given
 * @returns `toModule`
 */
export function transferParametrizationsAndParams<M extends Module>(
  fromModule: Module,
  toModule: M,
  tensorName: string | null = null,
): M {
  const names = Object.getOwnPropertyNames(fromModule).filter((name) => listOf(fromModule, name) !== null);
  for (const name of tensorName === null ? names : names.filter((n) => n === tensorName)) {
    const from = listOf(fromModule, name) as ParametrizationList;
    if (!(name in toModule)) toModule.registerParameter(name, new Parameter(tensorIn(from).detach()));
    for (const parametrization of from)
      registerParametrization(toModule, name, parametrization, { unsafe: from.unsafe });
    const to = listOf(toModule, name) as ParametrizationList;
    for (const [i, tensor] of from.originals().entries())
      setTensor(to, to.isTensor ? "original" : `original${i}`, tensor);
  }
  return toModule;
}
