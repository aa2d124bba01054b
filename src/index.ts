/** @file The public namespace: what `import * as torch from "typetorch"` gives. */
import "./backends/cpu/backend.ts";
import "./tensor.ts";

export * as accelerator from "./accelerator.ts";
export { autocast, getAutocastDtype, isAutocastEnabled } from "./amp/autocast.ts";
export * as amp from "./amp/index.ts";
export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from "./autograd/modes.ts";
export * as autograd from "./autograd.ts";
export { getNumThreads, setNumThreads } from "./backends/cpu/info.ts";
export * as backends from "./backends/index.ts";
export { Device, device } from "./core/device.ts";
export {
  bfloat16,
  bool,
  canCast,
  complex64,
  complex64 as cfloat,
  complex128,
  complex128 as cdouble,
  DType,
  finfo,
  float16,
  float16 as half,
  float32,
  float32 as float,
  float64,
  float64 as double,
  getDefaultDtype,
  iinfo,
  int8,
  int16,
  int16 as short,
  int32,
  int32 as int,
  int64,
  int64 as long,
  promoteTypes,
  setDefaultDtype,
  uint8,
} from "./core/dtype.ts";
export {
  AutogradError,
  CheckpointError,
  DeviceError,
  DTypeError,
  IndexError,
  LinAlgError,
  ShapeError,
  TorchError,
  ValueError,
} from "./core/errors.ts";
export { Tensor } from "./core/tensor.ts";
export * as cuda from "./cuda.ts";
export {
  areDeterministicAlgorithmsEnabled,
  getDeterministicDebugMode,
  isDeterministicAlgorithmsWarnOnlyEnabled,
  setDeterministicDebugMode,
  useDeterministicAlgorithms,
} from "./deterministic.ts";
export { setPrintoptions } from "./format/print-options.ts";
export * as func from "./func/index.ts";
export { vmap } from "./func/vmap.ts";
export * as multiprocessing from "./multiprocessing/index.ts";
export { gru, type LSTMState, lstm, rnnRelu, rnnTanh } from "./nn/functional/recurrent.ts";
export { gruCell, lstmCell, rnnReluCell, rnnTanhCell } from "./nn/functional/recurrent-cell.ts";
export * as nn from "./nn/index.ts";
export * as fft from "./ops/fft/index.ts";
export * from "./ops/functions.ts";
export * as linalg from "./ops/linalg/index.ts";
export * as masked from "./ops/masked/index.ts";
export * as random from "./ops/random/index.ts";
export * from "./ops/shared.ts";
export * as special from "./ops/special/index.ts";
export * as optim from "./optim/index.ts";
export * as profiler from "./profiler/index.ts";
export * as safetensors from "./serialize/safetensors.ts";
export { load, save } from "./serialize/save-load.ts";
export * as utils from "./utils.ts";
