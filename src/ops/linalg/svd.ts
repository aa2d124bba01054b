/** @file Singular values and vectors. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { isGradEnabled } from "../../autograd/modes.ts";
import { backendOf } from "../../backends/backend.ts";
import { int32, toReal } from "../../core/dtype.ts";
import { AutogradError, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { allocate, eye, zeros } from "../creation.ts";
import { kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTriple } from "../named-tuple.ts";
import { batchOf, checkInfo, checkMatrix, columns, factorDtype, rows, saysNoConvergence, scratch } from "./checks.ts";
import { reflected, reflectors } from "./qr.ts";

interface Attrs {
  readonly op: string;
  readonly full: boolean;
  readonly vectors: boolean;
}

/** `X − Xᴴ`. */
const skew = (X: Tensor) => X.sub(X.mH);

/** Differences of squared singular values, with 1 on the diagonal. */
function gaps(S: Tensor): Tensor {
  const squares = S.mul(S);
  const differences = squares.unsqueeze(-2).sub(squares.unsqueeze(-1));
  return differences.add(differences.detach().diagonal(0, -2, -1).mul(0).add(1).diagEmbed());
}

/**
 * Vectors are defined up to a factor: a loss must not depend on it. Of complex ones that factor is a phase.
 * @throws AutogradError if the phase counts
 */
export function checkPhase(op: string, what: string, diagonal: Tensor, scale: Tensor): void {
  if (!diagonal.isComplex() || diagonal.numel() === 0) return;
  const off = diagonal.detach().imag.abs().amax().item() as number;
  const size = scale.numel() === 0 ? 0 : (scale.detach().abs().amax().item() as number);
  if (off > 1e-2 * Math.max(1, size))
    throw new AutogradError(
      `${op}: expected a loss that does not depend on the phase of the ${what}, which are only specified up to a factor e^(iφ), got one that does`,
    );
}

const svdOp = kernelOp<Attrs>({
  name: "linalgSvd",
  forward: ([input], { op, full, vectors }) => {
    const A = input as Tensor;
    const [m, n, batch] = [rows(A), columns(A), batchOf(A)];
    const wide = m < n;
    const [tall, k] = [Math.max(m, n), Math.min(m, n)];
    // The kernel wants no more columns than rows. Of a matrix with many more rows than columns it is given R of Q R.
    const given = wide ? A.mH : A;
    const factors = tall >= 2 * k && vectors && k > 1 ? reflectors(given) : null;
    const matrix = factors
      ? factors[0].narrow(-2, 0, k).triu()
      : scratch(given, [...batch, tall, k], factorDtype(A.dtype));
    const { dtype } = matrix;
    const S = allocate([...batch, k], toReal(dtype), A.device);
    const info = allocate(batch, int32, A.device);
    const u = vectors ? allocate([...batch, rows(matrix), full && !factors ? tall : k], dtype, A.device) : null;
    const vh = vectors ? allocate([...batch, k, k], dtype, A.device) : null;
    backendOf(A.device).kernels.linalg.svd(matrix.contiguous(), u, S, vh, info);
    checkInfo(op, info, (code) =>
      code < 0 ? "expected a matrix of finite numbers, got one with infinity or NaN" : saysNoConvergence(),
    );
    const values = S.to(toReal(A.dtype));
    if (u === null || vh === null) return [values];
    let left = u;
    if (factors) {
      const width = full ? tall : k;
      left = eye(tall, width, { dtype, device: A.device })
        .expand([...batch, tall, width])
        .clone();
      left.narrow(-2, 0, k).narrow(-1, 0, k).copy_(u);
      left = reflected(...factors, left, false);
    }
    return [(wide ? vh.mH : left).to(A.dtype), values, (wide ? left.mH : vh).to(A.dtype)];
  },
  saves: () => [~0, ~1, ~2],
  backward: (grads, context) => {
    const S = context.result(1);
    const k = S.shape.at(-1) as number;
    const { full, op } = context.attrs;
    const U = full ? context.result(0).narrow(-1, 0, k) : context.result(0);
    const Vh = full ? context.result(2).narrow(-2, 0, k) : context.result(2);
    const gU = full && grads[0] ? grads[0].narrow(-1, 0, k) : (grads[0] ?? null);
    const gVh = full && grads[2] ? grads[2].narrow(-2, 0, k) : (grads[2] ?? null);
    return [svdBackward(op, U, S, Vh, gU, grads[1] ?? null, gVh)];
  },
});

/** The gradient of a matrix from those of its singular values and (thin) vectors. */
function svdBackward(
  op: string,
  U: Tensor,
  S: Tensor,
  Vh: Tensor,
  gU: Tensor | null,
  gS: Tensor | null,
  gVh: Tensor | null,
): Tensor {
  const [m, n, k] = [rows(U), columns(Vh), columns(U)];
  if (gU === null && gVh === null) {
    const g = (gS as Tensor).unsqueeze(-2).to(U.dtype);
    return m >= n ? U.matmul(Vh.mul(g.mT)) : U.mul(g).matmul(Vh);
  }
  const row = S.unsqueeze(-2);
  const column = S.unsqueeze(-1);
  const E = gaps(S);
  const UhgU = gU === null ? null : skew(U.mH.matmul(gU));
  const VhgV = gVh === null ? null : skew(Vh.matmul(gVh.mH));
  if (U.isComplex()) {
    const diagonals = [UhgU, VhgV].filter((t) => t !== null).map((t) => t.diagonal(0, -2, -1));
    const sum = diagonals.reduce((a, b) => a.add(b));
    checkPhase(`${op} (backward)`, "singular vectors", sum, (gU ?? gVh) as Tensor);
  }
  let inner: Tensor | null = null;
  const plus = (t: Tensor) => {
    inner = inner === null ? t : (inner as Tensor).add(t);
  };
  if (UhgU) plus(UhgU.div(E).mul(row));
  if (VhgV) plus(VhgV.div(E).mul(column));
  if (gS) plus(gS.to(U.dtype).diagEmbed());
  if (U.isComplex() && UhgU && VhgV) plus(UhgU.diagonal(0, -2, -1).div(S.mul(2)).diagEmbed());
  let gA = inner as unknown as Tensor;
  if (m > k && gU) {
    const scaled = gU.div(row);
    gA = U.matmul(gA).add(scaled.sub(U.matmul(U.mH.matmul(scaled))));
    gA = n > k && gVh ? gA.matmul(Vh) : gA.matmul(Vh);
  } else gA = U.matmul(gA.matmul(Vh));
  if (n > k && gVh) {
    const scaled = gVh.div(column);
    gA = gA.add(U.matmul(scaled.sub(scaled.matmul(Vh.mH).matmul(Vh))));
  }
  return gA;
}

/** Thin or full singular vectors and values. */
export function singularVectors(op: string, A: Tensor, full: boolean): [U: Tensor, S: Tensor, Vh: Tensor] {
  return svdOp.results([A], { op, full, vectors: true }) as [Tensor, Tensor, Tensor];
}

/** The values alone; vectors are computed only if a gradient may be asked for. */
export function singularValues(op: string, A: Tensor): Tensor {
  checkMatrix(op, A);
  const vectors = isGradEnabled() && A.requiresGrad;
  return svdOp.results([A], { op, full: false, vectors })[vectors ? 1 : 0] as Tensor;
}

function checkDriver(op: string, driver: string | null): void {
  if (driver !== null) throw new ValueError(`${op}: expected no driver: drivers are for CUDA alone, got "${driver}"`);
}

interface SvdOptions {
  fullMatrices?: boolean;
  driver?: string | null;
}

/**
 * Singular value decomposition, `A = U diag(S) Vᴴ`. PyTorch: `torch.linalg.svd`.
 *
 * @param A - [*, m, n]; float32, float64 or complex
 * @param args - `fullMatrices` (true: U and Vh are square), `driver` (null; others are for CUDA)
 * @returns `U` [*, m, m or k], `S` [*, k], falling, real, and `Vh` [*, n or k, n], with k = min(m, n). The columns of U and rows of Vh
 * are determined up to a factor of size 1; gradients through those beyond k are not taken
 * @throws LinAlgError if `A` has infinite or NaN elements; DTypeError for half precision and integers
 * @see Golub & Reinsch 1970
 * @example
 * torch.linalg.svd(torch.tensor([[3, 0], [0, 4.5]])).S // tensor([4.5000, 3.0000])
 */
export function svd(
  A: Tensor,
  ...args: Call<[fullMatrices: boolean], SvdOptions>
): NamedTuple<{ U: Tensor; S: Tensor; Vh: Tensor }, readonly [Tensor, Tensor, Tensor]> {
  if (isAutocasting()) return inFloat32(svd, [A, ...args]);
  const op = "linalg.svd";
  const { fullMatrices = true, driver = null } = bind<SvdOptions>(op, ["fullMatrices", "driver"], args);
  checkMatrix(op, A);
  checkDriver(op, driver);
  const [U, S, Vh] = singularVectors(op, A, fullMatrices);
  return namedTriple({ U, S, Vh }, "linalg_svd");
}

/**
 * The singular values of each matrix, falling. PyTorch: `torch.linalg.svdvals`.
 *
 * @param A - [*, m, n]
 * @returns [*, min(m, n)], real
 * @throws LinAlgError if `A` has infinite or NaN elements
 * @example
 * torch.linalg.svdvals(torch.tensor([[3, 0], [0, 4.5]])) // tensor([4.5000, 3.0000])
 */
export function svdvals(A: Tensor, ...args: Call<[], { driver?: string | null }>): Tensor {
  if (isAutocasting()) return inFloat32(svdvals, [A, ...args]);
  const op = "linalg.svdvals";
  checkDriver(op, bind<{ driver?: string | null }>(op, ["driver"], args).driver ?? null);
  return singularValues(op, A);
}

interface OldOptions {
  some?: boolean;
  computeUv?: boolean;
}

/** What `torch.svd` gives. */
export type UsvTuple = NamedTuple<{ U: Tensor; S: Tensor; V: Tensor }, readonly [Tensor, Tensor, Tensor]>;

/**
 * Singular value decomposition, `input = U diag(S) Vᴴ`. Superseded by `linalg.svd`, which gives Vᴴ. PyTorch: `torch.svd`.
 *
 * @param args - `some` (true: thin U and V), `computeUv` (true: else U and V are zeros)
 * @example
 * torch.svd(torch.tensor([[3, 0], [0, 4.5]])).S // tensor([4.5000, 3.0000])
 */
export function svdOld(input: Tensor, ...args: Call<[some: boolean, computeUv: boolean], OldOptions>): UsvTuple {
  if (isAutocasting()) return inFloat32(svdOld, [input, ...args]);
  const { some = true, computeUv = true } = bind<OldOptions>("svd", ["some", "computeUv"], args);
  checkMatrix("svd", input, "input");
  if (computeUv) {
    const [U, S, Vh] = singularVectors("svd", input, !some);
    return namedTriple({ U, S, V: Vh.mH }, "svd");
  }
  const [m, n] = [rows(input), columns(input)];
  const like = { dtype: input.dtype, device: input.device };
  const S = singularValues("svd", input);
  const [U, V] = [m, n].map((size) => zeros([...batchOf(input), size, size], like)) as [Tensor, Tensor];
  return namedTriple({ U, S, V }, "svd");
}
