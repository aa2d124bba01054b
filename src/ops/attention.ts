/**
 * @file Attention as one node: `softmax(scale · query @ keyᵀ + mask) @ value`. A kernel computes it and its derivative without ever holding
 * all weights; where these are needed (to differentiate the derivative, or for dropout), `attentionWeights` computes them by ops.
 */
import { isGradEnabled } from "../autograd/modes.ts";
import type { AttentionOperands } from "../backends/attention-kernels.ts";
import { backendOf } from "../backends/backend.ts";
import { bool } from "../core/dtype.ts";
import { Layout, mayOverlap, resultLayout } from "../core/layout.ts";
import { type Shape, sameShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { allocate } from "./creation.ts";
import { type Context, kernelOp } from "./kernel-form.ts";
import { softmax } from "./softmax.ts";

interface WeightsOptions {
  readonly scale: number;
  /** Query `i` attends to keys 0 to `i` only. */
  readonly causal: boolean;
}

interface AttentionAttrs extends WeightsOptions {
  readonly masked: boolean;
}

/** Softmax of the scores, [*, L, S]; zeros for a query whose mask bars every key. */
export function attentionWeights(
  query: Tensor,
  key: Tensor,
  mask: Tensor | null,
  { scale, causal }: WeightsOptions,
): Tensor {
  const scores = query.mul(scale).matmul(key.transpose(-2, -1));
  if (causal) {
    const later = scores.newOnes(scores.shape.slice(-2), { dtype: bool }).triu(1);
    return softmax(scores.maskedFill(later, -Infinity), -1);
  }
  if (mask === null) return softmax(scores, -1);
  if (mask.ndim === 0) return softmax(scores.add(mask), -1);
  // Softmax of nothing but −∞ is NaN: such rows are computed without mask, and their result is dropped.
  const barred = mask.eq(-Infinity).all(-1, true);
  return softmax(scores.add(mask.maskedFill(barred, 0)), -1).maskedFill(barred, 0);
}

/** Fresh memory in the order of another tensor's dimensions: heads that were made by a transposition are so in the result. */
function allocateAs(like: Tensor, shape: Shape): Tensor {
  const layout = resultLayout(shape, [like.layout]);
  const storage = backendOf(like.device).allocate(layout.numel * like.dtype.itemsize);
  return new Tensor(storage, new Layout(shape, layout.strides, 0), like.dtype);
}

/** Such memory for several: where they are equal parts of one tensor (`qkv.chunk(3, -1)`), parts of one again. */
function allocateAsAll(all: readonly Tensor[]): Tensor[] {
  const [first, second] = all;
  if (first === undefined || second === undefined) return all.map((x) => allocateAs(x, x.shape));
  const { shape, strides, offset } = first.layout;
  const step = second.layout.offset - offset;
  const isPart = (x: Tensor, i: number) =>
    x.storage === first.storage &&
    x.layout.offset === offset + i * step &&
    sameShape(x.shape, shape) &&
    sameShape(x.layout.strides, strides);
  const together = new Layout([all.length, ...shape], [step, ...strides], 0);
  if (step <= 0 || !all.every(isPart) || mayOverlap(together)) return all.map((x) => allocateAs(x, x.shape));
  const whole = allocateAs(new Tensor(first.storage, together, first.dtype), together.shape);
  const [own, ...rest] = whole.layout.strides as [number, ...number[]];
  return all.map((_, i) => new Tensor(whole.storage, new Layout(shape, rest, i * own), whole.dtype));
}

const rowsContiguous = (mask: Tensor): Tensor =>
  mask.layout.strides[mask.ndim - 1] === 1 || mask.shape[mask.ndim - 1] === 1 ? mask : mask.contiguous();

function operands(inputs: readonly Tensor[], logSums: Tensor, attrs: AttentionAttrs): AttentionOperands {
  const [query, key, value, mask] = inputs as [Tensor, Tensor, Tensor, Tensor?];
  return { query, key, value, mask: mask === undefined ? null : rowsContiguous(mask), logSums, ...attrs };
}

const attentionOp = kernelOp<AttentionAttrs>({
  name: "scaledDotProductAttention",
  node: "ScaledDotProductFlashAttentionForCpuBackward0",
  forward(inputs, attrs) {
    const [query, , value] = inputs as [Tensor, Tensor, Tensor];
    const rows = query.shape.slice(0, -1);
    const width = value.shape[value.ndim - 1] as number;
    const out = allocateAs(query, [...rows, width]);
    const logSums = allocate(rows, query.dtype, query.device);
    backendOf(query.device).kernels.attention(out, operands(inputs, logSums, attrs));
    return [out, logSums];
  },
  saves: (_, { masked }) => (masked ? [0, 1, 2, 3, ~1] : [0, 1, 2, ~1]),
  backward([grad], context) {
    if (isGradEnabled()) return differentiableBackward(grad as Tensor, context);
    const { attrs } = context;
    const inputs = savedInputs(context);
    const [query, key, value] = inputs as [Tensor, Tensor, Tensor];
    const wanted = [query, key, value].filter((_, i) => context.needs(i));
    const fresh = allocateAsAll(wanted);
    const [forQuery, forKey, forValue] = [0, 1, 2].map((i) => (context.needs(i) ? (fresh.shift() as Tensor) : null));
    const gradients = { query: forQuery ?? null, key: forKey ?? null, value: forValue ?? null };
    const on = operands(inputs, context.result(1), attrs);
    backendOf(query.device).kernels.attentionBackward(gradients, grad as Tensor, on);
    return [gradients.query, gradients.key, gradients.value, null];
  },
});

function savedInputs(context: Context<AttentionAttrs>): Tensor[] {
  return Array.from({ length: context.attrs.masked ? 4 : 3 }, (_, i) => context.input(i));
}

/** With weights W and D = grad @ valueᵀ, the gradient of the scores is W · (D − Σ W · D). */
function differentiableBackward(grad: Tensor, context: Context<AttentionAttrs>): (Tensor | null)[] {
  const { attrs } = context;
  const [query, key, value, mask] = savedInputs(context) as [Tensor, Tensor, Tensor, Tensor?];
  const weights = attentionWeights(query, key, mask ?? null, attrs);
  const slopes = grad.matmul(value.transpose(-2, -1));
  const mean = weights.mul(slopes).sum(-1, { keepdim: true });
  const scores = weights.mul(slopes.sub(mean)).mul(attrs.scale);
  return [
    context.needs(0) ? scores.matmul(key) : null,
    context.needs(1) ? scores.transpose(-2, -1).matmul(query) : null,
    context.needs(2) ? weights.transpose(-2, -1).matmul(grad) : null,
    null,
  ];
}

/**
 * Attention by the kernel. All tensors are float32, or all float64, of one batch shape; the mask is constant.
 * @param query - [*, L, E]
 * @param key - [*, S, E]
 * @param value - [*, S, Ev]
 * @param mask - added to the scores [*, L, S], or null
 * @returns [*, L, Ev]
 */
export function attention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor | null,
  scale: number,
  causal: boolean,
): Tensor {
  const inputs = mask === null ? [query, key, value] : [query, key, value, mask];
  return attentionOp.call(inputs, { scale, causal, masked: mask !== null });
}
