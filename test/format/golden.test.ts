/** @file What PyTorch and Python print, over the cases of golden.py. */
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { type SetPrintOptions, setPrintoptions } from "../../src/format/print-options.ts";
import { pyFixed, pyFloat, pyScientific } from "../../src/format/python-number.ts";
import { type ElementValue, formatTensor } from "../../src/format/tensor-string.ts";

interface TensorCase {
  dtype: string;
  shape: number[];
  values: (boolean | string | [string, string])[];
  options: Omit<SetPrintOptions, "sciMode"> & { sci_mode?: boolean };
  requiresGrad: boolean;
  gradFnName: string | null;
  isParameter: boolean;
  repr: string;
}

interface FloatCase {
  x: string;
  digits: number;
  repr: string;
  fixed: string;
  scientific: string;
}

const golden: (TensorCase | FloatCase)[] = readFileSync(new URL("golden.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));
const tensors = golden.filter((item) => "shape" in item);
const floats = golden.filter((item) => "x" in item);

afterEach(() => setPrintoptions({ profile: "default" }));

function pythonFloat(text: string): number {
  return Number(text.replace("inf", "Infinity"));
}

function print({ dtype, shape, values, options, requiresGrad, gradFnName, isParameter }: TensorCase): string {
  const { sci_mode, ...others } = options;
  setPrintoptions({ profile: "default" });
  setPrintoptions({ ...others, ...(sci_mode === undefined ? {} : { sciMode: sci_mode }) });
  const isFloatingPoint = dtype.includes("float");
  const element = (index: number): ElementValue => {
    const value = values[index];
    if (typeof value === "boolean") return value;
    if (typeof value === "string") return isFloatingPoint ? pythonFloat(value) : BigInt(value);
    if (value === undefined) throw new RangeError(`read beyond the tensor, at ${index}`);
    return { re: pythonFloat(value[0]), im: pythonFloat(value[1]) };
  };
  const isComplex = dtype.includes("complex");
  return formatTensor({
    dtype: { name: dtype, isFloatingPoint, isComplex },
    shape,
    values: element,
    requiresGrad,
    gradFnName,
    isParameter,
  });
}

test("tensors print as in PyTorch", () => {
  expect(tensors).toHaveLength(300);
  for (const tensor of tensors) expect(print(tensor), JSON.stringify(tensor.options)).toBe(tensor.repr);
});

test("floats print as in Python", () => {
  expect(floats).toHaveLength(400);
  for (const { x, digits, ...expected } of floats) {
    const value = pythonFloat(x);
    expect({ repr: pyFloat(value), fixed: pyFixed(value, digits), scientific: pyScientific(value, digits) }).toEqual(
      expected,
    );
  }
});
