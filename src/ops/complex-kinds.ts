/** @file Which operands of a pointwise computation are complex, and the real ones that it runs on instead. */
import { bool, type DType } from "../core/dtype.ts";
import type { Scalar } from "../core/scalar.ts";
import type { Tensor } from "../core/tensor.ts";
import { arg, constant, type Expr, type Pair, scalar } from "../expr/index.ts";
import { plane } from "./operands.ts";

/** A mask stays real; a real number beside complex ones counts as one whose imaginary part is 0. */
export const Kind = { Mask: 0, Real: 1, Complex: 2 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export interface Kinds {
  readonly tensors: readonly Kind[];
  readonly scalars: readonly Kind[];
  /** `Real` or `Complex`. */
  readonly result: Kind;
}

const kindOf = (dtype: DType): Kind => (dtype.isComplex ? Kind.Complex : dtype === bool ? Kind.Mask : Kind.Real);

export function kindsOf(tensors: readonly Tensor[], scalars: readonly Scalar[], result: DType): Kinds {
  return {
    tensors: tensors.map((t) => kindOf(t.dtype)),
    scalars: scalars.map((s) => (typeof s === "object" ? Kind.Complex : Kind.Real)),
    result: result.isComplex ? Kind.Complex : Kind.Real,
  };
}

const partName = (name: string, part: 0 | 1) => `${name}.${part === 0 ? "re" : "im"}`;

/** The parts of an argument or scalar. */
export function leafOf(make: typeof arg | typeof scalar, name: string, kind: Kind): Pair {
  if (kind === Kind.Complex) return { re: make(partName(name, 0)), im: make(partName(name, 1)) };
  return { re: make(name), im: kind === Kind.Real ? constant(0) : null };
}

/** `lower`'s leaves for these inputs and scalars. */
export function leavesOf(inputs: readonly string[], scalars: readonly string[], kinds: Kinds): (leaf: Expr) => Pair {
  return (leaf) =>
    leaf.op === "arg"
      ? leafOf(arg, leaf.name, kinds.tensors[inputs.indexOf(leaf.name)] as Kind)
      : leafOf(scalar, leaf.name, kinds.scalars[scalars.indexOf(leaf.name)] as Kind);
}

/** An operand of the real computation: a part of input or scalar `i`, or `null` for all of a real one. */
export interface Part {
  readonly i: number;
  readonly part: 0 | 1 | null;
  readonly name: string;
}

/** The parts of `names` that the real computation reads. */
export function partsRead(names: readonly string[], kinds: readonly Kind[], read: ReadonlySet<string>): Part[] {
  const all = names.flatMap((name, i): Part[] =>
    kinds[i] === Kind.Complex
      ? [
          { i, part: 0, name: partName(name, 0) },
          { i, part: 1, name: partName(name, 1) },
        ]
      : [{ i, part: null, name }],
  );
  return all.filter(({ name }) => read.has(name));
}

export function tensorParts(tensors: readonly Tensor[], parts: readonly Part[]): Tensor[] {
  return parts.map(({ i, part }) => (part === null ? (tensors[i] as Tensor) : plane(tensors[i] as Tensor, part)));
}

export function scalarParts(scalars: readonly Scalar[], parts: readonly Part[]): Scalar[] {
  return parts.map(({ i, part }) => {
    const value = scalars[i] as Scalar;
    if (part === null) return value;
    if (typeof value === "object") return part === 0 ? value.re : value.im;
    return part === 0 ? value : 0;
  });
}
