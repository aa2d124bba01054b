/** @file `torch.optim`. */
export {
  Optimizer,
  type OptimizerStateDict,
  type ParamGroup,
  type ParamGroupInput,
  type Params,
  type ParamState,
} from "./optimizer.ts";
export { SGD, type SgdOptions } from "./sgd.ts";
