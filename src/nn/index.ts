/** @file `torch.nn`. */
import "../backends/cpu/backend.ts";
import "../tensor.ts";

export { Buffer, Parameter } from "../core/parameter.ts";
export { ModuleDict } from "./containers/module-dict.ts";
export { ModuleList } from "./containers/module-list.ts";
export { ParameterDict, ParameterList } from "./containers/parameter-list.ts";
export { type NamedModules, Sequential } from "./containers/sequential.ts";
export * as functional from "./functional/index.ts";
export * as init from "./init.ts";
export * from "./layers/activation.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  FractionalMaxPool2d,
  FractionalMaxPool3d,
} from "./layers/adaptive-pool.ts";
export { AvgPool1d, AvgPool2d, AvgPool3d, LPPool1d, LPPool2d, LPPool3d } from "./layers/avg-pool.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyBatchNorm3d,
} from "./layers/batch-norm.ts";
export { Conv1d, Conv2d, Conv3d, type ConvLayerOptions } from "./layers/conv.ts";
export type { ConvPaddingMode } from "./layers/conv-nd.ts";
export {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
} from "./layers/conv-transpose.ts";
export { Bilinear, CosineSimilarity, PairwiseDistance } from "./layers/distance.ts";
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from "./layers/dropout.ts";
export { Embedding, EmbeddingBag } from "./layers/embedding.ts";
export { Flatten, Unflatten } from "./layers/flatten.ts";
export { GLU, PReLU, RReLU } from "./layers/glu.ts";
export { CrossMapLRN2d, GroupNorm, LocalResponseNorm } from "./layers/group-norm.ts";
export {
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  LazyInstanceNorm1d,
  LazyInstanceNorm2d,
  LazyInstanceNorm3d,
} from "./layers/instance-norm.ts";
export { LayerNorm, RMSNorm } from "./layers/layer-norm.ts";
export {
  LazyConv1d,
  LazyConv2d,
  LazyConv3d,
  LazyConvTranspose1d,
  LazyConvTranspose2d,
  LazyConvTranspose3d,
} from "./layers/lazy-conv.ts";
export { Identity, LazyLinear, Linear } from "./layers/linear.ts";
export * from "./layers/loss/index.ts";
export {
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
  type Pooled,
} from "./layers/max-pool.ts";
export { type AttendOptions, MultiheadAttention } from "./layers/multihead-attention.ts";
export * from "./layers/padding.ts";
export { ChannelShuffle, PixelShuffle, PixelUnshuffle } from "./layers/pixel-shuffle.ts";
export { RNNBase, type RNNMode } from "./layers/recurrent/base.ts";
export { GRUCell, LSTMCell, RNNCell, RNNCellBase } from "./layers/recurrent/cell.ts";
export { GRU } from "./layers/recurrent/gru.ts";
export { LSTM } from "./layers/recurrent/lstm.ts";
export { type Nonlinearity, RNN } from "./layers/recurrent/rnn.ts";
export { LogSoftmax, Softmax, Softmax2d, Softmin } from "./layers/softmax.ts";
export { type DecoderMasks, TransformerDecoder, TransformerDecoderLayer } from "./layers/transformer/decoder.ts";
export { TransformerEncoder, TransformerEncoderLayer } from "./layers/transformer/encoder.ts";
export type { Activation } from "./layers/transformer/layer-base.ts";
export { Transformer } from "./layers/transformer/transformer.ts";
export { Fold, Unfold } from "./layers/unfold.ts";
export { Upsample, UpsamplingBilinear2d, UpsamplingNearest2d } from "./layers/upsample.ts";
export type {
  ForwardHook,
  ForwardHookOptions,
  ForwardPreHook,
  FullBackwardHook,
  FullBackwardPreHook,
  HookHandle,
  HookOptions,
} from "./module/hook-lists.ts";
export { type LazyClass, type LazyModule, LazyModuleMixin } from "./module/lazy.ts";
export { Module } from "./module/module.ts";
export * as modules from "./module/modules.ts";
export type {
  IncompatibleKeys,
  LoadStateDictOptions,
  LoadStateDictPostHook,
  LoadStateDictPreHook,
  StateDict,
  StateDictPostHook,
  StateDictPreHook,
} from "./module/state-dict.ts";
export {
  isUninitialized,
  UninitializedBuffer,
  type UninitializedOptions,
  UninitializedParameter,
  type UninitializedParameterOptions,
} from "./module/uninitialized.ts";
export * as utils from "./utils/index.ts";
