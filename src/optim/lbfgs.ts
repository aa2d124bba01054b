/** @file L-BFGS. */
import { enableGrad, noGrad } from "../autograd/modes.ts";
import { describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import type { Call } from "../ops/bind.ts";
import { viewAsReal } from "../ops/complex.ts";
import { cat } from "../ops/joining.ts";
import { Optimizer, type ParamGroup, type ParamGroupInput, type ParamState, type Params } from "./optimizer.ts";
import {
  atLeast,
  checkOptions,
  type Domain,
  number,
  type OptionTable,
  option,
  whole,
  withDefaults,
} from "./options.ts";
import { type LinePoint, strongWolfe } from "./strong-wolfe.ts";

export interface LbfgsOptions {
  /** Scales each step; 1 if not given. */
  lr: number;
  /** The most iterations of a step; 20 if not given. */
  maxIter: number;
  /** The most evaluations of a step; 1.25 times as many as iterations if not given. */
  maxEval: number | null;
  /** A gradient whose elements are all at most this is 0; 1e-7 if not given. */
  toleranceGrad: number;
  /** A smaller change of parameters or loss ends the step; 1e-9 if not given. */
  toleranceChange: number;
  /** How many iterations the curvature is read from; 100 if not given. */
  historySize: number;
  /** How far to go along a direction: `lr`, or searched for. */
  lineSearchFn: "strong_wolfe" | null;
}

const search: Domain<unknown> = { text: '"strong_wolfe" or null', has: (x) => x === null || x === "strong_wolfe" };
const count: Domain<unknown> = { text: "a whole number, or null", has: (x) => x === null || whole.has(x as never) };

const OPTIONS: OptionTable<LbfgsOptions> = {
  lr: option(1, atLeast(0)),
  maxIter: option(20, whole),
  maxEval: option<number | null>(null, count),
  toleranceGrad: option(1e-7, number),
  toleranceChange: option(1e-9, number),
  historySize: option(100, whole),
  lineSearchFn: option<"strong_wolfe" | null>(null, search),
};

/** What a step leaves to the next, under PyTorch's names. */
interface History extends ParamState {
  func_evals: number;
  n_iter: number;
  /** Direction, and the step along it. */
  d?: Tensor;
  t?: number;
  /** Changes of gradient and of parameters, and one over their products. */
  old_dirs?: Tensor[];
  old_stps?: Tensor[];
  ro?: number[];
  /** The scale of the first guess of the inverse Hessian. */
  H_diag?: number;
  prev_flat_grad?: Tensor | null;
  prev_loss?: number;
}

/** The number in a tensor, or the number itself: PyTorch keeps some in tensors. */
const numberOf = (x: unknown): number => (x instanceof Tensor ? x.item() : Number(x));

const greatest = (x: Tensor): number => x.abs().max().item();

/**
 * Limited-memory BFGS: steps along the gradient times an inverse Hessian that is read from the last iterations. PyTorch: `torch.optim.LBFGS`.
 * All parameters are one group.
 *
 *     y ← g − g₋₁, s ← t·d                          gradient g, the last direction d and step t
 *     H₀ ← yᵀs / yᵀy
 *     d ← −H·g, by two loops over the pairs (y, s)
 *     p ← p + t·d                                  t = γ (at first min(1, 1/‖g‖₁)·γ), or by line search
 *
 * @param params - parameters
 * @param args - `lr` (1), `maxIter` (20), `maxEval`, `toleranceGrad` (1e-7), `toleranceChange` (1e-9), `historySize` (100),
 *   `lineSearchFn` (`"strong_wolfe"` or null)
 * @throws ValueError for an option out of its domain, or more than one group
 * @see Nocedal 1980, "Updating Quasi-Newton Matrices with Limited Storage"; Schmidt 2005, minFunc
 * @example
 * const w = torch.tensor([3, -2], { dtype: torch.float64, requiresGrad: true });
 * const optimizer = new torch.optim.LBFGS([w], { lineSearchFn: "strong_wolfe" });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = w.sub(1).square().sum();
 *   loss.backward();
 *   return loss;
 * });
 * w // tensor([1.0000, 1.0000], dtype=torch.float64, requires_grad=True)
 */
export class LBFGS extends Optimizer<LbfgsOptions> {
  static readonly printedName: string = "LBFGS";

  constructor(
    params: Params<LbfgsOptions>,
    ...args: Call<
      [
        lr: number,
        maxIter: number,
        maxEval: number | null,
        toleranceGrad: number,
        toleranceChange: number,
        historySize: number,
        lineSearchFn: "strong_wolfe" | null,
      ],
      Partial<LbfgsOptions>
    >
  ) {
    const options = withDefaults("LBFGS", OPTIONS, args);
    super(params, { ...options, maxEval: options.maxEval ?? Math.floor((options.maxIter * 5) / 4) });
  }

  /** Adds nothing: there is one group. */
  override addParamGroup(paramGroup: ParamGroupInput<LbfgsOptions>): void {
    if (this.paramGroups.length > 0)
      throw new ValueError("LBFGS: doesn't support per-parameter options: expected one parameter group, got another");
    super.addParamGroup(paramGroup);
  }

  protected override check(group: ParamGroup<LbfgsOptions>): void {
    checkOptions("LBFGS", OPTIONS, group);
  }

  /**
   * Minimizes for up to `maxIter` iterations.
   * @param closure - clears the gradients, computes the loss and its gradients, and gives it
   * @returns the loss before the step
   */
  override step(this: never): null;
  override step<L>(closure: () => L): L;
  override step<L>(closure?: () => L): L {
    if (typeof closure !== "function")
      throw new ValueError(`LBFGS: expected a closure that computes the loss, got ${describe(closure)}`);
    return super.step(closure);
  }

  protected override update(): void {}

  protected override advance<L>(closure: () => L): L {
    return noGrad(() => this.iterate(() => enableGrad(closure)));
  }

  private iterate<L>(closure: () => L): L {
    const group = this.paramGroups[0] as ParamGroup<LbfgsOptions>;
    const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn } = group;
    const { params } = group;
    // PyTorch keeps it with the first parameter.
    const state = this.stateOf(params[0] as Tensor) as History;
    state.func_evals ??= 0;
    state.n_iter ??= 0;

    const first = closure();
    let loss = numberOf(first);
    let evaluations = 1;
    state.func_evals++;
    let gradient = this.flatGradient();
    if (greatest(gradient) <= toleranceGrad) return first;

    let d = state.d ?? null;
    let gradientBefore = state.prev_flat_grad ?? null;
    let t = numberOf(state.t ?? 0);
    let scale = numberOf(state.H_diag ?? 1);
    const [ys, ss] = [state.old_dirs ?? [], state.old_stps ?? []];
    const rho = (state.ro ?? []).map(numberOf);
    let lossBefore = loss;

    for (let i = 1; i <= maxIter; i++) {
      state.n_iter++;
      if (d === null || gradientBefore === null) d = gradient.neg();
      else {
        const y = gradient.sub(gradientBefore);
        const s = d.mul(t);
        const product = y.dot(s).item();
        if (product > 1e-10) {
          if (ys.length === historySize) for (const list of [ys, ss, rho]) list.shift();
          ys.push(y);
          ss.push(s);
          rho.push(1 / product);
          scale = product / y.dot(y).item();
        }
        d = direction(gradient, ys, ss, rho, scale);
      }
      gradientBefore = gradient;
      lossBefore = loss;

      t = state.n_iter === 1 ? Math.min(1, 1 / gradient.abs().sum().item()) * lr : lr;
      const slope = gradient.dot(d).item();
      if (slope > -toleranceChange) break;

      let isOptimal = false;
      let spent = 0;
      if (lineSearchFn !== null) {
        const along = d;
        const origin = params.map((p) => p.clone());
        const at = (step: number): LinePoint => {
          this.addFlat(along, step);
          const f = numberOf(closure());
          const g = this.flatGradient();
          for (const [k, p] of params.entries()) p.copy_(origin[k] as Tensor);
          return { t: step, f, g, slope: g.dot(along).item() };
        };
        const start = { t: 0, f: loss, g: gradient, slope };
        const found = strongWolfe(start, at, { t, size: greatest(d), toleranceChange });
        ({ t, f: loss, g: gradient } = found.point);
        spent = found.evaluations;
        this.addFlat(d, t);
        isOptimal = greatest(gradient) <= toleranceGrad;
      } else {
        this.addFlat(d, t);
        // In a stochastic setting the value after the last iteration is of no use.
        if (i !== maxIter) {
          loss = numberOf(closure());
          gradient = this.flatGradient();
          isOptimal = greatest(gradient) <= toleranceGrad;
          spent = 1;
        }
      }
      evaluations += spent;
      state.func_evals += spent;
      if (evaluations >= (maxEval as number) || isOptimal) break;
      if (greatest(d) * Math.abs(t) <= toleranceChange || Math.abs(loss - lossBefore) < toleranceChange) break;
    }
    Object.assign(state, { d, t, old_dirs: ys, old_stps: ss, ro: rho, H_diag: scale });
    Object.assign(state, { prev_flat_grad: gradientBefore, prev_loss: lossBefore });
    return first;
  }

  /** All gradients, one after the other; parts of complex ones side by side. */
  private flatGradient(): Tensor {
    const { params } = this.paramGroups[0] as ParamGroup<LbfgsOptions>;
    return cat(params.map((p) => realParts(this.gradOf(p) ?? p.newZeros(p.shape)).reshape(-1)));
  }

  /** Moves all parameters along a direction. */
  private addFlat(d: Tensor, step: number): void {
    let at = 0;
    for (const p of (this.paramGroups[0] as ParamGroup<LbfgsOptions>).params) {
      const real = realParts(p);
      real.add_(d.narrow(0, at, real.numel()).view(real.shape), { alpha: step });
      at += real.numel();
    }
  }
}

const realParts = (t: Tensor): Tensor => (t.dtype.isComplex ? viewAsReal(t) : t);

/** `−H·g`, by two loops over what is known of the curvature. */
function direction(
  gradient: Tensor,
  ys: readonly Tensor[],
  ss: readonly Tensor[],
  rho: readonly number[],
  scale: number,
): Tensor {
  const q = gradient.neg();
  const alphas = new Array<number>(ys.length);
  for (let i = ys.length - 1; i >= 0; i--) {
    alphas[i] = (ss[i] as Tensor).dot(q).item() * (rho[i] as number);
    q.add_(ys[i] as Tensor, { alpha: -(alphas[i] as number) });
  }
  const r = q.mul_(scale);
  for (const [i, y] of ys.entries()) {
    const beta = y.dot(r).item() * (rho[i] as number);
    r.add_(ss[i] as Tensor, { alpha: (alphas[i] as number) - beta });
  }
  return r;
}
