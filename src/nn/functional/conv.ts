/** @file Convolution, as `torch.nn.functional` has it: the ops, passed on. */
export * from "../../ops/conv/index.ts";
