/** @file Keeping gradients small: by the norm of all of them, or element by element. */
import { peekGrad } from "../../autograd/grad-memory.ts";
import { noGrad } from "../../autograd/modes.ts";
import { describe, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { zeros } from "../../ops/creation.ts";
import { stack } from "../../ops/joining.ts";
import { vectorNorm } from "../../ops/linalg/vector-norm.ts";
import { checkTensor, type Named, named } from "../../ops/params.ts";
import { type Tensors, tensorList } from "./tensor-list.ts";

/** PyTorch's choice between its implementations; here there is one, and it changes nothing. */
interface ForeachOption {
  foreach?: boolean | null;
}

export interface TotalNormOptions extends ForeachOption {
  /** Which norm; 2 if not given, `Infinity` for the largest absolute value. */
  normType?: number;
  /** Throw if the norm is NaN or infinite. */
  errorIfNonfinite?: boolean;
}

const OPTIONS = ["normType", "errorIfNonfinite", "foreach"] as const;

/** The gradients that are there; nobody else gets to see them. */
function gradsOf(op: string, parameters: unknown): Tensor[] {
  return tensorList(op, parameters, "parameters").flatMap((p) => peekGrad(p) ?? []);
}

function checkNumber(op: string, name: string, x: unknown): asserts x is number {
  if (typeof x !== "number") throw new ValueError(`${op}: expected a number as ${name}, got ${describe(x)}`);
}

function totalNorm(op: string, tensors: readonly Tensor[], options: TotalNormOptions): Tensor {
  const { normType = 2, errorIfNonfinite = false } = options;
  checkNumber(op, "normType", normType);
  if (tensors.length === 0) return zeros([]);
  const norm = noGrad(() => vectorNorm(stack(tensors.map((t) => vectorNorm(t, normType))), normType));
  if (errorIfNonfinite && !norm.isfinite().item())
    throw new ValueError(
      `${op}: expected a finite norm of order ${normType} of the gradients, got ${norm.item()}; ` +
        "pass { errorIfNonfinite: false } to scale them by it anyway",
    );
  return norm;
}

function scaleTo(op: string, grads: readonly Tensor[], maxNorm: unknown, norm: Tensor): void {
  checkNumber(op, "maxNorm", maxNorm);
  noGrad(() => {
    // Always multiplied, even by 1: to compare with the norm would wait for a device.
    const factor = norm.add(1e-6).reciprocal().mul(maxNorm).clamp({ max: 1 });
    for (const grad of grads) grad.mul_(factor);
  });
}

/**
 * The norm of several tensors, taken as one long vector. PyTorch: `torch.nn.utils.get_total_norm`.
 *
 * @param tensors - floating or complex dtype
 * @param args - `normType` (2), `errorIfNonfinite` (false), `foreach`, which changes nothing
 * @returns 0-dim; 0 of no tensors
 * @throws ValueError for a norm that is not finite, where `errorIfNonfinite`
 * @example
 * nn.utils.getTotalNorm([torch.full([4], 1.5), torch.full([1], 4.0)].map((t) => t.float())) // tensor(5.)
 */
export function getTotalNorm(
  tensors: Tensors,
  ...args: Call<[normType: number, errorIfNonfinite: boolean, foreach: boolean | null], TotalNormOptions>
): Tensor {
  const options = bind<TotalNormOptions>("getTotalNorm", OPTIONS, args);
  return totalNorm("getTotalNorm", tensorList("getTotalNorm", tensors, "tensors"), options);
}

type ClipNormOptions = TotalNormOptions & { maxNorm: number };

/**
 * Scales the gradients of `parameters` in place so that their norm, taken together, is at most `maxNorm`.
 * PyTorch: `torch.nn.utils.clip_grad_norm_`.
 *
 * @param parameters - those without a gradient count for nothing
 * @param args - `maxNorm`, `normType` (2), `errorIfNonfinite` (false), `foreach`, which changes nothing
 * @returns the norm before
 * @throws ValueError for a norm that is not finite, where `errorIfNonfinite`; nothing is changed then
 * @see Pascanu et al. 2013, "On the difficulty of training recurrent neural networks"
 * @example
 * const w = new nn.Parameter(torch.tensor([3.5, 4.5]));
 * w.mul(torch.tensor([3, 4])).sum().backward();
 * nn.utils.clipGradNorm_(w, 1) // tensor(5.)
 * w.grad // tensor([0.6000, 0.8000])
 */
export function clipGradNorm_(
  parameters: Tensors,
  ...args: Named<
    [maxNorm: number, normType: number, errorIfNonfinite: boolean, foreach: boolean | null],
    ["maxNorm", "normType", "errorIfNonfinite", "foreach"],
    ClipNormOptions
  >
): Tensor {
  const op = "clipGradNorm_";
  const { maxNorm, ...options } = named<ClipNormOptions>(op, ["maxNorm", ...OPTIONS], 1, args);
  const grads = gradsOf(op, parameters);
  const norm = totalNorm(op, grads, options);
  scaleTo(op, grads, maxNorm, norm);
  return norm;
}

interface ClipWithNormOptions extends ForeachOption {
  maxNorm: number;
  totalNorm: Tensor;
}

/**
 * The second half of `clipGradNorm_`: scales the gradients of `parameters` by `maxNorm / totalNorm` where that is less than 1.
 * PyTorch: `torch.nn.utils.clip_grads_with_norm_`.
 *
 * @param args - `maxNorm`, `totalNorm` (what `getTotalNorm` gives), `foreach`, which changes nothing
 */
export function clipGradsWithNorm_(
  parameters: Tensors,
  ...args: Named<
    [maxNorm: number, totalNorm: Tensor, foreach: boolean | null],
    ["maxNorm", "totalNorm", "foreach"],
    ClipWithNormOptions
  >
): void {
  const op = "clipGradsWithNorm_";
  const { maxNorm, totalNorm } = named<ClipWithNormOptions>(op, ["maxNorm", "totalNorm", "foreach"], 2, args);
  checkTensor(op, totalNorm, "totalNorm");
  scaleTo(op, gradsOf(op, parameters), maxNorm, totalNorm);
}

interface ClipValueOptions extends ForeachOption {
  clipValue: number;
}

/**
 * Clamps each element of the gradients of `parameters` in place to within ±`clipValue`. PyTorch: `torch.nn.utils.clip_grad_value_`.
 *
 * @param args - `clipValue`, `foreach`, which changes nothing
 */
export function clipGradValue_(
  parameters: Tensors,
  ...args: Named<[clipValue: number, foreach: boolean | null], ["clipValue", "foreach"], ClipValueOptions>
): void {
  const op = "clipGradValue_";
  const { clipValue } = named<ClipValueOptions>(op, ["clipValue", "foreach"], 1, args);
  checkNumber(op, "clipValue", clipValue);
  noGrad(() => {
    for (const grad of gradsOf(op, parameters)) grad.clamp_(-clipValue, clipValue);
  });
}
