/** @file Checks gradients against finite differences. */
import { bytes } from "../backends/cpu/memory.ts";
import { float64 } from "../core/dtype.ts";
import { AutogradError, DTypeError, ValueError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { grad } from "./api.ts";
import { requiresGrad } from "./graph.ts";
import { withGrad } from "./modes.ts";

export interface GradcheckOptions {
  /** Half the distance of the two points of a difference. */
  eps?: number;
  atol?: number;
  rtol?: number;
  /** Throw where a gradient is wrong, instead of answering `false`. */
  raiseException?: boolean;
}

type Results = Tensor | readonly Tensor[];
type Checked = (...inputs: Tensor[]) => Results;

const outputsOf = (results: Results): Tensor[] =>
  (results instanceof Tensor ? [results] : [...results]).filter((t) => t.dtype.isFloatingPoint);

/** The place of row-major element `i` in the storage, in elements. */
function placeOf(t: Tensor, i: number): number {
  const { shape, strides, offset } = t.layout;
  let rest = i;
  let at = offset;
  for (let d = shape.length - 1; d >= 0; d--) {
    at += (rest % (shape[d] as number)) * (strides[d] as number);
    rest = Math.floor(rest / (shape[d] as number));
  }
  return at;
}

function valuesOf(t: Tensor): number[] {
  return (t.detach().reshape(-1).tolist() as number[]).map(Number);
}

/** ∂output/∂input as [input elements][output elements], by central differences. */
function numericalJacobian(
  f: Checked,
  inputs: readonly Tensor[],
  input: Tensor,
  output: number,
  eps: number,
): number[][] {
  const raw = bytes(input.storage);
  const memory = new Float64Array(raw.buffer, raw.byteOffset, Math.floor(raw.byteLength / 8));
  const at = () => withGrad(false, () => valuesOf(outputsOf(f(...inputs))[output] as Tensor));
  return Array.from({ length: input.layout.numel }, (_, i) => {
    const place = placeOf(input, i);
    const x = memory[place] as number;
    memory[place] = x + eps;
    const above = at();
    memory[place] = x - eps;
    const below = at();
    memory[place] = x;
    return above.map((y, j) => (y - (below[j] as number)) / (2 * eps));
  });
}

/** The same from backward: one row of the transposed Jacobian for each output element. */
function analyticalJacobian(output: Tensor, input: Tensor): number[][] {
  const columns = Array.from({ length: output.layout.numel }, (_, j) => {
    const seed = new Float64Array(output.layout.numel);
    seed[j] = 1;
    const gradOutput = output.newTensor(seed).reshape(output.shape);
    const [g] = grad(output, input, gradOutput, { retainGraph: true, allowUnused: true });
    return g ? valuesOf(g) : new Array<number>(input.layout.numel).fill(0);
  });
  return Array.from({ length: input.layout.numel }, (_, i) => columns.map((c) => c[i] as number));
}

/**
 * Compares the gradients of `func` with finite differences. PyTorch: `torch.autograd.gradcheck`.
 *
 * @param func - a function of tensors that gives a tensor, or several
 * @param inputs - those that require grad are checked; float64
 * @returns `true`; `false` where a gradient is wrong and `raiseException` is off
 * @throws AutogradError where a gradient is wrong, naming input, output and element
 * @example
 * const x = torch.rand([3], { dtype: torch.float64, requiresGrad: true });
 * torch.autograd.gradcheck((x) => x.sin(), [x]) // true
 */
export function gradcheck(func: Checked, inputs: Tensor | readonly Tensor[], options: GradcheckOptions = {}): boolean {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, raiseException = true } = options;
  const list = inputs instanceof Tensor ? [inputs] : inputs;
  const checked = list.filter((t) => t instanceof Tensor && requiresGrad(t));
  if (checked.length === 0) throw new ValueError("gradcheck: expected at least one input that requires grad");
  for (const t of checked)
    if (t.dtype !== float64)
      throw new DTypeError(
        `gradcheck: expected float64 inputs, for the differences to be exact enough, got ${t.dtype}`,
      );
  const outputs = outputsOf(func(...list));
  if (outputs.length === 0) throw new ValueError("gradcheck: expected a floating-point result");
  for (const [o, output] of outputs.entries()) {
    for (const [k, input] of checked.entries()) {
      const numerical = numericalJacobian(func, list, input, o, eps);
      const analytical = requiresGrad(output)
        ? analyticalJacobian(output, input)
        : numerical.map((row) => row.map(() => 0));
      const wrong = firstDifference(analytical, numerical, atol, rtol);
      if (wrong === null) continue;
      if (!raiseException) return false;
      throw new AutogradError(
        `gradcheck: Jacobian mismatch for output ${o} with respect to input ${k} of shape ${shapeText(input.shape)}, at input element ${wrong.i} and output element ${wrong.j}: ` +
          `backward gives ${wrong.analytical}, finite differences ${wrong.numerical}`,
      );
    }
  }
  return true;
}

function firstDifference(analytical: number[][], numerical: number[][], atol: number, rtol: number) {
  for (const [i, row] of numerical.entries())
    for (const [j, n] of row.entries()) {
      const a = (analytical[i] as number[])[j] as number;
      if (!(Math.abs(a - n) <= atol + rtol * Math.abs(n)) && !(Number.isNaN(a) && Number.isNaN(n)))
        return { i, j, analytical: a, numerical: n };
    }
  return null;
}

/**
 * Compares second derivatives with finite differences of the first. PyTorch: `torch.autograd.gradgradcheck`.
 * @param gradOutputs - the gradients to go backward with; fixed pseudo-random ones if not given
 */
export function gradgradcheck(
  func: Checked,
  inputs: Tensor | readonly Tensor[],
  gradOutputs: readonly Tensor[] | null = null,
  options: GradcheckOptions = {},
): boolean {
  const list = inputs instanceof Tensor ? [inputs] : [...inputs];
  const seeds = gradOutputs ?? outputsOf(func(...list)).map((y) => spread(y));
  const checked = list.filter((t) => requiresGrad(t));
  const first = (...all: Tensor[]) => {
    const xs = all.slice(0, list.length);
    const vs = all.slice(list.length);
    return withGrad(true, () => {
      const outputs = outputsOf(func(...xs)).filter((y) => requiresGrad(y));
      const wanted = xs.filter((t) => checked.includes(t));
      return grad(outputs, wanted, vs.slice(0, outputs.length), {
        createGraph: true,
        allowUnused: true,
        materializeGrads: true,
      });
    });
  };
  return gradcheck(first, [...list, ...seeds], options);
}

/** Values between −1 and 1 that do not repeat soon, as a leaf. */
function spread(like: Tensor): Tensor {
  const values = Float64Array.from({ length: like.layout.numel }, (_, i) => Math.sin(12.9898 * (i + 1)));
  return like.newTensor(values).reshape(like.shape).detach().requiresGrad_();
}
