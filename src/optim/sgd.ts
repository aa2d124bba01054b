/** @file Stochastic gradient descent. */
import { describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { arg, type Expr, scalar } from "../expr/index.ts";
import { bind, type Call } from "../ops/bind.ts";
import { FusedUpdate } from "./fused-update.ts";
import { Optimizer, type ParamGroup, type Params } from "./optimizer.ts";

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

const PARAMETERS = [
  "lr",
  "momentum",
  "dampening",
  "weightDecay",
  "nesterov",
  "maximize",
  "foreach",
  "differentiable",
  "fused",
] as const;
const DEFAULTS: SgdOptions = {
  lr: 0.001,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
  foreach: null,
  differentiable: false,
  fused: null,
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
function rule({ momentum, first, dampening, weightDecay, nesterov, maximize }: Terms): FusedUpdate {
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
}

const rules = new Map<string, FusedUpdate>();

function ruleFor(terms: Terms): FusedUpdate {
  const key = Object.values(terms).map(Number).join("");
  let found = rules.get(key);
  if (found === undefined) {
    found = rule(terms);
    rules.set(key, found);
  }
  return found;
}

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
    super(params, { ...DEFAULTS, ...bind<SgdOptions>("SGD", PARAMETERS, args) });
  }

  protected override check(group: ParamGroup<SgdOptions>): void {
    for (const name of ["lr", "momentum", "weightDecay"] as const) {
      const value = group[name];
      if (typeof value !== "number" || !(value >= 0))
        throw new ValueError(`SGD: expected a number of at least 0 as ${name}, got ${describe(value)}`);
    }
    if (typeof group.dampening !== "number")
      throw new ValueError(`SGD: expected a number as dampening, got ${describe(group.dampening)}`);
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
    for (const p of group.params) {
      const grad = this.gradOf(p);
      if (grad === null) continue;
      if (momentum === 0) {
        usual.run("SGD", [p, grad], scalars);
        continue;
      }
      const state = this.stateOf(p);
      const { momentum_buffer: kept } = state;
      const first = !(kept instanceof Tensor);
      const buffer = first ? p.newEmpty(p.shape) : kept;
      (first ? ruleFor({ ...terms, first }) : usual).run("SGD", [p, buffer, grad], scalars);
      state.momentum_buffer = buffer;
    }
  }
}
