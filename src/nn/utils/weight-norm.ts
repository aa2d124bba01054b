/** @file Weight normalization in its older form: length and direction as parameters, put together before each call. */
import { noGrad } from "../../autograd/modes.ts";
import { describe, IndexError, ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { vectorNorm } from "../../ops/linalg/vector-norm.ts";
import type { Module } from "../module/module.ts";
import { attachComputed, type ComputedTensor, computedOf, detachComputed } from "./computed-tensor.ts";
import { deleteField, parameterOf, setTensor, tensorOf } from "./module-tensor.ts";

/** The 2-norm over all dimensions but `dim`, which all stay; over everything for −1. PyTorch: `torch.norm_except_dim`. */
export function normExceptDim(v: Tensor, dim: number): Tensor {
  if (dim === -1) return vectorNorm(v);
  return vectorNorm(v, { dim: v.shape.flatMap((_, i) => (i === dim ? [] : [i])), keepdim: true });
}

/** `g · v / ‖v‖`. PyTorch: `torch._weight_norm`. */
export function scaledToNorm(v: Tensor, g: Tensor, dim: number): Tensor {
  return v.mul(g.div(normExceptDim(v, dim)));
}

/** A dimension that keeps its norms, as −1 where there is none. */
export function normDim(op: string, weight: Tensor, dim: number | null): number {
  if (dim === null) return -1;
  if (!Number.isInteger(dim) || dim < -1 || dim >= Math.max(weight.ndim, 1))
    throw new IndexError(
      `${op}: expected a dimension within [0, ${weight.ndim - 1}], -1 or null, got ${describe(dim)}`,
    );
  return dim;
}

class WeightNorm implements ComputedTensor {
  readonly tensorName: string;
  readonly dim: number;

  constructor(name: string, dim: number) {
    this.tensorName = name;
    this.dim = dim;
  }

  compute(module: Module): Tensor {
    const part = (suffix: string) => tensorOf("weightNorm", module, `${this.tensorName}${suffix}`);
    return scaledToNorm(part("V"), part("G"), this.dim);
  }
}

const normOf = (module: Module, name: string) =>
  computedOf(module).find((c) => c instanceof WeightNorm && c.tensorName === name);

/**
 * Gives a weight its length and its direction as parameters of their own: `weight = g · v / ‖v‖`. The parameter `name` becomes the
 * two parameters `nameG` and `nameV` (in the state_dict `name_g` and `name_v`). PyTorch: `torch.nn.utils.weight_norm`, which is
 * deprecated in favour of `nn.utils.parametrizations.weightNorm`.
 *
 * @param args - `name` ("weight"), `dim` (0): each slice along it has a length of its own; `null`: the whole has one
 * @returns the module itself
 * @see Salimans and Kingma 2016, arXiv:1602.07868
 * @example
 * const layer = nn.utils.weightNorm(new nn.Linear(20, 40));
 * layer.namedParameters().map(([name, p]) => `${name} ${p.shape}`) // ["bias 40", "weight_g 40,1", "weight_v 40,20"]
 */
export function weightNorm<M extends Module>(
  module: M,
  ...args: Call<[name: string, dim: number | null], { name?: string; dim?: number | null }>
): M {
  const op = "weightNorm";
  const { name = "weight", dim = 0 } = bind<{ name?: string; dim?: number | null }>(op, ["name", "dim"], args);
  if (normOf(module, name) !== undefined)
    throw new ValueError(`${op}: expected ${name} of ${className(module)} to have no weightNorm yet, got one that has`);
  const weight = parameterOf(op, module, name);
  const norm = new WeightNorm(name, normDim(op, weight, dim));
  deleteField(module, name);
  module.registerParameter(`${name}G`, new Parameter(noGrad(() => normExceptDim(weight, norm.dim))));
  module.registerParameter(`${name}V`, new Parameter(weight.detach()));
  setTensor(module, name, norm.compute(module));
  attachComputed(module, norm);
  return module;
}

/**
 * Makes the weight one parameter again, with its present value. PyTorch: `torch.nn.utils.remove_weight_norm`.
 * @param name - the weight; "weight" if not given
 * @throws ValueError if the module has no weightNorm on it
 */
export function removeWeightNorm<M extends Module>(module: M, name = "weight"): M {
  const norm = normOf(module, name);
  if (norm === undefined)
    throw new ValueError(`removeWeightNorm: expected weightNorm on ${name} of ${className(module)}, which has none`);
  const weight = noGrad(() => norm.compute(module));
  detachComputed(module, norm);
  for (const suffix of ["", "G", "V"]) deleteField(module, `${name}${suffix}`);
  module.registerParameter(name, new Parameter(weight));
  return module;
}
