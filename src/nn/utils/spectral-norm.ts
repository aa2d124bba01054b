/** @file Spectral normalization in its older form: the weight is divided by its largest singular value before each call. */
import { noGrad } from "../../autograd/modes.ts";
import { ValueError } from "../../core/errors.ts";
import { Parameter } from "../../core/parameter.ts";
import { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { dot, mv } from "../../ops/matmul.ts";
import { internalsOf } from "../module/hook-lists.ts";
import type { Module } from "../module/module.ts";
import { attachComputed, type ComputedTensor, computedOf, detachComputed } from "./computed-tensor.ts";
import { deleteField, parameterOf, setTensor, tensorOf } from "./module-tensor.ts";
import { asMatrix, checkSpectralOptions, outputDim, randomUnit, unit } from "./power-iteration.ts";

export interface SpectralNormOptions {
  /** The weight; "weight" if not given. */
  name?: string;
  /** Steps of the power method in each call of a module that trains; 1 if not given. */
  nPowerIterations?: number;
  /** Keeps divisors away from 0; 1e-12 if not given. */
  eps?: number;
  /** The dimension of the outputs; 0, or 1 of a transposed convolution, if not given. */
  dim?: number | null;
}

export type SpectralNormArgs = Call<
  [name: string, nPowerIterations: number, eps: number, dim: number | null],
  SpectralNormOptions
>;
export const SPECTRAL_PARAMETERS = ["name", "nPowerIterations", "eps", "dim"] as const;

class SpectralNorm implements ComputedTensor {
  readonly tensorName: string;
  readonly dim: number;
  private readonly nPowerIterations: number;
  private readonly eps: number;

  constructor(name: string, dim: number, nPowerIterations: number, eps: number) {
    this.tensorName = name;
    this.dim = dim;
    this.nPowerIterations = nPowerIterations;
    this.eps = eps;
  }

  compute(module: Module, iterate: boolean = module.training): Tensor {
    const part = (suffix: string) => tensorOf("spectralNorm", module, `${this.tensorName}${suffix}`);
    const weight = part("Orig");
    let [u, v] = [part("U"), part("V")];
    const matrix = asMatrix(weight, this.dim);
    if (iterate) {
      noGrad(() => {
        for (let i = 0; i < this.nPowerIterations; i++) {
          v.copy_(unit(mv(matrix.t(), u), this.eps));
          u.copy_(unit(mv(matrix, v), this.eps));
        }
      });
      // Backward of this call must find them as they are, though the next call changes them.
      [u, v] = [u.detach().clone(), v.detach().clone()];
    }
    return weight.div(dot(u, mv(matrix, v)));
  }

  /** Checkpoints of PyTorch before 1.0 have the weight instead of `v`. */
  readonly upgrade = (_: Module, state: Record<string, unknown>, prefix: string): void => {
    const key = `${prefix}${this.tensorName}`;
    const [orig, weight, u] = [state[`${key}_orig`], state[key], state[`${key}_u`]];
    if (!(orig instanceof Tensor && weight instanceof Tensor && u instanceof Tensor)) return;
    Reflect.deleteProperty(state, key);
    state[`${key}_v`] = noGrad(() => {
      const matrix = asMatrix(orig, this.dim);
      const v = mv(matrix.t().mm(matrix).pinverse(), mv(matrix.t(), u));
      return v.mul(
        orig
          .div(weight)
          .mean()
          .div(dot(u, mv(matrix, v))),
      );
    });
  };
}

function normOf(module: Module, name: string): SpectralNorm | undefined {
  return computedOf(module).find((c): c is SpectralNorm => c instanceof SpectralNorm && c.tensorName === name);
}

/**
 * Keeps the largest singular value of a weight at 1, estimated by the power method. The parameter `name` becomes `nameOrig`, with
 * the buffers `nameU` and `nameV` beside it (in the state_dict `name_orig`, `name_u`, `name_v`). PyTorch:
 * `torch.nn.utils.spectral_norm`, which is deprecated in favour of `nn.utils.parametrizations.spectralNorm`.
 *
 * @param args - `name` ("weight"), `nPowerIterations` (1), `eps` (1e-12), `dim`
 * @returns the module itself
 * @see Miyato et al. 2018, arXiv:1802.05957
 * @example
 * const layer = nn.utils.spectralNorm(new nn.Linear(20, 40));
 * layer.namedBuffers().map(([name, b]) => `${name} ${b.shape}`) // ["weight_u 40", "weight_v 20"]
 */
export function spectralNorm<M extends Module>(module: M, ...args: SpectralNormArgs): M {
  const op = "spectralNorm";
  const options = bind<SpectralNormOptions>(op, SPECTRAL_PARAMETERS, args);
  const { name = "weight", nPowerIterations = 1, eps = 1e-12 } = options;
  if (normOf(module, name) !== undefined)
    throw new ValueError(
      `${op}: expected ${name} of ${className(module)} to have no spectralNorm yet, got one that has`,
    );
  const weight = parameterOf(op, module, name);
  const dim = options.dim ?? outputDim(module);
  checkSpectralOptions(op, weight, nPowerIterations, dim);
  const norm = new SpectralNorm(name, dim < 0 ? dim + weight.ndim : dim, nPowerIterations, eps);
  const [h, w] = asMatrix(weight.detach(), norm.dim).shape as [number, number];
  const u = randomUnit(weight, h, eps);
  const v = randomUnit(weight, w, eps);
  deleteField(module, name);
  module.registerParameter(`${name}Orig`, weight);
  setTensor(module, name, weight.data);
  module.registerBuffer(`${name}U`, u);
  module.registerBuffer(`${name}V`, v);
  attachComputed(module, norm);
  module.registerLoadStateDictPreHook(norm.upgrade);
  return module;
}

/**
 * Makes the weight one parameter again, with its present value. PyTorch: `torch.nn.utils.remove_spectral_norm`.
 * @param name - the weight; "weight" if not given
 * @throws ValueError if the module has no spectralNorm on it
 */
export function removeSpectralNorm<M extends Module>(module: M, name = "weight"): M {
  const norm = normOf(module, name);
  if (norm === undefined)
    throw new ValueError(
      `removeSpectralNorm: expected spectralNorm on ${name} of ${className(module)}, which has none`,
    );
  const weight = noGrad(() => norm.compute(module, false));
  detachComputed(module, norm);
  const internals = internalsOf(module);
  internals.loadPre = internals.loadPre.filter(({ call }) => call !== norm.upgrade);
  for (const suffix of ["", "Orig", "U", "V"]) deleteField(module, `${name}${suffix}`);
  module.registerParameter(name, new Parameter(weight.detach()));
  return module;
}
