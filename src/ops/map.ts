/** @file A function of JavaScript applied to each element, in place: `apply_`, `map_`, `map2_`. */
import { withGrad } from "../autograd/modes.ts";
import { AutogradError, DTypeError, describe, ValueError } from "../core/errors.ts";
import type { Complex } from "../core/scalar.ts";
import { isScalar } from "../core/scalar.ts";
import { broadcastShapes, sameShape, shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { tensor } from "./from-data.ts";
import { type Element, elementReader } from "./host.ts";
import { checkTensor, type Named, named } from "./params.ts";

type Callable = (...elements: never[]) => number | bigint | boolean | Complex;

/** Writes `callable` of the elements of all operands over those of the first. */
function overwrite(op: string, operands: readonly Tensor[], callable: Callable): Tensor {
  const [input, ...others] = operands as [Tensor, ...Tensor[]];
  for (const t of operands)
    if (t.requiresGrad) throw new AutogradError(`${op}: expected tensors that do not require grad: detach them first`);
  if (typeof callable !== "function")
    throw new ValueError(`${op}: expected a function as callable, got ${describe(callable)}`);
  for (const other of others) {
    if (other.dtype !== input.dtype)
      throw new DTypeError(`${op}: expected tensors of one dtype, got ${input.dtype} and ${other.dtype}`);
    if (!sameShape(broadcastShapes(op, input.shape, other.shape), input.shape))
      throw new ValueError(
        `${op}: expected a tensor that broadcasts to ${shapeText(input.shape)}, got ${shapeText(other.shape)}`,
      );
  }
  const readers = operands.map((t) => elementReader(op, t.expand(input.shape).contiguous()));
  const call = callable as (...elements: Element[]) => unknown;
  const results = Array.from({ length: input.numel() }, (_, i) => {
    const result = call(...readers.map((read) => read(i)));
    if (!isScalar(result)) throw new ValueError(`${op}: expected a number from callable, got ${describe(result)}`);
    return result;
  });
  return withGrad(false, () => input.copy_(tensor(results, { dtype: input.dtype }).reshape(input.shape)));
}

/**
 * Replaces each element by what `callable` gives for it. For small tensors on `cpu`: an op is a thousand times as fast.
 * Differs: elements of int64 come as bigint, so that none loses digits. PyTorch: `Tensor.apply_`.
 *
 * @throws AutogradError for a tensor that requires grad, ValueError if `callable` gives no number
 * @example
 * torch.tensor([0.5, 2]).apply_((x) => 10 * Number(x)) // tensor([ 5., 20.])
 */
export function apply_(input: Tensor, callable: (element: Element) => Element): Tensor {
  checkTensor("apply_", input);
  return overwrite("apply_", [input], callable);
}

type Two = (a: Element, b: Element) => Element;
type MapArgs = Named<[other: Tensor, callable: Two], ["other", "callable"], { other: Tensor; callable: Two }>;

/**
 * Replaces each element by what `callable` gives for it and for that of `other`, which broadcasts. PyTorch: `Tensor.map_`.
 *
 * @param args - `other`, of the same dtype, and `callable`
 * @throws AutogradError if one of the tensors requires grad
 * @example
 * torch.tensor([0.5, 2]).map_(torch.tensor([10.5]), (a, b) => Number(a) + Number(b)) // tensor([11.0000, 12.5000])
 */
export function map_(input: Tensor, ...args: MapArgs): Tensor {
  checkTensor("map_", input);
  const { other, callable } = named<{ other: Tensor; callable: Two }>("map_", ["other", "callable"], 2, args);
  checkTensor("map_", other, "other");
  return overwrite("map_", [input, other], callable);
}

type Three = (a: Element, b: Element, c: Element) => Element;
interface Map2Options {
  x: Tensor;
  y: Tensor;
  callable: Three;
}
type Map2Args = Named<[x: Tensor, y: Tensor, callable: Three], ["x", "y", "callable"], Map2Options>;

/** As `map_`, with elements of two other tensors. PyTorch: `Tensor.map2_`. */
export function map2_(input: Tensor, ...args: Map2Args): Tensor {
  checkTensor("map2_", input);
  const { x, y, callable } = named<Map2Options>("map2_", ["x", "y", "callable"], 3, args);
  checkTensor("map2_", x, "x");
  checkTensor("map2_", y, "y");
  return overwrite("map2_", [input, x, y], callable);
}
