/** @file `torch.multiprocessing`: tensors between JavaScript threads. */
export { fromMessage } from "./from-message.ts";
export type { Message } from "./message.ts";
export { toMessage } from "./to-message.ts";
