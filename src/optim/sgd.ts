/** @file Stochastic gradient descent. */
import { ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { arg, type Expr, scalar } from "../expr/index.ts";
import type { Call } from "../ops/bind.ts";
import { rulesBy } from "./fused-optimizer.ts";
import { FusedPass, FusedUpdate } from "./fused-update.ts";
import { Optimizer, type ParamGroup, type ParamState, type Params } from "./optimizer.ts";
import { atLeast, checkOptions, choice, flag, number, type OptionTable, option, withDefaults } from "./options.ts";

export interface SgdOptions {
  /** Learning rate; 0.001 if not given. */
  lr: number;
  /** How much of the last step goes into this one. */
  momentum: number;
  /** How much less of the gradient goes into the momentum. */
  dampening: number;
  /** Pulls parameters towards 0 (L2 penalty). */
  weightDecay: number;
  /** Looks ahead along the momentum. */
  nesterov: boolean;
  /** Goes up instead of down. */
  maximize: boolean;
  /** PyTorch's choices between its implementations; here there is one, and they change nothing. */
  foreach: boolean | null;
  differentiable: boolean;
  fused: boolean | null;
}

const OPTIONS: OptionTable<SgdOptions> = {
  lr: option(0.001, atLeast(0)),
  momentum: option(0, atLeast(0)),
  dampening: option(0, number),
  weightDecay: option(0, atLeast(0)),
  nesterov: option(false, flag),
  maximize: option(false, flag),
  foreach: option(null, choice),
  differentiable: option(false, flag),
  fused: option(null, choice),
};

/** Which terms an update has. */
interface Terms {
  readonly momentum: boolean;
  /** The first step with momentum: the buffer begins as the gradient. */
  readonly first: boolean;
  readonly dampening: boolean;
  readonly weightDecay: boolean;
  readonly nesterov: boolean;
  readonly maximize: boolean;
}

/**
 *     g ← ∇f(p)  (−∇f(p) to maximize)
 *     g ← g + λ·p                                  weight decay λ
 *     b ← g at first, then μ·b + (1 − τ)·g         momentum μ, dampening τ
 *     g ← g + μ·b with Nesterov, else b
 *     p ← p − γ·g                                  learning rate γ
 */
const ruleFor = rulesBy(({ momentum, first, dampening, weightDecay, nesterov, maximize }: Terms) => {
  const [param, buffer, grad] = [arg("param"), arg("buffer"), arg("grad")];
  const [lr, mu, keep, decay] = [scalar("lr"), scalar("momentum"), scalar("keep"), scalar("weightDecay")];
  let g: Expr = maximize ? grad.neg() : grad;
  if (weightDecay) g = decay.mul(param).add(g);
  const tail = weightDecay ? ["weightDecay"] : [];
  if (!momentum)
    return new FusedUpdate({
      inputs: ["param", "grad"],
      scalars: ["lr", ...tail],
      outputs: { param: param.sub(lr.mul(g)) },
    });
  const b = first ? g : mu.mul(buffer).add(dampening ? keep.mul(g) : g);
  const step = nesterov ? g.add(mu.mul(b)) : b;
  return new FusedUpdate({
    inputs: ["param", "buffer", "grad"],
    scalars: ["lr", "momentum", ...(dampening ? ["keep"] : []), ...tail],
    outputs: { param: param.sub(lr.mul(step)), buffer: b },
  });
});

/**
 * Stochastic gradient descent, with momentum where asked for. PyTorch: `torch.optim.SGD`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.001), `momentum`, `dampening`, `weightDecay`, `nesterov`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning"
 * @example
 * const model = new nn.Linear(2, 1);
 * const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * optimizer.zeroGrad();
 * F.mseLoss(model(torch.ones(4, 2)), torch.zeros(4, 1)).backward();
 * optimizer.step();
 */
export class SGD extends Optimizer<SgdOptions> {
  static readonly printedName: string = "SGD";

  constructor(
    params: Params<SgdOptions>,
    ...args: Call<
      [lr: number, momentum: number, dampening: number, weightDecay: number, nesterov: boolean],
      Partial<SgdOptions>
    >
  ) {
    super(params, withDefaults("SGD", OPTIONS, args));
  }

  protected override check(group: ParamGroup<SgdOptions>): void {
    checkOptions("SGD", OPTIONS, group);
    if (group.nesterov && (group.momentum <= 0 || group.dampening !== 0))
      throw new ValueError(
        `SGD: Nesterov momentum requires a momentum and zero dampening, got ${group.momentum} and ${group.dampening}`,
      );
  }

  protected override update(group: ParamGroup<SgdOptions>): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    const terms = {
      momentum: momentum !== 0,
      first: false,
      dampening: dampening !== 0,
      weightDecay: weightDecay !== 0,
      nesterov,
      maximize,
    };
    const scalars = [lr];
    if (momentum !== 0) {
      scalars.push(momentum);
      if (dampening !== 0) scalars.push(1 - dampening);
    }
    if (weightDecay !== 0) scalars.push(weightDecay);
    const usual = ruleFor(terms);
    const pass = new FusedPass("SGD");
    const begun: [ParamState, Tensor][] = [];
    for (const p of group.params) {
      const grad = this.gradOf(p);
      if (grad === null) continue;
      if (momentum === 0) {
        pass.add(usual, [p, grad], scalars);
        continue;
      }
      const state = this.stateOf(p);
      const { momentum_buffer: kept } = state;
      const first = !(kept instanceof Tensor);
      const buffer = first ? p.newEmpty(p.shape) : kept;
      pass.add(first ? ruleFor({ ...terms, first }) : usual, [p, buffer, grad], scalars);
      if (first) begun.push([state, buffer]);
    }
    pass.run();
    for (const [state, buffer] of begun) state.momentum_buffer = buffer;
  }
}
