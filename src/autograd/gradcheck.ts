/** @file Checks gradients against finite differences. */
import { bytes } from "../backends/cpu/memory.ts";
import { Category, complex128, float64 } from "../core/dtype.ts";
import { AutogradError, DTypeError, ValueError } from "../core/errors.ts";
import type { Complex } from "../core/scalar.ts";
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
  (results instanceof Tensor ? [results] : [...results]).filter((t) => t.dtype.category >= Category.Floating);

/** Numbers of a tensor that vary by themselves: a complex element has two, its real and its imaginary part. */
const freedomsOf = (t: Tensor): number => (t.dtype.isComplex ? 2 : 1) * t.layout.numel;

/** The place of the freedom `i`, in row-major order, in the storage, in real numbers. */
function placeOf(t: Tensor, i: number): number {
  if (t.dtype.isComplex) return 2 * elementAt(t, i >> 1) + (i & 1);
  return elementAt(t, i);
}

function elementAt(t: Tensor, i: number): number {
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
  const elements = t.detach().reshape(-1).tolist() as (number | Complex)[];
  return elements.flatMap((x) => (typeof x === "object" ? [x.re, x.im] : [Number(x)]));
}

/** ∂output/∂input as [input freedoms][output freedoms], by central differences. */
function numericalJacobian(
  f: Checked,
  inputs: readonly Tensor[],
  input: Tensor,
  output: number,
  eps: number,
): number[][] {
  // Ops may move the memory, so it is asked for at each use.
  const memory = () => {
    const raw = bytes(input.storage);
    return new Float64Array(raw.buffer, raw.byteOffset, Math.floor(raw.byteLength / 8));
  };
  const at = () => withGrad(false, () => valuesOf(outputsOf(f(...inputs))[output] as Tensor));
  return Array.from({ length: freedomsOf(input) }, (_, i) => {
    const place = placeOf(input, i);
    const x = memory()[place] as number;
    memory()[place] = x + eps;
    const above = at();
    memory()[place] = x - eps;
    const below = at();
    memory()[place] = x;
    return above.map((y, j) => (y - (below[j] as number)) / (2 * eps));
  });
}

/** A tensor like `t` with these freedoms. */
function withValues(t: Tensor, values: Float64Array): Tensor {
  if (!t.dtype.isComplex) return t.newTensor(values).reshape(t.shape);
  const pairs = Array.from({ length: t.layout.numel }, (_, i) => ({ re: values[2 * i], im: values[2 * i + 1] }));
  return t.newTensor(pairs as Complex[]).reshape(t.shape);
}

/**
 * The same from backward: one row of the transposed Jacobian for each freedom of the output. The gradient of a complex input
 * has the derivatives by its parts as its parts; i as gradient of a complex output picks the imaginary part.
 */
function analyticalJacobian(output: Tensor, input: Tensor): number[][] {
  const columns = Array.from({ length: freedomsOf(output) }, (_, j) => {
    const seed = new Float64Array(freedomsOf(output));
    seed[j] = 1;
    const [g] = grad(output, input, withValues(output, seed), { retainGraph: true, allowUnused: true });
    return g ? valuesOf(g) : new Array<number>(freedomsOf(input)).fill(0);
  });
  return Array.from({ length: freedomsOf(input) }, (_, i) => columns.map((c) => c[i] as number));
}

/**
 * Compares the gradients of `func` with finite differences. PyTorch: `torch.autograd.gradcheck`.
 *
 * @param func - a function of tensors that gives a tensor, or several
 * @param inputs - those that require grad are checked; float64 or complex128
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
    if (t.dtype !== float64 && t.dtype !== complex128)
      throw new DTypeError(
        `gradcheck: expected float64 or complex128 inputs, for the differences to be exact enough, got ${t.dtype}`,
      );
  const outputs = outputsOf(func(...list));
  if (outputs.length === 0) throw new ValueError("gradcheck: expected a floating-point or complex result");
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
  const values = Float64Array.from({ length: freedomsOf(like) }, (_, i) => Math.sin(12.9898 * (i + 1)));
  return withValues(like, values).detach().requiresGrad_();
}
