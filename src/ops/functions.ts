/** @file Ops that are functions of `torch` only. */

export { bilinear } from "./bilinear.ts";
export { complex, imag, real, viewAsComplex, viewAsReal } from "./complex.ts";
export { conv1d, conv2d, conv3d } from "./conv/convolve.ts";
export { convTbc } from "./conv/tbc.ts";
export { convolution, convTranspose1d, convTranspose2d, convTranspose3d } from "./conv/transposed.ts";
export { fill } from "./copy.ts";
export {
  arange,
  empty,
  emptyLike,
  emptyStrided,
  eye,
  full,
  fullLike,
  linspace,
  logspace,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from "./creation.ts";
export { type CdistMode, cdist, pdist } from "./distance.ts";
export { type EinsumSublist, einsum } from "./einsum.ts";
export { type AsarrayOptions, asarray, asTensor, frombuffer, fromNumpy, scalarTensor, tensor } from "./from-data.ts";
export { histogramdd } from "./histogram.ts";
export { cumulativeTrapezoid, gradient, trapezoid, trapz } from "./integrate.ts";
export { cat, columnStack, concat, concatenate, dstack, hstack, rowStack, stack, vstack } from "./joining.ts";
export {
  type LobpcgOptions,
  type LobpcgOrthoBparams,
  type LobpcgOrthoFparams,
  type LobpcgOrthoIparams,
  lobpcg,
} from "./linalg/lobpcg.ts";
export type { LobpcgIteration } from "./linalg/lobpcg-search.ts";
export { pcaLowrank, svdLowrank } from "./linalg/lowrank.ts";
export { luUnpack } from "./linalg/lu.ts";
export { chainMatmul } from "./linalg/multi-dot.ts";
export { blockDiag, vander } from "./matrices.ts";
export { nativeBatchNorm } from "./normalization/batch-norm.ts";
export { nativeGroupNorm } from "./normalization/group-norm.ts";
export { nativeLayerNorm, rmsNorm } from "./normalization/row-norm.ts";
export { constantPadNd } from "./pad.ts";
export { channelShuffle, pixelShuffle, pixelUnshuffle } from "./pixel-shuffle.ts";
export { celu, selu, threshold } from "./pointwise/activation.ts";
export * from "./pointwise/functions.ts";
export { polar } from "./pointwise/parts.ts";
export { polygamma } from "./pointwise/polygamma.ts";
export { where } from "./pointwise/where.ts";
export { adaptiveAvgPool1d, adaptiveMaxPool1dWithIndices as adaptiveMaxPool1d } from "./pool/adaptive.ts";
export { avgPool1d } from "./pool/average.ts";
export { maxPool1d, maxPool1dWithIndices, maxPool2d, maxPool3d } from "./pool/maximum.ts";
export { isInference, isTensor, resultType } from "./predicates.ts";
export { type ContractedDims, tensordot } from "./products.ts";
export { binomial, poisson } from "./random/counts.ts";
export { rand, randint, randintLike, randLike, randn, randnLike, randperm } from "./random/creation.ts";
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from "./random/generator.ts";
export { normal } from "./random/sample.ts";
export { rrelu } from "./rrelu.ts";
export { cartesianProd, combinations, meshgrid } from "./sequence.ts";
export {
  atleast1d,
  atleast2d,
  atleast3d,
  broadcastShapesOf as broadcastShapes,
  broadcastTensors,
} from "./shape.ts";
export { cosineSimilarity, pairwiseDistance } from "./similarity.ts";
export { bucketize, searchsorted } from "./sort.ts";
export { trilIndices, triuIndices } from "./triangular.ts";
export { isin } from "./unique.ts";
export {
  bartlettWindow,
  blackmanWindow,
  hammingWindow,
  hannWindow,
  kaiserWindow,
  type WindowOptions,
} from "./windows.ts";
