/** @file `torch.amp`. */
export {
  type AutocastDevice,
  type AutocastOptions,
  autocast,
  type CustomFwdOptions,
  customBwd,
  customFwd,
  isAutocastAvailable,
} from "./autocast.ts";
export { GradScaler, type GradScalerOptions, type GradScalerState, type Scalable } from "./grad-scaler.ts";
