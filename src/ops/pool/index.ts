/** @file Pooling. */
export * from "./adaptive.ts";
export * from "./average.ts";
export * from "./fractional.ts";
export * from "./lp.ts";
export * from "./maximum.ts";
export * from "./unpool.ts";
export type { Sizes } from "./windows.ts";
