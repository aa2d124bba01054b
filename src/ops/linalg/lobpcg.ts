/** @file A few extreme eigenvalues of a symmetric matrix, by products with it: the interface and derivative of `torch.lobpcg`. */
import { AutogradError, DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { stack } from "../joining.ts";
import { type Context, kernelOp } from "../kernel-form.ts";
import { checkInt, checkTensor } from "../params.ts";
import { randn } from "../random/creation.ts";
import { batchOf, checkFlag, checkSquare, columns, rows } from "./checks.ts";
import { type LobpcgIteration, type LobpcgSettings, Search } from "./lobpcg-search.ts";
import { solve } from "./solve.ts";

/** Numbers of rounds in which new directions are made orthonormal (3 each), for `method: "ortho"`. */
export interface LobpcgOrthoIparams {
  readonly orthoIMax?: number;
  readonly orthoJMax?: number;
}

/** Tolerances of the same, `tol` if not given. */
export interface LobpcgOrthoFparams {
  readonly orthoTol?: number;
  readonly orthoTolDrop?: number;
  readonly orthoTolReplace?: number;
}

/** Whether directions that add little are dropped (`false`). */
export interface LobpcgOrthoBparams {
  readonly orthoUseDrop?: boolean;
}

/** What `lobpcg` takes beside the matrix. */
export interface LobpcgOptions {
  readonly k?: number | null;
  readonly B?: Tensor | null;
  readonly X?: Tensor | null;
  readonly n?: number | null;
  readonly iK?: Tensor | null;
  readonly niter?: number | null;
  readonly tol?: number | null;
  readonly largest?: boolean | null;
  readonly method?: "basic" | "ortho" | null;
  readonly tracker?: ((iteration: LobpcgIteration) => void) | null;
  readonly orthoIparams?: LobpcgOrthoIparams | null;
  readonly orthoFparams?: LobpcgOrthoFparams | null;
  readonly orthoBparams?: LobpcgOrthoBparams | null;
}

const NAMES = [
  "k",
  "B",
  "X",
  "n",
  "iK",
  "niter",
  "tol",
  "largest",
  "method",
  "tracker",
  "orthoIparams",
  "orthoFparams",
  "orthoBparams",
] as const;

interface Attrs {
  readonly X: Tensor | null;
  readonly iK: Tensor | null;
  readonly k: number;
  readonly n: number;
  readonly settings: LobpcgSettings;
}

function searchAll([A, B = null]: readonly (Tensor | null)[], { X, iK, k, n, settings }: Attrs): [Tensor, Tensor] {
  const matrix = A as Tensor;
  const m = rows(matrix);
  const each = (t: Tensor | null) =>
    t?.broadcastTo([...batchOf(matrix), ...t.shape.slice(-2)]).reshape(-1, ...t.shape.slice(-2));
  const [As, Bs, Xs, Ks] = [each(matrix) as Tensor, each(B), each(X), each(iK)];
  const found = Array.from({ length: As.shape[0] as number }, (_, i) => {
    const start = Xs?.select(0, i).clone() ?? randn([m, n], { dtype: matrix.dtype, device: matrix.device });
    const search = new Search(As.select(0, i), Bs?.select(0, i) ?? null, start, Ks?.select(0, i) ?? null, k, settings);
    search.run();
    return [search.E.narrow(0, 0, k), search.X.narrow(1, 0, k)] as const;
  });
  const batch = batchOf(matrix);
  if (found.length === 0) return [matrix.newEmpty([...batch, k]), matrix.newEmpty([...batch, m, k])];
  return [
    stack(found.map(([E]) => E)).reshape([...batch, k]),
    stack(found.map(([, V]) => V)).reshape([...batch, m, k]),
  ];
}

/**
 * The gradient of the matrix: for each pair `(λ, u)` that of `λ` times `u uᵀ`, and that of `u` through `du = (λ − A)⁺ dA u`, which is
 * solved within the vectors found and in the complement of them.
 */
function gradientOf(gE: Tensor | null, gU: Tensor | null, context: Context<Attrs>): Tensor {
  const [A, E, U] = [context.input(0), context.result(0), context.result(1)];
  const Ut = U.mT;
  const values = gE === null ? null : U.mul(gE.unsqueeze(-2)).matmul(Ut);
  if (gU === null) return values as Tensor;
  const gaps = E.unsqueeze(-2).sub(E.unsqueeze(-1));
  const within = Ut.matmul(gU).div(gaps.add(E.detach().mul(0).add(1).diagEmbed()));
  const off = within.sub(within.diagonal(0, -2, -1).diagEmbed());
  const inside = U.matmul(off);
  // Each λ has a matrix of its own: λ − A in the complement of U, the identity in its span.
  const span = U.matmul(Ut);
  const identity = A.newOnes([columns(A)]).diag();
  const beyond = identity.sub(span);
  const shifted = E.unsqueeze(-1).unsqueeze(-1).mul(identity).sub(A.unsqueeze(-3));
  const P = beyond.unsqueeze(-3);
  const systems = P.matmul(shifted).matmul(P).add(span.unsqueeze(-3));
  const outside = solve(systems, beyond.matmul(gU).mT.unsqueeze(-1)).squeeze(-1).mT;
  const vectors = inside.add(outside).matmul(Ut);
  return values === null ? vectors : values.add(vectors);
}

const lobpcgOp = kernelOp<Attrs>({
  name: "lobpcg",
  node: "LOBPCGAutogradFunctionBackward",
  forward: (inputs, attrs) => searchAll(inputs, attrs),
  saves: () => [0, ~0, ~1],
  backward: ([gE = null, gU = null], context) => {
    if (context.needs(1) || context.attrs.settings.general)
      throw new AutogradError("lobpcg: expected no B where gradients are asked for: its derivative is not implemented");
    return [gradientOf(gE, gU, context)];
  },
});

function checkMatrixLike(op: string, A: Tensor, t: unknown, name: string): asserts t is Tensor {
  checkTensor(op, t, name);
  if (t.dtype !== A.dtype)
    throw new DTypeError(`${op}: expected ${name} in the dtype of A, ${A.dtype}, got ${t.dtype}`);
  if (t.ndim < 2) throw new ShapeError(`${op}: expected ${name} with at least 2 dimensions, got ${shapeText(t.shape)}`);
}

/** An optional number: `preset` if it is not given. */
function numberOr(op: string, name: string, x: number | null | undefined, preset: number): number {
  if (x === null || x === undefined) return preset;
  if (typeof x !== "number" || Number.isNaN(x))
    throw new ValueError(`${op}: expected a number as ${name}, got ${describe(x)}`);
  return x;
}

/**
 * The `k` largest or smallest eigenvalues of a symmetric positive definite matrix, and their vectors, by the locally optimal block
 * preconditioned conjugate gradient method: `A x = λ B x`. PyTorch: `torch.lobpcg`.
 *
 * Gradients flow to `A`, made symmetric, where no `B` is given. Differs: they exist for any `k`, and `X` is not written into.
 *
 * @param A - [*, m, m], float32 or float64, with `m` of at least `3 n`
 * @param args - `k` (the columns of `X`, or 1), `B` (null: the identity), `X` (null: random; [*, m, n], where to begin), `n` (`k`: the size
 * of the block), `iK` (null: a preconditioner, [*, m, m]), `niter` (1000; −1 for no end), `tol` (the root of the dtype's precision), `largest`
 * (true), `method` ("ortho", or "basic"), `tracker` (null: called after each step), `orthoIparams`, `orthoFparams`, `orthoBparams`
 * @returns the eigenvalues, [*, k], and the vectors as columns, [*, m, k]
 * @throws ValueError if `m` is smaller than `3 n`; ShapeError, DTypeError if the tensors do not fit; LinAlgError where "basic" meets a
 * matrix that is not positive definite
 * @see Knyazev 2001, doi:10.1137/S1064827500366124 ("basic"); Duersch et al. 2018, doi:10.1137/17M1129830 ("ortho")
 * @example
 * const [E] = torch.lobpcg(torch.diag(torch.tensor([1.5, 2, 4, 8])));
 * E // tensor([8.0000])
 */
export function lobpcg(
  A: Tensor,
  ...args: Call<
    [
      k: number | null,
      B: Tensor | null,
      X: Tensor | null,
      n: number | null,
      iK: Tensor | null,
      niter: number | null,
      tol: number | null,
      largest: boolean | null,
      method: "basic" | "ortho" | null,
      tracker: ((iteration: LobpcgIteration) => void) | null,
      orthoIparams: LobpcgOrthoIparams | null,
      orthoFparams: LobpcgOrthoFparams | null,
      orthoBparams: LobpcgOrthoBparams | null,
    ],
    LobpcgOptions
  >
): [eigenvalues: Tensor, eigenvectors: Tensor] {
  const op = "lobpcg";
  const { B = null, X = null, iK = null, ...given } = bind<LobpcgOptions>(op, NAMES, args);
  checkSquare(op, A);
  if (A.dtype.isComplex) throw new DTypeError(`${op}: expected float32 or float64, got ${A.dtype}`);
  const m = rows(A);
  for (const [t, name] of [
    [B, "B"],
    [iK, "iK"],
    [X, "X"],
  ] as const)
    if (t !== null) checkMatrixLike(op, A, t, name);
  if (B !== null && !sameShape(B.shape, A.shape))
    throw new ShapeError(`${op}: expected B of the shape of A, ${shapeText(A.shape)}, got ${shapeText(B.shape)}`);
  const width = X === null ? null : columns(X);
  const k = numberOr(op, "k", given.k, width ?? 1);
  const n = width ?? numberOr(op, "n", given.n, k);
  checkInt(op, "k", k);
  checkInt(op, "n", n);
  if (k < 1 || k > n) throw new ValueError(`${op}: expected k from 1 to n = ${n}, got ${k}`);
  if (m < 3 * n) throw new ValueError(`${op}: expected at least 3 n = ${3 * n} rows of A, got ${m}`);
  if (X !== null && rows(X) !== m) throw new ShapeError(`${op}: expected X with ${m} rows, got ${shapeText(X.shape)}`);
  if (iK !== null && (rows(iK) !== m || columns(iK) !== m))
    throw new ShapeError(`${op}: expected iK of size [${m}, ${m}], got ${shapeText(iK.shape)}`);
  const { method, largest, tracker } = given;
  if (method !== undefined && method !== null && method !== "basic" && method !== "ortho")
    throw new ValueError(`${op}: expected "basic" or "ortho" as method, got ${describe(method)}`);
  checkFlag(op, "largest", largest ?? undefined);
  if (tracker !== undefined && tracker !== null && typeof tracker !== "function")
    throw new ValueError(`${op}: expected a function as tracker, got ${describe(tracker)}`);
  const niter = numberOr(op, "niter", given.niter, 1000);
  checkInt(op, "niter", niter);
  const tol = numberOr(op, "tol", given.tol, Math.sqrt(A.dtype.itemsize === 8 ? 2.23e-16 : 1.2e-7));
  const { orthoIparams, orthoFparams, orthoBparams } = given;
  const settings: LobpcgSettings = {
    niter,
    tol,
    largest: largest ?? true,
    method: method ?? "ortho",
    tracker: tracker ?? null,
    general: B !== null,
    outer: numberOr(op, "orthoIMax", orthoIparams?.orthoIMax, 3),
    inner: numberOr(op, "orthoJMax", orthoIparams?.orthoJMax, 3),
    orthoTol: numberOr(op, "orthoTol", orthoFparams?.orthoTol, tol),
    dropTol: numberOr(op, "orthoTolDrop", orthoFparams?.orthoTolDrop, tol),
    replaceTol: numberOr(op, "orthoTolReplace", orthoFparams?.orthoTolReplace, tol),
    useDrop: orthoBparams?.orthoUseDrop ?? false,
  };
  const symmetric = (t: Tensor) => (A.requiresGrad || B?.requiresGrad ? t.add(t.mT).div(2) : t);
  const inputs = B === null ? [symmetric(A)] : [symmetric(A), symmetric(B)];
  const attrs = { X: X?.detach() ?? null, iK: iK?.detach() ?? null, k, n, settings };
  return lobpcgOp.results(inputs, attrs) as [Tensor, Tensor];
}
