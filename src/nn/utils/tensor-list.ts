/** @file A tensor, or several: what the functions of `nn.utils` take. */
import { describe, ValueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { checkTensor } from "../../ops/params.ts";

/** One tensor, or an array or other iterable of them. */
export type Tensors = Tensor | Iterable<Tensor>;

/** @throws ValueError if `x` is neither a tensor nor several */
export function tensorList(op: string, x: unknown, name: string): readonly Tensor[] {
  if (x instanceof Tensor) return [x];
  if (typeof x === "function")
    throw new ValueError(`${op}: expected tensors as ${name}, got a module; pass model.parameters()`);
  if (typeof x !== "object" || x === null || !(Symbol.iterator in x))
    throw new ValueError(`${op}: expected a Tensor or several as ${name}, got ${describe(x)}`);
  const list = [...(x as Iterable<unknown>)];
  for (const [i, t] of list.entries()) checkTensor(op, t, `${name}[${i}]`);
  return list as Tensor[];
}
