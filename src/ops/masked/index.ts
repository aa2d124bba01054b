/** @file `torch.masked`: reductions and normalizations of the elements that a mask leaves in. */

export { cumprod, cumsum, logaddexp, logSoftmax, normalize, softmax, softmin } from "./normalizations.ts";
export {
  amax,
  amin,
  argmax,
  argmin,
  logsumexp,
  mean,
  median,
  norm,
  prod,
  std,
  sum,
  variance as var,
} from "./reductions.ts";
