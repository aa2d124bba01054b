/** @file Adam. */
import type { Tensor } from "../core/tensor.ts";
import { arg, type Expr, scalar } from "../expr/index.ts";
import { className } from "../format/python-names.ts";
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
  choice,
  flag,
  type OptionTable,
  option,
  tuple,
  withDefaults,
} from "./options.ts";
import { averaged, gradient, param } from "./terms.ts";

export interface AdamOptions extends CommonOptions {
  /** Learning rate; 0.001 if not given. */
  lr: number;
  /** How much of the running averages of the gradient and of its square a step keeps; `[0.9, 0.999]` if not given. */
  betas: readonly [number, number];
  /** Keeps the divisor from 0; 1e-8 if not given. */
  eps: number;
  /** Pulls parameters towards 0. */
  weightDecay: number;
  /** Divides by the greatest average so far. */
  amsgrad: boolean;
  /** As `foreach`. */
  fused: boolean | null;
  /** Shrinks the parameter instead of adding a penalty to the gradient, as `AdamW`. */
  decoupledWeightDecay: boolean;
}

export const ADAM_OPTIONS: OptionTable<AdamOptions> = {
  lr: option(0.001, atLeast(0)),
  betas: option(tuple(0.9, 0.999), betas),
  eps: option(1e-8, atLeast(0)),
  weightDecay: option(0, atLeast(0)),
  amsgrad: option(false, flag),
  ...COMMON,
  fused: option<boolean | null>(null, choice),
  decoupledWeightDecay: option(false, flag),
};

interface Terms {
  readonly maximize: boolean;
  /** Weight decay as a penalty, or decoupled. */
  readonly decay: boolean;
  readonly shrink: boolean;
  readonly amsgrad: boolean;
}

/**
 *     g ← ∇f(p)  (−∇f(p) to maximize)
 *     g ← g + λ·p, or p ← (1 − γλ)·p if decoupled  weight decay λ, learning rate γ
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     u ← v, or the greatest v so far              AMSGrad
 *     p ← p − γ/(1 − β₁ᵗ) · m / (√u / √(1 − β₂ᵗ) + ε)
 */
const ruleFor = rulesBy((terms: Terms) => {
  const g = gradient(terms);
  const average = averaged(arg("exp_avg"), g, scalar("beta1"), scalar("rest1"));
  const square = averaged(arg("exp_avg_sq"), g.mul(g), scalar("beta2"), scalar("rest2"));
  const used = terms.amsgrad ? arg("max_exp_avg_sq").max(square) : square;
  const divisor = used.sqrt().mul(scalar("correction")).add(scalar("eps"));
  const p = terms.shrink ? scalar("keep").mul(param) : param;
  const outputs: Record<string, Expr> = {
    param: p.sub(scalar("stepSize").mul(average).div(divisor)),
    exp_avg: average,
    exp_avg_sq: square,
  };
  if (terms.amsgrad) outputs.max_exp_avg_sq = used;
  return new FusedUpdate({
    inputs: ["param", "grad", "exp_avg", "exp_avg_sq", ...(terms.amsgrad ? ["max_exp_avg_sq"] : [])],
    scalars: [
      ...["beta1", "rest1", "beta2", "rest2", "stepSize", "correction", "eps"],
      ...(terms.decay ? ["decay"] : terms.shrink ? ["keep"] : []),
    ],
    outputs,
  });
});

/**
 * Adam: steps along a running average of the gradient, divided by the root of that of its square. PyTorch: `torch.optim.Adam`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.001), `betas` (`[0.9, 0.999]`), `eps`, `weightDecay`, `amsgrad`, `maximize`, `decoupledWeightDecay`
 * @throws ValueError for an option out of its domain
 * @see Kingma & Ba 2014, "Adam: A Method for Stochastic Optimization"; Reddi et al. 2018, "On the Convergence of Adam and Beyond"
 * @example
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.Adam([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([0.9000, 1.9000], requires_grad=True)
 */
export class Adam extends FusedOptimizer<AdamOptions> {
  static readonly printedName: string = "Adam";

  constructor(
    params: Params<AdamOptions>,
    ...args: Call<
      [lr: number, betas: readonly [number, number], eps: number, weightDecay: number, amsgrad: boolean],
      Partial<AdamOptions>
    >
  ) {
    super(params, withDefaults("Adam", ADAM_OPTIONS, args));
  }

  protected override check(group: ParamGroup<AdamOptions>): void {
    checkOptions(className(this), ADAM_OPTIONS, group);
  }

  protected override begin(p: Tensor, { amsgrad }: ParamGroup<AdamOptions>): ParamState {
    return {
      exp_avg: zerosLike(p),
      exp_avg_sq: zerosLike(p),
      ...(amsgrad ? { max_exp_avg_sq: zerosLike(p) } : {}),
    };
  }

  protected override move(group: ParamGroup<AdamOptions>, step: number): Move {
    const { lr, betas, eps, weightDecay, amsgrad, maximize, decoupledWeightDecay } = group;
    const [beta1, beta2] = betas;
    const decay = weightDecay !== 0 && !decoupledWeightDecay;
    const shrink = weightDecay !== 0 && decoupledWeightDecay;
    const scalars = [beta1, 1 - beta1, beta2, 1 - beta2];
    scalars.push(lr / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step), eps);
    if (decay) scalars.push(weightDecay);
    if (shrink) scalars.push(1 - lr * weightDecay);
    return { update: ruleFor({ maximize, decay, shrink, amsgrad }), scalars };
  }
}
