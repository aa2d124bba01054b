/** @file Adafactor. */

import { finfo } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Call } from "../ops/bind.ts";
import { zerosLike } from "../ops/creation.ts";
import { hostNumber, numberIn, setNumber } from "./host-number.ts";
import { Optimizer, type ParamGroup, type Params } from "./optimizer.ts";
import {
  atLeast,
  checkOptions,
  choice,
  type Domain,
  flag,
  type OptionTable,
  option,
  tuple,
  withDefaults,
} from "./options.ts";

export interface AdafactorOptions {
  /** The largest relative step, and the scale of weight decay; 0.01 if not given. */
  lr: number;
  /** The power with which the rest of the running average's decay falls; −0.8 if not given. */
  beta2Decay: number;
  /** Keeps the divisor from 0 (null: the dtype's epsilon), and the step of small parameters; `[null, 0.001]` if not given. */
  eps: readonly [number | null, number];
  /** The largest root mean square of an update; 1 if not given. */
  d: number;
  /** Shrinks parameters, apart from the gradient. */
  weightDecay: number;
  /** PyTorch's choice between its implementations; here there is one, and it changes nothing. */
  foreach: boolean | null;
  /** Goes up instead of down. */
  maximize: boolean;
}

const isAtLeast0 = (x: unknown) => typeof x === "number" && x >= 0;
const atMost0: Domain<unknown> = { text: "a number of at most 0", has: (x) => typeof x === "number" && x <= 0 };
const epsilons: Domain<unknown> = {
  text: "two numbers of at least 0, the first of which may be null,",
  has: (x) => Array.isArray(x) && x.length === 2 && (x[0] === null || isAtLeast0(x[0])) && isAtLeast0(x[1]),
};

const OPTIONS: OptionTable<AdafactorOptions> = {
  lr: option(0.01, atLeast(0)),
  beta2Decay: option(-0.8, atMost0),
  eps: option<readonly [number | null, number]>(tuple(null, 0.001), epsilons),
  d: option(1, atLeast(1)),
  weightDecay: option(0, atLeast(0)),
  foreach: option<boolean | null>(null, choice),
  maximize: option(false, flag),
};

/** Root mean square. */
const rms = (x: Tensor): number => x.norm(2).item() / Math.sqrt(x.numel());

/**
 * Adafactor: Adam's divisor from the means of rows and columns alone, with steps relative to the parameter. PyTorch: `torch.optim.Adafactor`.
 *
 *     β₂ ← 1 − t^τ, ρ ← min(γ, 1/√t)               decay τ, learning rate γ
 *     α ← max(ε₂, RMS(p))·ρ
 *     p ← (1 − γλ)·p                               weight decay λ
 *     R ← β₂·R + (1 − β₂)·mean of g² along rows, C likewise along columns
 *     V ← R·C / max(mean of R, ε₁), or a running average of g² for vectors
 *     u ← g / max(√V, ε₁)
 *     p ← p − α·u / max(1, RMS(u)/d)
 *
 * @param params - real parameters, or groups of them with options of their own
 * @param args - `lr` (0.01), `beta2Decay` (−0.8), `eps` (`[null, 0.001]`), `d` (1), `weightDecay`, `maximize`
 * @throws ValueError for an option out of its domain; DTypeError for a complex parameter
 * @see Shazeer & Stern 2018, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost"
 * @example
 * const w = torch.tensor([3, -4], { dtype: torch.float64, requiresGrad: true });
 * const optimizer = new torch.optim.Adafactor([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w // tensor([ 2.6464, -3.6464], dtype=torch.float64, requires_grad=True)
 */
export class Adafactor extends Optimizer<AdafactorOptions> {
  static readonly printedName: string = "Adafactor";

  constructor(
    params: Params<AdafactorOptions>,
    ...args: Call<
      [lr: number, beta2Decay: number, eps: readonly [number | null, number], d: number, weightDecay: number],
      Partial<AdafactorOptions>
    >
  ) {
    super(params, withDefaults("Adafactor", OPTIONS, args));
  }

  protected override check(group: ParamGroup<AdafactorOptions>): void {
    checkOptions("Adafactor", OPTIONS, group);
    for (const { dtype } of group.params)
      if (dtype.isComplex) throw new DTypeError(`Adafactor: expected real parameters, got ${dtype}`);
  }

  protected override update(group: ParamGroup<AdafactorOptions>): void {
    const { lr, beta2Decay, eps, d, weightDecay, maximize } = group;
    for (const p of group.params) {
      const grad = this.gradOf(p);
      if (grad === null) continue;
      const state = this.stateOf(p);
      state.step ??= hostNumber(0);
      const step = numberIn(state.step as Tensor) + 1;
      setNumber(state.step as Tensor, step);
      const least = eps[0] ?? finfo(p.dtype).eps;
      const alpha = Math.max(eps[1], rms(p)) * Math.min(lr, 1 / Math.sqrt(step));
      if (weightDecay !== 0) p.mul_(1 - lr * weightDecay);
      const u = variance(state, grad, step ** beta2Decay, least)
        .clamp(least * least)
        .rsqrt_()
        .mul_(grad);
      p.add_(u, { alpha: ((maximize ? 1 : -1) * alpha) / Math.max(1, rms(u) / d) });
    }
  }
}

/** What the gradient's square is expected to be, whose running averages are in the state. */
function variance(state: Record<string, unknown>, grad: Tensor, rest: number, least: number): Tensor {
  if (grad.ndim < 2) {
    state.variance ??= zerosLike(grad);
    return (state.variance as Tensor).lerp_(grad.square(), rest);
  }
  state.row_var ??= grad.newZeros([...grad.shape.slice(0, -1), 1]);
  state.col_var ??= grad.newZeros([...grad.shape.slice(0, -2), 1, grad.shape.at(-1) as number]);
  const [rows, columns] = [state.row_var as Tensor, state.col_var as Tensor];
  const square = grad.square();
  rows.lerp_(square.mean(-1, true), rest);
  columns.lerp_(square.mean(-2, true), rest);
  return rows.mul(columns).div_(rows.mean(-2, true).clamp_(least));
}
