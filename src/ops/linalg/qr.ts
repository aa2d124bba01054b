/** @file QR factors and products of Householder reflectors. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { backendOf } from "../../backends/backend.ts";
import { AutogradError, DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { numelOf, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { allocate, empty, eye } from "../creation.ts";
import { cat } from "../joining.ts";
import { kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTuple } from "../named-tuple.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { batchOf, checkMatrix, columns, factorDtype, rows, scratch } from "./checks.ts";
import { solveTriangle } from "./triangular.ts";

/** R and reflectors in one matrix, and their factors; of complex64 in complex128. */
export function reflectors(A: Tensor): [a: Tensor, tau: Tensor] {
  const a = scratch(A, A.shape, factorDtype(A.dtype));
  const tau = allocate([...batchOf(A), Math.min(rows(A), columns(A))], a.dtype, A.device);
  backendOf(A.device).kernels.linalg.geqrf(a, tau);
  return [a, tau];
}

/**
 * `Q C`, `Qᴴ C`, of the product of reflectors `Q = H₁ H₂ … = I − V T Vᴴ`, where `T⁻¹ = D⁻¹ + triu(Vᴴ V, 1)` with the factors D. So
 * `T = (I + D triu(Vᴴ V, 1))⁻¹ D`, which asks of no factor that it is not zero.
 */
function applyReflectors(a: Tensor, tau: Tensor, C: Tensor, adjoint: boolean): Tensor {
  const k = tau.shape.at(-1) as number;
  const V = a
    .narrow(-1, 0, k)
    .tril(-1)
    .add(eye(rows(a), k, { dtype: a.dtype, device: a.device }));
  const D = tau.unsqueeze(-1);
  const coupling = D.mul(V.mH.matmul(V).triu(1));
  const inner = V.mH.matmul(C);
  // The diagonal is taken for ones.
  const unit = { upper: !adjoint, unitriangular: true };
  const turned = adjoint
    ? D.conj().mul(solveTriangle(coupling.mH, inner, unit))
    : solveTriangle(coupling, D.mul(inner), unit);
  return C.sub(V.matmul(turned));
}

/** `Q C` or `Qᴴ C` in a new matrix of the reflectors' dtype, not recorded. */
export function reflected(a: Tensor, tau: Tensor, C: Tensor, adjoint: boolean): Tensor {
  const out = scratch(C, C.shape, a.dtype);
  backendOf(a.device).kernels.linalg.applyReflectors(a, tau, out, adjoint, false);
  return out;
}

/** The first `n` columns of the product of reflectors. */
function columnsOfQ(a: Tensor, tau: Tensor, n: number): Tensor {
  return applyReflectors(a, tau, eye(rows(a), n, { dtype: a.dtype, device: a.device }), false);
}

type Mode = "reduced" | "complete" | "r";

const qrOp = kernelOp<{ mode: Mode }>({
  name: "linalgQr",
  forward: ([input], { mode }) => {
    const A = input as Tensor;
    const [a, tau] = reflectors(A);
    const [m, n] = [rows(A), columns(A)];
    const height = mode === "complete" ? m : Math.min(m, n);
    const R = a.narrow(-2, 0, height).triu().to(A.dtype);
    if (mode === "r") return [empty([0], { dtype: A.dtype, device: A.device }), R];
    const Q = allocate([...batchOf(A), m, height], a.dtype, A.device);
    backendOf(A.device).kernels.linalg.applyReflectors(a, tau, Q, false, true);
    return [Q.to(A.dtype), R];
  },
  saves: (_, { mode }) => (mode === "r" ? [] : [~0, ~1]),
  backward: ([gQ, gR], context) => {
    const shape = context.shape(0);
    const [m, n] = shape.slice(-2) as [number, number];
    const { mode } = context.attrs;
    if (mode === "r")
      throw new AutogradError('linalg.qr: expected mode "reduced" for gradients, which need Q, got "r"');
    if (mode === "complete" && m > n)
      throw new AutogradError(
        `linalg.qr: expected mode "reduced" for gradients of a matrix with more rows than columns, got "complete" and shape ${shapeText(shape)}`,
      );
    return [qrBackward(context.result(0), context.result(1), gQ ?? null, gR ?? null)];
  },
});

function plus(a: Tensor | null, b: Tensor): Tensor {
  return a === null ? b : a.add(b);
}

/** The gradient of `A = Q R`, from those of Q and R. */
function qrBackward(Q: Tensor, R: Tensor, gQ: Tensor | null, gR: Tensor | null): Tensor {
  const [m, n] = [rows(Q), columns(R)];
  if (m < n) {
    // A = (X, Y), X = Q R₁ square, and R₂ = Qᴴ Y, Y = Q R₂.
    const [R1, R2] = [R.narrow(-1, 0, m), R.narrow(-1, m, n - m)];
    const g2 = gR === null ? null : gR.narrow(-1, m, n - m);
    const gQ2 = g2 === null ? gQ : plus(gQ, Q.matmul(R2).matmul(g2.mH));
    const first = qrBackward(Q, R1, gQ2, gR === null ? null : gR.narrow(-1, 0, m));
    return cat([first, g2 === null ? first.newZeros([...batchOf(first), m, n - m]) : Q.matmul(g2)], { dim: -1 });
  }
  let inner: Tensor | null = gR === null ? null : gR.matmul(R.mH);
  if (gQ !== null) {
    const along = Q.mH.matmul(gQ);
    inner = inner === null ? along.neg() : inner.sub(along);
  }
  const upper = (inner as Tensor).triu();
  const both = upper.add(upper.mH);
  const symmetric = both.sub(both.diagonal(0, -2, -1).mul(0.5).diagEmbed());
  const turned = plus(gQ, Q.matmul(symmetric));
  return solveTriangle(R.mH, turned, { upper: false, left: false });
}

/** `A = Q R`. */
export type QR = NamedTuple<{ Q: Tensor; R: Tensor }>;

/**
 * QR decomposition, `A = Q R` with orthonormal columns of Q and upper triangular R. PyTorch: `torch.linalg.qr`.
 *
 * @param A - [*, m, n]; float32, float64 or complex
 * @param args - `mode`: `"reduced"` (Q [*, m, k], R [*, k, n], k = min(m, n)), `"complete"` (Q [*, m, m], R [*, m, n]) or `"r"` (R alone, Q
 * is empty)
 * @returns `Q` and `R`; gradients in mode "reduced", and "complete" if m ≤ n, where the first k columns of `A` are independent
 * @throws ValueError for another mode; DTypeError for half precision and integers
 * @example
 * torch.linalg.qr(torch.tensor([[3, 1.5], [4, 2]])).R // tensor([[-5.0000, -2.5000],
 *                                                     //         [ 0.0000,  0.0000]])
 */
export function qr(A: Tensor, ...args: Call<[mode: Mode], { mode?: Mode }>): QR {
  if (isAutocasting()) return inFloat32(qr, [A, ...args]);
  const op = "linalg.qr";
  const { mode = "reduced" } = bind<{ mode?: Mode }>(op, ["mode"], args);
  checkMatrix(op, A);
  if (mode !== "reduced" && mode !== "complete" && mode !== "r")
    throw new ValueError(`${op}: expected "reduced", "complete" or "r" as mode, got ${describe(mode)}`);
  const [Q, R] = qrOp.results([A], { mode }) as [Tensor, Tensor];
  return namedTuple({ Q, R }, "linalg_qr");
}

/**
 * QR decomposition. Superseded by `linalg.qr`. PyTorch: `torch.qr`.
 * @param args - `some` (true: reduced, false: complete)
 * @example
 * torch.qr(torch.tensor([[3, 1.5], [4, 2]])).Q.shape // [2, 2]
 */
export function qrOld(input: Tensor, ...args: Call<[some: boolean], { some?: boolean }>): QR {
  if (isAutocasting()) return inFloat32(qrOld, [input, ...args]);
  const { some = true } = bind<{ some?: boolean }>("qr", ["some"], args);
  checkMatrix("qr", input, "input");
  const [Q, R] = qrOp.results([input], { mode: some ? "reduced" : "complete" }) as [Tensor, Tensor];
  return namedTuple({ Q, R }, "qr");
}

/**
 * R of the QR decomposition, with the reflectors that make Q below its diagonal, and their factors. PyTorch: `torch.geqrf`.
 *
 * @param input - [*, m, n]
 * @returns `a` [*, m, n] and `tau` [*, min(m, n)]; not differentiable
 * @see `linalg.householderProduct`, which makes Q of them
 * @example
 * torch.geqrf(torch.tensor([[3., 1.5], [4, 2]])).tau // tensor([1.6000, 0.0000])
 */
export function geqrf(input: Tensor): NamedTuple<{ a: Tensor; tau: Tensor }> {
  if (isAutocasting()) return inFloat32(geqrf, [input]);
  checkMatrix("geqrf", input, "input");
  const [a, tau] = geqrfOp.results([input], undefined) as [Tensor, Tensor];
  return namedTuple({ a, tau }, "geqrf");
}

const geqrfOp = kernelOp({
  name: "geqrf",
  forward: ([input]) => reflectors(input as Tensor).map((t) => t.to((input as Tensor).dtype)),
  backward: () => {
    throw new AutogradError("geqrf: expected no gradient to be asked for: it has no derivative; use linalg.qr");
  },
});

function checkReflectors(op: string, a: Tensor, tau: Tensor, name: string): void {
  checkMatrix(op, a, name);
  checkTensor(op, tau, "tau");
  if (a.dtype !== tau.dtype)
    throw new DTypeError(`${op}: expected ${name} and tau in one dtype, got ${a.dtype} and ${tau.dtype}`);
  if (rows(a) < columns(a))
    throw new ShapeError(
      `${op}: expected ${name} with at least as many rows as columns, got shape ${shapeText(a.shape)}`,
    );
  const k = tau.shape.at(-1) ?? -1;
  if (tau.ndim !== a.ndim - 1 || shapeText(tau.shape.slice(0, -1)) !== shapeText(batchOf(a)) || k > columns(a))
    throw new ShapeError(
      `${op}: expected tau with the batch of ${name} and no more elements than it has columns, got ${name} ${shapeText(a.shape)} and tau ${shapeText(tau.shape)}`,
    );
}

function product(op: string, input: Tensor, tau: Tensor, name: string): Tensor {
  checkReflectors(op, input, tau, name);
  if (numelOf(input.shape) === 0) return input.clone();
  return columnsOfQ(input, tau, columns(input)).expand(input.shape).clone();
}

/**
 * The first n columns of a product of Householder reflectors, `H₁ H₂ … Hₖ` with `Hᵢ = I − τᵢ vᵢ vᵢᴴ`.
 * PyTorch: `torch.linalg.householder_product`.
 *
 * @param A - [*, m, n], m ≥ n: the vectors vᵢ below the diagonal, as `geqrf` gives them
 * @param args - `tau` [*, k], k ≤ n
 * @throws ShapeError if the sizes do not fit; DTypeError if the dtypes differ
 * @example
 * const { a, tau } = torch.geqrf(torch.tensor([[3., 1.5], [4, 2]]))
 * torch.linalg.householderProduct(a, tau) // tensor([[-0.6000, -0.8000],
 *                                         //         [-0.8000,  0.6000]])
 */
export function householderProduct(A: Tensor, ...args: Named<[tau: Tensor], ["tau"], { tau: Tensor }>): Tensor {
  if (isAutocasting()) return inFloat32(householderProduct, [A, ...args]);
  const op = "linalg.householderProduct";
  return product(op, A, named<{ tau: Tensor }>(op, ["tau"], 1, args).tau, "A");
}

/** As `linalg.householderProduct`. PyTorch: `torch.orgqr`. */
export function orgqr(input: Tensor, ...args: Named<[input2: Tensor], ["input2"], { input2: Tensor }>): Tensor {
  if (isAutocasting()) return inFloat32(orgqr, [input, ...args]);
  return product("orgqr", input, named<{ input2: Tensor }>("orgqr", ["input2"], 1, args).input2, "input");
}

interface OrmqrOptions {
  tau: Tensor;
  other: Tensor;
  left?: boolean;
  transpose?: boolean;
}

/**
 * A product of Householder reflectors times a matrix. PyTorch: `torch.ormqr`.
 *
 * @param input - [*, mn, k]: the reflectors, as `geqrf` gives them
 * @param args - `tau` [*, k], `other` [*, m, n], `left` (true: `Q other`, else `other Q`; mn is m or n), `transpose` (false: Qᴴ for Q)
 * @throws ShapeError if the sizes do not fit; DTypeError if the dtypes differ
 * @example
 * const { a, tau } = torch.geqrf(torch.tensor([[3., 1.5], [4, 2]]))
 * torch.ormqr(a, tau, torch.tensor([[5.], [0]], { dtype: torch.float32 })) // tensor([[-3.],
 *                                                                          //         [-4.]])
 */
export function ormqr(
  input: Tensor,
  ...args: Named<
    [tau: Tensor, other: Tensor, left: boolean, transpose: boolean],
    ["tau", "other", "left", "transpose"],
    OrmqrOptions
  >
): Tensor {
  if (isAutocasting()) return inFloat32(ormqr, [input, ...args]);
  const op = "ormqr";
  const names = ["tau", "other", "left", "transpose"] as const;
  const { tau, other, left = true, transpose = false } = named<OrmqrOptions>(op, names, 2, args);
  checkMatrix(op, input, "input");
  checkTensor(op, tau, "tau");
  checkMatrix(op, other, "other");
  if (input.dtype !== tau.dtype || input.dtype !== other.dtype)
    throw new DTypeError(
      `${op}: expected input, tau and other in one dtype, got ${input.dtype}, ${tau.dtype} and ${other.dtype}`,
    );
  const size = left ? rows(other) : columns(other);
  const k = tau.shape.at(-1) ?? -1;
  const batch = shapeText(batchOf(input));
  if (rows(input) !== size || k > size || k > columns(input) || batch !== shapeText(batchOf(other)))
    throw new ShapeError(
      `${op}: expected input with ${size} rows, no fewer columns than tau has elements, and the batch of other, got input ${shapeText(input.shape)}, tau ${shapeText(tau.shape)} and other ${shapeText(other.shape)}`,
    );
  if (batch !== shapeText(tau.shape.slice(0, -1)))
    throw new ShapeError(`${op}: expected tau with the batch of input, got ${shapeText(tau.shape)}`);
  // C Q = (Qᴴ Cᴴ)ᴴ
  return left ? applyReflectors(input, tau, other, transpose) : applyReflectors(input, tau, other.mH, !transpose).mH;
}
