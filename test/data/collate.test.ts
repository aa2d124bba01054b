import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";

const { defaultCollate, defaultConvert } = torch.utils.data;
const shown = (x: torch.Tensor) => [String(x.dtype), x.tolist()];

describe("defaultCollate", () => {
  it("stacks tensors, and keeps their gradients", () => {
    const x = torch.ones(2, { requiresGrad: true });
    const batch = defaultCollate([x, torch.zeros(2)]);
    expect(batch.shape).toEqual([2, 2]);
    batch.sum().backward();
    expect(x.grad?.tolist()).toEqual([1, 1]);
  });
  it("stacks views of any strides", () => {
    const x = torch.arange(6).reshape(2, 3);
    expect(defaultCollate([x.t(), x.t()]).tolist()).toEqual([
      [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
      [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
    ]);
  });
  it.each([
    ["whole numbers", [1, 2], ["torch.int64", [1, 2]]],
    ["any other number", [1, 2.5], ["torch.float64", [1, 2.5]]],
    ["minus zero", [-0, 1], ["torch.float64", [-0, 1]]],
    ["bigints", [1n, 2n], ["torch.int64", [1, 2]]],
    ["booleans", [true, false], ["torch.bool", [true, false]]],
    [
      "typed arrays",
      [new Float32Array([1, 2]), new Float32Array([3, 4])],
      [
        "torch.float32",
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ],
  ])("makes tensors of %s", (_, batch, expected) => {
    expect(shown(defaultCollate<unknown>(batch) as torch.Tensor)).toEqual(expected);
  });
  it("goes into arrays, records and maps", () => {
    const [x, name] = defaultCollate([
      [1, "a"],
      [2, "b"],
    ] as [number, string][]);
    expect([x.tolist(), name]).toEqual([
      [1, 2],
      ["a", "b"],
    ]);
    expect(
      defaultCollate([
        { a: 1, b: { c: 2 } },
        { b: { c: 4 }, a: 3 },
      ]).b.c.tolist(),
    ).toEqual([2, 4]);
    const maps = defaultCollate([new Map([["k", 1]]), new Map([["k", 2]])]);
    expect(maps.get("k")?.tolist()).toEqual([1, 2]);
  });
  it.each([
    [[], "expected at least one sample, got none"],
    [[[1], [1, 2]], "expected arrays of one length in a batch, here 1, got one of length 2"],
    [[{ a: 1 }, {}], 'expected the key "a" in each sample, got an object without it'],
    [[null], /expected samples of tensors, .*, got null; give the data set a transform/],
    [[new Date(0)], /got Date/],
    [[torch.ones(2), torch.ones(3)], /\[2\] and \[3\]/],
  ])("refuses %#", (batch, text) => {
    expect(() => defaultCollate<unknown>(batch)).toThrow(text);
  });
});

describe("defaultConvert", () => {
  it("makes tensors of typed arrays only", () => {
    const [x, n, s] = defaultConvert([new Int32Array([1]), 2, "a"] as [Int32Array, number, string]);
    expect([shown(x), n, s]).toEqual([["torch.int32", [1]], 2, "a"]);
  });
});
