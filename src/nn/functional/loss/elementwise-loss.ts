/**
 * @file The form of most losses: an expression for each element, whose mean or sum is one node of the graph, as in PyTorch. The
 * gradients of all three follow from the one expression.
 */
import { broadcastShapes, numelOf, type Shape } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import { differentiate, type Expr } from "../../../expr/index.ts";
import type { TensorOrScalar } from "../../../ops/dtypes.ts";
import { type KernelOp, kernelOp } from "../../../ops/kernel-form.ts";
import type { LossReduction } from "../../../ops/loss.ts";
import { FLOATING, type Pointwise, pointwise } from "../../../ops/pointwise-form.ts";
import { reduced } from "./reduce.ts";

type Exprs<A extends readonly string[]> = { readonly [K in A[number]]: Expr };

export interface ElementwiseLossSpec<A extends readonly string[], O extends Readonly<Record<string, number>>> {
  /** PyTorch's name in camelCase; its node follows from it. */
  readonly name: string;
  readonly args: A;
  /** Arguments for which a number may stand. */
  readonly numbers?: readonly A[number][];
  readonly options?: O;
  readonly expr: (args: Exprs<A>, options: { readonly [K in keyof O]: Expr }) => Expr;
  /** Gradients that are better given than derived, for stability or at kinks. */
  readonly derivative?: {
    readonly [K in A[number]]?: (
      args: Exprs<A> & { readonly grad: Expr },
      options: { readonly [K in keyof O]: Expr },
    ) => Expr;
  };
}

type Options = Readonly<Record<string, number>>;
type AnySpec = ElementwiseLossSpec<readonly string[], Options>;
type Run = (...given: unknown[]) => Tensor;

interface Attrs {
  readonly mean: boolean;
  /** The numbers that stand for arguments, at their places. */
  readonly numbers: readonly (number | null)[];
  readonly options: Options;
}

/** A loss that takes its arguments in order, its options, and how to reduce. */
export type ElementwiseLoss<O extends Options> = (
  given: readonly TensorOrScalar[],
  reduction: LossReduction,
  options?: Partial<O>,
) => Tensor;

/** Declares a loss by the expression of one element. */
export function elementwiseLoss<const A extends readonly string[], O extends Options>(
  spec: ElementwiseLossSpec<A, O>,
): ElementwiseLoss<O> {
  const { name, args, numbers = [], options = {}, expr, derivative } = spec as unknown as AnySpec; // its functions take the arguments that it names
  const each: Pointwise<Run> = pointwise({
    name,
    args,
    numbers,
    options,
    dtype: "same",
    accepts: FLOATING,
    expr,
    derivative: derivative ?? {},
  });
  const gradients = args.map(
    (wrt): Pointwise<Run> =>
      pointwise({
        name: `${name}Backward`,
        args: ["grad", ...args],
        numbers,
        options: { ...options, scale: 1 },
        dtype: "same",
        accepts: FLOATING,
        expr(all: Exprs<readonly string[]>, values: Exprs<readonly string[]>) {
          const grad = (all.grad as Expr).mul(values.scale as Expr);
          return derivative?.[wrt]?.({ ...all, grad }, values) ?? differentiate(expr(all, values), wrt, grad);
        },
      }),
  );
  /** The arguments in order again: tensors where no number stands. */
  const merge = (tensors: readonly Tensor[], given: readonly (number | null)[]): readonly TensorOrScalar[] => {
    let next = 0;
    return given.map((n) => n ?? (tensors[next++] as Tensor));
  };
  const whole: KernelOp<Attrs> = kernelOp<Attrs>({
    name,
    forward: (inputs, attrs) =>
      reduced(each(...merge(inputs, attrs.numbers), attrs.options), attrs.mean ? "mean" : "sum"),
    saves: (_, attrs) => attrs.numbers.flatMap((n) => (n === null ? [0] : [])).map((_, i) => i),
    backward: ([grad], context) => {
      const { mean, numbers, options } = context.attrs;
      const places = numbers.flatMap((n, i) => (n === null ? [i] : []));
      const inputs = places.map((_, i) => context.input(i));
      const shape = inputs.reduce<Shape>((shape, x) => broadcastShapes(name, shape, x.shape), []);
      const scaled = { ...options, scale: mean ? 1 / numelOf(shape) : 1 };
      const all = merge(inputs, numbers);
      return places.map((place, i) => (context.needs(i) ? (gradients[place] as Run)(grad, ...all, scaled) : null));
    },
  });
  return (given, reduction, options = {}) => {
    if (reduction === "none") return each(...given, options);
    const tensors = given.filter((x) => x instanceof Tensor);
    const stand = given.map((x) => (x instanceof Tensor ? null : (x as number)));
    return whole.call(tensors, { mean: reduction === "mean", numbers: stand, options: options as Options });
  };
}
