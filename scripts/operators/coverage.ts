/** @file In which dtypes the conformance suite is passed: from test/conformance-groups.json, the list of the groups that pass whole. */
import { readFileSync } from "node:fs";
import type { OpRecord } from "../../test/ops/database.ts";
import { titleOf } from "../../test/ops/database.ts";

const GROUPS = JSON.parse(
  readFileSync(new URL("../../test/conformance-groups.json", import.meta.url), "utf8"),
) as Readonly<Record<string, readonly string[]>>;

const SHORT = {
  float32: "f32",
  float64: "f64",
  int64: "i64",
  uint8: "u8",
  bool: "b",
  bfloat16: "bf16",
  complex64: "c64",
} as const;

/** `f32 f64 i64`: the dtypes of which at least one group of the op passes. */
export function coverageOf(found: readonly OpRecord[]): string {
  const titles = new Set(found.map(titleOf));
  return Object.entries(SHORT)
    .filter(([dtype]) => GROUPS[`opinfo ${dtype}`]?.some((title) => titles.has(title)))
    .map(([, short]) => short)
    .join(" ");
}
