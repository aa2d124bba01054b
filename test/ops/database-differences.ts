/**
 * @file Where PyTorch 1.13, which made the golden values, and this library differ on purpose. Each entry is a test that is skipped, and
 * prints its reason; one that hides nothing fails.
 */
import type { DTypeName } from "../../src/core/dtype.ts";

/** What of an operator's tests. */
export type Aspect = "values" | "strided inputs" | "gradients" | "in place" | "second gradients" | "finite differences";

export interface Difference {
  readonly aspect: Aspect;
  /** All of them, if not given. */
  readonly dtypes?: readonly DTypeName[];
  readonly reason: string;
}

const rounding: Difference = {
  aspect: "values",
  dtypes: ["bfloat16"],
  reason: "PyTorch 1.13 rounds between the terms of a sum; here it is of float32 and rounds once",
};
const blas: Difference = {
  aspect: "values",
  dtypes: ["complex64", "complex128"],
  reason: "Debian's PyTorch 1.13 gives 0 for complex dot products",
};
const storage: Difference = {
  aspect: "strided inputs",
  reason: "what it gives depends on how its input lies in memory",
};
const bessel: Difference = {
  aspect: "values",
  dtypes: ["float64"],
  reason: "PyTorch 1.13 is right to 6 digits only",
};
const sign: Omit<Difference, "aspect"> = {
  reason: "PyTorch 1.13 differentiates sgn of real numbers wrongly; PyTorch 2 gives 0",
};
const gauge: readonly Difference[] = (["gradients", "second gradients"] as const).map((aspect) => ({
  aspect,
  reason: "the parts are unique up to signs, phases or order, and so are gradients for random gradients of the parts",
}));
const steps: Difference = {
  aspect: "finite differences",
  reason: "conversion to fewer digits goes up in steps",
};
const random: Difference = {
  aspect: "in place",
  reason: "the method draws by its arguments, not by the numbers in the tensor",
};

/** By the operator's title. */
export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  abs: [{ aspect: "second gradients", ...sign }],
  sgn: [{ aspect: "gradients", ...sign }],
  "nn.functional.l1_loss": [{ aspect: "second gradients", ...sign }],
  "norm/inf": [{ aspect: "second gradients", ...sign }],
  addbmm: [rounding],
  addmv: [rounding, { ...rounding, aspect: "in place" }],
  baddbmm: [rounding],
  bmm: [rounding],
  mm: [rounding],
  "linalg.multi_dot": [rounding],
  matrix_exp: [rounding],
  "nn.functional.group_norm": [rounding],
  dot: [blas],
  vdot: [blas],
  matmul: [{ ...blas, dtypes: ["complex128"] }],
  "special.bessel_j0": [bessel],
  "special.bessel_j1": [bessel],
  "special.bessel_y1": [bessel],
  as_strided: [storage],
  as_strided_scatter: [
    storage,
    { aspect: "gradients", reason: "PyTorch 1.13 gives memory that it did not write" },
    {
      aspect: "finite differences",
      reason: "where elements of the part overlap, each gets the gradient, as in PyTorch",
    },
  ],
  __getitem__: [{ aspect: "values", dtypes: ["int16"], reason: "the sample does not tell x[[1, 2]] from x[1, 2]" }],
  "linalg.householder_product": [
    {
      aspect: "gradients",
      dtypes: ["float32"],
      reason: "PyTorch 1.13 loses digits; here float32 agrees with float64",
    },
  ],
  resize_: [storage],
  uniform: [storage],
  view: [storage],
  view_as_complex: [storage],
  svd: gauge,
  svd_lowrank: [
    ...gauge,
    {
      aspect: "values",
      dtypes: ["float32"],
      reason: "a random projection keeps fewer digits than the comparison asks",
    },
  ],
  "linalg.svd": gauge,
  "linalg.eigh": gauge,
  "linalg.eigvals": gauge,
  bfloat16: [steps],
  half: [steps],
  float: [steps],
  normal: [random, { aspect: "finite differences", reason: "PyTorch gives random numbers no derivative" }],
  "normal/number_mean": [
    random,
    { aspect: "finite differences", reason: "PyTorch gives random numbers no derivative" },
  ],
  bernoulli: [random],
  linspace: [
    {
      aspect: "values",
      dtypes: ["int16", "int32"],
      reason: "PyTorch 1.13 counts integers in vectors, with other roundings than one by one; PyTorch 2 counts as here",
    },
  ],
  unique: [
    {
      aspect: "values",
      dtypes: ["float64", "bfloat16"],
      reason: "what sorted: false does is not specified; here it sorts, as PyTorch 2 does",
    },
  ],
  "nn.functional.max_unpool3d": [
    { aspect: "finite differences", reason: "the random indices of the samples name places twice" },
  ],
  "linalg.norm/subgradients_at_zero": [{ aspect: "finite differences", reason: "the samples lie at a kink" }],
  "linalg.matrix_norm": [{ aspect: "second gradients", reason: "NaN in PyTorch 1.13 where a part of the input is 0" }],
  "masked.logaddexp": [{ aspect: "second gradients", reason: "NaN in PyTorch 1.13 where an element is masked out" }],
};
