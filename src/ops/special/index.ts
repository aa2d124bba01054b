/** @file `torch.special`: special functions, some of which `torch` has too, under the same name or another. */
export { exp2, expm1, log1p, logit, sigmoid as expit, xlogy } from "../pointwise/exponential.ts";
export { mvlgamma as multigammaln, polygamma } from "../pointwise/polygamma.ts";
export { round } from "../pointwise/rounding.ts";
export {
  digamma,
  digamma as psi,
  erf,
  erfc,
  erfinv,
  i0,
  igamma as gammainc,
  igammac as gammaincc,
  lgamma as gammaln,
} from "../pointwise/special.ts";
export { sinc } from "../pointwise/trigonometric.ts";
export { logsumexp } from "../reduce.ts";
export { logSoftmax, softmax } from "../softmax.ts";
export * from "./bessel.ts";
export * from "./normal.ts";
export * from "./polynomials.ts";
