/** @file Everything that is generated, by file name. */
import type { RegisterType } from "../src/expr/program.ts";
import { hotFile } from "./hot.ts";
import { primitivesFile } from "./primitives.ts";
import { reductionsFile } from "./reductions.ts";

const TYPES: readonly RegisterType[] = ["f32", "f64", "i64"];

export const files: Readonly<Record<string, string>> = Object.fromEntries([
  ...TYPES.map((type) => [`primitives_${type}.cc`, primitivesFile(type)]),
  ...TYPES.map((type) => [`reductions_${type}.cc`, reductionsFile(type)]),
  ["hot.cc", hotFile()],
]);
