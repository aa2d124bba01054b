/** @file Gradients of functions of one number: `torch.func.grad`. */
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "../ops/bind.ts";
import { type Argnums, checkFunction, checkScalarOutput, chosen, type OfArguments, splitAux } from "./arguments.ts";
import { gradients, released, trace } from "./traced.ts";
import { withLeaves } from "./tree.ts";

interface GradOptions<N extends Argnums, H extends boolean> {
  /** The argument, or arguments, to differentiate by; the first if not given. */
  argnums?: N;
  /** The function gives `[output, aux]`: the second part passes as it is. */
  hasAux?: H;
}
type GradArgs<N extends Argnums, H extends boolean> = Call<[argnums: N, hasAux: H], GradOptions<N, H>>;
type Function<A extends unknown[], H extends boolean, X> = (...args: A) => H extends true ? [Tensor, X] : Tensor;

function transform(op: string, func: unknown, given: readonly unknown[]) {
  const bound = bind<GradOptions<Argnums, boolean>>(op, ["argnums", "hasAux"], given);
  const { argnums = 0, hasAux = false } = bound;
  checkFunction(op, func);
  return (...args: unknown[]) => {
    const { inputs, call } = chosen(op, func, args, argnums);
    let aux: unknown;
    const traced = trace(op, inputs, (...fresh) => {
      const [output, beside] = splitAux(op, call(...fresh), hasAux);
      aux = beside;
      checkScalarOutput(op, output);
      return output;
    });
    const value = traced.output as Tensor;
    const leaves = gradients([value], traced.inputs, [null], traced.recorded);
    const grads = released(traced, withLeaves(inputs, leaves)) as unknown[];
    return {
      grad: typeof argnums === "number" ? grads[0] : grads,
      value: released(traced, value),
      aux: released(traced, aux),
      hasAux,
    };
  };
}

/**
 * The function that gives the gradient of `func`, which gives one number. It can be transformed again. PyTorch: `torch.func.grad`.
 *
 * @param func - a function of tensors, or of arrays and records of them, to a tensor without dimensions
 * @param args - `argnums` (0), `hasAux` (false)
 * @returns a function of the same arguments; its result has the form of the argument
 * @example
 * const cube = (x: Tensor) => x.pow(3);
 * torch.func.grad(cube)(torch.tensor(2.5)) // tensor(18.7500)
 * torch.func.grad(torch.func.grad(cube))(torch.tensor(2.5)) // tensor(15.)
 */
export function grad<A extends unknown[], X = never, N extends Argnums = 0, H extends boolean = false>(
  func: Function<A, H, X>,
  ...args: GradArgs<N, H>
): (...args: A) => H extends true ? [OfArguments<A, N>, X] : OfArguments<A, N> {
  const run = transform("grad", func, args);
  return ((...given: A) => {
    const { grad, aux, hasAux } = run(...given);
    return hasAux ? [grad, aux] : grad;
  }) as never; // what hasAux says
}

/**
 * The function that gives the gradient and the value of `func`. PyTorch: `torch.func.grad_and_value`.
 *
 * @returns a function that gives `[gradient, value]`, or with `hasAux` `[gradient, [value, aux]]`
 * @example
 * torch.func.gradAndValue((x: Tensor) => x.mul(x).sum())(torch.tensor([1.5, 2.5])) // [tensor([3., 5.]), tensor(8.5000)]
 */
export function gradAndValue<A extends unknown[], X = never, N extends Argnums = 0, H extends boolean = false>(
  func: Function<A, H, X>,
  ...args: GradArgs<N, H>
): (...args: A) => [OfArguments<A, N>, H extends true ? [Tensor, X] : Tensor] {
  const run = transform("gradAndValue", func, args);
  return ((...given: A) => {
    const { grad, value, aux, hasAux } = run(...given);
    return [grad, hasAux ? [value, aux] : value];
  }) as never; // what hasAux says
}
