/** @file Rprop. */
import type { Tensor } from "../core/tensor.ts";
import { arg, scalar, where } from "../expr/index.ts";
import type { Call } from "../ops/bind.ts";
import { fullLike, zerosLike } from "../ops/creation.ts";
import { FusedOptimizer, type Move, rulesBy } from "./fused-optimizer.ts";
import { FusedUpdate } from "./fused-update.ts";
import type { ParamGroup, ParamState, Params } from "./optimizer.ts";
import {
  atLeast,
  COMMON,
  type CommonOptions,
  checkOptions,
  type OptionTable,
  option,
  pair,
  tuple,
  withDefaults,
} from "./options.ts";
import { gradient, param } from "./terms.ts";

export interface RpropOptions extends CommonOptions {
  /** The size of the first step; 0.01 if not given. */
  lr: number;
  /** What a step is multiplied by when the gradient has changed its sign, and when it has not; `[0.5, 1.2]` if not given. */
  etas: readonly [number, number];
  /** The smallest and the largest step; `[1e-6, 50]` if not given. */
  stepSizes: readonly [number, number];
}

const { capturable, ...REST } = COMMON;
const OPTIONS: OptionTable<RpropOptions> = {
  lr: option(0.01, atLeast(0)),
  etas: option(
    tuple(0.5, 1.2),
    pair("two numbers, from above 0 to below 1 and above 1,", (minus, plus) => 0 < minus && minus < 1 && 1 < plus),
  ),
  stepSizes: option(
    tuple(1e-6, 50),
    pair("two numbers", () => true),
  ),
  capturable,
  ...REST,
};

/**
 *     g ← ∇f(p)
 *     η ← min(η·η⁺, η_max)                         where g·g₋₁ > 0
 *     η ← max(η·η⁻, η_min), g ← 0                  where g·g₋₁ < 0
 *     p ← p − η·sign(g)
 */
const ruleFor = rulesBy((terms: { maximize: boolean }) => {
  const g = gradient({ ...terms, decay: false });
  const product = g.mul(arg("prev"));
  const turned = product.lt(0);
  const factor = where(product.gt(0), scalar("plus"), where(turned, scalar("minus"), 1));
  const size = arg("step_size").mul(factor).max(scalar("least")).min(scalar("most"));
  const used = where(turned, 0, g);
  return new FusedUpdate({
    inputs: ["param", "grad", "prev", "step_size"],
    scalars: ["minus", "plus", "least", "most"],
    outputs: { param: param.sub(used.sign().mul(size)), prev: used, step_size: size },
  });
});

/**
 * Resilient backpropagation: each element has a step of its own, which grows while the sign of the gradient stays. PyTorch: `torch.optim.Rprop`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.01), `etas` (`[0.5, 1.2]`), `stepSizes` (`[1e-6, 50]`), `maximize`
 * @throws ValueError for an option out of its domain
 * @see Riedmiller & Braun 1993, "A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm"
 * @example
 * const w = torch.tensor([1, -2], { dtype: torch.float32, requiresGrad: true });
 * const optimizer = new torch.optim.Rprop([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([ 0.5000, -1.5000], requires_grad=True)
 */
export class Rprop extends FusedOptimizer<RpropOptions> {
  static readonly printedName: string = "Rprop";

  constructor(
    params: Params<RpropOptions>,
    ...args: Call<
      [lr: number, etas: readonly [number, number], stepSizes: readonly [number, number]],
      Partial<RpropOptions>
    >
  ) {
    super(params, withDefaults("Rprop", OPTIONS, args));
  }

  protected override check(group: ParamGroup<RpropOptions>): void {
    checkOptions("Rprop", OPTIONS, group);
  }

  protected override begin(p: Tensor, { lr }: ParamGroup<RpropOptions>): ParamState {
    return { prev: zerosLike(p), step_size: fullLike(p, p.dtype.isComplex ? { re: lr, im: lr } : lr) };
  }

  protected override move({ etas, stepSizes, maximize }: ParamGroup<RpropOptions>): Move {
    return { update: ruleFor({ maximize }), scalars: [...etas, ...stepSizes] };
  }
}
