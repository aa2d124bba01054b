/** @file docs/operators.md is what `npm run docs:operators` would write. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { document } from "../../scripts/operators/document.ts";

it("docs/operators.md is current (else: npm run docs:operators)", () => {
  const written = readFileSync(new URL("../../docs/operators.md", import.meta.url), "utf8");
  expect(
    document()
      .split("\n")
      .filter((line) => !written.includes(line)),
  ).toEqual([]);
  expect(document().length).toBe(written.length);
});
