/**
 * @file Convolution as an op: one node, whose gradients are one op again, as in PyTorch.
 * N batch, C channels in, O channels out, G groups.
 */
import type { Slide } from "../../backends/conv-kernels.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { convolve, convolveBack, correlate } from "./bilinear.ts";

interface Attrs extends Slide {
  /** Whether it is the transpose of a convolution: weight [C, O/G, …]. */
  readonly transposed: boolean;
  /** The spatial sizes of the result. */
  readonly sizes: Shape;
}

const convolutionOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "convolution",
  forward: ([x, w, bias], attrs) => {
    const [input, weight] = [x as Tensor, w as Tensor];
    const { transposed, groups, sizes } = attrs;
    const [batch, channels] = input.shape as [number, number];
    const results = transposed ? (weight.shape[1] as number) * groups : (weight.shape[0] as number);
    // Of no channels PyTorch makes no channels.
    const shape = [batch, channels === 0 ? 0 : results, ...sizes];
    return (transposed ? convolveBack : convolve)(input, weight, bias ?? null, shape, attrs);
  },
  saves: () => [0, 1],
  backward: ([grad], context) => {
    const wanted = [0, 1, 2].map((i) => context.needs(i));
    const operands = [grad as Tensor, context.input(0), context.input(1)];
    return gradients(operands, context.attrs, wanted, wanted[2] ? context.shape(2) : []);
  },
});

interface GradientAttrs extends Attrs {
  /** Which of the gradients of input, weight and bias are computed: PyTorch's `output_mask`. */
  readonly wanted: readonly boolean[];
  readonly biasShape: Shape;
}

/** The gradients of input, weight and bias, from that of the result, input and weight. */
const convolutionBackwardOp: KernelOp<GradientAttrs> = kernelOp<GradientAttrs>({
  name: "convolutionBackward",
  forward: ([g, x, w], attrs) => {
    const [grad, input, weight] = [g as Tensor, x as Tensor, w as Tensor];
    const { transposed, wanted, biasShape } = attrs;
    const results: Tensor[] = [];
    if (wanted[0]) results.push((transposed ? convolve : convolveBack)(grad, weight.conj(), null, input.shape, attrs));
    if (wanted[1]) {
      const [large, small] = transposed ? [grad, input.conj()] : [input.conj(), grad];
      results.push(correlate(large, small, null, weight.shape, attrs));
    }
    if (wanted[2]) results.push(sumOfChannels(grad, biasShape));
    return results;
  },
  saves: () => [0, 1, 2],
  backward: (grads, context) => {
    const { wanted, ...attrs } = context.attrs;
    const [grad, input, weight] = [context.input(0), context.input(1), context.input(2)];
    let next = 0;
    const [ofInput, ofWeight, ofBias] = wanted.map((is) => (is ? (grads[next++] ?? null) : null)) as GradTriple;
    const terms: Tensor[] = [];
    if (context.needs(0)) {
      if (ofInput !== null) terms.push(convolutionOp.call([ofInput, weight], attrs));
      if (ofWeight !== null) terms.push(convolutionOp.call([input, ofWeight], attrs));
      if (ofBias !== null) terms.push(ofBias.view([-1, ...attrs.sizes.map(() => 1)]).expand(grad.shape));
    }
    const sum = terms.reduce<Tensor | null>((a, b) => (a === null ? b : a.add(b)), null);
    const [toInput = null] =
      context.needs(1) && ofWeight !== null ? gradients([grad, input, ofWeight], attrs, [true, false, false]) : [];
    const [, toWeight = null] =
      context.needs(2) && ofInput !== null ? gradients([grad, ofInput, weight], attrs, [false, true, false]) : [];
    return [sum, toInput, toWeight];
  },
});

type GradTriple = [Tensor | null, Tensor | null, Tensor | null];

/** Runs the op above; what is not wanted is `null`. */
function gradients(
  operands: readonly Tensor[],
  attrs: Attrs,
  wanted: readonly boolean[],
  biasShape: Shape = [],
): GradTriple {
  if (!wanted.includes(true)) return [null, null, null];
  const results = convolutionBackwardOp.results(operands, { ...attrs, wanted, biasShape });
  let next = 0;
  return wanted.map((is) => (is ? (results[next++] as Tensor) : null)) as GradTriple;
}

function sumOfChannels(grad: Tensor, shape: Shape): Tensor {
  if (grad.layout.numel === 0) return grad.newZeros(shape);
  return grad.sum(grad.shape.map((_, i) => i).filter((i) => i !== 1));
}

/** Convolves a batch; the arguments are checked, and fit. */
export function runConvolution(input: Tensor, weight: Tensor, bias: Tensor | null, attrs: Attrs): Tensor {
  return convolutionOp.call(bias === null ? [input, weight] : [input, weight, bias], attrs);
}
