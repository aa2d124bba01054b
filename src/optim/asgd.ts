/** @file ASGD. */
import type { Tensor } from "../core/tensor.ts";
import { arg, scalar } from "../expr/index.ts";
import type { Call } from "../ops/bind.ts";
import { zerosLike } from "../ops/creation.ts";
import { FusedOptimizer, type Move, rulesBy } from "./fused-optimizer.ts";
import { FusedUpdate } from "./fused-update.ts";
import { hostNumber, numberIn } from "./host-number.ts";
import type { ParamGroup, ParamState, Params } from "./optimizer.ts";
import {
  atLeast,
  COMMON,
  type CommonOptions,
  checkOptions,
  number,
  type OptionTable,
  option,
  withDefaults,
} from "./options.ts";
import { gradient, param } from "./terms.ts";

export interface AsgdOptions extends CommonOptions {
  /** Learning rate; 0.01 if not given. */
  lr: number;
  /** How fast parameters decay; 0.0001 if not given. */
  lambd: number;
  /** The power with which the step falls; 0.75 if not given. */
  alpha: number;
  /** The step from which on parameters are averaged; 1e6 if not given. */
  t0: number;
  /** Pulls parameters towards 0 (L2 penalty). */
  weightDecay: number;
}

const { foreach, ...REST } = COMMON;
const OPTIONS: OptionTable<AsgdOptions> = {
  lr: option(0.01, atLeast(0)),
  lambd: option(0.0001, number),
  alpha: option(0.75, number),
  t0: option(1e6, number),
  weightDecay: option(0, atLeast(0)),
  foreach,
  ...REST,
};

/**
 *     g ← ∇f(p) + λ·p                              weight decay λ
 *     p ← (1 − λ′·η)·p − η·g                       decay λ′, step η (the learning rate γ at first)
 *     a ← p while μ = 1, then a + μ·(p − a)
 *     η ← γ / (1 + λ′·γ·t)^α
 *     μ ← 1 / max(1, t − t₀)
 */
const ruleFor = rulesBy((terms: { maximize: boolean; decay: boolean; averages: boolean }) => {
  const moved = scalar("keep")
    .mul(param)
    .sub(scalar("eta").mul(gradient(terms)));
  const ax = arg("ax");
  return new FusedUpdate({
    inputs: ["param", "grad", "ax"],
    scalars: ["keep", "eta", ...(terms.averages ? ["mu"] : []), ...(terms.decay ? ["decay"] : [])],
    outputs: { param: moved, ax: terms.averages ? ax.add(moved.sub(ax).mul(scalar("mu"))) : moved },
  });
});

/**
 * Averaged stochastic gradient descent; the averages are in the state, as `ax`. PyTorch: `torch.optim.ASGD`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.01), `lambd` (0.0001), `alpha` (0.75), `t0` (1e6), `weightDecay`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Polyak & Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"
 * @example
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.ASGD([w], { lr: 0.25, t0: 0 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([0.5000, 1.0000], requires_grad=True)
 */
export class ASGD extends FusedOptimizer<AsgdOptions> {
  static readonly printedName: string = "ASGD";

  constructor(
    params: Params<AsgdOptions>,
    ...args: Call<
      [
        lr: number,
        lambd: number,
        alpha: number,
        t0: number,
        weightDecay: number,
        foreach: boolean | null,
        maximize: boolean,
        differentiable: boolean,
        capturable: boolean,
      ],
      Partial<AsgdOptions>
    >
  ) {
    super(params, withDefaults("ASGD", OPTIONS, args));
  }

  protected override check(group: ParamGroup<AsgdOptions>): void {
    checkOptions("ASGD", OPTIONS, group);
  }

  protected override begin(p: Tensor, { lr }: ParamGroup<AsgdOptions>): ParamState {
    return { eta: hostNumber(lr), mu: hostNumber(1), ax: zerosLike(p) };
  }

  protected override get movesByState(): boolean {
    return true;
  }

  protected override move(group: ParamGroup<AsgdOptions>, step: number, state: ParamState): Move {
    const { lr, lambd, alpha, t0, weightDecay, maximize } = group;
    const [eta, mu] = [numberIn(state.eta as Tensor), numberIn(state.mu as Tensor)];
    const [decay, averages] = [weightDecay !== 0, mu !== 1];
    const scalars = [1 - lambd * eta, eta];
    if (averages) scalars.push(mu);
    if (decay) scalars.push(weightDecay);
    const numbers = { eta: lr / (1 + lambd * lr * step) ** alpha, mu: 1 / Math.max(1, step - t0) };
    return { update: ruleFor({ maximize, decay, averages }), scalars, numbers };
  }
}
