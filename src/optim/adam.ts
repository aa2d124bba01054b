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
  checkOptions,
  choice,
  flag,
  type OptionTable,
  option,
  tuple,
  withDefaults,
} from "./options.ts";

export interface AdamOptions {
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
  /** Goes up instead of down. */
  maximize: boolean;
  /** PyTorch's choices between its implementations; here there is one, and they change nothing. */
  foreach: boolean | null;
  capturable: boolean;
  differentiable: boolean;
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
  maximize: option(false, flag),
  foreach: option(null, choice),
  capturable: option(false, flag),
  differentiable: option(false, flag),
  fused: option(null, choice),
  decoupledWeightDecay: option(false, flag),
};

interface Terms {
  readonly amsgrad: boolean;
  readonly decay: boolean;
  readonly decoupled: boolean;
  readonly maximize: boolean;
}

/**
 *     g ← ∇f(p)  (−∇f(p) to maximize)
 *     g ← g + λ·p, or p ← (1 − γλ)·p if decoupled  weight decay λ, learning rate γ
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     u ← v, or the greatest v so far              AMSGrad
 *     p ← p − γ/(1 − β₁ᵗ) · m / (√u / √(1 − β₂ᵗ) + ε)
 */
const ruleFor = rulesBy(({ amsgrad, decay, decoupled, maximize }: Terms) => {
  const [param, grad] = [arg("param"), arg("grad")];
  const [m, v, greatest] = [arg("exp_avg"), arg("exp_avg_sq"), arg("max_exp_avg_sq")];
  const shrunk = decay && decoupled ? scalar("keep").mul(param) : param;
  const signed = maximize ? grad.neg() : grad;
  const g = decay && !decoupled ? scalar("decay").mul(param).add(signed) : signed;
  const average = scalar("beta1").mul(m).add(scalar("rest1").mul(g));
  const square = scalar("beta2")
    .mul(v)
    .add(scalar("rest2").mul(g.mul(g)));
  const used = amsgrad ? greatest.max(square) : square;
  const divisor = used.sqrt().mul(scalar("correction")).add(scalar("eps"));
  const outputs: Record<string, Expr> = {
    param: shrunk.sub(scalar("stepSize").mul(average).div(divisor)),
    exp_avg: average,
    exp_avg_sq: square,
  };
  if (amsgrad) outputs.max_exp_avg_sq = used;
  return new FusedUpdate({
    inputs: ["param", "grad", "exp_avg", "exp_avg_sq", ...(amsgrad ? ["max_exp_avg_sq"] : [])],
    scalars: [
      "beta1",
      "rest1",
      "beta2",
      "rest2",
      "stepSize",
      "correction",
      "eps",
      ...(decay ? [decoupled ? "keep" : "decay"] : []),
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
    const { lr, betas, eps, weightDecay, amsgrad, maximize, decoupledWeightDecay: decoupled } = group;
    const [beta1, beta2] = betas;
    const decay = weightDecay !== 0;
    const scalars = [beta1, 1 - beta1, beta2, 1 - beta2];
    scalars.push(lr / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step), eps);
    if (decay) scalars.push(decoupled ? 1 - lr * weightDecay : weightDecay);
    return { update: ruleFor({ amsgrad, decay, decoupled: decay && decoupled, maximize }), scalars };
  }
}
