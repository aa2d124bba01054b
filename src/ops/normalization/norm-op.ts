/**
 * @file The form of the normalisations: `(x − mean) · rstd · weight + bias` over units of elements, as one node. A kernel computes it and
 * its derivative; where the derivative is to be differentiated itself, it is computed by ops on tensors.
 */
import { type Backend, backendOf } from "../../backends/backend.ts";
import type { NormGradients, NormOperands } from "../../backends/norm-kernels.ts";
import { type DType, float32, float64 } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { numelOf, type Shape, sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type Context, type KernelOp, kernelOp } from "../kernel-form.ts";
import { checkTensor } from "../params.ts";

/** How the elements of an input fall into units and factors. */
export interface Geometry {
  /** The input as its kernel sees it. */
  readonly shape: Shape;
  /** The input with a dimension of its own for each role. */
  readonly roles: Shape;
  /** Dimensions of `roles` that make up a unit. */
  readonly unit: readonly number[];
  /** The shape of weight and bias that broadcasts with `roles`. */
  readonly factors: Shape;
  /** The dimensions of `roles` along which factors repeat. */
  readonly repeats: readonly number[];
  /** Number of units. */
  readonly units: number;
}

/** Statistics that are not computed from the input. */
export interface GivenStatistics {
  readonly mean: Tensor;
  readonly rstd: Tensor;
}

export interface NormAttrs {
  readonly geometry: Geometry;
  /** Of weight and bias. */
  readonly factorShape: Shape;
  readonly eps: number;
  readonly hasWeight: boolean;
  readonly hasBias: boolean;
  readonly given: GivenStatistics | null;
  /** Groups of channels a sample. */
  readonly groups: number;
}

export interface NormSpec {
  readonly name: string;
  readonly node?: string;
  /** Whether the mean is subtracted. */
  readonly centered: boolean;
  readonly forward: (
    kernels: Backend["kernels"],
    out: Tensor,
    on: NormOperands,
    attrs: NormAttrs,
    variance: Tensor,
  ) => void;
  readonly backward: (
    kernels: Backend["kernels"],
    gradients: NormGradients,
    grad: Tensor,
    on: NormOperands,
    attrs: NormAttrs,
  ) => void;
  /** Whether the kernel gives the gradients of factors for each sample. */
  readonly perSample?: boolean;
}

/** The dtype in which a normalisation of `dtype` computes. */
export const computeDType = (dtype: DType): DType => (dtype === float64 ? float64 : float32);

const prepared = (x: Tensor, dtype: DType, shape: Shape): Tensor => x.to(dtype).contiguous().view(shape);

/** What the derivative is asked for, and the statistics of the forward. */
interface BackwardAttrs extends NormAttrs {
  readonly wants: { readonly x: boolean; readonly weight: boolean; readonly bias: boolean };
  readonly mean: Tensor;
  readonly rstd: Tensor;
}

/** Which input the bias is, the first being 0. */
const biasAt = ({ hasWeight }: NormAttrs) => (hasWeight ? 2 : 1);

/** Declares a normalisation; its results are the output, and mean, rstd and variance of each unit in `computeDType`. */
export function normOp(spec: NormSpec): KernelOp<NormAttrs> {
  const backwardOp: KernelOp<BackwardAttrs> = kernelOp<BackwardAttrs>({
    name: `${spec.name}Backward`,
    forward: ([grad, input, weight], attrs) =>
      firstOrder(spec, grad as Tensor, input as Tensor, weight ?? null, attrs).filter((g) => g !== null),
    saves: (_, { hasWeight }) => (hasWeight ? [0, 1, 2] : [0, 1]),
    backward: (grads, context) => secondOrder(spec, grads, context),
  });
  return kernelOp<NormAttrs>({
    name: spec.name,
    ...(spec.node === undefined ? {} : { node: spec.node }),
    forward(inputs, attrs) {
      const input = inputs[0] as Tensor;
      const { geometry, hasWeight, hasBias, given } = attrs;
      const compute = computeDType(input.dtype);
      const factor = (i: number) => prepared(inputs[i] as Tensor, compute, [(inputs[i] as Tensor).numel()]);
      const fresh = (shape: Shape) => allocate(shape, compute, input.device);
      const on = {
        x: prepared(input, compute, geometry.shape),
        weight: hasWeight ? factor(1) : null,
        bias: hasBias ? factor(biasAt(attrs)) : null,
        mean: given?.mean ?? fresh([geometry.units]),
        rstd: given?.rstd ?? fresh([geometry.units]),
      };
      const out = fresh(geometry.shape);
      const variance = fresh([given === null ? geometry.units : 0]);
      spec.forward(backendOf(input.device).kernels, out, on, attrs, variance);
      return [out.view(input.shape).to(input.dtype), on.mean, on.rstd, variance];
    },
    saves: (_, { hasWeight }) => (hasWeight ? [0, 1, ~1, ~2] : [0, ~1, ~2]),
    backward([grad], context) {
      const { attrs } = context;
      const wants = {
        x: context.needs(0),
        weight: attrs.hasWeight && context.needs(1),
        bias: attrs.hasBias && context.needs(biasAt(attrs)),
      };
      const inputs = [grad as Tensor, context.input(0), ...(attrs.hasWeight ? [context.input(1)] : [])];
      const [mean, rstd] = [context.result(1).detach(), context.result(2).detach()];
      const results = backwardOp.results(inputs, { ...attrs, wants, mean, rstd });
      const next = (wanted: boolean) => (wanted ? (results.shift() as Tensor) : null);
      const gradients = [next(wants.x)];
      if (attrs.hasWeight) gradients.push(next(wants.weight));
      if (attrs.hasBias) gradients.push(next(wants.bias)?.to(context.dtype(biasAt(attrs))) ?? null);
      return gradients;
    },
  });
}

/** The gradients of input, weight and bias, by the kernel. */
function firstOrder(
  spec: NormSpec,
  grad: Tensor,
  input: Tensor,
  weight: Tensor | null,
  attrs: BackwardAttrs,
): (Tensor | null)[] {
  const { geometry, wants, mean, rstd } = attrs;
  const compute = computeDType(input.dtype);
  const fresh = (wanted: boolean, shape: Shape) => (wanted ? allocate(shape, compute, input.device) : null);
  const factors = numelOf(geometry.factors);
  const each = spec.perSample ? [geometry.roles[0] as number, factors] : [factors];
  const gradients = {
    x: fresh(wants.x, geometry.shape),
    weight: fresh(wants.weight, each),
    bias: fresh(wants.bias, each),
  };
  const on = {
    x: prepared(input, compute, geometry.shape),
    weight: weight === null ? null : prepared(weight, compute, [factors]),
    bias: null,
    mean,
    rstd,
  };
  spec.backward(backendOf(input.device).kernels, gradients, prepared(grad, compute, geometry.shape), on, attrs);
  const factor = (g: Tensor | null) =>
    (spec.perSample && g !== null ? g.sum(0) : g)?.view(attrs.factorShape).to(weight?.dtype ?? compute) ?? null;
  return [gradients.x?.view(input.shape).to(input.dtype) ?? null, factor(gradients.weight), factor(gradients.bias)];
}

/**
 * The derivative of the derivative. With n the normalised input, r its rstd and P(v) = v − mean(v) − n · mean(v · n), the first one is
 * dx = r · P(grad · weight), dWeight = Σ grad · n, dBias = Σ grad; and what n does to a cotangent c is again r · P(c).
 */
function secondOrder(spec: NormSpec, grads: (Tensor | null)[], context: Context<BackwardAttrs>): (Tensor | null)[] {
  const { attrs } = context;
  const { geometry, hasWeight, given, eps, wants } = attrs;
  const { roles, unit, factors, repeats } = geometry;
  const compute = computeDType(context.dtype(1));
  const across = (t: Tensor) => t.to(compute).reshape(roles);
  const along = (t: Tensor) => t.to(compute).reshape(factors);
  const flowing = [...grads];
  const next = (wanted: boolean) => (wanted ? (flowing.shift() ?? null) : null);
  const [u, a, b] = [next(wants.x), next(wants.weight), next(wants.bias)].map((t, i) =>
    t === null ? null : i === 0 ? across(t) : along(t),
  ) as [Tensor | null, Tensor | null, Tensor | null];

  const [g, x] = [across(context.input(0)), across(context.input(1))];
  const w = hasWeight ? along(context.input(2)) : null;
  const weighted = w === null ? g : g.mul(w);
  const mean = (t: Tensor) => t.mean([...unit], true);
  const centered = given !== null ? x.sub(given.mean.view(factors)) : spec.centered ? x.sub(mean(x)) : x;
  const r = given !== null ? given.rstd.view(factors) : mean(centered.mul(centered)).add(eps).rsqrt();
  const n = centered.mul(r);
  const project = (v: Tensor) => {
    if (given !== null) return v;
    const rest = v.sub(n.mul(mean(v.mul(n))));
    return spec.centered ? rest.sub(mean(v)) : rest;
  };
  const total = (...terms: (Tensor | null)[]) =>
    terms.reduce<Tensor | null>((sum, term) => (sum === null ? term : term === null ? sum : sum.add(term)), null);
  const times = (t: Tensor | null, factor: Tensor | null) => (t === null || factor === null ? t : t.mul(factor));
  const shaped = (t: Tensor | null, i: number) =>
    t
      ?.expand(i < 2 ? roles : factors)
      .reshape(context.shape(i))
      .to(context.dtype(i)) ?? null;

  const passed = u === null ? null : project(u).mul(r);
  const dGrad = total(times(passed, w), times(a, n), b);
  const dWeight = passed === null || w === null ? null : passed.mul(g).sum([...repeats], true);
  let dInput: Tensor | null = null;
  if (given !== null) dInput = a === null ? null : g.mul(a).mul(r);
  else {
    const bent =
      u === null
        ? null
        : u
            .mul(mean(weighted.mul(n)))
            .add(weighted.mul(mean(u.mul(n))))
            .mul(r)
            .neg();
    const c = total(times(a, g), bent);
    dInput = c === null ? null : project(c).mul(r);
    if (dInput !== null && u !== null) dInput = dInput.sub(n.mul(mean(u.mul(project(weighted)))).mul(r.mul(r)));
  }
  return hasWeight ? [shaped(dGrad, 0), shaped(dInput, 1), shaped(dWeight, 2)] : [shaped(dGrad, 0), shaped(dInput, 1)];
}

/** Checks what a normalisation gets, and lists the tensors among it. */
export function normInputs(
  op: string,
  input: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  shape: Shape,
): Tensor[] {
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point dtype, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
  for (const [x, name] of [
    [weight, "weight"],
    [bias, "bias"],
  ] as const) {
    if (x === null) continue;
    checkTensor(op, x, name);
    if (!x.dtype.isFloatingPoint) throw new DTypeError(`${op}: expected a floating-point ${name}, got ${x.dtype}`);
    if (!sameShape(x.shape, shape))
      throw new ShapeError(`${op}: expected a ${name} of shape ${shapeText(shape)}, got ${shapeText(x.shape)}`);
  }
  return [input, ...(weight === null ? [] : [weight]), ...(bias === null ? [] : [bias])];
}
