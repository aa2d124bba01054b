/**
 * @file The `pointwise` form of op: a scalar expression of its arguments, from which the kernels and derivatives of any order follow.
 */
import { bool, Category, type DType, toComplex, toReal } from "../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../core/errors.ts";
import { isComplexScalar, isScalar, type Scalar, scalarDType, scalarToString } from "../core/scalar.ts";
import { Tensor } from "../core/tensor.ts";
import { arg, constant, type Expr, scalar } from "../expr/index.ts";
import { bind, isOptions } from "./bind.ts";
import { allocate, fillRaw } from "./creation.ts";
import { resultType, type TensorOrScalar, toFloat } from "./dtypes.ts";
import { Fused, GRAD, RESULT, run } from "./fused.ts";
import { nodeNameOf } from "./names.ts";

/** What dtype the op computes in, and what comes out. */
export type DTypeRule =
  /** The dtype that the inputs meet in. */
  | "same"
  /** The same; of complex inputs the dtype of their parts comes out. */
  | "real"
  /** The same; the complex dtype with such parts comes out. */
  | "complex"
  /** The same, with integers and bools taken as the default float dtype. */
  | "float"
  /** Computes in the dtype that the inputs meet in; gives bool. */
  | "bool"
  /** Computes as `"float"` does; gives bool. */
  | "float to bool";

type Args<A extends readonly string[]> = { readonly [K in A[number]]: Expr };
type OptionValue = number | boolean | string;
type Options = Readonly<Record<string, OptionValue>>;
/** In an expression a number option is an expression (a constant at its default, else a run-time scalar); the others are values. */
type OptionExprs<O extends Options> = { readonly [K in keyof O]: O[K] extends number ? Expr : O[K] };
/** A derivative is written with the gradient and the value of the result beside the arguments. */
type Derivative<A extends readonly string[], O extends Options> = (
  args: Args<A> & { readonly grad: Expr; readonly result: Expr },
  options: OptionExprs<O>,
) => Expr;

export interface PointwiseSpec<A extends readonly string[], O extends Options> {
  /** PyTorch's name in camelCase. */
  readonly name: string;
  readonly args: A;
  /** Arguments that may be numbers (not all at once); the others must be tensors. */
  readonly numbers?: readonly A[number][];
  /** Whether all of them may be numbers at once, as PyTorch allows for arithmetic: `torch.add(2, 3)`. */
  readonly numbersAlone?: true;
  /** Further parameters, in order, with their defaults. */
  readonly options?: O;
  readonly dtype: DTypeRule;
  /** Categories of dtype that the op takes; all but complex if not given. */
  readonly accepts?: readonly Category[];
  /** Arguments whose dtypes meet; all if not given. A mask is left out, or a value that takes the dtype of the rest. */
  readonly promotes?: readonly A[number][];
  readonly expr: (args: Args<A>, options: OptionExprs<O>) => Expr;
  /**
   * Gradients of the arguments that are better given than derived (for stability, or at kinks): `grad` times the local derivative.
   * `"missing"`: PyTorch has none, and backward is an error (for this argument, or for all). `"none"`: PyTorch calls the op not
   * differentiable, and its results never require grad.
   */
  readonly derivative?: { readonly [K in A[number]]?: Derivative<A, O> | "missing" } | "missing" | "none";
  /** Derived gradients read the result instead of computing it anew. Say so where PyTorch saves the result for backward. */
  readonly saves?: "result";
  /** PyTorch's node, where its name does not follow from the op's, or depends on which arguments are numbers. */
  readonly node?: string | ((isNumber: { readonly [K in A[number]]: boolean }) => string);
  /** `false`: PyTorch has no in-place variant. Annotate such an op as `PointwiseOnly`. */
  readonly inplace?: false;
  /** Checks what the types do not say. */
  readonly check?: (args: readonly TensorOrScalar[], options: O) => void;
}

/** A pointwise op as users call it. */
export type Pointwise<F> = F & {
  readonly op: PointwiseOp;
  /** The variant that writes into its first argument: `x.exp_()`. */
  readonly inplace: F;
};

/** A pointwise op without an in-place variant. */
export type PointwiseOnly<F> = F & { readonly op: PointwiseOp };

const REAL: readonly Category[] = [Category.Bool, Category.Integral, Category.Floating];
/** Categories of dtype by name, for specs. */
export const FLOATING: readonly Category[] = [Category.Floating];
export const NUMBERS: readonly Category[] = [Category.Integral, Category.Floating];
export const INTEGRAL: readonly Category[] = [Category.Integral];
export const BITS: readonly Category[] = [Category.Bool, Category.Integral];
/** Those that have complex numbers too. */
export const ANY: readonly Category[] = [...REAL, Category.Complex];
export const NUMERIC: readonly Category[] = [...NUMBERS, Category.Complex];
export const INEXACT: readonly Category[] = [...FLOATING, Category.Complex];
export const COMPLEX: readonly Category[] = [Category.Complex];

type AnySpec = PointwiseSpec<readonly string[], Options>;

export class PointwiseOp {
  readonly name: string;
  /** Names of the arguments, in order. */
  readonly args: readonly string[];
  readonly hasInplace: boolean;
  /** Names of the options, in order. */
  readonly options: readonly string[];
  private readonly spec: AnySpec;
  private readonly defaults: readonly OptionValue[];
  private readonly defaultOptions: Options;
  private readonly hasChoices: boolean;
  private readonly accepts: readonly Category[];
  /** Bit by argument: may be a number; counts in promotion. */
  private readonly numbers: number;
  private readonly promotes: number;
  private readonly variants = new Map<string | number, Fused>();

  constructor(spec: AnySpec) {
    this.spec = spec;
    this.name = spec.name;
    this.args = spec.args;
    this.hasInplace = spec.inplace !== false;
    this.defaultOptions = spec.options ?? {};
    this.options = Object.keys(this.defaultOptions);
    this.defaults = Object.values(this.defaultOptions);
    this.hasChoices = this.defaults.some((value) => typeof value !== "number");
    this.accepts = spec.accepts ?? REAL;
    this.numbers = spec.numbers === undefined ? 0 : this.bitsOf(spec.numbers);
    this.promotes = spec.promotes === undefined ? (1 << spec.args.length) - 1 : this.bitsOf(spec.promotes);
  }

  /** Whether option `i` is a number, which may be complex, and not a choice. */
  private isNumeric(i: number): boolean {
    return typeof this.defaults[i] === "number";
  }

  private bitsOf(names: readonly string[]): number {
    return names.reduce((bits, name) => bits | (1 << this.args.indexOf(name)), 0);
  }

  /** Sorts `given` into arguments and options and runs. */
  call(given: readonly unknown[], inplace: boolean): Tensor {
    const n = this.args.length;
    const last = given[given.length - 1];
    const hasOptions = isOptions(last);
    if (given.length === n && !hasOptions) {
      this.spec.check?.(given as TensorOrScalar[], this.defaultOptions);
      return this.apply(given as TensorOrScalar[], this.defaults, 0, inplace);
    }
    if (given.length === n + 1 && hasOptions && this.knows(last))
      return this.callWith(given.slice(0, n), last, inplace);
    const bound = bind<Record<string, unknown>>(this.name, [...this.args, ...this.options], given);
    const missing = this.args.filter((name) => bound[name] === undefined);
    if (missing.length > 0)
      throw new ValueError(`${this.name}: expected ${this.args.join(", ")}, got no ${missing.join(", ")}`);
    return this.callWith(
      this.args.map((name) => bound[name]),
      bound,
      inplace,
    );
  }

  /** Whether these are all options, without an argument by its name among them. */
  private knows(given: object): boolean {
    for (const key in given) if (!this.options.includes(key)) return false;
    return true;
  }

  private callWith(args: readonly unknown[], bound: Readonly<Record<string, unknown>>, inplace: boolean): Tensor {
    let changed = 0;
    const options = this.defaults.slice();
    for (let i = 0; i < options.length; i++) {
      const given = bound[this.options[i] as string];
      const value = typeof given === "boolean" && this.isNumeric(i) ? Number(given) : given; // Python's bools are numbers
      const preset = options[i] as OptionValue;
      if (value === undefined || Object.is(value, preset)) continue;
      if (typeof value !== typeof preset && !(typeof preset === "number" && isComplexScalar(value)))
        throw new ValueError(`${this.name}: expected a ${typeof preset} as ${this.options[i]}, got ${describe(value)}`);
      options[i] = value as OptionValue;
      changed |= 1 << i;
    }
    if (this.spec.check !== undefined) {
      const record = Object.fromEntries(this.options.map((name, i) => [name, options[i] as OptionValue]));
      this.spec.check(args as TensorOrScalar[], record);
    }
    return this.apply(args as TensorOrScalar[], options, changed, inplace);
  }

  /** @param changed - bits of the options that differ from their defaults */
  private apply(
    inputs: readonly TensorOrScalar[],
    options: readonly OptionValue[],
    changed: number,
    inplace: boolean,
  ): Tensor {
    if (this.spec.numbersAlone && !inplace && inputs.every(isScalar)) inputs = inputs.map(asTensor);
    let numbers = 0;
    let common: DType | null = null;
    let mixed = false;
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i];
      if (x instanceof Tensor) {
        if ((this.promotes & (1 << i)) === 0) continue;
        if (common === null) common = x.dtype;
        else if (common !== x.dtype) mixed = true;
      } else if ((this.numbers & (1 << i)) !== 0 && isScalar(x)) numbers |= 1 << i;
      else
        throw new ValueError(
          `${this.name}: expected a Tensor${this.numbers & (1 << i) ? " or a number" : ""} as ${this.args[i]}, got ${describe(x)}`,
        );
    }
    if (mixed || common === null || (numbers & this.promotes) !== 0) common = this.meet(inputs);
    if (!this.accepts.includes(common.category)) throw this.refuses(common);
    const { dtype } = this.spec;
    const compute = dtype === "float" || dtype === "float to bool" ? toFloat(common) : common;
    const result = resultOf(dtype, compute);
    if (inplace && dtype === "real" && compute.isComplex)
      throw new DTypeError(`${this.name}_: expected a real tensor to write the real result into, got ${compute}`);
    const fused = this.variant(numbers, changed, options);
    if (numbers === 0 && changed === 0)
      return run(fused, inputs as Tensor[], NO_SCALARS, compute, result, inplace ? (inputs[0] as Tensor) : null);

    const tensors: Tensor[] = [];
    const scalars: Scalar[] = [];
    for (const x of inputs) {
      if (x instanceof Tensor) tensors.push(x);
      else scalars.push(x);
    }
    for (let i = 0; i < options.length; i++)
      if (changed & (1 << i) && this.isNumeric(i)) scalars.push(options[i] as number);
    if (tensors.length === 0 || (inplace && numbers & 1))
      throw new ValueError(`${this.name}: expected a Tensor as ${this.args[0]}, got ${describe(inputs[0])}`);
    if (!compute.isComplex) for (const s of scalars) if (typeof s === "object") throw this.refusesNumber(s, compute);
    if (compute.category < Category.Floating)
      for (let i = 0; i < scalars.length; i++) scalars[i] = this.whole(scalars[i] as Scalar);
    return run(fused, tensors, scalars, compute, result, inplace ? (tensors[0] as Tensor) : null);
  }

  /** A number as an integer computation takes it: ±inf are the ends of the range. */
  private whole(value: Scalar): Scalar {
    if (typeof value !== "number" || Number.isInteger(value)) return value;
    if (Number.isNaN(value)) throw new ValueError(`${this.name}: expected a number that an integer can hold, got NaN`);
    return Number.isFinite(value) ? Math.trunc(value) : value > 0 ? 2n ** 63n - 1n : -(2n ** 63n);
  }

  private meet(inputs: readonly TensorOrScalar[]): DType {
    return resultType(inputs.filter((_, i) => (this.promotes & (1 << i)) !== 0));
  }

  /** The computation for these kinds of arguments: which are numbers, which options are not at their defaults. */
  private variant(numbers: number, changed: number, options: readonly OptionValue[]): Fused {
    const key = this.hasChoices
      ? `${numbers} ${changed} ${options.filter((_, i) => !this.isNumeric(i)).join()}`
      : numbers * 65536 + changed;
    let found = this.variants.get(key);
    if (found === undefined) {
      found = this.build(numbers, changed, options);
      this.variants.set(key, found);
    }
    return found;
  }

  private build(numbers: number, changed: number, options: readonly OptionValue[]): Fused {
    const { spec } = this;
    const isNumber = (i: number) => (numbers & (1 << i)) !== 0;
    const args = Object.fromEntries(this.args.map((name, i) => [name, isNumber(i) ? scalar(name) : arg(name)]));
    const optionExprs = Object.fromEntries(
      this.options.map((name, i) => {
        const value = options[i] as OptionValue;
        if (!this.isNumeric(i)) return [name, value];
        return [name, changed & (1 << i) ? scalar(name) : constant(value as number)];
      }),
    ) as OptionExprs<Options>;
    const inputs = this.args.filter((_, i) => !isNumber(i));
    const scalars = [
      ...this.args.filter((_, i) => isNumber(i)),
      ...this.options.filter((_, i) => changed & (1 << i) && this.isNumeric(i)),
    ];
    const { derivative, node = nodeNameOf(spec.name) } = spec;
    const missing = derivative === "missing";
    const declared = typeof derivative === "object" ? derivative : {};
    const given = inputs.map((name) => {
      const own = declared[name];
      return typeof own === "function" ? own({ ...args, grad: GRAD, result: RESULT }, optionExprs) : own;
    });
    const nodeName =
      typeof node === "string" ? node : node(Object.fromEntries(this.args.map((name, i) => [name, isNumber(i)])));
    return new Fused(spec.name, nodeName, spec.expr(args, optionExprs), inputs, scalars, {
      given,
      readResult: spec.saves === "result",
      missing,
      isConstant: derivative === "none",
    });
  }

  private refusesNumber(value: Scalar, dtype: DType): DTypeError {
    return new DTypeError(`${this.name}: expected real numbers beside ${dtype}, got ${scalarToString(value)}`);
  }

  private refuses(dtype: DType): DTypeError {
    const kinds = ["bool", "integer", "floating-point", "complex"].filter((_, i) =>
      this.accepts.includes(i as Category),
    );
    const whole =
      dtype.category === Category.Integral && !this.accepts.includes(Category.Integral)
        ? " (whole numbers make int64: pass a dtype)"
        : "";
    return new DTypeError(`${this.name}: expected a dtype that is ${kinds.join(" or ")}, got ${dtype}${whole}`);
  }
}

/** A number as a tensor without dimensions. */
const asTensor = (x: Scalar): Tensor => fillRaw(allocate([], scalarDType(x)), x);

function resultOf(rule: DTypeRule, compute: DType): DType {
  if (rule === "bool" || rule === "float to bool") return bool;
  if (rule === "real") return toReal(compute);
  return rule === "complex" ? toComplex(compute) : compute;
}

const NO_SCALARS: readonly Scalar[] = [];

/**
 * Declares a pointwise op.
 * @example
 * const square: typeof torch.square = pointwise({
 *   name: "square",
 *   args: ["input"],
 *   dtype: "same",
 *   expr: ({ input }) => input.mul(input),
 * });
 * square(torch.tensor([3, -4])) // tensor([ 9, 16])
 */
export function pointwise<const A extends readonly string[], O extends Options, F>(
  spec: PointwiseSpec<A, O>,
): Pointwise<F> {
  const op = new PointwiseOp(spec as unknown as AnySpec); // its functions take the arguments that it names
  return callable(op, (given, inplace) => op.call(given, inplace));
}

function callable<F>(op: PointwiseOp, run: (given: readonly unknown[], inplace: boolean) => Tensor): Pointwise<F> {
  const call = (...given: unknown[]) => run(given, false);
  const inplace = (...given: unknown[]) => run(given, true);
  return Object.assign(call, op.hasInplace ? { op, inplace } : { op }) as unknown as Pointwise<F>; // F is what the spec declares
}

/** What one call of a family of ops comes to. */
export type Choice = readonly [op: { readonly op: PointwiseOp }, given: readonly unknown[]];

/**
 * Several pointwise ops under one name: `choose` gives the one that serves a call, and its arguments.
 * @param main - the one that stands for them where the op is asked about
 */
export function family<F>(
  main: { readonly op: PointwiseOp },
  choose: (given: readonly unknown[]) => Choice,
): Pointwise<F> {
  return callable(main.op, (given, inplace) => {
    const [chosen, rest] = choose(given);
    return chosen.op.call(rest, inplace);
  });
}
