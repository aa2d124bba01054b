/** @file `torch.nn.utils.prune`. */
export {
  customFromMask,
  type GlobalOptions,
  globalUnstructured,
  identity,
  isPruned,
  l1Unstructured,
  lnStructured,
  type ModuleParameter,
  randomStructured,
  randomUnstructured,
  remove,
} from "./functions.ts";
export { BasePruningMethod, type ImportanceOption, PruningContainer, type PruningType } from "./method.ts";
export {
  CustomFromMask,
  Identity,
  L1Unstructured,
  LnStructured,
  RandomStructured,
  RandomUnstructured,
} from "./methods.ts";
