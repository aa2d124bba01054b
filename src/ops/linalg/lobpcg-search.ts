/**
 * @file The search of `torch.lobpcg`: in each step the best vectors in the space that is spanned by the present ones (X), the residuals (W)
 * and the directions of the step before (P). Names are those of Duersch et al. 2018, doi:10.1137/17M1129830.
 */
import { LinAlgError, ShapeError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { cat } from "../joining.ts";
import { cholesky } from "./cholesky.ts";
import { eigh } from "./eigen.ts";
import { qr } from "./qr.ts";
import { solveTriangular } from "./triangular.ts";

/** The state of the search, as `tracker` sees it. */
export interface LobpcgIteration {
  readonly istep: number;
  readonly E: Tensor;
  readonly X: Tensor;
  readonly R: Tensor;
  readonly convergedCount: number;
  /** Relative sizes of the residuals. */
  readonly rerr: Tensor;
  /** May be set, to end the search. */
  forceStop: boolean;
}

export interface LobpcgSettings {
  readonly niter: number;
  readonly tol: number;
  readonly largest: boolean;
  readonly method: "basic" | "ortho";
  readonly tracker: ((iteration: LobpcgIteration) => void) | null;
  /** Whether there is a B. */
  readonly general: boolean;
  /** Rounds of orthogonalisation, and of normalisation in each. */
  readonly outer: number;
  readonly inner: number;
  readonly orthoTol: number;
  readonly dropTol: number;
  readonly replaceTol: number;
  readonly useDrop: boolean;
}

const times = (M: Tensor | null, x: Tensor): Tensor => (M === null ? x : M.matmul(x));
/** `Sᵀ M S`. */
const form = (M: Tensor | null, S: Tensor): Tensor => S.mT.matmul(times(M, S));
const columnsOf = (t: Tensor, from: number, to: number): Tensor => t.at(":", `${from}:${to}`);
const normOf = (t: Tensor): number => t.norm().item();

function eigenpairs(M: Tensor, largest: boolean): [Tensor, Tensor] {
  const [E, Z] = eigh(M, "U");
  return largest ? [E.flip(-1), Z.flip(-1)] : [E, Z];
}

/** Of one matrix; the tensors that it holds are its own. */
export class Search implements LobpcgIteration {
  istep = 0;
  X: Tensor;
  E: Tensor;
  R: Tensor;
  rerr: Tensor;
  convergedCount = 0;
  forceStop = false;
  private readonly A: Tensor;
  private readonly B: Tensor | null;
  private readonly iK: Tensor | null;
  private readonly k: number;
  private readonly n: number;
  private readonly settings: LobpcgSettings;
  private readonly normOfA: number;
  private readonly normOfB: number;
  /** The basis of the space that is searched next, without the vectors that have converged. */
  private S: Tensor;

  constructor(A: Tensor, B: Tensor | null, X: Tensor, iK: Tensor | null, k: number, settings: LobpcgSettings) {
    this.A = A;
    this.B = B;
    this.X = X;
    this.iK = iK;
    this.k = k;
    this.n = X.shape[1] as number;
    this.settings = settings;
    this.E = X.newZeros([this.n]);
    this.R = X.newZeros(X.shape);
    this.rerr = X.newZeros([this.n]);
    this.S = X;
    const norm = normOf(X);
    this.normOfA = normOf(A.matmul(X)) / norm;
    this.normOfB = normOf(times(B, X)) / norm;
  }

  run(): void {
    const { niter, tracker } = this.settings;
    do {
      if (this.istep === 0) this.begin();
      else if (this.settings.method === "ortho") this.stepOrthogonal();
      else this.stepBasic();
      this.istep++;
      tracker?.(this);
    } while (!this.forceStop && this.istep !== niter && this.convergedCount < this.k);
  }

  /** The best vectors among those that the search begins with. */
  private begin(): void {
    const Ri = this.toStandard(this.X);
    const [E, Z] = eigenpairs(form(form(this.A, this.X), Ri), this.settings.largest);
    this.X = this.X.matmul(Ri.matmul(Z));
    this.E = E;
    this.update(null);
  }

  private stepBasic(): void {
    const { S, n } = this;
    const free = n - this.convergedCount;
    const Ri = this.toStandard(S);
    const [E, Z] = eigenpairs(form(form(this.A, S), Ri), this.settings.largest);
    this.keepConverged(E, S.matmul(Ri.matmul(columnsOf(Z, 0, free))));
    this.update(S.matmul(Ri.matmul(columnsOf(Z, n, n + free))));
  }

  private stepOrthogonal(): void {
    const { S } = this;
    const free = this.n - this.convergedCount;
    const [E, Z] = eigenpairs(form(this.A, S), this.settings.largest);
    this.keepConverged(E, S.matmul(columnsOf(Z, 0, free)));
    const rest = columnsOf(Z, free, Z.shape[1] as number);
    const directions = qr(rest.narrow(0, 0, Math.min(free, rest.shape[0] as number)).mT).Q;
    this.update(S.matmul(rest.matmul(directions)));
  }

  /** Takes new vectors beside those that have converged. */
  private keepConverged(E: Tensor, X: Tensor): void {
    const done = this.convergedCount;
    this.X = cat([columnsOf(this.X, 0, done), X], 1);
    this.E = cat([this.E.narrow(0, 0, done), E.narrow(0, 0, this.n - done)]);
  }

  /** Residuals, what has converged, and the space of the next step; `P`: the directions of this one. */
  private update(P: Tensor | null): void {
    this.R = this.A.matmul(this.X).sub(times(this.B, this.X).mul(this.E));
    this.countConverged();
    const open = columnsOf(this.R, this.convergedCount, this.n);
    const known = P === null ? this.X : cat([this.X, P], 1);
    const W = this.settings.method === "ortho" ? this.orthogonal(open, known) : times(this.iK, open);
    const all = cat([known, W], 1);
    this.S = columnsOf(all, this.convergedCount, all.shape[1] as number);
  }

  /** Vectors whose residual is small, up to the first that has a larger one (Duersch et al., 4.3). */
  private countConverged(): void {
    const scale = this.X.norm(2, 0).mul(this.E.mul(this.normOfB).add(this.normOfA));
    this.rerr = this.R.norm(2, 0).div(scale);
    const count = this.rerr.lt(this.settings.tol).cumprod(0).sum().item();
    if (count < this.convergedCount)
      throw new LinAlgError(
        `lobpcg: expected the number of converged pairs not to fall, got ${count} after ${this.convergedCount}`,
      );
    this.convergedCount = count;
  }

  /** `Ri` such that `Riᵀ SᵀBS Ri` is the identity: it turns the generalized problem within `S` into a standard one. */
  private toStandard(S: Tensor): Tensor {
    const SBS = form(this.B, S);
    const d = SBS.diagonal().pow(-0.5);
    const R = cholesky(SBS.mul(d).mul(d.unsqueeze(1)), { upper: true });
    return solveTriangular(R, d.diagEmbed(), { upper: true, left: false });
  }

  /** The columns made B-orthonormal, by the eigenvalues of their products (Duersch 2015, algorithm 4). */
  private orthonormal(given: Tensor, drop: boolean, tau: number): Tensor {
    if (given.numel() === 0) return given;
    const nonzero = form(this.B, given).diagonal().ne(0).nonzero().squeeze(1);
    const U = given.indexSelect(1, nonzero);
    if (U.numel() === 0) return U;
    const UBU = form(this.B, U);
    const d = UBU.diagonal().pow(-0.5);
    const [E, Z] = eigenpairs(UBU.mul(d.unsqueeze(1)).mul(d), false);
    const least = tau * E.abs().max().item();
    if (!drop) return U.mul(d).matmul(Z.mul(E.clamp({ min: least }).pow(-0.5)));
    const kept = E.gt(least).nonzero().squeeze(1);
    return U.mul(d).matmul(Z.indexSelect(1, kept).mul(E.indexSelect(0, kept).pow(-0.5)));
  }

  /** The columns made B-orthonormal, and B-orthogonal to those of `V` (Duersch 2015, algorithms 3 and 6). */
  private orthogonal(given: Tensor, V: Tensor): Tensor {
    const { outer, inner, orthoTol, dropTol, replaceTol, useDrop } = this.settings;
    const { B } = this;
    const normOfBV = normOf(times(B, V));
    let U = given;
    let VBU = V.mT.matmul(times(B, U));
    for (let i = 0; i < outer; i++) {
      U = U.sub(V.matmul(VBU));
      for (let j = 0; j < inner; j++) {
        U = this.orthonormal(U, useDrop && j > 0, useDrop && j === 0 ? dropTol : replaceTol);
        if (U.numel() === 0) return U;
        const BU = times(B, U);
        const UBU = U.mT.matmul(BU);
        const away = normOf(UBU.sub(UBU.newOnes([UBU.shape[0] as number]).diag()));
        if (away / (normOf(BU) * normOf(U)) < orthoTol) break;
      }
      VBU = V.mT.matmul(times(B, U));
      if (normOf(VBU) / (normOfBV * normOf(U)) < orthoTol) break;
      const total = (U.shape[1] as number) + (V.shape[1] as number);
      if ((this.A.shape[0] as number) < total)
        throw new ShapeError(
          `lobpcg: expected at least ${total} rows for that many directions, got ${this.A.shape[0]}`,
        );
    }
    return U;
  }
}
