/** @file Adagrad. */
import type { Tensor } from "../core/tensor.ts";
import { arg, scalar } from "../expr/index.ts";
import type { Call } from "../ops/bind.ts";
import { fullLike } from "../ops/creation.ts";
import { FusedOptimizer, type Move, rulesBy } from "./fused-optimizer.ts";
import { FusedUpdate } from "./fused-update.ts";
import type { ParamGroup, ParamState, Params } from "./optimizer.ts";
import { atLeast, checkOptions, choice, flag, type OptionTable, option, withDefaults } from "./options.ts";
import { gradient, param } from "./terms.ts";

export interface AdagradOptions {
  /** Learning rate; 0.01 if not given. */
  lr: number;
  /** How fast the learning rate falls. */
  lrDecay: number;
  /** Pulls parameters towards 0 (L2 penalty). */
  weightDecay: number;
  /** What the sums of squares begin with. */
  initialAccumulatorValue: number;
  /** Keeps the divisor from 0; 1e-10 if not given. */
  eps: number;
  /** PyTorch's choices between its implementations; here there is one, and they change nothing. */
  foreach: boolean | null;
  /** Goes up instead of down. */
  maximize: boolean;
  differentiable: boolean;
  fused: boolean | null;
}

const OPTIONS: OptionTable<AdagradOptions> = {
  lr: option(0.01, atLeast(0)),
  lrDecay: option(0, atLeast(0)),
  weightDecay: option(0, atLeast(0)),
  initialAccumulatorValue: option(0, atLeast(0)),
  eps: option(1e-10, atLeast(0)),
  foreach: option<boolean | null>(null, choice),
  maximize: option(false, flag),
  differentiable: option(false, flag),
  fused: option<boolean | null>(null, choice),
};

/**
 *     g ← ∇f(p) + λ·p                              weight decay λ
 *     s ← s + g²
 *     p ← p − γ/(1 + (t − 1)·η) · g / (√s + ε)     learning rate γ, its decay η
 */
const ruleFor = rulesBy((terms: { maximize: boolean; decay: boolean }) => {
  const g = gradient(terms);
  const sum = arg("sum").add(g.mul(g));
  return new FusedUpdate({
    inputs: ["param", "grad", "sum"],
    scalars: ["stepSize", "eps", ...(terms.decay ? ["decay"] : [])],
    outputs: { param: param.sub(scalar("stepSize").mul(g.div(sum.sqrt().add(scalar("eps"))))), sum },
  });
});

/**
 * Adagrad: divides the gradient by the root of the sum of all its squares so far. PyTorch: `torch.optim.Adagrad`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.01), `lrDecay`, `weightDecay`, `initialAccumulatorValue`, `eps`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Duchi et al. 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization"
 * @example
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.Adagrad([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([0.5000, 1.5000], requires_grad=True)
 */
export class Adagrad extends FusedOptimizer<AdagradOptions> {
  static readonly printedName: string = "Adagrad";

  constructor(
    params: Params<AdagradOptions>,
    ...args: Call<
      [
        lr: number,
        lrDecay: number,
        weightDecay: number,
        initialAccumulatorValue: number,
        eps: number,
        foreach: boolean | null,
      ],
      Partial<AdagradOptions>
    >
  ) {
    super(params, withDefaults("Adagrad", OPTIONS, args));
  }

  /** Adds parameters to what is optimized; their state begins here, not at the first step. PyTorch: `Optimizer.add_param_group`. */
  override addParamGroup(paramGroup: Parameters<FusedOptimizer<AdagradOptions>["addParamGroup"]>[0]): void {
    super.addParamGroup(paramGroup);
    const group = this.paramGroups.at(-1) as ParamGroup<AdagradOptions>;
    for (const p of group.params) this.begun(p, group);
  }

  protected override check(group: ParamGroup<AdagradOptions>): void {
    checkOptions("Adagrad", OPTIONS, group);
  }

  protected override begin(p: Tensor, { initialAccumulatorValue: value }: ParamGroup<AdagradOptions>): ParamState {
    return { sum: fullLike(p, p.dtype.isComplex ? { re: value, im: value } : value) };
  }

  protected override move(group: ParamGroup<AdagradOptions>, step: number): Move {
    const { lr, lrDecay, weightDecay, eps, maximize } = group;
    const decay = weightDecay !== 0;
    const scalars = [lr / (1 + (step - 1) * lrDecay), eps];
    if (decay) scalars.push(weightDecay);
    return { update: ruleFor({ maximize, decay }), scalars };
  }
}
