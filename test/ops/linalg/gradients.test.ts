/** Derivatives of first and second order where PyTorch's table of operators has none: other shapes, losses that do not depend on signs and phases. */

import * as torch from "typetorch";
import { beforeEach, describe, expect, test } from "vitest";

const { linalg } = torch;
const f64 = { dtype: torch.float64 };
type Op = (A: torch.Tensor, B: torch.Tensor) => torch.Tensor | readonly torch.Tensor[];

beforeEach(() => {
  torch.manualSeed(3);
});

/** Checks gradients of first and second order, of real and of complex matrices (given by their parts). */
function check(op: Op, a: readonly number[], b: readonly number[] = [1, 1], make = (t: torch.Tensor) => t): void {
  const tensors = (out: torch.Tensor | readonly torch.Tensor[]) => (out instanceof torch.Tensor ? [out] : [...out]);
  const real = [a, b].map((shape) => torch.randn(shape, f64).requiresGrad_());
  const f = (A: torch.Tensor, B: torch.Tensor) => tensors(op(make(A), B));
  torch.autograd.gradcheck(f as never, real);
  torch.autograd.gradgradcheck(f as never, real);
  const parts = [a, b].map((shape) => torch.randn([...shape, 2], f64).requiresGrad_());
  const g = (A: torch.Tensor, B: torch.Tensor) =>
    tensors(op(make(torch.viewAsComplex(A)), torch.viewAsComplex(B))).map((t) =>
      t.isComplex() ? torch.viewAsReal(t) : t,
    );
  torch.autograd.gradcheck(g as never, parts);
  torch.autograd.gradgradcheck(g as never, parts);
}

/** Hermitian and positive-definite. */
const definite = (A: torch.Tensor) => A.matmul(A.mH).add(torch.eye(A.shape.at(-1) as number, { dtype: A.dtype }));
const tall = (A: torch.Tensor) => A;

describe("factors", () => {
  test("LU of square, wide and tall matrices", () => {
    for (const shape of [
      [2, 2],
      [2, 3],
      [3, 2],
    ]) {
      check((A) => linalg.luFactor(A).LU, shape);
      check((A) => [linalg.lu(A).L, linalg.lu(A).U], shape);
    }
  });

  test("QR of square, wide and tall matrices, and Q alone", () => {
    for (const shape of [
      [2, 2],
      [2, 3],
      [3, 2],
    ]) {
      check((A) => [linalg.qr(A).Q, linalg.qr(A).R], shape);
      check((A) => linalg.qr(A).Q, shape);
    }
    check((A) => torch.qr(A, false).R, [2, 3]);
  });

  test("Cholesky, lower and upper", () => {
    check((A) => linalg.cholesky(A), [3, 3], [1, 1], definite);
    check((A) => linalg.cholesky(A, true), [2, 2, 2], [1, 1], definite);
  });

  test("reflectors", () => {
    check((A, tau) => linalg.householderProduct(A, tau.squeeze(0)), [4, 3], [1, 2]);
    check((A, C) => torch.ormqr(A, A.select(0, 0).narrow(0, 0, 2), C, false, true), [3, 2], [2, 3]);
  });
});

describe("solvers", () => {
  test("solve, from both sides, broadcast", () => {
    check((A, B) => linalg.solve(A, B), [3, 3], [2, 3, 2]);
    check((A, B) => linalg.solve(A, B, { left: false }), [2, 2, 2], [3, 2]);
  });

  test("by LU factors", () => {
    for (const left of [true, false])
      for (const adjoint of [true, false])
        check(
          (A, B) => {
            const { LU, pivots } = linalg.luFactor(A);
            return linalg.luSolve(LU, pivots, B, { left, adjoint });
          },
          [3, 3],
          left ? [3, 2] : [2, 3],
        );
  });

  test("triangles", () => {
    for (const upper of [true, false])
      for (const left of [true, false])
        check(
          (A, B) => linalg.solveTriangular(A, B, { upper, left, unitriangular: upper === left }),
          [2, 3, 3],
          left ? [3, 2] : [2, 3],
          (A) => A.add(torch.eye(3, { dtype: A.dtype }).mul(3)),
        );
    check((A, b) => torch.triangularSolve(b, A, true, true).solution, [2, 2], [2, 2]);
  });

  test("least squares and pseudo-inverses", () => {
    for (const shape of [
      [4, 2],
      [2, 4],
    ]) {
      check((A, B) => linalg.lstsq(A, B).solution, shape, [shape[0] as number, 2]);
      check((A) => linalg.pinv(A), shape);
    }
    check(
      (A) => linalg.pinv(A, { hermitian: true }),
      [3, 3],
      [1, 1],
      (A) => A.add(A.mH),
    );
  });
});

describe("spectra", () => {
  test("singular values and vectors, in losses that do not depend on their phases", () => {
    for (const shape of [
      [3, 3],
      [4, 2],
      [2, 4],
    ]) {
      check((A) => linalg.svdvals(A), shape);
      check((A) => {
        const { U, S, Vh } = linalg.svd(A, false);
        return [U.abs(), S, Vh.abs(), U.mul(S.exp().unsqueeze(-2)).matmul(Vh)];
      }, shape);
      check((A) => linalg.svd(A).S, shape);
    }
  });

  test("Hermitian eigenvectors", () => {
    const hermitian = (A: torch.Tensor) => A.add(A.mH);
    check((A) => linalg.eigvalsh(A), [3, 3], [1, 1], hermitian);
    check(
      (A) => {
        const { eigenvalues, eigenvectors: V } = linalg.eigh(A, "U");
        return [eigenvalues, V.abs(), V.mul(eigenvalues.exp().unsqueeze(-2)).matmul(V.mH)];
      },
      [3, 3],
      [1, 1],
      hermitian,
    );
  });

  test("general eigenvectors", () => {
    check((A) => linalg.eigvals(A).abs(), [3, 3]);
    check((A) => linalg.eig(A).eigenvectors.abs(), [3, 3]);
  });

  test("a loss that depends on a phase is refused", () => {
    const A = torch.randn(2, 2, { dtype: torch.complex128, requiresGrad: true });
    for (const vectors of [linalg.svd(A).U, linalg.eig(A).eigenvectors, linalg.eigh(A.add(A.mH)).eigenvectors])
      expect(() =>
        torch
          .viewAsReal(vectors)
          .select(-1, 1)
          .mul(torch.randn(2, 2, f64))
          .sum()
          .backward(),
      ).toThrow(/does not depend on the phase/);
  });
});

describe("functions", () => {
  test("determinants", () => {
    check((A) => linalg.det(A), [2, 3, 3]);
    check((A) => linalg.slogdet(A).logabsdet, [3, 3]);
    check((A) => [linalg.slogdet(A).sign, linalg.slogdet(A).logabsdet], [3, 3]);
    check((A) => torch.logdet(A), [2, 2], [1, 1], definite);
  });

  test("determinants of singular matrices, alone and among others", () => {
    check((A, B) => linalg.det(A.matmul(B)), [3, 2], [2, 3]);
    const A = torch.tensor(
      [
        [
          [1, 2],
          [2, 4],
        ],
        [
          [1, 2],
          [3, 4],
        ],
      ],
      { ...f64, requiresGrad: true },
    );
    const [grad] = torch.autograd.grad(linalg.det(A).sum(), A);
    const adjugates = [4, -2, -2, 1, 4, -3, -2, 1];
    for (const [i, g] of ((grad as torch.Tensor).flatten().tolist() as number[]).entries())
      expect(g).toBeCloseTo(adjugates[i] as number);
  });

  test("powers and exponentials", () => {
    for (const n of [-2, -1, 0, 1, 3]) check((A) => linalg.matrixPower(A, n), [2, 2]);
    check((A) => linalg.matrixExp(A), [2, 2, 2]);
    check((A) => linalg.inv(A), [2, 2]);
    check((A) => linalg.cond(A, "fro"), [2, 2]);
    check((A) => linalg.cond(A), [2, 3], [1, 1], tall);
  });
});
