/** @file Spectral normalization as a parametrization. */
import { noGrad } from "../../../autograd/modes.ts";
import { Buffer } from "../../../core/parameter.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind } from "../../../ops/bind.ts";
import { dot, mv } from "../../../ops/matmul.ts";
import { Module } from "../../module/module.ts";
import { tensorOf } from "../module-tensor.ts";
import { registerParametrization } from "../parametrize/register.ts";
import { asMatrix, checkSpectralOptions, outputDim, randomUnit, unit } from "../power-iteration.ts";
import { SPECTRAL_PARAMETERS, type SpectralNormArgs, type SpectralNormOptions } from "../spectral-norm.ts";

/** Steps of the power method with which a weight begins. */
const FIRST_ITERATIONS = 15;

class SpectralNorm extends Module {
  static readonly printedName: string = "_SpectralNorm";
  private readonly dim: number;
  private readonly eps: number;
  private readonly nPowerIterations: number;
  /** The left and right singular vectors of the largest singular value; a vector needs none. */
  readonly _u: Buffer | null = null;
  readonly _v: Buffer | null = null;

  constructor(weight: Tensor, nPowerIterations: number, dim: number, eps: number) {
    super();
    this.dim = dim < 0 ? dim + weight.ndim : dim;
    this.eps = eps;
    this.nPowerIterations = nPowerIterations;
    if (weight.ndim === 1) return;
    const matrix = asMatrix(weight.detach(), this.dim);
    this._u = new Buffer(randomUnit(matrix, matrix.shape[0] as number, eps));
    this._v = new Buffer(randomUnit(matrix, matrix.shape[1] as number, eps));
    this.iterate(matrix, this._u, this._v, FIRST_ITERATIONS);
  }

  private iterate(matrix: Tensor, u: Tensor, v: Tensor, steps: number): void {
    noGrad(() => {
      for (let i = 0; i < steps; i++) {
        u.copy_(unit(mv(matrix, v), this.eps));
        v.copy_(unit(mv(matrix.t(), u), this.eps));
      }
    });
  }

  override forward(weight: Tensor): Tensor {
    const { _u, _v } = this;
    if (_u === null || _v === null) return unit(weight, this.eps);
    const matrix = asMatrix(weight, this.dim);
    if (this.training) this.iterate(matrix, _u, _v, this.nPowerIterations);
    // Backward of this call must find them as they are, though the next call changes them.
    const [u, v] = [_u.detach().clone(), _v.detach().clone()];
    return weight.div(dot(u, mv(matrix, v)));
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * Keeps the largest singular value of a weight at 1, estimated by the power method: `nPowerIterations` steps at each use of the weight
 * while the module trains. PyTorch: `torch.nn.utils.parametrizations.spectral_norm`.
 *
 * @param args - `name` ("weight"), `nPowerIterations` (1), `eps` (1e-12), `dim` (0, or 1 of a transposed convolution)
 * @returns the module itself
 * @see Miyato et al. 2018, arXiv:1802.05957
 * @example
 * const layer = nn.utils.parametrizations.spectralNorm(new nn.Linear(20, 40));
 * layer // ParametrizedLinear(
 *       //   in_features=20, out_features=40, bias=True
 *       //   (parametrizations): ModuleDict(
 *       //     (weight): ParametrizationList(
 *       //       (0): _SpectralNorm()
 *       //     )
 *       //   )
 *       // )
 */
export function spectralNorm<M extends Module>(module: M, ...args: SpectralNormArgs): M {
  const op = "spectralNorm";
  const options = bind<SpectralNormOptions>(op, SPECTRAL_PARAMETERS, args);
  const { name = "weight", nPowerIterations = 1, eps = 1e-12 } = options;
  const weight = tensorOf(op, module, name);
  const dim = options.dim ?? outputDim(module);
  checkSpectralOptions(op, weight, nPowerIterations, dim);
  return registerParametrization(module, name, new SpectralNorm(weight, nPowerIterations, dim, eps));
}
