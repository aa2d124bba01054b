/** @file Products with something added: `beta · input + alpha · product`, for matrices, batches, vectors. */
import { inLowerPrecision, isAutocasting } from "../autograd/autocast.ts";
import type { Grad } from "../autograd/node.ts";
import { Category, type DType } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { isComplexScalar, isScalar, type Scalar, scalarCategory } from "../core/scalar.ts";
import { broadcastShapes, type Shape, sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { where } from "../expr/index.ts";
import { resultType } from "./dtypes.ts";
import { type Context, type KernelOp, kernelOp } from "./kernel-form.ts";
import {
  checkInner,
  checkOperands,
  columns,
  gradientOfA,
  gradientOfB,
  isTransposed,
  type Orders,
  product,
  rows,
} from "./matmul.ts";
import { checkTensor, type Named, named } from "./params.ts";
import type { FusedArithmetic } from "./pointwise/arithmetic.ts";
import { ANY, type Pointwise, type PointwiseOnly, pointwise } from "./pointwise-form.ts";

interface Scales {
  /** Factor of the input; 0 says that the input counts for nothing, even where it is NaN. */
  beta?: Scalar;
  /** Factor of the product. */
  alpha?: Scalar;
}

const NONE: Scales = {};
const ONES: Factors = { beta: 1, alpha: 1 };

interface Factors {
  readonly beta: Scalar;
  readonly alpha: Scalar;
}

type MatArgs = Named<[mat1: Tensor, mat2: Tensor], ["mat1", "mat2"], { mat1: Tensor; mat2: Tensor } & Scales>;
type BatchArgs = Named<
  [batch1: Tensor, batch2: Tensor],
  ["batch1", "batch2"],
  { batch1: Tensor; batch2: Tensor } & Scales
>;
type MatVecArgs = Named<[mat: Tensor, vec: Tensor], ["mat", "vec"], { mat: Tensor; vec: Tensor } & Scales>;
type VecArgs = Named<[vec1: Tensor, vec2: Tensor], ["vec1", "vec2"], { vec1: Tensor; vec2: Tensor } & Scales>;

/**
 * The factors as the dtype takes them: those of integers are cut to whole numbers, as in PyTorch.
 * @throws DTypeError for a complex factor of real tensors
 */
function factorsOf(op: string, dtype: DType, { beta = 1, alpha = 1 }: Scales): Factors {
  if (beta === 1 && alpha === 1) return ONES;
  const factor = (name: string, value: Scalar): Scalar => {
    if (!isScalar(value)) throw new ValueError(`${op}: expected a number as ${name}, got ${describe(value)}`);
    if (isComplexScalar(value)) {
      if (!dtype.isComplex)
        throw new DTypeError(`${op}: expected a real number as ${name} for ${dtype}, got a complex one`);
      return value;
    }
    return dtype.category < Category.Floating ? Math.trunc(Number(value)) : Number(value);
  };
  return { beta: factor("beta", beta), alpha: factor("alpha", alpha) };
}

const conjugate = (x: Scalar): Scalar => (isComplexScalar(x) ? { re: x.re, im: -x.im } : x);
const times = (x: Tensor, factor: Scalar): Tensor => (factor === 1 ? x : x.mul(factor));

/** `beta · input + alpha · a @ b`, in one go where the factors are real. */
function addedProduct(input: Tensor, a: Tensor, b: Tensor, { beta, alpha }: Factors): Tensor {
  const added = beta === 0 ? null : input;
  if (typeof beta === "number" && typeof alpha === "number" && !a.dtype.isComplex)
    return product(a, b, alpha, added, beta);
  const scaled = times(product(a, b), alpha);
  return added === null ? scaled : scaled.add(times(added, beta));
}

function gradOfInput(grad: Tensor, shape: Shape, beta: Scalar): Tensor {
  return times(grad.sumToSize(shape), conjugate(beta));
}

/** Checks that what is added broadcasts to the product, or for an in-place op has its shape. */
function checkAdded(op: string, input: Tensor, shape: Shape): void {
  if (op.endsWith("_")) {
    if (!sameShape(input.shape, shape))
      throw new ShapeError(`${op}: expected an input of shape ${shapeText(shape)}, got ${shapeText(input.shape)}`);
  } else if (input.ndim > shape.length || !sameShape(broadcastShapes(op, input.shape, shape), shape))
    throw new ShapeError(
      `${op}: expected an input that broadcasts to ${shapeText(shape)}, got ${shapeText(input.shape)}`,
    );
}

/** Runs an op, or for a name with an underscore its in-place variant: which writes what the op gives. */
function run<Attrs>(op: KernelOp<Attrs>, name: string, inputs: readonly Tensor[], attrs: Attrs): Tensor {
  if (!name.endsWith("_")) return op.call(inputs, attrs);
  const into = inputs[0] as Tensor;
  return op.writeInto(inputs, attrs, () => into.copy_(op.spec.forward(inputs, attrs) as Tensor));
}

interface AddmmAttrs extends Factors {
  readonly orders: Orders;
}

const savedByAddmm = (needs: (i: number) => boolean) => [...(needs(2) ? [1] : []), ...(needs(1) ? [2] : [])];

function gradientsOfAddmm(grad: Tensor, context: Context<AddmmAttrs>): Grad[] {
  const { alpha, beta, orders } = context.attrs;
  const scaled = times(grad, conjugate(alpha));
  return [
    context.needs(0) ? gradOfInput(grad, context.shape(0), beta) : null,
    context.needs(1) ? gradientOfA(scaled, context.input(2), orders) : null,
    context.needs(2) ? gradientOfB(context.input(1), scaled, orders) : null,
  ];
}

const addmmOp = kernelOp<AddmmAttrs>({
  name: "addmm",
  forward: ([input, a, b], attrs) => addedProduct(input as Tensor, a as Tensor, b as Tensor, attrs),
  saves: savedByAddmm,
  backward: ([grad], context) => gradientsOfAddmm(grad as Tensor, context),
});

/** The gradient of `relu`, from its result. */
const reluBackward: PointwiseOnly<(grad: Tensor, result: Tensor) => Tensor> = pointwise({
  name: "relu",
  node: "ReluBackwardBackward0",
  args: ["grad", "result"],
  dtype: "same",
  inplace: false,
  expr: ({ grad, result }) => where(result.le(0), 0, grad),
});

/** `relu(input + a @ b)`. */
const addmmActivationOp = kernelOp<AddmmAttrs>({
  name: "_addmmActivation",
  node: "AddmmActivationBackward0",
  forward: ([input, a, b]) => product(a as Tensor, b as Tensor, 1, input as Tensor, 1, false, true),
  saves: (needs) => [...savedByAddmm(needs), ~0],
  backward: ([grad], context) => gradientsOfAddmm(reluBackward(grad as Tensor, context.result(0)), context),
});

function addmmAs(op: string, input: Tensor, mat1: Tensor, mat2: Tensor, scales: Scales): Tensor {
  checkOperands(op, mat1, mat2);
  checkOperands(op, input, mat1);
  if (mat1.ndim !== 2 || mat2.ndim !== 2)
    throw new ShapeError(`${op}: expected two matrices, got ${shapeText(mat1.shape)} and ${shapeText(mat2.shape)}`);
  checkInner(op, mat1, mat2);
  checkAdded(op, input, [rows(mat1), columns(mat2)]);
  return run(addmmOp, op, [input, mat1, mat2], addmmAttrs(factorsOf(op, mat1.dtype, scales), mat1, mat2));
}

function addmmAttrs({ beta, alpha }: Factors, mat1: Tensor, mat2: Tensor): AddmmAttrs {
  return { beta, alpha, orders: { out: false, a: isTransposed(mat1.layout), b: isTransposed(mat2.layout) } };
}

/** `addmm` of a layer, whose sizes were checked: its bias has an element for each column. */
export function addmmOfLayer(bias: Tensor, mat1: Tensor, mat2: Tensor): Tensor {
  checkOperands("linear", mat1, mat2);
  checkOperands("linear", bias, mat1);
  return addmmOp.call([bias, mat1, mat2], addmmAttrs(ONES, mat1, mat2));
}

/** `relu` of that, in the same pass. */
export function addmmReluOfLayer(bias: Tensor, mat1: Tensor, mat2: Tensor): Tensor {
  return addmmActivationOp.call([bias, mat1, mat2], addmmAttrs(ONES, mat1, mat2));
}

const MAT = ["mat1", "mat2", "beta", "alpha"] as const;
type MatOptions = { mat1: Tensor; mat2: Tensor } & Scales;

/**
 * `beta · input + alpha · mat1 @ mat2`; `input` broadcasts. PyTorch: `torch.addmm`.
 *
 * @param input - a shape that broadcasts to [m, n]; ignored if `beta` is 0
 * @param args - `mat1` [m, k], `mat2` [k, n], `beta` (1), `alpha` (1)
 * @returns [m, n]
 * @throws ShapeError if the sizes do not fit
 * @throws DTypeError if the three are not of one dtype, or it is bool
 * @example
 * torch.addmm(torch.ones(2), torch.eye(2), torch.eye(2), { beta: 2, alpha: 0.5 }) // tensor([[2.5000, 2.0000],
 *                                                                                //         [2.0000, 2.5000]])
 */
export function addmm(input: Tensor, ...args: MatArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(addmm, [input, ...args]);
  if (args.length === 2 && args[1] instanceof Tensor) return addmmAs("addmm", input, args[0], args[1], NONE); // the commonest
  const { mat1, mat2, ...scales } = named<MatOptions>("addmm", MAT, 2, args);
  return addmmAs("addmm", input, mat1, mat2, scales);
}

/** `addmm` into `input`, which must have the shape of the product. PyTorch: `Tensor.addmm_`. */
export function addmm_(input: Tensor, ...args: MatArgs): Tensor {
  const { mat1, mat2, ...scales } = named<MatOptions>("addmm_", MAT, 2, args);
  return addmmAs("addmm_", input, mat1, mat2, scales);
}

function checkBatches(op: string, batch1: Tensor, batch2: Tensor): void {
  checkOperands(op, batch1, batch2);
  if (batch1.ndim !== 3 || batch2.ndim !== 3 || batch1.shape[0] !== batch2.shape[0])
    throw new ShapeError(
      `${op}: expected two batches of as many matrices, got ${shapeText(batch1.shape)} and ${shapeText(batch2.shape)}`,
    );
  checkInner(op, batch1, batch2);
}

const BATCH = ["batch1", "batch2", "beta", "alpha"] as const;
type BatchOptions = { batch1: Tensor; batch2: Tensor } & Scales;

/** The sum of a batch's products is one product: of the matrices side by side with those below each other. */
function addbmmAs(op: string, input: Tensor, batch1: Tensor, batch2: Tensor, scales: Scales): Tensor {
  checkBatches(op, batch1, batch2);
  const [batches, m, k] = batch1.shape as [number, number, number];
  const wide = batch1.transpose(0, 1).reshape(m, batches * k);
  return addmmAs(op, input, wide, batch2.reshape(batches * k, columns(batch2)), scales);
}

/**
 * `beta · input + alpha · Σ batch1[i] @ batch2[i]`. PyTorch: `torch.addbmm`.
 *
 * @param input - a shape that broadcasts to [m, n]; ignored if `beta` is 0
 * @param args - `batch1` [b, m, k], `batch2` [b, k, n], `beta` (1), `alpha` (1)
 * @returns [m, n]
 * @throws ShapeError if the sizes do not fit
 * @example
 * torch.addbmm(torch.zeros(1, 1), torch.ones(5, 1, 2), torch.ones(5, 2, 1)) // tensor([[10.]])
 */
export function addbmm(input: Tensor, ...args: BatchArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(addbmm, [input, ...args]);
  const { batch1, batch2, ...scales } = named<BatchOptions>("addbmm", BATCH, 2, args);
  return addbmmAs("addbmm", input, batch1, batch2, scales);
}

/** `addbmm` into `input`, which must have the shape of the product. PyTorch: `Tensor.addbmm_`. */
export function addbmm_(input: Tensor, ...args: BatchArgs): Tensor {
  const { batch1, batch2, ...scales } = named<BatchOptions>("addbmm_", BATCH, 2, args);
  return addbmmAs("addbmm_", input, batch1, batch2, scales);
}

const baddbmmOp = kernelOp<Factors>({
  name: "baddbmm",
  forward: ([input, a, b], attrs) => addedProduct(input as Tensor, a as Tensor, b as Tensor, attrs),
  saves: (needs) => [...(needs(2) ? [1] : []), ...(needs(1) ? [2] : [])],
  backward: ([g], context) => {
    const { alpha, beta } = context.attrs;
    const grad = g as Tensor;
    const scaled = times(grad, conjugate(alpha));
    return [
      context.needs(0) ? gradOfInput(grad, context.shape(0), beta) : null,
      context.needs(1) ? scaled.bmm(context.input(2).mH) : null,
      context.needs(2) ? context.input(1).mH.bmm(scaled) : null,
    ];
  },
});

function baddbmmAs(op: string, input: Tensor, batch1: Tensor, batch2: Tensor, scales: Scales): Tensor {
  checkBatches(op, batch1, batch2);
  checkOperands(op, input, batch1);
  checkAdded(op, input, [batch1.shape[0] as number, rows(batch1), columns(batch2)]);
  return run(baddbmmOp, op, [input, batch1, batch2], factorsOf(op, batch1.dtype, scales));
}

/**
 * `beta · input[i] + alpha · batch1[i] @ batch2[i]` for each matrix of a batch. PyTorch: `torch.baddbmm`.
 *
 * @param input - a shape that broadcasts to [b, m, n]; ignored if `beta` is 0
 * @param args - `batch1` [b, m, k], `batch2` [b, k, n], `beta` (1), `alpha` (1)
 * @returns [b, m, n]
 * @throws ShapeError if the sizes do not fit
 * @example
 * torch.baddbmm(torch.ones(1), torch.ones(2, 1, 3), torch.ones(2, 3, 1)).flatten() // tensor([4., 4.])
 */
export function baddbmm(input: Tensor, ...args: BatchArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(baddbmm, [input, ...args]);
  const { batch1, batch2, ...scales } = named<BatchOptions>("baddbmm", BATCH, 2, args);
  return baddbmmAs("baddbmm", input, batch1, batch2, scales);
}

/** `baddbmm` into `input`, which must have the shape of the products. PyTorch: `Tensor.baddbmm_`. */
export function baddbmm_(input: Tensor, ...args: BatchArgs): Tensor {
  const { batch1, batch2, ...scales } = named<BatchOptions>("baddbmm_", BATCH, 2, args);
  return baddbmmAs("baddbmm_", input, batch1, batch2, scales);
}

const addmvOp = kernelOp<Factors>({
  name: "addmv",
  forward: ([input, mat, vec], attrs) => {
    const column = (input as Tensor).unsqueeze(-1);
    const result = addedProduct(column, mat as Tensor, (vec as Tensor).unsqueeze(1), attrs);
    return result.view(rows(mat as Tensor));
  },
  saves: (needs) => [...(needs(2) ? [1] : []), ...(needs(1) ? [2] : [])],
  backward: ([g], context) => {
    const { alpha, beta } = context.attrs;
    const grad = g as Tensor;
    const scaled = times(grad, conjugate(alpha));
    return [
      context.needs(0) ? gradOfInput(grad, context.shape(0), beta) : null,
      context.needs(1) ? scaled.unsqueeze(1).mul(context.input(2).conj()) : null,
      context.needs(2) ? context.input(1).mH.mv(scaled) : null,
    ];
  },
});

const MATVEC = ["mat", "vec", "beta", "alpha"] as const;
type MatVecOptions = { mat: Tensor; vec: Tensor } & Scales;

function addmvAs(op: string, input: Tensor, mat: Tensor, vec: Tensor, scales: Scales): Tensor {
  checkOperands(op, mat, vec);
  checkOperands(op, input, mat);
  if (mat.ndim !== 2 || vec.ndim !== 1 || mat.shape[1] !== vec.shape[0])
    throw new ShapeError(
      `${op}: expected a matrix and a vector that fit, got ${shapeText(mat.shape)} and ${shapeText(vec.shape)}`,
    );
  checkAdded(op, input, [rows(mat)]);
  return run(addmvOp, op, [input, mat, vec], factorsOf(op, mat.dtype, scales));
}

/**
 * `beta · input + alpha · mat @ vec`. PyTorch: `torch.addmv`.
 *
 * @param input - a shape that broadcasts to [m]; ignored if `beta` is 0
 * @param args - `mat` [m, n], `vec` [n], `beta` (1), `alpha` (1)
 * @returns [m]
 * @throws ShapeError if the sizes do not fit
 * @example
 * torch.addmv(torch.tensor([1, 2]), torch.tensor([[1, 0], [2, 3]]), torch.tensor([5, 7])) // tensor([ 6, 33])
 */
export function addmv(input: Tensor, ...args: MatVecArgs): Tensor {
  const { mat, vec, ...scales } = named<MatVecOptions>("addmv", MATVEC, 2, args);
  return addmvAs("addmv", input, mat, vec, scales);
}

/** `addmv` into `input`, which must have the shape of the product. PyTorch: `Tensor.addmv_`. */
export function addmv_(input: Tensor, ...args: MatVecArgs): Tensor {
  const { mat, vec, ...scales } = named<MatVecOptions>("addmv_", MATVEC, 2, args);
  return addmvAs("addmv_", input, mat, vec, scales);
}

const addrOp: Pointwise<FusedArithmetic> = pointwise({
  name: "addr",
  args: ["input", "vec1", "vec2"],
  options: { beta: 1, alpha: 1 },
  dtype: "same",
  accepts: ANY,
  expr: ({ input, vec1, vec2 }, { beta, alpha }) =>
    where(beta.eq(0), 0, input.mul(beta)).add(vec1.mul(vec2).mul(alpha)),
});

const VECS = ["vec1", "vec2", "beta", "alpha"] as const;
type VecOptions = { vec1: Tensor; vec2: Tensor } & Scales;

function addrAs(op: string, input: Tensor, vec1: Tensor, vec2: Tensor, scales: Scales): Tensor {
  checkTensor(op, input);
  checkTensor(op, vec1, "vec1");
  checkTensor(op, vec2, "vec2");
  if (vec1.ndim !== 1 || vec2.ndim !== 1)
    throw new ShapeError(`${op}: expected two vectors, got ${shapeText(vec1.shape)} and ${shapeText(vec2.shape)}`);
  checkAdded(op, input, [vec1.shape[0] as number, vec2.shape[0] as number]);
  const dtype = resultType([input, vec1, vec2]);
  for (const [name, value] of Object.entries(scales))
    if (dtype.category < Category.Floating && isScalar(value) && scalarCategory(value) > Category.Integral)
      throw new DTypeError(`${op}: expected a whole number as ${name} for ${dtype}, got ${describe(value)}`);
  const { beta, alpha } = factorsOf(op, dtype, scales);
  const column = vec1.unsqueeze(1);
  const truth = dtype.category === Category.Bool ? (x: Scalar) => (x === 0 ? 0 : 1) : (x: Scalar) => x;
  const options = { beta: truth(beta), alpha: truth(alpha) };
  const run = (op.endsWith("_") ? addrOp.inplace : addrOp) as (...args: unknown[]) => Tensor;
  return run(input, column, vec2, options);
}

/**
 * `beta · input + alpha · vec1 ⊗ vec2`, with the outer product of two vectors. PyTorch: `torch.addr`.
 *
 * @param input - a shape that broadcasts to [m, n]; ignored if `beta` is 0
 * @param args - `vec1` [m], `vec2` [n], `beta` (1), `alpha` (1)
 * @returns [m, n], in the dtype that the three meet in
 * @throws ShapeError if the sizes do not fit
 * @throws DTypeError for a fractional factor of integers
 * @example
 * torch.addr(torch.zeros(2, 2), torch.tensor([1, 2.5]), torch.tensor([3, 4])) // tensor([[ 3.0000,  4.0000],
 *                                                                            //         [ 7.5000, 10.0000]])
 */
export function addr(input: Tensor, ...args: VecArgs): Tensor {
  const { vec1, vec2, ...scales } = named<VecOptions>("addr", VECS, 2, args);
  return addrAs("addr", input, vec1, vec2, scales);
}

/** `addr` into `input`, which must have the shape of the product. PyTorch: `Tensor.addr_`. */
export function addr_(input: Tensor, ...args: VecArgs): Tensor {
  const { vec1, vec2, ...scales } = named<VecOptions>("addr_", VECS, 2, args);
  return addrAs("addr_", input, vec1, vec2, scales);
}
