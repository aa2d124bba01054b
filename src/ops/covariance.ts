/** @file Covariance and correlation of variables, each a row of observations. */
import { bool, Category, int64 } from "../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { complex } from "./complex.ts";
import { checkInt, checkTensor } from "./params.ts";

interface CovOptions {
  correction?: number;
  fweights?: Tensor | null;
  aweights?: Tensor | null;
}

function checkWeights(name: "fweights" | "aweights", weights: Tensor, observations: number): Tensor {
  checkTensor("cov", weights, name);
  const expected = (what: string, got: string) => `cov: expected ${name} ${what}, got ${got}`;
  if (weights.ndim > 1) throw new ShapeError(expected("as a vector", `shape ${shapeText(weights.shape)}`));
  if (name === "fweights" && weights.dtype.category !== Category.Integral)
    throw new DTypeError(expected("of an integer dtype", `${weights.dtype}`));
  if (name === "aweights" && !weights.dtype.isFloatingPoint)
    throw new DTypeError(expected("of a floating-point dtype", `${weights.dtype}`));
  if (weights.numel() !== observations)
    throw new ShapeError(expected(`with one element for each of ${observations} observations`, `${weights.numel()}`));
  if (observations > 0 && !(weights.detach().min().item() >= 0))
    throw new ValueError(expected("of at least 0", `${weights.detach().min().item()}`));
  return weights;
}

/**
 * Covariance matrix of variables. PyTorch: `torch.cov`.
 *
 * @param input - `[variables, observations]`, or a vector for one variable
 * @param args - `correction` (1): what is taken off the number of observations; `fweights`: how often each was made, integers;
 *   `aweights`: how much each weighs
 * @returns `[variables, variables]`; of one variable a number
 * @throws ShapeError for more dimensions or weights that do not fit, DTypeError for bools, ValueError for negative weights
 * @example
 * torch.cov(torch.tensor([[0, 1, 2], [2, 1, 0.5]])) // tensor([[ 1.0000, -0.7500],
 *                                                   //         [-0.7500,  0.5833]])
 */
export function cov(input: Tensor, ...args: Call<[], CovOptions>): Tensor {
  checkTensor("cov", input);
  const names = ["correction", "fweights", "aweights"] as const;
  const { correction = 1, fweights = null, aweights = null } = bind<CovOptions>("cov", names, args);
  checkInt("cov", "correction", correction);
  if (input.ndim > 2) throw new ShapeError(`cov: expected at most 2 dimensions, got shape ${shapeText(input.shape)}`);
  if (input.dtype === bool) throw new DTypeError(`cov: expected a numeric dtype, got ${bool}`);
  const x = input.ndim < 2 ? input.reshape(1, -1) : input;
  const observations = x.shape[1] as number;
  const f = fweights === null ? null : checkWeights("fweights", fweights, observations);
  const a = aweights === null ? null : checkWeights("aweights", aweights, observations);
  const w = f !== null && a !== null ? f.mul(a) : (f ?? a);
  const weighted = (t: Tensor) => (w === null ? t : t.mul(w));
  const total = w === null ? x.newFull([], observations, { dtype: int64 }) : w.sum();
  if (w !== null && total.detach().item() === 0)
    throw new ValueError("cov: expected weights with a sum other than 0, got 0");
  const centered = x.sub(weighted(x).sum(1).div(total).unsqueeze(1));
  const product = centered.matmul(weighted(centered).to(centered.dtype).t().conj());
  return product.div(degreesOfFreedom(total, w, a, correction)).squeeze();
}

/** What the squares are divided by; 0 where it would be negative. */
function degreesOfFreedom(total: Tensor, w: Tensor | null, a: Tensor | null, correction: number): Tensor {
  const reduced = w !== null && a !== null ? w.mul(a).sum().div(total).mul(correction) : correction;
  const freedom = correction === 0 ? total : total.sub(reduced);
  const real = freedom.dtype.isComplex ? freedom.real : freedom;
  return real.detach().item() > 0 ? freedom : freedom.mul(0);
}

/**
 * Correlation coefficients of variables. PyTorch: `torch.corrcoef`.
 *
 * @param input - `[variables, observations]`, or a vector for one variable
 * @example
 * torch.corrcoef(torch.tensor([[0, 1, 2], [2, 1, 0.5]])) // tensor([[ 1.0000, -0.9820],
 *                                                        //         [-0.9820,  1.0000]])
 */
export function corrcoef(input: Tensor): Tensor {
  checkTensor("corrcoef", input);
  if (input.ndim > 2)
    throw new ShapeError(`corrcoef: expected at most 2 dimensions, got shape ${shapeText(input.shape)}`);
  const c = cov(input);
  if (c.ndim === 0) return c.div(c);
  const d = c.diag();
  const deviation = (d.dtype.isComplex ? d.real : d).sqrt();
  const r = c.div(deviation.unsqueeze(1)).div(deviation.unsqueeze(0));
  // Rounding may have led out of [−1, 1].
  return r.dtype.isComplex ? complex(r.real.clamp(-1, 1), r.imag.clamp(-1, 1)) : r.clamp(-1, 1);
}
