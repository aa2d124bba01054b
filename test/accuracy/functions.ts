/**
 * @file The float32 functions whose accuracy is claimed (docs/accuracy.md): what is called, its value in float64, and how far
 * off it may be. `scripts/ulp.ts` proves the limits over all 2^32 inputs, `float32.test.ts` samples them.
 */

import { PRIMITIVES } from "../../src/expr/primitives.ts";
import * as torch from "../../src/index.ts";

const F = torch.nn.functional;

export interface Measured {
  readonly f: (...x: torch.Tensor[]) => torch.Tensor;
  /** In float64. Absent: not to float64's accuracy everywhere, so that only the script's references will do. */
  readonly exact?: (...x: number[]) => number;
  /** Units in the last place of the exact value. */
  readonly limit: number;
  /** An absolute error that does not count. */
  readonly floor?: number;
  /** The worst inputs that scripts/ulp.ts found, on one instruction set or another. */
  readonly worst?: readonly number[];
  /** Takes two operands, so all of them are out of reach. */
  readonly binary?: true;
}

const softplus = (x: number) => (x > 20 ? x : Math.log1p(Math.exp(x)));
const sigmoid = PRIMITIVES.sigmoid.eval;
const ndtr = (x: number) => 0.5 * PRIMITIVES.erfc.eval(-x * Math.SQRT1_2);
const geluTanh = (x: number) => x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * x * (1 + 0.044715 * x * x)));

export const FUNCTIONS: Readonly<Record<string, Measured>> = {
  exp: { f: torch.exp, exact: PRIMITIVES.exp.eval, limit: 1.1, worst: [26.7286339, -5.87788439, -59.9218788] },
  exp2: { f: torch.exp2, exact: PRIMITIVES.exp2.eval, limit: 1 },
  expm1: { f: torch.expm1, exact: PRIMITIVES.expm1.eval, limit: 1 },
  log: { f: torch.log, exact: PRIMITIVES.log.eval, limit: 1, worst: [1.41364205] },
  log2: { f: torch.log2, exact: PRIMITIVES.log2.eval, limit: 1 },
  log10: { f: torch.log10, exact: PRIMITIVES.log10.eval, limit: 1 },
  log1p: { f: torch.log1p, exact: PRIMITIVES.log1p.eval, limit: 1 },
  rsqrt: { f: torch.rsqrt, exact: PRIMITIVES.rsqrt.eval, limit: 1.5, worst: [1.18276583e-38] },
  sin: { f: torch.sin, exact: PRIMITIVES.sin.eval, limit: 1 },
  cos: { f: torch.cos, exact: PRIMITIVES.cos.eval, limit: 1 },
  tan: { f: torch.tan, exact: PRIMITIVES.tan.eval, limit: 1 },
  asin: { f: torch.asin, exact: PRIMITIVES.asin.eval, limit: 1 },
  acos: { f: torch.acos, exact: PRIMITIVES.acos.eval, limit: 1 },
  atan: { f: torch.atan, exact: PRIMITIVES.atan.eval, limit: 1 },
  sinh: { f: torch.sinh, exact: PRIMITIVES.sinh.eval, limit: 1 },
  cosh: { f: torch.cosh, exact: PRIMITIVES.cosh.eval, limit: 1 },
  tanh: { f: torch.tanh, exact: PRIMITIVES.tanh.eval, limit: 1.5, worst: [0.00776717532, 3.81238604] },
  asinh: { f: torch.asinh, exact: PRIMITIVES.asinh.eval, limit: 1 },
  acosh: { f: torch.acosh, exact: PRIMITIVES.acosh.eval, limit: 1 },
  atanh: { f: torch.atanh, exact: PRIMITIVES.atanh.eval, limit: 1 },
  erf: { f: torch.erf, exact: PRIMITIVES.erf.eval, limit: 1.25, worst: [0.951880336] },
  erfc: { f: torch.erfc, exact: PRIMITIVES.erfc.eval, limit: 1 },
  erfinv: { f: torch.erfinv, exact: PRIMITIVES.erfinv.eval, limit: 1 },
  ndtr: { f: torch.special.ndtr, exact: ndtr, limit: 1 },
  logNdtr: { f: torch.special.logNdtr, limit: 2 },
  lgamma: { f: torch.lgamma, limit: 1 },
  digamma: { f: torch.digamma, limit: 1 },
  sigmoid: { f: torch.sigmoid, exact: sigmoid, limit: 2, worst: [-4.1572938, -5.84265709, -5.87433767] },
  logsigmoid: {
    f: F.logsigmoid,
    exact: (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))),
    limit: 1.5,
    worst: [6.23793316],
  },
  softplus: { f: (x) => F.softplus(x), exact: softplus, limit: 1.5, worst: [-6.23793316] },
  logit: { f: (x) => torch.logit(x), exact: PRIMITIVES.logit.eval, limit: 1, worst: [0.492199093] },
  silu: { f: (x) => F.silu(x), exact: (x) => x * sigmoid(x), limit: 2, worst: [-3.20445943, -5.93834734] },
  mish: { f: (x) => F.mish(x), exact: (x) => x * Math.tanh(softplus(x)), limit: 1 },
  elu: { f: (x) => F.elu(x), exact: (x) => (x > 0 ? x : Math.expm1(x)), limit: 1 },
  gelu: {
    f: (x) => F.gelu(x),
    exact: (x) => x * ndtr(x),
    limit: 2.25,
    worst: [-1.3292197, -2.51037717, -5.2, 0.329639524],
  },
  geluTanh: { f: (x) => F.gelu(x, "tanh"), exact: geluTanh, limit: 1 },
  pow: { f: torch.pow, exact: PRIMITIVES.pow.eval, limit: 1, binary: true },
  hypot: { f: torch.hypot, exact: PRIMITIVES.hypot.eval, limit: 1, binary: true },
  xlogy: { f: torch.xlogy, exact: (x, y) => (x === 0 ? 0 : x * Math.log(y)), limit: 2, binary: true },
  atan2: { f: torch.atan2, exact: PRIMITIVES.atan2.eval, limit: 1, binary: true },
};
