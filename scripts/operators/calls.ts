/** @file One call of each op that PyTorch's database has no samples of, to see it at work: `x` is a 6 by 6 matrix of some dtype. */
import type { DType, Tensor } from "typetorch";
import * as torch from "typetorch";

export type OneCall = (x: Tensor) => unknown;

const { functional: F } = torch.nn;
/** One picture, one volume, one signal. */
const picture = (x: Tensor) => x.reshape(1, 1, 6, 6);
const volume = (x: Tensor) => x.reshape(1, 1, 4, 3, 3);
const signal = (x: Tensor) => x.reshape(1, 6, 6);
const rows = torch.tensor([2, 0]);
const mask = torch.eye(6).to(torch.bool);
const inDType = ({ dtype }: Tensor): { dtype: DType } => ({ dtype });

const TORCH: Readonly<Record<string, OneCall>> = {
  adaptiveMaxPool1d: (x) => torch.adaptiveMaxPool1d(signal(x), 2),
  adjoint: (x) => torch.adjoint(x),
  asTensor: (x) => torch.asTensor([1, 2], inDType(x)),
  asarray: (x) => torch.asarray([1, 2], inDType(x)),
  binomial: (x) => torch.binomial(x, x.mul(0).add(0.5)),
  chainMatmul: (x) => torch.chainMatmul(x, x, x),
  convolution: (x) => torch.convolution(picture(x), picture(x), null, [1, 1], [0, 0], [1, 1], false, [0, 0], 1),
  empty: (x) => torch.empty(2, inDType(x)),
  emptyLike: (x) => torch.emptyLike(x),
  emptyStrided: (x) => torch.emptyStrided([2], [1], inDType(x)),
  fromNumpy: (x) => torch.fromNumpy(x.detach().numpy() as Float32Array),
  frombuffer: (x) => torch.frombuffer(new ArrayBuffer(16), inDType(x)),
  full: (x) => torch.full([2], 1, inDType(x)),
  ger: (x) => torch.ger(x.select(0, 0), x.select(0, 1)),
  inverse: (x) => torch.inverse(x.add(torch.eye(6))),
  isComplex: (x) => torch.isComplex(x),
  isConj: (x) => torch.isConj(x),
  isFloatingPoint: (x) => torch.isFloatingPoint(x),
  isInference: (x) => torch.isInference(x),
  isNeg: (x) => torch.isNeg(x),
  isNonzero: (x) => torch.isNonzero(x.reshape(-1).narrow(0, 0, 1)),
  isSameSize: (x) => torch.isSameSize(x, x),
  isSigned: (x) => torch.isSigned(x),
  isTensor: (x) => torch.isTensor(x),
  lobpcg: (x) => torch.lobpcg(x.matmul(x.mT).add(torch.eye(6))),
  matrixPower: (x) => torch.matrixPower(x, 2),
  maxPool1dWithIndices: (x) => torch.maxPool1dWithIndices(signal(x), 2),
  moveaxis: (x) => torch.moveaxis(x, 0, 1),
  nativeGroupNorm: (x) => torch.nativeGroupNorm(picture(x), null, null, 1, 1, 36, 1, 1e-5),
  numel: (x) => torch.numel(x),
  orgqr: (x) => torch.orgqr(x.div(36), x.select(0, 0)),
  poisson: (x) => torch.poisson(x),
  rand: (x) => torch.rand(2, inDType(x)),
  randint: (x) => torch.randint(2, [2], inDType(x)),
  randperm: (x) => torch.randperm(2, inDType(x)),
  relu: (x) => torch.relu(x),
  resultType: (x) => torch.resultType(x, x),
  scalarTensor: (x) => torch.scalarTensor(1, inDType(x)),
  slogdet: (x) => torch.slogdet(x.add(torch.eye(6))),
  swapaxes: (x) => torch.swapaxes(x, 0, 1),
  swapdims: (x) => torch.swapdims(x, 0, 1),
  tensor: (x) => torch.tensor([1, 2], inDType(x)),
  vander: (x) => torch.vander(x.select(0, 0)),
  getRngState: () => torch.getRngState(),
  initialSeed: () => torch.initialSeed(),
  manualSeed: () => torch.manualSeed(0),
  seed: () => torch.seed(),
  setRngState: () => torch.setRngState(torch.getRngState()),
};

const METHODS: Readonly<Record<string, OneCall>> = {
  addbmm_: (x) => x.clone().addbmm_(signal(x), signal(x)),
  addmm_: (x) => x.clone().addmm_(x, x),
  addmv_: (x) => x.clone().select(0, 0).clone().addmv_(x, x.select(0, 0)),
  addr_: (x) => x.clone().addr_(x.select(0, 0), x.select(0, 1)),
  apply_: (x) =>
    x
      .detach()
      .clone()
      .apply_((v) => v),
  asStrided_: (x) => x.clone().asStrided_([2], [1]),
  at: (x) => x.at(0),
  baddbmm_: (x) => signal(x).clone().baddbmm_(signal(x), signal(x)),
  bernoulli_: (x) => x.clone().bernoulli_(0.5),
  cauchy_: (x) => x.clone().cauchy_(),
  cdouble: (x) => x.cdouble(),
  cfloat: (x) => x.cfloat(),
  copy_: (x) => x.clone().copy_(x),
  cpu: (x) => void x.cpu(),
  cumprod_: (x) => x.clone().cumprod_(0),
  cumsum_: (x) => x.clone().cumsum_(0),
  dim: (x) => x.dim(),
  elementSize: (x) => x.elementSize(),
  exponential_: (x) => x.clone().exponential_(),
  fillDiagonal_: (x) => x.clone().fillDiagonal_(1),
  fill_: (x) => x.clone().fill_(1),
  geometric_: (x) => x.clone().geometric_(0.5),
  getDevice: (x) => x.getDevice(),
  indexAdd_: (x) => x.clone().indexAdd_(0, rows, x.narrow(0, 0, 2)),
  indexCopy_: (x) => x.clone().indexCopy_(0, rows, x.narrow(0, 0, 2)),
  indexFill_: (x) => x.clone().indexFill_(0, rows, 1),
  indexPut_: (x) => x.clone().indexPut_([rows], x.narrow(0, 0, 2)),
  indexReduce_: (x) => x.clone().indexReduce_(0, rows, x.narrow(0, 0, 2), "amax"),
  isContiguous: (x) => x.isContiguous(),
  isSetTo: (x) => x.isSetTo(x),
  isShared: (x) => x.isShared(),
  item: (x) => x.select(0, 0).select(0, 0).item(),
  itemBigInt: (x) => x.select(0, 0).select(0, 0).itemBigInt(),
  logNormal_: (x) => x.clone().logNormal_(),
  map2_: (x) =>
    x
      .detach()
      .clone()
      .map2_(x.detach(), x.detach(), (v) => v),
  map_: (x) =>
    x
      .detach()
      .clone()
      .map_(x.detach(), (v) => v),
  maskedScatter_: (x) => x.clone().maskedScatter_(mask, x),
  ndimension: (x) => x.ndimension(),
  nelement: (x) => x.nelement(),
  newEmpty: (x) => x.newEmpty(2),
  newEmptyStrided: (x) => x.newEmptyStrided([2], [1]),
  newTensor: (x) => x.newTensor([1, 2]),
  normal_: (x) => x.clone().normal_(),
  numpy: (x) => x.detach().numpy(),
  put_: (x) => x.clone().put_(rows, x.reshape(-1).narrow(0, 0, 2)),
  random_: (x) => x.clone().random_(),
  renorm_: (x) => x.clone().renorm_(2, 0, 1),
  scatterAdd_: (x) => x.clone().scatterAdd_(0, rows.unsqueeze(1), x),
  scatterReduce_: (x) => x.clone().scatterReduce_(0, rows.unsqueeze(1), x, "amax"),
  scatter_: (x) => x.clone().scatter_(0, rows.unsqueeze(1), x),
  setAt: (x) => x.clone().setAt([0], x.select(0, 1)),
  shareMemory_: (x) => x.detach().clone().shareMemory_(),
  size: (x) => x.size(),
  squeeze_: (x) => x.clone().squeeze_(),
  storageOffset: (x) => x.storageOffset(),
  stride: (x) => x.stride(),
  swapaxes_: (x) => x.clone().swapaxes_(0, 1),
  swapdims_: (x) => x.clone().swapdims_(0, 1),
  t_: (x) => x.clone().t_(),
  to: (x) => x.to(torch.float64),
  toString: (x: Tensor) => x.toString(),
  tolist: (x) => x.tolist(),
  transpose_: (x) => x.clone().transpose_(0, 1),
  tril_: (x) => x.clone().tril_(),
  triu_: (x) => x.clone().triu_(),
  typeAs: (x) => x.typeAs(torch.zeros(1)),
  uniform_: (x) => x.clone().uniform_(),
  unsqueeze_: (x) => x.clone().unsqueeze_(0),
};

const FUNCTIONAL: Readonly<Record<string, OneCall>> = {
  adaptiveMaxPool1dWithIndices: (x) => F.adaptiveMaxPool1dWithIndices(signal(x), 2),
  adaptiveMaxPool2dWithIndices: (x) => F.adaptiveMaxPool2dWithIndices(picture(x), 2),
  adaptiveMaxPool3dWithIndices: (x) => F.adaptiveMaxPool3dWithIndices(volume(x), 2),
  affineGrid: (x) => F.affineGrid(x.narrow(0, 0, 2).narrow(1, 0, 3).unsqueeze(0), [1, 1, 3, 3]),
  alphaDropout: (x) => F.alphaDropout(x, 0.5, true),
  celu_: (x) => F.celu_(x.clone()),
  channelShuffle: (x) => F.channelShuffle(x.reshape(1, 6, 3, 2), 2),
  conv3d: (x) => F.conv3d(volume(x), volume(x)),
  convTbc: (x) => F.convTbc(signal(x), signal(x), x.select(0, 0)),
  dropout1d: (x) => F.dropout1d(signal(x), 0.5, true),
  elu_: (x) => F.elu_(x.clone()),
  fold: (x) => F.fold(x.narrow(0, 0, 4).unsqueeze(0), [3, 4], [2, 2]),
  fractionalMaxPool2dWithIndices: (x) => F.fractionalMaxPool2dWithIndices(picture(x), 2, { outputSize: 2 }),
  fractionalMaxPool3dWithIndices: (x) => F.fractionalMaxPool3dWithIndices(volume(x), 2, { outputSize: 2 }),
  gumbelSoftmax: (x) => F.gumbelSoftmax(x),
  hardtanh_: (x) => F.hardtanh_(x.clone()),
  leakyRelu_: (x) => F.leakyRelu_(x.clone()),
  lpPool1d: (x) => F.lpPool1d(signal(x), 2, 2),
  lpPool2d: (x) => F.lpPool2d(picture(x), 2, 2),
  lpPool3d: (x) => F.lpPool3d(volume(x), 2, 2),
  maxPool1dWithIndices: (x) => F.maxPool1dWithIndices(signal(x), 2),
  maxPool2dWithIndices: (x) => F.maxPool2dWithIndices(picture(x), 2),
  maxPool3dWithIndices: (x) => F.maxPool3dWithIndices(volume(x), 2),
  multiHeadAttentionForward: (x) =>
    F.multiHeadAttentionForward(x, x, x, 6, 2, torch.cat([x, x, x]), null, null, null, false, 0, x, null),
  relu_: (x) => F.relu_(x.clone()),
  rmsNorm: (x) => F.rmsNorm(x, [6]),
  rrelu_: (x) => F.rrelu_(x.clone()),
  scaledDotProductAttention: (x) => F.scaledDotProductAttention(signal(x), signal(x), signal(x)),
  selu_: (x) => F.selu_(x.clone()),
  threshold_: (x) => F.threshold_(x.clone(), 1, 0),
  tripletMarginWithDistanceLoss: (x) => F.tripletMarginWithDistanceLoss(x, x.add(1), x.add(2)),
  upsample: (x) => F.upsample(picture(x), { scaleFactor: 2 }),
};

/** By namespace, as PyTorch names it. */
export const CALLS: Readonly<Record<string, Readonly<Record<string, OneCall>>>> = {
  torch: TORCH,
  Tensor: METHODS,
  "nn.functional": FUNCTIONAL,
  linalg: {
    diagonal: (x) => torch.linalg.diagonal(x),
    matmul: (x) => torch.linalg.matmul(x, x),
    matrixExp: (x) => torch.linalg.matrixExp(x.div(36)),
  },
  fft: { fftfreq: (x) => torch.fft.fftfreq(4, 1, inDType(x)), rfftfreq: (x) => torch.fft.rfftfreq(4, 1, inDType(x)) },
};
