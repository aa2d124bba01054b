/** @file Muon. */
import { bfloat16 } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Call } from "../ops/bind.ts";
import { zerosLike } from "../ops/creation.ts";
import { Optimizer, type ParamGroup, type Params } from "./optimizer.ts";
import {
  atLeast,
  checkOptions,
  type Domain,
  flag,
  number,
  type OptionTable,
  option,
  tuple,
  withDefaults,
} from "./options.ts";

/** How the learning rate is fitted to a matrix: as its inventors do, or so that steps are as large as AdamW's. */
export type AdjustLrFn = "original" | "match_rms_adamw";

export interface MuonOptions {
  /** Learning rate; 0.001 if not given. */
  lr: number;
  /** Shrinks parameters, apart from the gradient; 0.1 if not given. */
  weightDecay: number;
  /** How much of the running average of the gradient a step keeps; 0.95 if not given. */
  momentum: number;
  /** Looks ahead along the momentum; true if not given. */
  nesterov: boolean;
  /** Of the Newton–Schulz polynomial; `[3.4445, -4.775, 2.0315]` if not given. */
  nsCoefficients: readonly [number, number, number];
  /** Keeps the norm that is divided by from 0; 1e-7 if not given. */
  eps: number;
  /** Iterations of Newton–Schulz; 5 if not given. */
  nsSteps: number;
  /** `"original"` if not given. */
  adjustLrFn: AdjustLrFn | null;
}

const three: Domain<unknown> = {
  text: "three numbers",
  has: (x) => Array.isArray(x) && x.length === 3 && x.every((n) => typeof n === "number"),
};
const below100: Domain<unknown> = {
  text: "a whole number below 100",
  has: (x) => Number.isSafeInteger(x) && (x as number) < 100,
};
const adjust: Domain<unknown> = {
  text: '"original", "match_rms_adamw" or null',
  has: (x) => x === null || x === "original" || x === "match_rms_adamw",
};

const OPTIONS: OptionTable<MuonOptions> = {
  lr: option(0.001, atLeast(0)),
  weightDecay: option(0.1, atLeast(0)),
  momentum: option(0.95, atLeast(0)),
  nesterov: option(true, flag),
  nsCoefficients: option(tuple(3.4445, -4.775, 2.0315), three),
  eps: option(1e-7, number),
  nsSteps: option(5, below100),
  adjustLrFn: option<AdjustLrFn | null>(null, adjust),
};

/**
 * Makes all singular values about 1, by a polynomial that is iterated in bfloat16; its coefficients make small ones grow fast rather
 * than converge, so they end between 0.5 and 1.5.
 */
function orthogonalized(update: Tensor, { nsCoefficients: [a, b, c], nsSteps, eps }: MuonOptions): Tensor {
  const [rows, columns] = update.shape as [number, number];
  const isTall = rows > columns;
  let x = isTall ? update.to(bfloat16).T : update.to(bfloat16);
  x = x.div(x.norm().clamp(eps));
  for (let i = 0; i < nsSteps; i++) {
    const gram = x.matmul(x.T);
    x = x.addmm(gram.addmm(gram, gram, { beta: b, alpha: c }), x, { beta: a });
  }
  return isTall ? x.T : x;
}

/**
 * Muon: steps along an orthogonal matrix near the momentum; for the matrices of hidden layers, other parameters are left to another
 * optimizer. PyTorch: `torch.optim.Muon` (2.9).
 *
 *     b ← μ·b + (1 − μ)·g                          momentum μ
 *     o ← NS((1 − μ)·g + μ·b), or NS(b) without Nesterov
 *     p ← (1 − γλ)·p                               learning rate γ, weight decay λ
 *     p ← p − γ·√max(1, rows/columns)·o            (0.2·√max(rows, columns) to match AdamW)
 *
 * where NS is Newton–Schulz's iteration `x ← a·x + (b·xxᵀ + c·(xxᵀ)²)·x` of `x/‖x‖`.
 *
 * @param params - matrices, or groups of them with options of their own
 * @param args - `lr` (0.001), `weightDecay` (0.1), `momentum` (0.95), `nesterov` (true), `nsCoefficients`, `eps`, `nsSteps` (5), `adjustLrFn`
 * @throws ValueError for an option out of its domain; ShapeError for a parameter that is no matrix; DTypeError for a complex one
 * @see Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; Liu et al. 2025, "Muon is Scalable for LLM Training"
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Linear(4, 4));
 * const matrices = model.parameters().filter((p) => p.ndim === 2);
 * const optimizer = new torch.optim.Muon(matrices, { lr: 0.01 });
 * optimizer.zeroGrad();
 * model(torch.ones(1, 4)).sum().backward();
 * optimizer.step();
 */
export class Muon extends Optimizer<MuonOptions> {
  static readonly printedName: string = "Muon";

  constructor(
    params: Params<MuonOptions>,
    ...args: Call<
      [
        lr: number,
        weightDecay: number,
        momentum: number,
        nesterov: boolean,
        nsCoefficients: readonly [number, number, number],
        eps: number,
        nsSteps: number,
        adjustLrFn: AdjustLrFn | null,
      ],
      Partial<MuonOptions>
    >
  ) {
    super(params, withDefaults("Muon", OPTIONS, args));
  }

  protected override check(group: ParamGroup<MuonOptions>): void {
    checkOptions("Muon", OPTIONS, group);
    for (const { shape, dtype } of group.params) {
      if (shape.length !== 2)
        throw new ShapeError(`Muon: expected matrices as parameters, got shape ${shapeText(shape)}`);
      if (dtype.isComplex) throw new DTypeError(`Muon: expected real parameters, got ${dtype}`);
    }
  }

  protected override update(group: ParamGroup<MuonOptions>): void {
    const { lr, weightDecay, momentum, nesterov, adjustLrFn } = group;
    for (const p of group.params) {
      const grad = this.gradOf(p);
      if (grad === null) continue;
      const state = this.stateOf(p);
      state.momentum_buffer ??= zerosLike(grad);
      const buffer = (state.momentum_buffer as Tensor).lerp_(grad, 1 - momentum);
      const step = orthogonalized(nesterov ? grad.lerp(buffer, momentum) : buffer, group);
      const [rows, columns] = p.shape as [number, number];
      const fitted =
        adjustLrFn === "match_rms_adamw"
          ? 0.2 * Math.sqrt(Math.max(rows, columns))
          : Math.sqrt(Math.max(1, rows / columns));
      p.mul_(1 - lr * weightDecay);
      p.add_(step, { alpha: -lr * fitted });
    }
  }
}
