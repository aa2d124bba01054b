/** @file NAdam. */
import type { Tensor } from "../core/tensor.ts";
import { arg, scalar } from "../expr/index.ts";
import type { Call } from "../ops/bind.ts";
import { zerosLike } from "../ops/creation.ts";
import { FusedOptimizer, type Move, rulesBy } from "./fused-optimizer.ts";
import { FusedUpdate } from "./fused-update.ts";
import { asStored, hostNumber, numberIn } from "./host-number.ts";
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

export interface NAdamOptions extends CommonOptions {
  /** Learning rate; 0.002 if not given. */
  lr: number;
  /** How much of the running averages of the gradient and of its square a step keeps; `[0.9, 0.999]` if not given. */
  betas: readonly [number, number];
  /** Keeps the divisor from 0; 1e-8 if not given. */
  eps: number;
  /** Pulls parameters towards 0. */
  weightDecay: number;
  /** How fast the momentum grows to its full size; 0.004 if not given. */
  momentumDecay: number;
  /** Shrinks the parameter instead of adding a penalty to the gradient. */
  decoupledWeightDecay: boolean;
}

const OPTIONS: OptionTable<NAdamOptions> = {
  lr: option(0.002, atLeast(0)),
  betas: option(tuple(0.9, 0.999), betas),
  eps: option(1e-8, atLeast(0)),
  weightDecay: option(0, atLeast(0)),
  momentumDecay: option(0.004, atLeast(0)),
  decoupledWeightDecay: option(false, flag),
  ...COMMON,
};

/**
 *     g ← ∇f(p) + λ·p, or p ← (1 − γλ)·p if decoupled   weight decay λ, learning rate γ
 *     μₜ ← β₁·(1 − ½·0.96^(t·ψ))                         momentum decay ψ
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     d ← √(v / (1 − β₂ᵗ)) + ε
 *     p ← p − γ·(1 − μₜ)/(1 − Πμ) · g/d − γ·μₜ₊₁/(1 − Πμ·μₜ₊₁) · m/d      Πμ = μ₁⋯μₜ
 */
const ruleFor = rulesBy((terms: { maximize: boolean; decay: boolean; shrink: boolean }) => {
  const g = gradient(terms);
  const m = averaged(arg("exp_avg"), g, scalar("beta1"), scalar("rest1"));
  const v = averaged(arg("exp_avg_sq"), g.mul(g), scalar("beta2"), scalar("rest2"));
  const d = v.div(scalar("correction")).sqrt().add(scalar("eps"));
  const p = terms.shrink ? scalar("keep").mul(param) : param;
  return new FusedUpdate({
    inputs: ["param", "grad", "exp_avg", "exp_avg_sq"],
    scalars: [
      ...["beta1", "rest1", "beta2", "rest2", "correction", "eps", "ofGradient", "ofAverage"],
      ...(terms.decay ? ["decay"] : terms.shrink ? ["keep"] : []),
    ],
    outputs: {
      param: p.sub(scalar("ofGradient").mul(g).div(d)).sub(scalar("ofAverage").mul(m).div(d)),
      exp_avg: m,
      exp_avg_sq: v,
    },
  });
});

/**
 * NAdam: Adam with Nesterov's momentum. PyTorch: `torch.optim.NAdam`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.002), `betas` (`[0.9, 0.999]`), `eps`, `weightDecay`, `momentumDecay` (0.004), `decoupledWeightDecay`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Dozat 2016, "Incorporating Nesterov Momentum into Adam"
 * @example
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.NAdam([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([0.8944, 1.8944], requires_grad=True)
 */
export class NAdam extends FusedOptimizer<NAdamOptions> {
  static readonly printedName: string = "NAdam";

  constructor(
    params: Params<NAdamOptions>,
    ...args: Call<
      [
        lr: number,
        betas: readonly [number, number],
        eps: number,
        weightDecay: number,
        momentumDecay: number,
        decoupledWeightDecay: boolean,
      ],
      Partial<NAdamOptions>
    >
  ) {
    super(params, withDefaults("NAdam", OPTIONS, args));
  }

  protected override check(group: ParamGroup<NAdamOptions>): void {
    checkOptions("NAdam", OPTIONS, group);
  }

  protected override begin(p: Tensor): ParamState {
    return { mu_product: hostNumber(1), exp_avg: zerosLike(p), exp_avg_sq: zerosLike(p) };
  }

  protected override move(group: ParamGroup<NAdamOptions>, step: number, state: ParamState): Move {
    const { lr, betas, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize } = group;
    const [beta1, beta2] = betas;
    const momentum = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [now, next] = [momentum(step), momentum(step + 1)];
    const product = muProduct(state.mu_product as Tensor, now);
    const decay = weightDecay !== 0 && !decoupledWeightDecay;
    const shrink = weightDecay !== 0 && decoupledWeightDecay;
    const scalars = [beta1, 1 - beta1, beta2, 1 - beta2, 1 - beta2 ** step, eps];
    scalars.push((lr * (1 - now)) / (1 - product), (lr * next) / (1 - product * next));
    if (decay) scalars.push(weightDecay);
    if (shrink) scalars.push(1 - lr * weightDecay);
    return { update: ruleFor({ maximize, decay, shrink }), scalars, numbers: { mu_product: product } };
  }

  protected override get movesByState(): boolean {
    return true;
  }
}

const muProduct = (before: Tensor, mu: number) => asStored(before, numberIn(before) * asStored(before, mu));
