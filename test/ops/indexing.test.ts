/** Indexing beyond the golden cases: index items, errors, and the ops that take index tensors. */

import * as torch from "typetorch";
import { describe, expect, expectTypeOf, test } from "vitest";
import { checkGradients, ints, leaf, numbers } from "./gradients.ts";

const x34 = () => torch.arange(12).reshape(3, 4);

describe("at and setAt", () => {
  test("a mask of several dimensions may be followed by others, as in NumPy", () => {
    const mask = torch.tensor([
      [true, false],
      [false, true],
    ]);
    expect(torch.arange(8).reshape(2, 2, 2).at(mask, 1).tolist()).toEqual([1, 7]);
  });

  test("uint8 masks, int32 indices, nested arrays", () => {
    expect(x34().at(torch.tensor([1, 0, 1], { dtype: torch.uint8 })).shape).toEqual([2, 4]);
    expect(
      x34()
        .at(torch.tensor([2, -1], { dtype: torch.int32 }), [0, 1])
        .tolist(),
    ).toEqual([8, 9]);
    expect(
      x34()
        .at([[0, 1]], [[1], [2]])
        .tolist(),
    ).toEqual([
      [1, 5],
      [2, 6],
    ]);
    expect(x34().at([true, false, true], 0).tolist()).toEqual([0, 8]);
    expect(x34().at([]).shape).toEqual([0, 4]);
  });

  test("writing through chains of views and indices", () => {
    const x = torch.zeros(3, 4);
    x.at("1:").setAt([[0, 1], 2], torch.tensor([5, 6], { dtype: torch.float32 }));
    x.setAt(0, 1).setAt("2:", -1).setAt(["...", -1], 9);
    expect(x.tolist()).toEqual([
      [1, 1, 1, 9],
      [0, 0, 5, 9],
      [-1, -1, -1, 9],
    ]);
    expect(
      torch
        .zeros(3)
        .setAt(torch.tensor([true, false, true]), 2)
        .tolist(),
    ).toEqual([2, 0, 2]);
    expect(torch.zeros(2, { dtype: torch.int64 }).setAt(0, 2.7).tolist()).toEqual([2, 0]);
  });

  test("a value that shares memory with what is written", () => {
    const x = torch.arange(4);
    x.setAt("1:", x.at(":3"));
    expect(x.tolist()).toEqual([0, 0, 1, 2]);
  });

  test("gradients of both", () => {
    const index = ints([
      [0, 2],
      [2, 0],
    ]);
    expect(checkGradients((x) => x.at(index, "1:"), leaf(3, 3))).toBe(true);
    expect(checkGradients((x, v) => x.clone().setAt([[2, 0], 1], v), leaf(3, 3), leaf(2))).toBe(true);
    expect(checkGradients((x, v) => x.clone().setAt([":", "::2"], v), leaf(3, 3), leaf(3, 1))).toBe(true);
  });

  test("a leaf is not written to", () => {
    expect(() => torch.zeros(3, { requiresGrad: true }).setAt(0, 1)).toThrow(torch.AutogradError);
    expect(() => torch.zeros(3, { requiresGrad: true }).setAt([[0]], 1)).toThrow(torch.AutogradError);
  });

  test.each<[() => unknown, RegExp]>([
    [() => torch.arange(10).at(12), /at: index 12 is out of bounds for dimension 0 with size 10/],
    [() => torch.arange(10).at([3, 12]), /at: index 12 is out of bounds for dimension 0 with size 10/],
    [() => torch.arange(10).setAt([[12]], 1), /index 12 is out of bounds for dimension 0 with size 10/],
    [() => x34().at(0, -5), /at: index -5 is out of bounds for dimension \d with size 4/],
    [() => x34().at(0, 0, 0), /at: too many indices for a tensor of 2 dimensions, got 3/],
    [() => x34().at("::-1"), /at: expected a slice step greater than zero, got "::-1"; use flip/],
    [() => x34().at("a"), /at: expected a slice such as "1:3"/],
    [() => x34().at(1.5), /at: expected a whole number as index, got 1.5/],
    [() => x34().at(undefined as never), /at: expected numbers, slices/],
    [
      () => x34().at(torch.tensor([0.5])),
      /at: expected tensors of int64, int32, uint8 or bool as indices, got torch.float32/,
    ],
    [() => x34().at([true, false]), /at: expected a mask of the sizes that it indexes, got \[2\] for dimension 0/],
    [() => x34().at([0, 1], [0, 1, 2]), /at: expected shapes that broadcast, got \[2\] and \[3\]/],
    [() => x34().setAt([0], ints([1, 2, 3])), /copy_: expected/],
    [
      () => x34().setAt([[0, 1]], ints([1, 2, 3])),
      /setAt: expected values that broadcast to the indexed shape \[2, 4\], got \[3\]/,
    ],
    [() => x34().setAt([[0, 1]], torch.zeros(4)), /setAt: expected tensor and values in one dtype/],
    [() => x34().setAt(0, "1" as never), /setAt: expected a Tensor or a number as value, got "1"/],
  ])("%s is refused", (call, text) => {
    expect(call).toThrow(text);
    expect(call).toThrow(torch.TorchError);
  });
});

test("gather, scatter and their like", () => {
  const index = ints([
    [0, 2],
    [1, 1],
  ]);
  expect(x34().gather(1, index).tolist()).toEqual([
    [0, 2],
    [5, 5],
  ]);
  expect(torch.zeros(2, 3).scatter(1, index, 5).tolist()).toEqual([
    [5, 0, 5],
    [0, 5, 0],
  ]);
  expect(torch.zeros(2, 3).scatter({ dim: 1, index, value: 5 }).sum().item()).toBe(15);
  expect(
    torch
      .ones(2, 3)
      .scatter(1, index, torch.full([2, 2], 3, { dtype: torch.float32 }), { reduce: "multiply" })
      .tolist(),
  ).toEqual([
    [3, 1, 3],
    [1, 9, 1],
  ]);
  expect(torch.ones(2, 3).scatterAdd(1, index, torch.ones(2, 2)).tolist()).toEqual([
    [2, 1, 2],
    [1, 3, 1],
  ]);
  expect(
    torch
      .zeros(2, 3)
      .scatterReduce(
        1,
        index,
        torch.tensor(
          [
            [1, 2],
            [3, 4],
          ],
          { dtype: torch.float32 },
        ),
        "mean",
        { includeSelf: false },
      )
      .tolist(),
  ).toEqual([
    [1, 0, 2],
    [0, 3.5, 0],
  ]);
  expect(
    x34()
      .takeAlongDim(ints([[3], [2], [1]]), 1)
      .tolist(),
  ).toEqual([[3], [6], [9]]);
  const x = torch.zeros(2, 3);
  expect(x.scatter_(1, index, 1)).toBe(x);
  expect(x.scatterAdd_(1, index, torch.ones(2, 2)).tolist()).toEqual([
    [2, 0, 2],
    [0, 3, 0],
  ]);
});

test("slices by a vector of indices", () => {
  const at = ints([2, 0]);
  expect(x34().indexSelect(0, at).tolist()).toEqual([
    [8, 9, 10, 11],
    [0, 1, 2, 3],
  ]);
  expect(
    torch
      .zeros(3)
      .indexAdd(0, ints([0, 0, 2]), torch.ones(3), { alpha: 2 })
      .tolist(),
  ).toEqual([4, 0, 2]);
  expect(torch.zeros(2, 3).indexCopy(1, at, torch.ones(2, 2)).tolist()).toEqual([
    [1, 0, 1],
    [1, 0, 1],
  ]);
  expect(torch.zeros(2, 3).indexFill(1, at, 7).tolist()).toEqual([
    [7, 0, 7],
    [7, 0, 7],
  ]);
  expect(
    x34()
      .take(ints([[0, -1]]))
      .tolist(),
  ).toEqual([[0, 11]]);
  expect(
    torch
      .zeros(2, 2)
      .t()
      .put_(ints([1, 1]), torch.ones(2), true)
      .tolist(),
  ).toEqual([
    [0, 2],
    [0, 0],
  ]);
  expect(
    torch
      .zeros(3)
      .indexPut_([ints([0, 0])], torch.ones(2), true)
      .tolist(),
  ).toEqual([2, 0, 0]);
});

test("masks and positions", () => {
  const mask = x34().gt(8);
  expect(x34().maskedSelect(mask).tolist()).toEqual([9, 10, 11]);
  expect(
    x34()
      .maskedScatter(mask, ints([-1, -2, -3]))
      .at(2)
      .tolist(),
  ).toEqual([8, -1, -2, -3]);
  expect(torch.nonzero(ints([0, 3, 0, 4])).tolist()).toEqual([[1], [3]]);
  expectTypeOf(torch.nonzero(mask, { asTuple: true })).toEqualTypeOf<torch.Tensor[]>();
  expect(torch.nonzero(mask, { asTuple: true }).map((t) => t.tolist())).toEqual([
    [2, 2, 2],
    [1, 2, 3],
  ]);
  expect(torch.argwhere(torch.tensor(3)).shape).toEqual([1, 0]);
  expect(() => x34().maskedScatter(mask, ints([1]))).toThrow(/maskedScatter: expected as many elements in source/);
});

const index = ints([
  [0, 2, 1],
  [1, 1, 0],
]);
const vector = ints([2, 0, 2]);

test.each<[string, (x: torch.Tensor, y: torch.Tensor) => torch.Tensor]>([
  ["gather", (x) => x.gather(0, index)],
  ["takeAlongDim", (x) => x.takeAlongDim(index.narrow(0, 0, 1), 0)],
  ["scatter", (x, y) => x.scatter(0, index.narrow(0, 0, 1), y)],
  ["scatterAdd", (x, y) => x.scatterAdd(0, index, y)],
  ["scatterReduce sum", (x, y) => x.scatterReduce(0, index, y, "sum", { includeSelf: false })],
  ["scatterReduce prod", (x, y) => x.scatterReduce(0, index, y, "prod")],
  ["scatterReduce mean", (x, y) => x.scatterReduce(0, index, y, "mean")],
  ["scatterReduce amax", (x, y) => x.scatterReduce(0, index, y, "amax")],
  ["scatterReduce amin", (x, y) => x.scatterReduce(0, index, y, "amin", { includeSelf: false })],
  ["indexSelect", (x) => x.indexSelect(0, vector)],
  ["indexAdd", (x, y) => x.indexAdd(0, vector, y, { alpha: 3 })],
  ["indexCopy", (x, y) => x.indexCopy(0, vector.narrow(0, 0, 2), y.narrow(0, 0, 2))],
  ["indexFill", (x, y) => x.indexFill(0, vector, y.sum())],
  ["indexPut", (x, y) => x.indexPut([vector], y, true)],
  ["take", (x) => x.take(index)],
  ["put", (x, y) => x.put(vector.narrow(0, 0, 2), y.at(0, ":2"))],
  ["maskedSelect", (x) => x.maskedSelect(index.narrow(0, 0, 1).gt(0))],
  ["maskedScatter", (x, y) => x.maskedScatter(index.narrow(0, 1, 1).gt(0), y)],
  ["selectScatter", (x, y) => x.selectScatter(y.at(0), 0, 1)],
  ["sliceScatter", (x, y) => x.sliceScatter(y.narrow(0, 0, 2), { start: 1 })],
  [
    "in place",
    (x, y) =>
      x
        .clone()
        .scatter_(0, index, 2)
        .scatterAdd_(0, index, y)
        .indexAdd_(0, vector, y)
        .indexFill_(1, ints([0]), 1),
  ],
])("gradients of %s", (_, f) => {
  expect(checkGradients(f as never, leaf(3, 3), numbers(3, 3).mul(1.7).add(0.1).detach().requiresGrad_())).toBe(true);
});

test.each<[() => unknown, RegExp]>([
  [() => x34().gather(1, ints([[0, 4]])), /gather: index 4 is out of bounds for dimension 1 with size 4/],
  [() => x34().gather(1, ints([[-1]])), /gather: index -1 is out of bounds/],
  [
    () => x34().gather(1, ints([0])),
    /gather: expected an index no larger than input apart from dimension 1, got index \[1\] and input \[3, 4\]/,
  ],
  [() => x34().gather(1, torch.zeros(1, 1)), /gather: expected an int64 tensor as index, got torch.float32/],
  [() => x34().scatter(0, ints([[0]]), torch.zeros(1, 1)), /scatter: expected tensor and src in one dtype/],
  [() => x34().scatter(0, ints([[5]]), 1), /scatter: index 5 is out of bounds for dimension 0 with size 3/],
  [
    () => x34().scatter(0, ints([[0]]), 1, { reduce: "max" as never }),
    /scatter: expected "add" or "multiply" as reduce, got "max"/,
  ],
  [() => x34().indexSelect(0, ints([3])), /indexSelect: index 3 is out of bounds for dimension 0 with size 3/],
  [
    () => x34().indexAdd(0, ints([0]), ints([[1]])),
    /indexAdd: expected a source of shape \[1, 4\] for 1 indices, got \[1, 1\]/,
  ],
  [() => x34().take(ints([12])), /take: index 12 is out of bounds/],
  [
    () =>
      torch
        .zeros(1)
        .expand(3)
        .indexFill_(0, ints([0]), 1),
    /indexFill_: expected a tensor whose elements are apart in memory/,
  ],
])("%s is refused", (call, text) => {
  expect(call).toThrow(text);
  expect(call).toThrow(torch.TorchError);
});
