/** @file Adamax. */
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
  type OptionTable,
  option,
  tuple,
  withDefaults,
} from "./options.ts";
import { averaged, gradient, param } from "./terms.ts";

export interface AdamaxOptions extends CommonOptions {
  /** Learning rate; 0.002 if not given. */
  lr: number;
  /** How much of the running average of the gradient and of its greatest magnitude a step keeps; `[0.9, 0.999]` if not given. */
  betas: readonly [number, number];
  /** Keeps the divisor from 0; 1e-8 if not given. */
  eps: number;
  /** Pulls parameters towards 0 (L2 penalty). */
  weightDecay: number;
}

const OPTIONS: OptionTable<AdamaxOptions> = {
  lr: option(0.002, atLeast(0)),
  betas: option(tuple(0.9, 0.999), betas),
  eps: option(1e-8, atLeast(0)),
  weightDecay: option(0, atLeast(0)),
  ...COMMON,
};

/**
 *     g ← ∇f(p) + λ·p                              weight decay λ
 *     m ← β₁·m + (1 − β₁)·g
 *     u ← max(β₂·u, |g| + ε)
 *     p ← p − γ/(1 − β₁ᵗ) · m / u                  learning rate γ
 */
const ruleFor = rulesBy((terms: { maximize: boolean; decay: boolean }) => {
  const g = gradient(terms);
  const m = averaged(arg("exp_avg"), g, scalar("beta1"), scalar("rest1"));
  const u = scalar("beta2")
    .mul(arg("exp_inf"))
    .max(g.abs().add(scalar("eps")));
  return new FusedUpdate({
    inputs: ["param", "grad", "exp_avg", "exp_inf"],
    scalars: ["beta1", "rest1", "beta2", "eps", "stepSize", ...(terms.decay ? ["decay"] : [])],
    outputs: { param: param.sub(scalar("stepSize").mul(m.div(u))), exp_avg: m, exp_inf: u },
  });
});

/**
 * Adamax: Adam with the greatest magnitude of the gradient instead of the root of its average square. PyTorch: `torch.optim.Adamax`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.002), `betas` (`[0.9, 0.999]`), `eps`, `weightDecay`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Kingma & Ba 2014, "Adam: A Method for Stochastic Optimization", section 7
 * @example
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.Adamax([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([0.5000, 1.5000], requires_grad=True)
 */
export class Adamax extends FusedOptimizer<AdamaxOptions> {
  static readonly printedName: string = "Adamax";

  constructor(
    params: Params<AdamaxOptions>,
    ...args: Call<
      [lr: number, betas: readonly [number, number], eps: number, weightDecay: number],
      Partial<AdamaxOptions>
    >
  ) {
    super(params, withDefaults("Adamax", OPTIONS, args));
  }

  protected override check(group: ParamGroup<AdamaxOptions>): void {
    checkOptions("Adamax", OPTIONS, group);
  }

  protected override begin(p: Tensor): ParamState {
    return { exp_avg: zerosLike(p), exp_inf: zerosLike(p) };
  }

  protected override move(group: ParamGroup<AdamaxOptions>, step: number): Move {
    const { lr, betas, eps, weightDecay, maximize } = group;
    const [beta1, beta2] = betas;
    const decay = weightDecay !== 0;
    const scalars = [beta1, 1 - beta1, beta2, eps, lr / (1 - beta1 ** step)];
    if (decay) scalars.push(weightDecay);
    return { update: ruleFor({ maximize, decay }), scalars };
  }
}
