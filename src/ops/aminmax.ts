/** @file Both extremes in one pass. */
import { backendOf } from "../backends/backend.ts";
import { DTypeError, IndexError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { shapeText, wrapDims } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { reductionCode } from "../expr/index.ts";
import { bind, type Call } from "./bind.ts";
import { allocate } from "./creation.ts";
import { registerType } from "./dtypes.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { type NamedTuple, namedTuple } from "./named-tuple.ts";
import { checkTensor } from "./params.ts";
import { unsqueezeReduced } from "./reduction-form.ts";

interface Attrs {
  /** Wrapped. */
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Shape of the results. */
  readonly shape: readonly number[];
}

const ACCUMULATORS = { f32: 6, f64: 7, i64: 4 } as const;

const aminmaxOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "aminmax",
  forward: ([input], { dims, shape }) => {
    const x = input as Tensor;
    const kept = x.shape.map((n, i) => (dims.includes(i) ? 1 : n));
    const both = [0, 1].map(() => allocate(kept, x.dtype, x.device));
    if (x.layout.numel > 0)
      backendOf(x.device).reduce(reductionCode("aminmax"), ACCUMULATORS[registerType(x.dtype)], both, x, []);
    return both.map((t) => new Tensor(t.storage, Layout.contiguous(shape), t.dtype));
  },
  saves: () => [0, ~0, ~1],
  backward: (grads, context) => {
    const { dims, keepdim } = context.attrs;
    const input = context.input(0);
    // The places of each extreme share its gradient evenly.
    const parts = grads.map((grad, i) => {
      if (grad === null) return null;
      const up = (t: Tensor) => (input.ndim === 0 ? t.reshape([]) : unsqueezeReduced(t, dims, keepdim));
      const mask = input.eq(up(context.result(i)));
      return up(grad)
        .div(mask.sum([...dims], true))
        .mul(mask);
    });
    const [low, high] = parts as [Tensor | null, Tensor | null];
    return [low !== null && high !== null ? low.add(high) : (low ?? high)];
  },
});

interface AminmaxOptions {
  dim?: number | null;
  keepdim?: boolean;
}

/**
 * Smallest and largest element: of all, or along a dimension; NaN wins, ties share the gradient. PyTorch: `torch.aminmax`.
 *
 * @param input - any shape; real
 * @param args - options `dim`, `keepdim`
 * @throws IndexError if there is nothing to choose from; DTypeError for complex tensors
 * @example
 * const { min, max } = torch.tensor([[1, 5], [7, 2]]).aminmax({ dim: 1 });
 * max // tensor([5, 7])
 */
export function aminmax(input: Tensor, ...args: Call<[], AminmaxOptions>): NamedTuple<{ min: Tensor; max: Tensor }> {
  checkTensor("aminmax", input);
  if (input.dtype.isComplex) throw new DTypeError(`aminmax: expected a real dtype, got ${input.dtype}`);
  const { dim, keepdim = false } = bind<AminmaxOptions>("aminmax", ["dim", "keepdim"], args);
  const dims = wrapDims("aminmax", dim, input.ndim);
  const empty = dims.find((d) => input.shape[d] === 0);
  if (empty !== undefined)
    throw new IndexError(
      `aminmax: expected at least one element in the reduced dimension ${empty}, got shape ${shapeText(input.shape)}: the result would have no value`,
    );
  // A number keeps the dimension that it has in name only, as in PyTorch.
  const shape =
    input.ndim === 0
      ? keepdim && dims.length > 0
        ? [1]
        : []
      : input.shape.map((n, i) => (dims.includes(i) ? 1 : n)).filter((_, i) => keepdim || !dims.includes(i));
  const inside = input.ndim === 0 ? [] : dims;
  const [min, max] = aminmaxOp.results([input], { dims: inside, keepdim, shape }) as [Tensor, Tensor];
  return namedTuple({ min, max }, "aminmax");
}
