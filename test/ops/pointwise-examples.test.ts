/** @file The examples in the doc comments of pointwise ops give what stands beside them. */
import { readdirSync, readFileSync } from "node:fs";
import * as torch from "typetorch";
import { expect, it } from "vitest";
import * as activations from "../../src/nn/functional/activations.ts";
import * as ops from "../../src/ops/pointwise/activation.ts";

const root = new URL("../../src/", import.meta.url);
const files = [
  ...readdirSync(new URL("ops/pointwise/", root)).map((name) => `ops/pointwise/${name}`),
  "nn/functional/activations.ts",
];
const examples = files.flatMap((file) => {
  const text = readFileSync(new URL(file, root), "utf8");
  return [...text.matchAll(/^ \* (torch\..*?) \/\/ (tensor.*)$/gm)].map((found) => [
    found[1] as string,
    found[2] as string,
  ]);
});

/** `torch` as the examples know it. */
const scope = { ...torch, nn: { functional: { ...ops, ...activations } } };
const oneLine = (text: string) => text.replace(/\s+/g, " ");

it.each(examples)("%s", (source, result) => {
  const got = new Function("torch", `return ${source}`)(scope);
  expect(oneLine(String(got))).toBe(oneLine(result as string));
});

it("there are examples", () => {
  expect(examples.length).toBeGreaterThan(50);
});
