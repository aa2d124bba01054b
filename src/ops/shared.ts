/** @file Ops that are functions of `torch` and methods of `Tensor` alike. */

export { aminmax } from "./aminmax.ts";
export { argmax, argmin, max, min } from "./arg-reduce.ts";
export { conj, isComplex, isFloatingPoint, resolveConj, resolveNeg } from "./complex.ts";
export { clone } from "./copy.ts";
export { corrcoef, cov } from "./covariance.ts";
export { cross } from "./cross.ts";
export { allclose, equal } from "./equality.ts";
export { type IstftOptions, istft, type StftOptions, stft } from "./fft/stft.ts";
export { frexp } from "./frexp.ts";
export { gather, scatter, scatterAdd, scatterReduce, takeAlongDim } from "./gather.ts";
export { bincount, histc, histogram } from "./histogram.ts";
export { indexPut } from "./index.ts";
export { indexReduce } from "./index-reduce.ts";
export { indexAdd, indexCopy, indexFill, indexSelect, put, take } from "./index-select.ts";
export { choleskyInverse, choleskyOld as cholesky, choleskySolve } from "./linalg/cholesky.ts";
export { det, logdet, slogdetOld as slogdet } from "./linalg/det.ts";
export { luOld as lu, luSolveOld as luSolve } from "./linalg/lu.ts";
export { matrixExpOld as matrixExp, matrixPowerOld as matrixPower } from "./linalg/matrix-functions.ts";
export { pinverse } from "./linalg/pinv.ts";
export { geqrf, orgqr, ormqr, qrOld as qr } from "./linalg/qr.ts";
export { inverse } from "./linalg/solve.ts";
export { svdOld as svd } from "./linalg/svd.ts";
export { triangularSolve } from "./linalg/triangular.ts";
export { argwhere, maskedScatter, maskedSelect, nonzero } from "./masked.ts";
export { bmm, dot, matmul, mm, mv } from "./matmul.ts";
export { addbmm, addmm, addmv, addr, baddbmm } from "./matmul-add.ts";
export { trace } from "./matrices.ts";
export { std, stdMean, variance as var, varMean } from "./moments.ts";
export * from "./nan-reduce.ts";
export { dist, norm } from "./norm.ts";
export { median, mode, nanmedian } from "./order-statistics.ts";
export {
  adjoint,
  diag,
  diagEmbed,
  diagflat,
  diagonal,
  moveaxis,
  movedim,
  permute,
  swapaxes,
  swapdims,
  t,
  transpose,
} from "./permute.ts";
export { hardshrink, relu } from "./pointwise/activation.ts";
export * from "./pointwise/arithmetic.ts";
export * from "./pointwise/bitwise.ts";
export * from "./pointwise/comparison.ts";
export * from "./pointwise/division.ts";
export * from "./pointwise/exponential.ts";
export * from "./pointwise/integers.ts";
export * from "./pointwise/logical.ts";
export { angle, conjPhysical, isreal } from "./pointwise/parts.ts";
export { mvlgamma } from "./pointwise/polygamma.ts";
export * from "./pointwise/power.ts";
export { prelu } from "./pointwise/prelu.ts";
export * from "./pointwise/rounding.ts";
export * from "./pointwise/select.ts";
export * from "./pointwise/special.ts";
export * from "./pointwise/trigonometric.ts";
export { isConj, isNeg, isNonzero, isSameSize, isSigned } from "./predicates.ts";
export { ger, inner, kron, outer, vdot } from "./products.ts";
export { numel } from "./properties.ts";
export { nanquantile, quantile } from "./quantile.ts";
export { bernoulli, multinomial } from "./random/sample.ts";
export * from "./reduce.ts";
export { renorm } from "./renorm.ts";
export { flip, fliplr, flipud, repeatInterleave, roll, rot90, tile } from "./repeat.ts";
export { cummax, cummin, cumprod, cumsum, diff, logcumsumexp } from "./scan.ts";
export { broadcastTo, flatten, ravel, reshape, squeeze, unflatten, unsqueeze } from "./shape.ts";
export { asStrided, narrow, narrowCopy, select } from "./slice.ts";
export { logSoftmax, softmax } from "./softmax.ts";
export { argsort, kthvalue, msort, sort, topk } from "./sort.ts";
export { chunk, dsplit, hsplit, split, splitWithSizes, tensorSplit, unbind, vsplit } from "./split.ts";
export { tril, triu } from "./triangular.ts";
export { unique, uniqueConsecutive } from "./unique.ts";
export { asStridedScatter, diagonalScatter, selectScatter, sliceScatter } from "./view-scatter.ts";
