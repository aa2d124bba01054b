/** @file The distinct elements or slices of a tensor, and membership in a set. */
import { backendOf } from "../backends/backend.ts";
import { bool, Category, type DType, int64 } from "../core/dtype.ts";
import { DTypeError, IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { isScalar, type Scalar } from "../core/scalar.ts";
import { numelOf, shapeText, wrapDim } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { allocate } from "./creation.ts";
import { resultType } from "./dtypes.ts";
import { scalarTensor } from "./from-data.ts";
import { cat } from "./joining.ts";
import { checkTensor } from "./params.ts";
import { searchsorted } from "./sort.ts";

/** What comes out: the distinct elements, then what was asked for beside them. */
export type UniqueResult<I extends boolean, C extends boolean> = I extends true
  ? C extends true
    ? [output: Tensor, inverse: Tensor, counts: Tensor]
    : [output: Tensor, inverse: Tensor]
  : C extends true
    ? [output: Tensor, counts: Tensor]
    : Tensor;

interface ConsecutiveOptions<I extends boolean = boolean, C extends boolean = boolean> {
  returnInverse?: I;
  returnCounts?: C;
  dim?: number | null;
}
interface UniqueOptions<I extends boolean = boolean, C extends boolean = boolean> extends ConsecutiveOptions<I, C> {
  sorted?: boolean;
}

/** The forms of `unique`, as a method. */
export interface UniqueMethod {
  <I extends boolean = false, C extends boolean = false>(options?: UniqueOptions<I, C>): UniqueResult<I, C>;
  <I extends boolean = false, C extends boolean = false>(
    sorted: boolean,
    options?: ConsecutiveOptions<I, C>,
  ): UniqueResult<I, C>;
  <I extends boolean = false, C extends boolean = false>(
    sorted: boolean,
    returnInverse: I,
    returnCounts?: C,
    dim?: number | null,
  ): UniqueResult<I, C>;
}

/** The forms of `uniqueConsecutive`, as a method. */
export interface UniqueConsecutiveMethod {
  <I extends boolean = false, C extends boolean = false>(options?: ConsecutiveOptions<I, C>): UniqueResult<I, C>;
  <I extends boolean = false, C extends boolean = false>(
    returnInverse: I,
    returnCounts?: C,
    dim?: number | null,
  ): UniqueResult<I, C>;
}

/** Groups of equal neighbours: which are the first of their group, and the group of each. */
interface Groups {
  readonly firsts: Tensor;
  readonly group: Tensor;
}

function groupsOf(startsGroup: Tensor): Groups {
  return { firsts: startsGroup.nonzero().reshape(-1), group: startsGroup.cumsum(0).sub(1) };
}

/** Lengths of groups, of which the first of each stands in `firsts`. */
function lengths(firsts: Tensor, n: number): Tensor {
  if (firsts.numel() === 0) return firsts;
  return cat([firsts.narrow(0, 1, firsts.numel() - 1), firsts.newFull([1], n)]).sub(firsts);
}

/** Whether each row of a matrix differs from the one before it. */
function startsOf(rows: Tensor): Tensor {
  const n = rows.shape[0] as number;
  if (n < 2) return rows.newOnes([n], { dtype: bool });
  const differs = rows.narrow(0, 1, n - 1).ne(rows.narrow(0, 0, n - 1));
  return cat([rows.newOnes([1], { dtype: bool }), differs.any(1)]);
}

interface Parts {
  readonly output: Tensor;
  readonly inverse: Tensor;
  readonly counts: Tensor;
}

/** Distinct rows of a matrix in order, or (where `order` is null) without equal neighbours. */
function distinctRows(rows: Tensor, order: Tensor | null): Parts {
  const n = rows.shape[0] as number;
  const inOrder = order === null ? rows : rows.indexSelect(0, order);
  const { firsts, group } = groupsOf(startsOf(inOrder));
  const inverse = order === null ? group : group.newEmpty([n]).scatter(0, order, group);
  return { output: inOrder.indexSelect(0, firsts), inverse, counts: lengths(firsts, n) };
}

function orderOfRows(rows: Tensor): Tensor {
  if (rows.shape[1] === 1) return rows.reshape(-1).sort({ stable: true }).indices;
  const order = allocate([rows.shape[0] as number], int64, rows.device);
  backendOf(rows.device).kernels.sortRows(order, rows);
  return order;
}

function distinct(op: string, input: Tensor, dim: number | null, sorts: boolean): Parts {
  const x = input.detach();
  if (dim === null) {
    const rows = x.reshape(-1, 1);
    const { output, inverse, counts } = distinctRows(rows, sorts ? orderOfRows(rows) : null);
    return { output: output.reshape(-1), inverse: inverse.reshape(input.shape), counts };
  }
  if (input.ndim === 0) throw new IndexError(`${op}: expected a dimension of input as dim, got ${dim} for shape []`);
  const d = wrapDim(op, dim, input.ndim);
  const others = input.shape.toSpliced(d, 1);
  if (numelOf(others) === 0 && input.shape[d] !== 0)
    throw new ShapeError(
      `${op}: expected no size of 0 apart from that of dim ${d}, got shape ${shapeText(input.shape)}`,
    );
  const first = x.movedim(d, 0);
  const rows = first.reshape(input.shape[d] as number, numelOf(others)).contiguous();
  const { output, inverse, counts } = distinctRows(rows, sorts ? orderOfRows(rows) : null);
  const back = output.reshape([output.shape[0] as number, ...others]).movedim(0, d);
  return { output: back.contiguous(), inverse, counts };
}

function answer(
  op: string,
  input: Tensor,
  { returnInverse = false, returnCounts = false, dim = null }: ConsecutiveOptions,
  sorts: boolean,
): Tensor | Tensor[] {
  checkTensor(op, input);
  if (input.dtype.isComplex) throw new DTypeError(`${op}: expected a real dtype, got ${input.dtype}`);
  const { output, inverse, counts } = distinct(op, input, dim, sorts);
  if (!returnInverse && !returnCounts) return output;
  return [output, ...(returnInverse ? [inverse] : []), ...(returnCounts ? [counts] : [])];
}

interface Unique {
  <I extends boolean = false, C extends boolean = false>(
    input: Tensor,
    options?: UniqueOptions<I, C>,
  ): UniqueResult<I, C>;
  <I extends boolean = false, C extends boolean = false>(
    input: Tensor,
    sorted: boolean,
    options?: ConsecutiveOptions<I, C>,
  ): UniqueResult<I, C>;
  <I extends boolean = false, C extends boolean = false>(
    input: Tensor,
    sorted: boolean,
    returnInverse: I,
    returnCounts?: C,
    dim?: number | null,
  ): UniqueResult<I, C>;
}

/**
 * The distinct elements in rising order, or the distinct slices along a dimension; each NaN is one of its own. Not differentiable.
 * PyTorch: `torch.unique`.
 *
 * @param input - any shape; real
 * @param args - `sorted` (they always are), `returnInverse`: where each element went, `returnCounts`: how often each came, `dim`
 * @returns the elements, or an array of them and what was asked for
 * @throws DTypeError for complex tensors
 * @example
 * torch.unique(torch.tensor([3, 1, 3, 2])) // tensor([1, 2, 3])
 * const [, inverse, counts] = torch.unique(torch.tensor([3, 1, 3]), { returnInverse: true, returnCounts: true });
 * counts // tensor([1, 2])
 */
export const unique: Unique = ((input: Tensor, ...args: Call<[], UniqueOptions>) => {
  const names = ["sorted", "returnInverse", "returnCounts", "dim"] as const;
  return answer("unique", input, bind<UniqueOptions>("unique", names, args), true);
}) as Unique;

interface UniqueConsecutive {
  <I extends boolean = false, C extends boolean = false>(
    input: Tensor,
    options?: ConsecutiveOptions<I, C>,
  ): UniqueResult<I, C>;
  <I extends boolean = false, C extends boolean = false>(
    input: Tensor,
    returnInverse: I,
    returnCounts?: C,
    dim?: number | null,
  ): UniqueResult<I, C>;
}

/**
 * The elements, or the slices along a dimension, without those that equal the one before. PyTorch: `torch.unique_consecutive`.
 *
 * @param args - `returnInverse`, `returnCounts`, `dim`
 * @example
 * torch.uniqueConsecutive(torch.tensor([1, 1, 2, 1])) // tensor([1, 2, 1])
 */
export const uniqueConsecutive: UniqueConsecutive = ((input: Tensor, ...args: Call<[], ConsecutiveOptions>) => {
  const names = ["returnInverse", "returnCounts", "dim"] as const;
  return answer("uniqueConsecutive", input, bind<ConsecutiveOptions>("uniqueConsecutive", names, args), false);
}) as UniqueConsecutive;

interface IsinOptions {
  /** Says that neither has an element twice; makes no difference. */
  assumeUnique?: boolean;
  /** Asks which are not among them. */
  invert?: boolean;
}

/**
 * Which elements are among `testElements`. One of the two may be a number. PyTorch: `torch.isin`.
 *
 * @returns bool, of the shape of `elements`
 * @throws DTypeError for bool and complex tensors
 * @example
 * torch.isin(torch.tensor([1, 2, 3]), torch.tensor([3, 1])) // tensor([ True, False,  True])
 */
export function isin(elements: Tensor | Scalar, testElements: Tensor | Scalar, ...args: Call<[], IsinOptions>): Tensor {
  const { invert = false } = bind<IsinOptions>("isin", ["assumeUnique", "invert"], args);
  if (!(elements instanceof Tensor) && !(testElements instanceof Tensor))
    throw new ValueError("isin: expected a Tensor as elements or testElements, got two numbers");
  const dtype = resultType([elements, testElements]);
  const [x, set] = [elements, testElements].map((t) => operand(t, dtype)) as [Tensor, Tensor];
  const found = membership(x.reshape(-1), set.reshape(-1)).reshape(x.shape);
  return invert ? found.logicalNot() : found;
}

function operand(t: Tensor | Scalar, dtype: DType): Tensor {
  if (!(t instanceof Tensor) && !isScalar(t)) checkTensor("isin", t, "elements");
  const x = t instanceof Tensor ? t.detach() : scalarTensor(t as Scalar, { dtype });
  if (x.dtype.isComplex || x.dtype === bool)
    throw new DTypeError(`isin: expected an integer or floating-point dtype, got ${x.dtype}`);
  return x.to(dtype);
}

/** For vectors; NaN is among nothing. */
function membership(x: Tensor, set: Tensor): Tensor {
  const { values } = set.sort();
  const numbers =
    values.dtype.category === Category.Floating ? values.maskedSelect(values.isnan().logicalNot()) : values;
  if (numbers.numel() === 0) return x.newZeros(x.shape, { dtype: bool });
  return numbers.take(searchsorted(numbers, x).clampMax(numbers.numel() - 1)).eq(x);
}
