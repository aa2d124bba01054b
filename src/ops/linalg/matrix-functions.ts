/** @file Powers and exponentials of matrices. */
import { Category, float32, float64 } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { eye } from "../creation.ts";
import { tensor } from "../from-data.ts";
import { cat } from "../joining.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { checkInt, checkTensor, type Named, named } from "../params.ts";
import { checkInfo, columns, rows, saysSingular } from "./checks.ts";
import { inverses } from "./solve.ts";

function checkPowers(op: string, A: unknown): asserts A is Tensor {
  checkTensor(op, A, "A");
  if (A.ndim < 2 || rows(A) !== columns(A))
    throw new ShapeError(`${op}: expected square matrices, got shape ${shapeText(A.shape)}`);
}

function powerOf(op: string, A: Tensor, n: number): Tensor {
  checkPowers(op, A);
  checkInt(op, "n", n);
  // Depends on A, if only formally.
  if (n === 0) return A.clone().copy_(eye(rows(A), { dtype: A.dtype, device: A.device }).expand(A.shape));
  let square = A;
  if (n < 0) {
    const [inverse, info] = inverses(op, A);
    checkInfo(op, info, saysSingular);
    square = inverse;
  }
  let result: Tensor | null = null;
  for (let left = Math.abs(n); ; square = square.matmul(square)) {
    if (left % 2 === 1) result = result === null ? square : result.matmul(square);
    left = Math.floor(left / 2);
    if (left === 0) return (result as Tensor) === A ? A.clone() : (result as Tensor);
  }
}

type PowerArgs = Named<[n: number], ["n"], { n: number }>;

/**
 * The n-th power of each matrix; a negative one is of the inverse. PyTorch: `torch.linalg.matrix_power`.
 *
 * @param A - [*, m, m]
 * @param args - `n`, a whole number
 * @throws LinAlgError if `n` is negative and a matrix is singular; ShapeError if it is not square
 * @example
 * torch.linalg.matrixPower(torch.tensor([[1, 1], [0, 1]]), 3) // tensor([[1, 3],
 *                                                             //         [0, 1]])
 */
export function matrixPower(A: Tensor, ...args: PowerArgs): Tensor {
  const op = "linalg.matrixPower";
  return powerOf(op, A, named<{ n: number }>(op, ["n"], 1, args).n);
}

/** The n-th power of each matrix. PyTorch: `torch.matrix_power`. */
export function matrixPowerOld(input: Tensor, ...args: PowerArgs): Tensor {
  return powerOf("matrixPower", input, named<{ n: number }>("matrixPower", ["n"], 1, args).n);
}

/** Coefficients 1/j! of the exponential's series up to degree 18: beyond it nothing is left in double precision for a norm up to 1. */
const SERIES = Array.from({ length: 19 }, (_, j) => {
  let product = 1;
  for (let i = 2; i <= j; i++) product *= i;
  return 1 / product;
});

/** Taylor's series, in the fashion of Paterson and Stockmeyer: powers up to the third, and Horner's rule in the third power. */
function series(A: Tensor): Tensor {
  const A2 = A.matmul(A);
  const A3 = A2.matmul(A);
  const identity = eye(rows(A), { dtype: A.dtype, device: A.device }).expand(A.shape);
  const block = (j: number) =>
    identity
      .mul(SERIES[j] as number)
      .add(A.mul(SERIES[j + 1] as number))
      .add(A2.mul(SERIES[j + 2] as number));
  let sum = block(15).add(A3.mul(SERIES[18] as number));
  for (let j = 12; j >= 0; j -= 3) sum = block(j).add(A3.matmul(sum));
  return sum;
}

/** `exp(A) = exp(A / 2ˢ)^(2ˢ)` for a batch [k, n, n]; each matrix is halved as often as its own norm asks for. */
function exponentials(A: Tensor): Tensor {
  const norms = A.abs().sum(-2).amax(-1).to(float64).tolist() as number[];
  const halvings = norms.map((norm) => (norm > 1 && Number.isFinite(norm) ? Math.ceil(Math.log2(norm)) : 0));
  const result = A.newZeros(A.shape);
  for (const s of new Set(halvings)) {
    const at = tensor(halvings.flatMap((h, i) => (h === s ? [i] : [])));
    let power = series(A.indexSelect(0, at).mul(2 ** -s));
    for (let i = 0; i < s; i++) power = power.matmul(power);
    result.indexCopy_(0, at, power);
  }
  return result;
}

const matrixExpOp: KernelOp<void> = kernelOp({
  name: "linalgMatrixExp",
  forward: ([input]) => {
    const A = input as Tensor;
    if (A.numel() === 0) return A.clone();
    const wide = A.dtype.itemsize < 4 ? A.to(float32) : A;
    const n = rows(A);
    return exponentials(wide.reshape([-1, n, n]))
      .reshape(A.shape)
      .to(A.dtype);
  },
  saves: () => [0],
  // The exponential of (Aᴴ, G; 0, Aᴴ) has its derivative at Aᴴ in the direction G beside the diagonal.
  backward: ([g], context) => {
    const AH = context.input(0).mH;
    const n = rows(AH);
    const grad = g as Tensor;
    const top = cat([AH, grad], { dim: -1 });
    const bottom = cat([grad.newZeros(grad.shape), AH], { dim: -1 });
    const whole = matrixExpOp.call([cat([top, bottom], { dim: -2 })], undefined);
    return [whole.narrow(-2, 0, n).narrow(-1, n, n)];
  },
});

function exponential(op: string, A: Tensor): Tensor {
  checkPowers(op, A);
  if (A.dtype.category < Category.Floating)
    throw new DTypeError(
      `${op}: expected a floating-point or complex dtype, got ${A.dtype} (whole numbers make int64: pass a dtype)`,
    );
  return matrixExpOp.call([A], undefined);
}

/**
 * The exponential of each matrix, `Σ Aʲ / j!`. PyTorch: `torch.linalg.matrix_exp`, `torch.matrix_exp`.
 *
 * @param A - [*, n, n]; floating or complex dtype
 * @throws ShapeError if `A` is not square; DTypeError for integers
 * @example
 * torch.linalg.matrixExp(torch.tensor([[0, 1], [0, 0.0]], { dtype: torch.float32 })) // tensor([[1., 1.],
 *                                                                                   //         [0., 1.]])
 */
export function matrixExp(A: Tensor): Tensor {
  return exponential("linalg.matrixExp", A);
}

/** The exponential of each matrix. PyTorch: `torch.matrix_exp`, `Tensor.matrix_exp`. */
export function matrixExpOld(input: Tensor): Tensor {
  return exponential("matrixExp", input);
}
