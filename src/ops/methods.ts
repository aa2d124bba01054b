/** @file Ops that PyTorch has as methods of Tensor only. */
export {
  bfloat16,
  bool,
  byte,
  cdouble,
  cfloat,
  char,
  contiguous,
  copy_,
  cpu,
  double,
  fill_,
  float,
  half,
  int,
  long,
  short,
  to,
  typeAs,
  zero_,
} from "./copy.ts";
export { newEmpty, newEmptyStrided, newFull, newOnes, newTensor, newZeros } from "./creation-methods.ts";
export { fillDiagonal_ } from "./fill-diagonal.ts";
export { scatter_, scatterAdd_, scatterReduce_ } from "./gather.ts";
export { item, itemBigInt, numpy, tensorToString as toString, tolist } from "./host.ts";
export { at, indexPut_, setAt } from "./index.ts";
export { indexReduce_ } from "./index-reduce.ts";
export { indexAdd_, indexCopy_, indexFill_, put_ } from "./index-select.ts";
export { apply_, map_, map2_ } from "./map.ts";
export { maskedScatter_ } from "./masked.ts";
export { addbmm_, addmm_, addmv_, addr_, baddbmm_ } from "./matmul-add.ts";
export { swapaxes_, swapdims_, t_, transpose_ } from "./permute.ts";
export { polygammaMethod as polygamma } from "./pointwise/polygamma.ts";
export { whereMethod as where } from "./pointwise/where.ts";
export { getDevice, isSetTo, ndimension, nelement } from "./predicates.ts";
export {
  dim,
  elementSize,
  isContiguous,
  isShared,
  shareMemory_,
  size,
  storageOffset,
  stride,
} from "./properties.ts";
export {
  bernoulli_,
  cauchy_,
  exponential_,
  geometric_,
  logNormal_,
  normal_,
  random_,
  uniform_,
} from "./random/fill.ts";
export { renorm_ } from "./renorm.ts";
export { repeat } from "./repeat.ts";
export { resize_, resizeAs_ } from "./resize.ts";
export { cumprod_, cumsum_ } from "./scan.ts";
export { expand, expandAs, reshapeAs, squeeze_, sumToSize, unsqueeze_, view, viewAs } from "./shape.ts";
export { asStrided_, unfold } from "./slice.ts";
export { tril_, triu_ } from "./triangular.ts";
