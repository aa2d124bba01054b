/** @file `torch.optim`. */
export {
  Optimizer,
  type OptimizerStateDict,
  type ParamGroup,
  type ParamGroupInput,
  type ParamState,
  type Params,
} from "./optimizer.ts";
export { SGD, type SgdOptions } from "./sgd.ts";
