/** @file `torch.optim`. */
import "../backends/cpu/backend.ts";
import "../tensor.ts";

export { Adadelta, type AdadeltaOptions } from "./adadelta.ts";
export { Adafactor, type AdafactorOptions } from "./adafactor.ts";
export { Adagrad, type AdagradOptions } from "./adagrad.ts";
export { Adam, type AdamOptions } from "./adam.ts";
export { Adamax, type AdamaxOptions } from "./adamax.ts";
export { AdamW, type AdamWOptions } from "./adamw.ts";
export { ASGD, type AsgdOptions } from "./asgd.ts";
export { registerOptimizerStepPostHook, registerOptimizerStepPreHook } from "./hooks.ts";
export { LBFGS, type LbfgsOptions } from "./lbfgs.ts";
export * as lrScheduler from "./lr-scheduler/index.ts";
export { Muon, type MuonOptions } from "./muon.ts";
export { NAdam, type NAdamOptions } from "./nadam.ts";
export {
  Optimizer,
  type OptimizerStateDict,
  type ParamGroup,
  type ParamGroupInput,
  type ParamState,
  type Params,
} from "./optimizer.ts";
export { RAdam, type RAdamOptions } from "./radam.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { Rprop, type RpropOptions } from "./rprop.ts";
export { SGD, type SgdOptions } from "./sgd.ts";
export * as swaUtils from "./swa-utils.ts";
