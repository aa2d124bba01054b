/** @file RAdam. */
import type { Tensor } from "../core/tensor.ts";
import { arg, scalar } from "../expr/index.ts";
import type { Call } from "../ops/bind.ts";
import { zerosLike } from "../ops/creation.ts";
import { FusedOptimizer, type Move, rulesBy } from "./fused-optimizer.ts";
import { FusedUpdate } from "./fused-update.ts";
import type { ParamGroup, ParamState, Params } from "./optimizer.ts";
import {
  atLeast,
  betas,
  COMMON,
  type CommonOptions,
  checkOptions,
  flag,
  type OptionTable,
  option,
  tuple,
  withDefaults,
} from "./options.ts";
import { averaged, gradient, param } from "./terms.ts";

export interface RAdamOptions extends CommonOptions {
  /** Learning rate; 0.001 if not given. */
  lr: number;
  /** How much of the running averages of the gradient and of its square a step keeps; `[0.9, 0.999]` if not given. */
  betas: readonly [number, number];
  /** Keeps the divisor from 0; 1e-8 if not given. */
  eps: number;
  /** Pulls parameters towards 0. */
  weightDecay: number;
  /** Shrinks the parameter instead of adding a penalty to the gradient. */
  decoupledWeightDecay: boolean;
}

const OPTIONS: OptionTable<RAdamOptions> = {
  lr: option(0.001, atLeast(0)),
  betas: option(tuple(0.9, 0.999), betas),
  eps: option(1e-8, atLeast(0)),
  weightDecay: option(0, atLeast(0)),
  decoupledWeightDecay: option(false, flag),
  ...COMMON,
};

/**
 *     g ← ∇f(p) + λ·p, or p ← (1 − γλ)·p if decoupled   weight decay λ, learning rate γ
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     ρ∞ = 2/(1 − β₂) − 1,  ρ = ρ∞ − 2t·β₂ᵗ/(1 − β₂ᵗ)
 *     r = √((ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ))
 *     p ← p − γ·m/(1 − β₁ᵗ) · r·√(1 − β₂ᵗ)/(√v + ε)     where ρ > 5
 *     p ← p − γ·m/(1 − β₁ᵗ)                              elsewhere
 */
const ruleFor = rulesBy((terms: { maximize: boolean; decay: boolean; shrink: boolean; rectified: boolean }) => {
  const g = gradient(terms);
  const m = averaged(arg("exp_avg"), g, scalar("beta1"), scalar("rest1"));
  const v = averaged(arg("exp_avg_sq"), g.mul(g), scalar("beta2"), scalar("rest2"));
  const p = terms.shrink ? scalar("keep").mul(param) : param;
  const move = scalar("stepSize").mul(m);
  return new FusedUpdate({
    inputs: ["param", "grad", "exp_avg", "exp_avg_sq"],
    scalars: [
      ...["beta1", "rest1", "beta2", "rest2", "stepSize"],
      ...(terms.rectified ? ["eps"] : []),
      ...(terms.decay ? ["decay"] : terms.shrink ? ["keep"] : []),
    ],
    outputs: {
      param: p.sub(terms.rectified ? move.div(v.sqrt().add(scalar("eps"))) : move),
      exp_avg: m,
      exp_avg_sq: v,
    },
  });
});

/**
 * RAdam: Adam that waits with dividing until the average square is to be trusted. PyTorch: `torch.optim.RAdam`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.001), `betas` (`[0.9, 0.999]`), `eps`, `weightDecay`, `decoupledWeightDecay`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Liu et al. 2019, "On the Variance of the Adaptive Learning Rate and Beyond"
 * @example
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.RAdam([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([0.8000, 1.6000], requires_grad=True)
 */
export class RAdam extends FusedOptimizer<RAdamOptions> {
  static readonly printedName: string = "RAdam";

  constructor(
    params: Params<RAdamOptions>,
    ...args: Call<
      [lr: number, betas: readonly [number, number], eps: number, weightDecay: number, decoupledWeightDecay: boolean],
      Partial<RAdamOptions>
    >
  ) {
    super(params, withDefaults("RAdam", OPTIONS, args));
  }

  protected override check(group: ParamGroup<RAdamOptions>): void {
    checkOptions("RAdam", OPTIONS, group);
  }

  protected override begin(p: Tensor): ParamState {
    return { exp_avg: zerosLike(p), exp_avg_sq: zerosLike(p) };
  }

  protected override move(group: ParamGroup<RAdamOptions>, step: number): Move {
    const { lr, betas, eps, weightDecay, decoupledWeightDecay, maximize } = group;
    const [beta1, beta2] = betas;
    const correction = 1 - beta2 ** step;
    const most = 2 / (1 - beta2) - 1;
    const rho = most - (2 * step * beta2 ** step) / correction;
    const rectified = rho > 5;
    const r = rectified ? Math.sqrt(((rho - 4) * (rho - 2) * most * correction) / ((most - 4) * (most - 2) * rho)) : 1;
    const decay = weightDecay !== 0 && !decoupledWeightDecay;
    const shrink = weightDecay !== 0 && decoupledWeightDecay;
    const scalars = [beta1, 1 - beta1, beta2, 1 - beta2, (lr * r) / (1 - beta1 ** step)];
    if (rectified) scalars.push(eps);
    if (decay) scalars.push(weightDecay);
    if (shrink) scalars.push(1 - lr * weightDecay);
    return { update: ruleFor({ maximize, decay, shrink, rectified }), scalars };
  }
}
