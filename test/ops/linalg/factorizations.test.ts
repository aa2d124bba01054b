/** Factorizations of awkward matrices: empty, singular, badly scaled, large enough for several blocks. */

import * as torch from "typetorch";
import { beforeEach, describe, expect, test } from "vitest";

const { linalg } = torch;
const DTYPES = [torch.float32, torch.float64, torch.complex64, torch.complex128];

beforeEach(() => {
  torch.manualSeed(1);
});

/** The largest difference, in units of the dtype's epsilon. */
function off(a: torch.Tensor, b: torch.Tensor): number {
  return (a.sub(b).abs().amax().item() as number) / torch.finfo(a.dtype).eps;
}

const diagonal = (V: torch.Tensor, values: torch.Tensor) => V.mul(values.unsqueeze(-2));

describe.each(DTYPES.map((dtype) => [String(dtype), dtype] as const))("%s", (_, dtype) => {
  test.each([1, 2, 5, 33, 70])("the parts of matrices of size %i multiply to the whole", (n) => {
    const A = torch.randn(2, n, n, { dtype });
    const eye = torch.eye(n, { dtype });
    const limit = 60 * n;
    const { P, L, U } = linalg.lu(A);
    expect(off(P.matmul(L).matmul(U), A)).toBeLessThan(limit);
    const definite = A.matmul(A.mH).add(eye);
    const C = linalg.cholesky(definite);
    expect(off(C.matmul(C.mH), definite)).toBeLessThan(limit * n);
    const { Q, R } = linalg.qr(A);
    expect(off(Q.matmul(R), A)).toBeLessThan(limit);
    expect(off(Q.mH.matmul(Q), eye.expand(A.shape))).toBeLessThan(limit);
    const H = A.add(A.mH);
    const { eigenvalues, eigenvectors } = linalg.eigh(H);
    expect(off(H.matmul(eigenvectors), diagonal(eigenvectors, eigenvalues))).toBeLessThan(limit);
    for (const B of [A, A.narrow(-1, 0, Math.ceil(n / 2)), A.narrow(-2, 0, Math.ceil(n / 2))].filter(
      (_, i) => i === 0 || n % 2,
    )) {
      const { U: left, S, Vh } = linalg.svd(B, false);
      expect(off(diagonal(left, S).matmul(Vh), B)).toBeLessThan(limit);
      const full = linalg.svd(B);
      expect(
        off(full.U.mH.matmul(full.U), torch.eye(full.U.shape.at(-1) as number, { dtype }).expand(full.U.shape)),
      ).toBeLessThan(limit);
      expect(
        off(full.Vh.mH.matmul(full.Vh), torch.eye(full.Vh.shape.at(-1) as number, { dtype }).expand(full.Vh.shape)),
      ).toBeLessThan(limit);
    }
    const general = linalg.eig(A);
    const complex = A.to(general.eigenvalues.dtype);
    expect(off(complex.matmul(general.eigenvectors), diagonal(general.eigenvectors, general.eigenvalues))).toBeLessThan(
      limit * 4,
    );
  });

  // From 33 rows on, eigenvalues and singular values are found by parts, which equal or vanishing values fall out of.
  test.each<[string, (n: number) => torch.Tensor]>([
    ["random", (n) => torch.randn(n, n, { dtype })],
    ["of low rank", (n) => torch.randn(n, 7, { dtype }).matmul(torch.randn(7, n, { dtype }))],
    ["all ones", (n) => torch.ones(n, n, { dtype })],
    ["equal values", (n) => torch.eye(n, { dtype }).add(torch.ones(n, n, { dtype }))],
    ["graded", (n) => torch.randn(n, n, { dtype }).mul(torch.arange(n).mul(-0.3).exp())],
    ["tiny", (n) => torch.randn(n, n, { dtype }).mul(1e-30)],
  ])("values and vectors of a matrix of several parts: %s", (_, make) => {
    for (const n of [67, 150, 300]) {
      const A = make(n);
      const eye = torch.eye(n, { dtype });
      const scale = A.abs().amax();
      const limit = 3 * n;
      const H = A.add(A.mH);
      const { eigenvalues, eigenvectors } = linalg.eigh(H);
      expect(
        off(H.matmul(eigenvectors).div(scale.mul(n)), diagonal(eigenvectors, eigenvalues).div(scale.mul(n))),
      ).toBeLessThan(limit);
      expect(off(eigenvectors.mH.matmul(eigenvectors), eye)).toBeLessThan(limit);
      expect(off(linalg.eigvalsh(H).div(scale.mul(n)), eigenvalues.div(scale.mul(n)))).toBeLessThan(limit);
      const { U, S, Vh } = linalg.svd(A);
      expect(off(diagonal(U, S).matmul(Vh).div(scale.mul(n)), A.div(scale.mul(n)))).toBeLessThan(limit);
      expect(off(U.mH.matmul(U), eye)).toBeLessThan(limit);
      expect(off(Vh.matmul(Vh.mH), eye)).toBeLessThan(limit);
      expect(off(linalg.svdvals(A).div(scale.mul(n)), S.div(scale.mul(n)))).toBeLessThan(limit);
    }
  });

  test("LDL solves symmetric and Hermitian equations", () => {
    for (const hermitian of [false, true]) {
      const A = torch.randn(3, 20, 20, { dtype });
      const S = A.add(hermitian ? A.mH : A.mT).sub(torch.diagEmbed(A.diagonal(0, -2, -1).mul(2)).real.to(dtype));
      const B = torch.randn(20, 2, { dtype });
      const { LD, pivots } = linalg.ldlFactor(S, { hermitian });
      const X = linalg.ldlSolve(LD, pivots, B, { hermitian });
      expect(off(S.matmul(X), B.expand(X.shape))).toBeLessThan(20000);
    }
  });

  test("empty matrices", () => {
    const none = torch.zeros(0, 0, { dtype });
    expect(linalg.det(none).item()).toEqual(dtype.isComplex ? { re: 1, im: 0 } : 1);
    expect(linalg.inv(none).shape).toEqual([0, 0]);
    expect(linalg.eigh(none).eigenvectors.shape).toEqual([0, 0]);
    expect(linalg.eig(none).eigenvalues.shape).toEqual([0]);
    expect(linalg.svd(torch.zeros(3, 0, { dtype })).U.shape).toEqual([3, 3]);
    expect(off(linalg.svd(torch.zeros(3, 0, { dtype })).U, torch.eye(3, { dtype }))).toBe(0);
    expect(linalg.qr(torch.zeros(2, 0, 3, { dtype })).R.shape).toEqual([2, 0, 3]);
    expect(linalg.cholesky(torch.zeros(0, 3, 3, { dtype })).shape).toEqual([0, 3, 3]);
    expect(linalg.pinv(torch.zeros(0, 3, { dtype })).shape).toEqual([3, 0]);
    expect(linalg.matrixRank(torch.zeros(2, 0, 3, { dtype })).tolist()).toEqual([0, 0]);
    expect(linalg.lstsq(torch.zeros(3, 0, { dtype }), torch.zeros(3, 2, { dtype })).solution.shape).toEqual([0, 2]);
    expect(linalg.matrixExp(none).shape).toEqual([0, 0]);
  });
});

describe("hard cases", () => {
  const f64 = { dtype: torch.float64 };

  test("rank-deficient matrices", () => {
    const A = torch.randn(20, 3, f64).matmul(torch.randn(3, 12, f64));
    expect(linalg.matrixRank(A).item()).toBe(3);
    expect(off(A.matmul(linalg.pinv(A)).matmul(A), A)).toBeLessThan(1000);
    expect(linalg.svdvals(torch.zeros(4, 3, f64)).tolist()).toEqual([0, 0, 0]);
    expect(linalg.matrixRank(torch.ones(30, 30)).item()).toBe(1);
    const { solution, rank } = linalg.lstsq(A, torch.ones(20, 1, f64));
    expect(rank.item()).toBe(3);
    expect(off(linalg.pinv(A).matmul(torch.ones(20, 1, f64)), solution)).toBeLessThan(1000);
  });

  test("a zero on the diagonal of the bidiagonal form", () => {
    const A = torch.eye(6, f64).add(torch.diag(torch.ones(5, f64), 1));
    A.setAt([2, 2], 0);
    const S = linalg.svdvals(A);
    expect(S.at(-1).item()).toBe(0);
    expect(off(S.mul(S).sum(), torch.tensor(10, f64))).toBeLessThan(20);
  });

  test("eigenvalues of a defective matrix, a permutation, a badly scaled matrix", () => {
    expect(
      linalg
        .eigvals(torch.diag(torch.ones(9, f64), 1))
        .abs()
        .amax()
        .item(),
    ).toBe(0);
    const cycle = linalg.eigvals(torch.eye(5, f64).roll(1, 0));
    expect(off(cycle.abs(), torch.ones(5, f64))).toBeLessThan(20);
    const scale = torch.tensor([1e-20, 1e20, 1e-10, 1], f64);
    const A = torch.randn(4, 4, f64);
    const key = (t: torch.Tensor) => linalg.eigvals(t).real.sort().values;
    expect(off(key(A.mul(scale).div(scale.unsqueeze(-1))), key(A))).toBeLessThan(100);
  });

  test("eigenvalues of real matrices come in conjugate pairs, vectors with norm 1", () => {
    const { eigenvalues: L, eigenvectors: V } = linalg.eig(torch.randn(9, 9, f64));
    const sorted = (t: torch.Tensor) => t.imag.sort().values;
    expect(sorted(L).add(sorted(L).flip(0)).abs().amax().item()).toBe(0);
    expect(off(V.abs().square().sum(0), torch.ones(9, f64))).toBeLessThan(20);
  });

  test("very large and very small numbers", () => {
    for (const factor of [1e250, 1e-250]) {
      const A = torch.randn(5, 5, f64);
      const whole = A.mul(factor);
      expect(off(linalg.svdvals(whole).div(factor), linalg.svdvals(A))).toBeLessThan(100);
      expect(off(linalg.eigvalsh(whole).div(factor), linalg.eigvalsh(A))).toBeLessThan(100);
    }
  });

  test("transposed, broadcast and sliced inputs", () => {
    const A = torch.randn(4, 4, f64);
    expect(off(linalg.inv(A.t()), linalg.inv(A).t())).toBeLessThan(1000);
    const B = torch.randn(3, 4, 8, f64).at(":", ":", "::2");
    expect(linalg.solve(A, B).shape).toEqual([3, 4, 4]);
    expect(off(A.matmul(linalg.solve(A.expand(3, 4, 4), B)), B)).toBeLessThan(2000);
  });

  test("exponentials of matrices of very different size in one batch", () => {
    const exponents = [1e-8, 1, 30];
    const A = torch
      .tensor(exponents, f64)
      .diagEmbed()
      .unsqueeze(0)
      .mul(torch.tensor([1, 0.01, -1], f64).reshape(3, 1, 1));
    const expected = A.diagonal(0, -2, -1).exp();
    const got = linalg.matrixExp(A).diagonal(0, -2, -1);
    expect(off(got.div(expected), torch.ones(3, 3, f64))).toBeLessThan(200);
  });
});
