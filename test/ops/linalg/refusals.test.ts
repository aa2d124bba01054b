/** What factorizations and solvers refuse, and in which words. */

import * as torch from "typetorch";
import { expect, test } from "vitest";

const { linalg, LinAlgError } = torch;
const singular = torch.zeros(2, 2);
const batch = torch.stack([torch.eye(2), torch.zeros(2, 2)]);

function refusal(f: () => unknown): Error {
  try {
    f();
  } catch (e) {
    return e as Error;
  }
  throw new Error("accepted");
}

test("matrices that will not do", () => {
  expect(linalg.LinAlgError).toBe(LinAlgError);
  expect(refusal(() => linalg.cholesky(torch.eye(2).neg())).message).toBe(
    "linalg.cholesky: expected a positive-definite matrix, got one whose leading minor of order 1 is not positive-definite",
  );
  expect(refusal(() => linalg.inv(batch)).message).toBe(
    "linalg.inv: (batch element 1) expected an invertible matrix, got a singular one (the diagonal element 1 of its factor U is zero)",
  );
  for (const f of [
    () => linalg.solve(singular, torch.ones(2)),
    () => linalg.luFactor(singular),
    () => linalg.ldlFactor(singular),
    () => linalg.matrixPower(singular, -1),
    () => linalg.choleskyEx(torch.eye(2).neg(), { checkErrors: true }),
    () => linalg.invEx(singular, { checkErrors: true }),
    () => linalg.solveEx(singular, torch.ones(2), { checkErrors: true }),
    () => linalg.svd(torch.full([2, 2], NaN)),
    () => linalg.eig(torch.full([2, 2], Infinity)),
    () => linalg.lstsq(singular, torch.ones(2, 1), { driver: "gels" }),
    () => torch.choleskyInverse(singular),
    () => torch.inverse(singular),
    () => linalg.tensorinv(torch.zeros(2, 2), 1),
  ]) {
    const error = refusal(f);
    expect(error).toBeInstanceOf(LinAlgError);
    expect(error).toBeInstanceOf(torch.TorchError);
    expect(error.name).toBe("LinAlgError");
  }
});

test("what went wrong as a result", () => {
  expect(linalg.invEx(batch).info.tolist()).toEqual([0, 1]);
  expect(linalg.choleskyEx(torch.eye(3).neg()).info.item()).toBe(1);
  expect(linalg.luFactorEx(batch).info.tolist()).toEqual([0, 1]);
  expect(linalg.ldlFactorEx(singular).info.item()).toBe(1);
  expect(linalg.solveEx(batch, torch.ones(2, 1)).info.tolist()).toEqual([0, 1]);
});

test("shapes", () => {
  for (const f of [
    () => linalg.cholesky(torch.ones(2, 3)),
    () => linalg.inv(torch.ones(2)),
    () => linalg.det(torch.ones(3, 2)),
    () => linalg.solve(torch.eye(3), torch.ones(4)),
    () => linalg.solve(torch.eye(3), torch.ones(3), { left: false }),
    () => linalg.lstsq(torch.ones(3, 2), torch.ones(2)),
    () => linalg.householderProduct(torch.ones(2, 3), torch.ones(2)),
    () => linalg.tensorinv(torch.ones(2, 3)),
    () => linalg.matrixExp(torch.ones(2, 3)),
    () => torch.luUnpack(torch.eye(3), torch.tensor([1, 2], { dtype: torch.int32 })),
    () => torch.svdLowrank(torch.eye(3), { q: 4 }),
  ])
    expect(refusal(f)).toBeInstanceOf(torch.ShapeError);
});

test("dtypes", () => {
  const whole = torch.ones(2, 2, { dtype: torch.int64 });
  const half = torch.ones(2, 2, { dtype: torch.float16 });
  for (const A of [whole, half])
    for (const f of [
      linalg.cholesky,
      linalg.inv,
      linalg.det,
      linalg.slogdet,
      linalg.qr,
      linalg.svd,
      linalg.svdvals,
      linalg.eig,
      linalg.eigh,
      linalg.eigvals,
      linalg.eigvalsh,
      linalg.lu,
      linalg.luFactor,
      linalg.ldlFactor,
      linalg.pinv,
      linalg.matrixRank,
      linalg.cond,
      torch.cholesky,
      torch.geqrf,
      torch.logdet,
    ])
      expect(refusal(() => (f as (A: torch.Tensor) => unknown)(A)).message).toMatch(
        /expected float32, float64, complex64 or complex128, got torch\.(int64|float16)/,
      );
  expect(refusal(() => linalg.solve(torch.eye(2), torch.ones(2, { dtype: torch.float64 })))).toBeInstanceOf(
    torch.DTypeError,
  );
  expect(refusal(() => linalg.matrixExp(whole))).toBeInstanceOf(torch.DTypeError);
});

test("options", () => {
  expect(refusal(() => linalg.qr(torch.eye(2), "x" as "r")).message).toBe(
    'linalg.qr: expected "reduced", "complete" or "r" as mode, got "x"',
  );
  expect(refusal(() => linalg.eigh(torch.eye(2), "X" as "L")).message).toBe(
    'linalg.eigh: expected "L" or "U" as UPLO, got "X"',
  );
  expect(refusal(() => linalg.lu(torch.eye(2), { pivot: false }))).toBeInstanceOf(torch.ValueError);
  expect(refusal(() => linalg.svd(torch.eye(2), { driver: "gesvd" }))).toBeInstanceOf(torch.ValueError);
  expect(refusal(() => linalg.lstsq(torch.eye(2), torch.ones(2, 1), { driver: "x" as "gels" }))).toBeInstanceOf(
    torch.ValueError,
  );
  const { LU } = linalg.luFactor(torch.eye(2));
  expect(
    refusal(() => linalg.luSolve(LU, torch.tensor([1, 5], { dtype: torch.int32 }), torch.ones(2, 1))),
  ).toBeInstanceOf(torch.ValueError);
});

test("gradients that do not exist", () => {
  const A = torch.randn(3, 2, { requiresGrad: true });
  expect(refusal(() => linalg.qr(A, "r").R.sum().backward())).toBeInstanceOf(torch.AutogradError);
  expect(refusal(() => linalg.qr(A, "complete").R.sum().backward())).toBeInstanceOf(torch.AutogradError);
  const S = torch.eye(2, { requiresGrad: true });
  expect(refusal(() => linalg.ldlFactor(S).LD.sum().backward())).toBeInstanceOf(torch.AutogradError);
});
