/** @file RMSprop. */
import type { Tensor } from "../core/tensor.ts";
import { arg, type Expr, scalar } from "../expr/index.ts";
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
  flag,
  type OptionTable,
  option,
  withDefaults,
} from "./options.ts";
import { averaged, gradient, param } from "./terms.ts";

export interface RMSpropOptions extends CommonOptions {
  /** Learning rate; 0.01 if not given. */
  lr: number;
  /** How much of the running average of squares a step keeps; 0.99 if not given. */
  alpha: number;
  /** Keeps the divisor from 0; 1e-8 if not given. */
  eps: number;
  /** Pulls parameters towards 0 (L2 penalty). */
  weightDecay: number;
  /** How much of the last step goes into this one. */
  momentum: number;
  /** Divides by the standard deviation instead of the root of the average square. */
  centered: boolean;
}

const { capturable, foreach, ...REST } = COMMON;
const OPTIONS: OptionTable<RMSpropOptions> = {
  lr: option(0.01, atLeast(0)),
  alpha: option(0.99, atLeast(0)),
  eps: option(1e-8, atLeast(0)),
  weightDecay: option(0, atLeast(0)),
  momentum: option(0, atLeast(0)),
  centered: option(false, flag),
  capturable,
  foreach,
  ...REST,
};

interface Terms {
  readonly maximize: boolean;
  readonly decay: boolean;
  readonly momentum: boolean;
  readonly centered: boolean;
}

/**
 *     g ← ∇f(p) + λ·p                              weight decay λ
 *     v ← α·v + (1 − α)·g²
 *     a ← α·a + (1 − α)·g, d ← √(v − a²) + ε       if centered
 *     d ← √v + ε                                   elsewhere
 *     b ← μ·b + g/d, p ← p − γ·b                   with momentum μ, learning rate γ
 *     p ← p − γ·g/d                                without
 */
const ruleFor = rulesBy((terms: Terms) => {
  const g = gradient(terms);
  const [alpha, rest] = [scalar("alpha"), scalar("rest")];
  const v = averaged(arg("square_avg"), g.mul(g), alpha, rest);
  const a = averaged(arg("grad_avg"), g, alpha, rest);
  const d = (terms.centered ? v.sub(a.mul(a)) : v).sqrt().add(scalar("eps"));
  const b = terms.momentum ? scalar("momentum").mul(arg("momentum_buffer")).add(g.div(d)) : g.div(d);
  const outputs: Record<string, Expr> = { param: param.sub(scalar("lr").mul(b)), square_avg: v };
  if (terms.momentum) outputs.momentum_buffer = b;
  if (terms.centered) outputs.grad_avg = a;
  return new FusedUpdate({
    inputs: ["param", "grad", ...Object.keys(outputs).slice(1)],
    scalars: [
      ...["lr", "alpha", "rest", "eps"],
      ...(terms.momentum ? ["momentum"] : []),
      ...(terms.decay ? ["decay"] : []),
    ],
    outputs,
  });
});

/**
 * RMSprop: divides the gradient by the root of a running average of its square. PyTorch: `torch.optim.RMSprop`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.01), `alpha` (0.99), `eps`, `weightDecay`, `momentum`, `centered`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Hinton 2012, lecture 6 of "Neural Networks for Machine Learning"; Graves 2013, arXiv:1308.0850 (centered)
 * @example
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.RMSprop([w], { lr: 0.01 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([0.9000, 1.9000], requires_grad=True)
 */
export class RMSprop extends FusedOptimizer<RMSpropOptions> {
  static readonly printedName: string = "RMSprop";

  constructor(
    params: Params<RMSpropOptions>,
    ...args: Call<
      [
        lr: number,
        alpha: number,
        eps: number,
        weightDecay: number,
        momentum: number,
        centered: boolean,
        capturable: boolean,
        foreach: boolean | null,
        maximize: boolean,
        differentiable: boolean,
      ],
      Partial<RMSpropOptions>
    >
  ) {
    super(params, withDefaults("RMSprop", OPTIONS, args));
  }

  protected override check(group: ParamGroup<RMSpropOptions>): void {
    checkOptions("RMSprop", OPTIONS, group);
  }

  protected override begin(p: Tensor, { momentum, centered }: ParamGroup<RMSpropOptions>): ParamState {
    return {
      square_avg: zerosLike(p),
      ...(momentum > 0 ? { momentum_buffer: zerosLike(p) } : {}),
      ...(centered ? { grad_avg: zerosLike(p) } : {}),
    };
  }

  protected override move(group: ParamGroup<RMSpropOptions>): Move {
    const { lr, alpha, eps, weightDecay, momentum, centered, maximize } = group;
    const decay = weightDecay !== 0;
    const scalars = [lr, alpha, 1 - alpha, eps];
    if (momentum > 0) scalars.push(momentum);
    if (decay) scalars.push(weightDecay);
    return { update: ruleFor({ maximize, decay, momentum: momentum > 0, centered }), scalars };
  }
}
