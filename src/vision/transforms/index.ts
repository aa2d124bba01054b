/** @file `torchvision.transforms`. */
export { Compose, Lambda } from "./compose.ts";
export { Normalize } from "./normalize.ts";
export { ToTensor } from "./to-tensor.ts";
export { Transform } from "./transform.ts";
