/** @file Adadelta. */
import type { Tensor } from "../core/tensor.ts";
import { arg, scalar } from "../expr/index.ts";
import type { Call } from "../ops/bind.ts";
import { zerosLike } from "../ops/creation.ts";
import { FusedOptimizer, type Move, rulesBy } from "./fused-optimizer.ts";
import { FusedUpdate } from "./fused-update.ts";
import type { ParamGroup, ParamState, Params } from "./optimizer.ts";
import {
  atLeast,
  COMMON,
  type CommonOptions,
  checkOptions,
  type OptionTable,
  option,
  withDefaults,
  within,
} from "./options.ts";
import { averaged, gradient, param } from "./terms.ts";

export interface AdadeltaOptions extends CommonOptions {
  /** Scales each step; 1 if not given. */
  lr: number;
  /** How much of the running averages of squares a step keeps; 0.9 if not given. */
  rho: number;
  /** Keeps roots and divisor from 0; 1e-6 if not given. */
  eps: number;
  /** Pulls parameters towards 0 (L2 penalty). */
  weightDecay: number;
}

const { foreach, ...REST } = COMMON;
const OPTIONS: OptionTable<AdadeltaOptions> = {
  lr: option(1, atLeast(0)),
  rho: option(0.9, within(0, 1)),
  eps: option(1e-6, atLeast(0)),
  weightDecay: option(0, atLeast(0)),
  foreach,
  ...REST,
};

/**
 *     g ← ∇f(p) + λ·p                              weight decay λ
 *     v ← ρ·v + (1 − ρ)·g²
 *     Δ ← √(u + ε) / √(v + ε) · g
 *     u ← ρ·u + (1 − ρ)·Δ²
 *     p ← p − γ·Δ                                  learning rate γ
 */
const ruleFor = rulesBy((terms: { maximize: boolean; decay: boolean }) => {
  const g = gradient(terms);
  const [rho, rest, eps] = [scalar("rho"), scalar("rest"), scalar("eps")];
  const v = averaged(arg("square_avg"), g.mul(g), rho, rest);
  const delta = arg("acc_delta").add(eps).sqrt().div(v.add(eps).sqrt()).mul(g);
  return new FusedUpdate({
    inputs: ["param", "grad", "square_avg", "acc_delta"],
    scalars: ["lr", "rho", "rest", "eps", ...(terms.decay ? ["decay"] : [])],
    outputs: {
      param: param.sub(scalar("lr").mul(delta)),
      square_avg: v,
      acc_delta: averaged(arg("acc_delta"), delta.mul(delta), rho, rest),
    },
  });
});

/**
 * Adadelta: steps in the units of the parameter, from running averages of squared gradients and squared steps. PyTorch: `torch.optim.Adadelta`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (1), `rho` (0.9), `eps`, `weightDecay`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Zeiler 2012, "ADADELTA: An Adaptive Learning Rate Method"
 * @example
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.Adadelta([w], { eps: 0.01 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([0.6877, 1.6848], requires_grad=True)
 */
export class Adadelta extends FusedOptimizer<AdadeltaOptions> {
  static readonly printedName: string = "Adadelta";

  constructor(
    params: Params<AdadeltaOptions>,
    ...args: Call<
      [lr: number, rho: number, eps: number, weightDecay: number, foreach: boolean | null],
      Partial<AdadeltaOptions>
    >
  ) {
    super(params, withDefaults("Adadelta", OPTIONS, args));
  }

  protected override check(group: ParamGroup<AdadeltaOptions>): void {
    checkOptions("Adadelta", OPTIONS, group);
  }

  protected override begin(p: Tensor): ParamState {
    return { square_avg: zerosLike(p), acc_delta: zerosLike(p) };
  }

  protected override move(group: ParamGroup<AdadeltaOptions>): Move {
    const { lr, rho, eps, weightDecay, maximize } = group;
    const decay = weightDecay !== 0;
    const scalars = [lr, rho, 1 - rho, eps];
    if (decay) scalars.push(weightDecay);
    return { update: ruleFor({ maximize, decay }), scalars };
  }
}
