/** @file Orthogonal matrices as a parametrization. */
import { noGrad } from "../../../autograd/modes.ts";
import { finfo } from "../../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { Buffer } from "../../../core/parameter.ts";
import { type Shape, sameShape, shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { eye, zerosLike } from "../../../ops/creation.ts";
import { allclose } from "../../../ops/equality.ts";
import { cat } from "../../../ops/joining.ts";
import { matrixExp } from "../../../ops/linalg/matrix-functions.ts";
import { geqrf, householderProduct } from "../../../ops/linalg/qr.ts";
import { solve } from "../../../ops/linalg/solve.ts";
import { matmul } from "../../../ops/matmul.ts";
import { where } from "../../../ops/pointwise/where.ts";
import { randn } from "../../../ops/random/creation.ts";
import { Module } from "../../module/module.ts";
import { tensorOf } from "../module-tensor.ts";
import type { Parametrization } from "../parametrize/parametrization-list.ts";
import { registerParametrization } from "../parametrize/register.ts";

/** How an orthogonal matrix is made of an arbitrary one. */
export type OrthogonalMap = "matrix_exp" | "cayley" | "householder";
const MAPS: readonly string[] = ["matrix_exp", "cayley", "householder"] satisfies OrthogonalMap[];

export interface OrthogonalOptions {
  /** The tensor; "weight" if not given. */
  name?: string;
  /** "matrix_exp" for square and complex matrices, else "householder", if not given. */
  orthogonalMap?: OrthogonalMap | null;
  /** Keep a base matrix that the map's result is multiplied with: training goes better, at the cost of memory. The default. */
  useTrivialization?: boolean;
}

/** Rows and columns of a tall matrix, and whether `x` lies on its side. */
function tall(x: Tensor): { n: number; k: number; x: Tensor; transposed: boolean } {
  const [n, k] = x.shape.slice(-2) as [number, number];
  return n < k ? { n: k, k: n, x: x.mT, transposed: true } : { n, k, x, transposed: false };
}

const diagonalOf = (x: Tensor): Tensor => x.diagonal({ dim1: -2, dim2: -1 });
const identity = (n: number, { dtype, device }: Tensor): Tensor => eye(n, { dtype, device });

function isOrthogonal(q: Tensor): boolean {
  const [n, k] = q.shape.slice(-2) as [number, number];
  const product = matmul(q.mH, q);
  const { dtype } = q.isComplex() ? q.real : q;
  return allclose(product, identity(k, q).expand(product.shape), { atol: 10 * n * finfo(dtype).eps });
}

/** The Q of A = QR where R has a positive diagonal, of a tall A. */
function orthogonalized(a: Tensor): Tensor {
  const [x, tau] = geqrf(a);
  return householderProduct(x, tau).mul(diagonalOf(x).sgn().unsqueeze(-2));
}

/** A product of reflections: its vectors lie below the diagonal of x, whose diagonal has the signs. */
function reflections(x: Tensor): Tensor {
  const vectors = x.tril(-1);
  const tau = vectors.mul(vectors).sum(-2).add(1).reciprocal().mul(2);
  return householderProduct(vectors, tau).mul(diagonalOf(x).int().unsqueeze(-2));
}

class Orthogonal extends Module {
  static readonly printedName: string = "_Orthogonal";
  protected readonly orthogonalMap: OrthogonalMap;
  /** An orthogonal matrix that the result of the map is multiplied with. */
  base: Buffer | null = null;

  constructor(orthogonalMap: OrthogonalMap) {
    super();
    this.orthogonalMap = orthogonalMap;
  }

  override forward(input: Tensor): Tensor {
    const { n, k, x, transposed } = tall(input);
    let q = this.orthogonalMap === "householder" ? reflections(x) : this.ofSkew(x, n, k);
    if (this.base !== null) q = matmul(this.base, q);
    return transposed ? q.mT : q;
  }

  /** The maps that take a skew-symmetric matrix, of the n·k − k(k−1)/2 numbers below the diagonal. */
  private ofSkew(x: Tensor, n: number, k: number): Tensor {
    const lower = x.tril();
    const batch = x.shape.slice(0, -2);
    const square = n === k ? lower : cat([lower, x.newZeros([...batch, n, n - k])], -1);
    const skew = square.sub(square.mH);
    if (this.orthogonalMap === "matrix_exp") return matrixExp(skew).narrow(-1, 0, k);
    // The Cayley map, (I + A/2)(I − A/2)⁻¹.
    const id = identity(n, skew);
    return solve(id.sub(skew, { alpha: 0.5 }), id.add(skew, { alpha: 0.5 })).narrow(-1, 0, k);
  }
}

/** One that can be assigned to: there is a way back if the base takes the matrix up, or of reflections. */
class InvertibleOrthogonal extends Orthogonal {
  private readonly size: Shape;
  private readonly useTrivialization: boolean;

  constructor(orthogonalMap: OrthogonalMap, size: Shape, useTrivialization: boolean) {
    super(orthogonalMap);
    this.size = size;
    this.useTrivialization = useTrivialization;
  }

  rightInverse(value: Tensor): Tensor {
    if (!sameShape(value.shape, this.size))
      throw new ShapeError(`orthogonal: expected shape ${shapeText(this.size)}, got ${shapeText(value.shape)}`);
    return noGrad(() => (this.useTrivialization ? this.inBase(value) : inReflections(value)));
  }

  /** The base becomes the matrix, completed to a square one; the map begins at the identity. */
  private inBase(value: Tensor): Tensor {
    const { n, k, x } = tall(value);
    const square = n === k ? x : cat([x, randn([...x.shape.slice(0, -2), n, n - k], { dtype: x.dtype })], -1);
    this.base = new Buffer(n === k && isOrthogonal(x) ? x.clone() : orthogonalized(square));
    // −1, as the diagonal has the signs of the reflections, of which there is an odd number for each column.
    const start = zerosLike(value);
    diagonalOf(start).fill_(-1);
    return start;
  }
}

function inReflections(value: Tensor): Tensor {
  const { x, transposed } = tall(value);
  const [a, tau] = geqrf(x);
  // A decomposition whose R has a positive diagonal; where tau is 0 there is no reflection, and so no sign.
  const signs = diagonalOf(a).sign();
  diagonalOf(a).copy_(where(tau.eq(0), signs.neg(), signs));
  return transposed ? a.mT : a;
}

/**
 * Keeps a matrix, or a batch of matrices, orthogonal (unitary, of complex numbers): the columns of a tall one are orthonormal, the rows
 * of a wide one. PyTorch: `torch.nn.utils.parametrizations.orthogonal`.
 *
 * @param args - `name` ("weight"), `orthogonalMap` ("matrix_exp" for square and complex matrices, else "householder"), and in options
 * `useTrivialization` (true)
 * @returns the module itself
 * @throws ShapeError for a vector
 * @see Lezcano-Casado 2019, arXiv:1909.09501
 * @example
 * const layer = nn.utils.parametrizations.orthogonal(new nn.Linear(20, 40));
 * torch.dist(layer.weight.T.matmul(layer.weight), torch.eye(20)).item() < 1e-4 // true
 */
export function orthogonal<M extends Module>(
  module: M,
  ...args: Call<[name: string, orthogonalMap: OrthogonalMap | null], OrthogonalOptions>
): M {
  const op = "orthogonal";
  const options = bind<OrthogonalOptions>(op, ["name", "orthogonalMap", "useTrivialization"], args);
  const { name = "weight", useTrivialization = true } = options;
  const weight = tensorOf(op, module, name);
  if (weight.ndim < 2)
    throw new ShapeError(`${op}: expected a matrix or a batch of matrices, got shape ${shapeText(weight.shape)}`);
  const isSquare = weight.shape.at(-1) === weight.shape.at(-2);
  const map = options.orthogonalMap ?? (isSquare || weight.isComplex() ? "matrix_exp" : "householder");
  if (!MAPS.includes(map))
    throw new ValueError(`${op}: expected one of ${MAPS.join(", ")} as orthogonalMap, got ${describe(map)}`);
  if (map === "householder" && weight.isComplex())
    throw new DTypeError(`${op}: expected a real matrix for the householder map, got ${weight.dtype}`);
  const parametrization: Parametrization =
    useTrivialization || map === "householder"
      ? new InvertibleOrthogonal(map, weight.shape, useTrivialization)
      : new Orthogonal(map);
  return registerParametrization(module, name, parametrization, { unsafe: true });
}
