/** @file `torch.backends`. */
export { cpu } from "./cpu/info.ts";
