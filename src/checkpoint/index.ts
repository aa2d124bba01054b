/** @file `torch.utils.checkpoint`. */
export { type CheckpointContext, type CheckpointOptions, checkpoint } from "./checkpoint.ts";
export { checkpointSequential, type SequentialOptions } from "./sequential.ts";
