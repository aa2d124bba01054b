/** @file Pooling, as `torch.nn.functional` has it: the ops, passed on. */
export * from "../../ops/pool/index.ts";
