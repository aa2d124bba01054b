/** @file Weight normalization as a parametrization. */
import { noGrad } from "../../../autograd/modes.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { Module } from "../../module/module.ts";
import { tensorOf } from "../module-tensor.ts";
import { registerParametrization } from "../parametrize/register.ts";
import { normDim, normExceptDim, scaledToNorm } from "../weight-norm.ts";

class WeightNorm extends Module {
  static readonly printedName: string = "_WeightNorm";
  private readonly dim: number;

  constructor(dim: number) {
    super();
    this.dim = dim;
  }

  override forward(weightG: Tensor, weightV: Tensor): Tensor {
    return scaledToNorm(weightV, weightG, this.dim);
  }

  rightInverse(weight: Tensor): Tensor[] {
    return noGrad(() => [normExceptDim(weight, this.dim), weight]);
  }
}

/**
 * Gives a weight its length and its direction as parameters of their own: `weight = g · v / ‖v‖`, with `g` in
 * `parametrizations.weight.original0` and `v` in `original1`. A state_dict of the older `weightNorm` loads.
 * PyTorch: `torch.nn.utils.parametrizations.weight_norm`.
 *
 * @param args - `name` ("weight"), `dim` (0): each slice along it has a length of its own; `null`: the whole has one
 * @returns the module itself
 * @see Salimans and Kingma 2016, arXiv:1602.07868
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(20, 40));
 * layer.getParameter("parametrizations.weight.original0").shape // [40, 1]
 */
export function weightNorm<M extends Module>(
  module: M,
  ...args: Call<[name: string, dim: number | null], { name?: string; dim?: number | null }>
): M {
  const op = "weightNorm";
  const { name = "weight", dim = 0 } = bind<{ name?: string; dim?: number | null }>(op, ["name", "dim"], args);
  const norm = new WeightNorm(normDim(op, tensorOf(op, module, name), dim));
  registerParametrization(module, name, norm, { unsafe: true });
  module.registerLoadStateDictPreHook((m, state, prefix) => {
    const key = `${prefix}${m.stateNameOf(name)}`;
    const [g, v] = [`${key}_g`, `${key}_v`];
    if (!(g in state && v in state)) return;
    const original = `${prefix}parametrizations.${m.stateNameOf(name)}.original`;
    for (const [i, old] of [g, v].entries()) {
      state[`${original}${i}`] = state[old];
      Reflect.deleteProperty(state, old);
    }
  });
  return module;
}
