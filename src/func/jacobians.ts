/** @file Whole Jacobians and Hessians: `torch.func.jacrev`, `jacfwd`, `hessian`. */
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "../ops/bind.ts";
import { type AnyFunction, type Argnums, checkFunction, chosen, type OfArguments, splitAux } from "./arguments.ts";
import { forwardJacobian, released, reverseJacobian, type Traced, trace, zerosFor } from "./traced.ts";
import { tensorsOf, withLeaves } from "./tree.ts";

export interface JacobianOptions {
  /** The argument, or arguments, to differentiate by; the first if not given. */
  argnums?: Argnums;
  /** The function gives `[output, aux]`: the second part passes as it is. */
  hasAux?: boolean;
}

export interface JacrevOptions extends JacobianOptions {
  /** PyTorch's choice of how many rows are computed at once; here it changes nothing. */
  chunkSize?: number | null;
}

export interface JacfwdOptions extends JacobianOptions {
  /** PyTorch's choice of how random functions behave; here the function runs once. */
  randomness?: "error" | "same" | "different";
}

type By = ({ output, inputs, recorded }: Traced) => (Tensor | null)[][];

/** The form of a Jacobian: that of the output, with in each place that of the arguments. */
function transform(op: string, func: AnyFunction, { argnums = 0, hasAux = false }: JacobianOptions, by: By) {
  checkFunction(op, func);
  return (...args: unknown[]): unknown => {
    const { inputs, call } = chosen(op, func, args, argnums);
    let aux: unknown;
    const traced = trace(op, inputs, (...fresh) => {
      const [output, beside] = splitAux(op, call(...fresh), hasAux);
      aux = beside;
      return output;
    });
    const jacobians = by(traced).map((row, i) => {
      const output = tensorsOf(traced.output)[i] as Tensor;
      const leaves = row.map((j, k) => j ?? zerosFor(output, traced.inputs[k] as Tensor));
      const whole = withLeaves(inputs, leaves) as unknown[];
      return typeof argnums === "number" ? whole[0] : whole;
    });
    const result = released(traced, withLeaves(traced.output, jacobians));
    return hasAux ? [result, released(traced, aux)] : result;
  };
}

const reverse: By = ({ output, inputs, recorded }) => reverseJacobian(tensorsOf(output), inputs, recorded);
const forward: By = ({ output, inputs, recorded }) => forwardJacobian(tensorsOf(output), inputs, recorded);

/** The Jacobian of a function from and to one tensor; of more, arrays and records of them, output outside. */
export type JacobianOf<A extends unknown[], R, N extends Argnums> = R extends Tensor ? OfArguments<A, N> : unknown;

/**
 * The function that gives the Jacobian of `func`, computed by gradients: one backward for each element of the output.
 * PyTorch: `torch.func.jacrev`.
 *
 * @param args - `argnums` (0), `hasAux` (false), `chunkSize`, which changes nothing
 * @returns a function of the same arguments: for an output of shape O and an argument of shape I a tensor of shape [...O, ...I]
 * @example
 * torch.func.jacrev((x: Tensor) => x.mul(x))(torch.tensor([1.5, 2.5])) // tensor([[3., 0.],
 *                                                                      //         [0., 5.]])
 */
export function jacrev<A extends unknown[], R, N extends Argnums = 0>(
  func: (...args: A) => R,
  ...args: Call<[argnums: N], JacrevOptions & { argnums?: N }>
): (...args: A) => JacobianOf<A, R, N> {
  const options = bind<JacrevOptions>("jacrev", ["argnums", "hasAux", "chunkSize"], args);
  return transform("jacrev", func, options, reverse) as (...args: A) => JacobianOf<A, R, N>;
}

/**
 * The function that gives the Jacobian of `func`, computed along the elements of the arguments. PyTorch: `torch.func.jacfwd`.
 * Differs: each direction takes a backward of a backward, as there is no forward mode; the values are the same.
 *
 * @param args - `argnums` (0), `hasAux` (false), `randomness`, which changes nothing
 * @returns a function of the same arguments; its result is as of `jacrev`
 */
export function jacfwd<A extends unknown[], R, N extends Argnums = 0>(
  func: (...args: A) => R,
  ...args: Call<[argnums: N], JacfwdOptions & { argnums?: N }>
): (...args: A) => JacobianOf<A, R, N> {
  const options = bind<JacfwdOptions>("jacfwd", ["argnums", "hasAux", "randomness"], args);
  return transform("jacfwd", func, options, forward) as (...args: A) => JacobianOf<A, R, N>;
}

/**
 * The function that gives the Hessian of `func`: the Jacobian of its Jacobian. PyTorch: `torch.func.hessian`.
 *
 * @param args - `argnums` (0)
 * @example
 * torch.func.hessian((x: Tensor) => x.pow(3).sum())(torch.tensor([1.5, 2.5])) // tensor([[ 9.,  0.],
 *                                                                             //         [ 0., 15.]])
 */
export function hessian<A extends unknown[], R, N extends Argnums = 0>(
  func: (...args: A) => R,
  ...args: Call<[argnums: N], { argnums?: N }>
): (...args: A) => JacobianOf<A, R, N> {
  const { argnums = 0 as N } = bind<{ argnums?: N }>("hessian", ["argnums"], args);
  return jacrev(jacrev(func, argnums), argnums) as (...args: A) => JacobianOf<A, R, N>;
}
