/** @file Printing: what the golden cases leave out. */
import { afterEach, describe, expect, test } from "vitest";
import { ValueError } from "../../src/core/errors.ts";
import { formatModule } from "../../src/format/module-string.ts";
import { printOptions, setPrintoptions } from "../../src/format/print-options.ts";
import { pyFloat } from "../../src/format/python-number.ts";
import { pyRepr } from "../../src/format/python-repr.ts";
import { formatTensor } from "../../src/format/tensor-string.ts";

const float32 = { name: "float32", isFloatingPoint: true, isComplex: false };
const int64 = { name: "int64", isFloatingPoint: false, isComplex: false };

afterEach(() => setPrintoptions({ profile: "default" }));

describe("formatTensor", () => {
  test("reads only the elements that it prints", () => {
    let reads = 0;
    const text = formatTensor({
      dtype: int64,
      shape: [1000, 1000],
      values: (index) => {
        reads++;
        return BigInt(index);
      },
    });
    expect(reads).toBe(36);
    expect(text).toBe(`tensor([[     0,      1,      2,  ...,    997,    998,    999],
        [  1000,   1001,   1002,  ...,   1997,   1998,   1999],
        [  2000,   2001,   2002,  ...,   2997,   2998,   2999],
        ...,
        [997000, 997001, 997002,  ..., 997997, 997998, 997999],
        [998000, 998001, 998002,  ..., 998997, 998998, 998999],
        [999000, 999001, 999002,  ..., 999997, 999998, 999999]])`);
  });

  test("1000 elements print in full, 1001 do not", () => {
    const ones = (count: number) => formatTensor({ dtype: float32, shape: [count], values: () => 1 });
    expect(ones(1000)).not.toContain("...");
    expect(ones(1001)).toBe("tensor([1., 1., 1.,  ..., 1., 1., 1.])");
  });

  test("device, meta tensors and the default dtype", () => {
    const one = { shape: [1], values: () => 1 };
    expect(formatTensor({ ...one, dtype: float32, device: "webgpu:0" })).toBe("tensor([1.], device='webgpu:0')");
    expect(formatTensor({ shape: [2, 3], dtype: int64, device: "meta" })).toBe(
      "tensor(..., device='meta', size=(2, 3), dtype=torch.int64)",
    );
    expect(formatTensor({ ...one, dtype: float32, defaultDtype: "float64" })).toBe("tensor([1.], dtype=torch.float32)");
  });

  test("no edge items leave the dots alone, as in PyTorch 2", () => {
    setPrintoptions({ edgeitems: 0, threshold: 1 });
    expect(formatTensor({ dtype: int64, shape: [4], values: () => 1n })).toBe("tensor([...])");
    expect(formatTensor({ dtype: int64, shape: [4, 4], values: () => 1n })).toBe("tensor([...])");
  });
});

describe("setPrintoptions", () => {
  test("takes arguments by position and by name", () => {
    setPrintoptions(2, 10, { linewidth: 60 });
    expect(printOptions()).toEqual({ precision: 2, threshold: 10, edgeitems: 3, linewidth: 60, sciMode: null });
  });

  test("keeps what is not given, but for sciMode", () => {
    setPrintoptions({ profile: "short", sciMode: true });
    setPrintoptions({ linewidth: 100 });
    expect(printOptions()).toEqual({ precision: 2, threshold: 1000, edgeitems: 2, linewidth: 100, sciMode: null });
  });

  test.each([
    [[{ precison: 2 }], 'setPrintoptions: unknown option "precison"'],
    [[2, { precision: 2 }], 'setPrintoptions: option "precision" is given twice'],
    [[{ profile: "long" }], 'setPrintoptions: expected profile "default", "short" or "full", got "long"'],
    [[{ profile: "toString" }], "setPrintoptions: expected profile"],
    [[{ precision: 1.5 }], "setPrintoptions: expected precision to be a whole number from 0 to 99, got 1.5"],
    [[{ linewidth: "80" }], 'setPrintoptions: expected linewidth to be a whole number from 0 to Infinity, got "80"'],
    [[{ sciMode: 1 }], "setPrintoptions: expected sciMode to be a boolean, got 1"],
    [[1, 2, 3, 4, "short", true, 7], "setPrintoptions: expected at most 6 arguments, got 7"],
  ])("refuses %j", (args, message) => {
    const call = () => (setPrintoptions as (...args: unknown[]) => void)(...args);
    expect(call).toThrow(ValueError);
    expect(call).toThrow(message);
  });
});

describe("pyRepr", () => {
  test.each([
    [null, "None"],
    [undefined, "None"],
    [true, "True"],
    [3, "3"],
    [-0, "-0.0"],
    [0.5, "0.5"],
    [1e-5, "1e-05"],
    [2 ** 53, "9007199254740992.0"],
    [12345678901234567890n, "12345678901234567890"],
    [[3, 3], "(3, 3)"],
    [[1], "(1,)"],
    [[], "()"],
    [[null, [true]], "(None, (True,))"],
    ["mean", "'mean'"],
    ["it's", `"it's"`],
    [`'"`, `'\\'"'`],
    ["a\n\t\\\u0007\u00a0é\u{1f600}\u2028", "'a\\n\\t\\\\\\x07\\xa0é\u{1f600}\\u2028'"],
    [{ toString: () => "torch.float32" }, "torch.float32"],
  ])("%#: %s", (value, text) => {
    expect(pyRepr(value)).toBe(text);
  });

  test("pyFloat writes whole numbers as floats", () => {
    expect([0, 1, -3, 1e15, 1e16, 1e-7].map(pyFloat)).toEqual([
      "0.0",
      "1.0",
      "-3.0",
      "1000000000000000.0",
      "1e+16",
      "1e-07",
    ]);
  });
});

describe("formatModule", () => {
  const linear = formatModule("Linear", "in_features=4, out_features=4, bias=True", []);

  test("a module without children is one line", () => {
    expect(linear).toBe("Linear(in_features=4, out_features=4, bias=True)");
    expect(formatModule("ReLU", "", [])).toBe("ReLU()");
  });

  test("children are indented, whatever their depth", () => {
    const inner = formatModule("Sequential", "", [["0", linear]]);
    expect(formatModule("Net", "size=4", [["stack", inner]])).toBe(`Net(
  size=4
  (stack): Sequential(
    (0): Linear(in_features=4, out_features=4, bias=True)
  )
)`);
  });

  test("several lines of its own", () => {
    expect(formatModule("Net", "a=1\nb=2", [])).toBe("Net(\n  a=1\n  b=2\n)");
  });

  test("runs of equal children, as PyTorch 2 prints a ModuleList", () => {
    const relu = formatModule("ReLU", "", []);
    expect(
      formatModule(
        "ModuleList",
        "",
        [
          ["0", linear],
          ["1", linear],
          ["2", linear],
          ["3", relu],
        ],
        { compact: true },
      ),
    ).toBe(
      `ModuleList(
  (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
  (3): ReLU()
)`,
    );
  });
});
