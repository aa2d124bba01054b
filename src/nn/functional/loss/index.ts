/** @file Losses; those of classifiers are ops, and only passed on. */
export { type CrossEntropyOptions, crossEntropy, type NllLossOptions, nllLoss } from "../../../ops/loss.ts";
export * from "./binary.ts";
export * from "./ctc.ts";
export * from "./distribution.ts";
export * from "./embedding.ts";
export * from "./margin.ts";
export type { LossReduction, ReductionOptions } from "./reduce.ts";
export * from "./regression.ts";
