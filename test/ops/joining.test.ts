/** cat, stack and their like; repeat, flip, roll; triangles. */

import * as torch from "typetorch";
import { expect, test } from "vitest";
import { checkGradients, ints, leaf } from "./gradients.ts";

const { float32, float64, int64, int32, uint8, bool } = torch;

test("cat joins along a dimension, and promotes dtypes", () => {
  const x = torch.tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(torch.cat([x, x.add(10)], 1).tolist()).toEqual([
    [1, 2, 11, 12],
    [3, 4, 13, 14],
  ]);
  expect(torch.cat([x, x.narrow(0, 0, 1)], { dim: -2 }).shape).toEqual([3, 2]);
  expect(torch.cat([x.t(), x.t()], 0).tolist()).toEqual([
    [1, 3],
    [2, 4],
    [1, 3],
    [2, 4],
  ]);
  const mixed = torch.cat([torch.tensor([true]), torch.tensor([2], { dtype: uint8 }), torch.tensor([2.5])]);
  expect([mixed.dtype, mixed.tolist()]).toEqual([float32, [1, 2, 2.5]]);
  expect(torch.cat([torch.zeros(1, { dtype: int32 }), torch.zeros(1, { dtype: uint8 })]).dtype).toBe(int32);
  expect(torch.cat([torch.zeros(0), x.to(float32)]).shape).toEqual([2, 2]);
  expect(torch.concat([x]).storage).not.toBe(x.storage);
});

test("many inputs", () => {
  const parts = Array.from({ length: 3000 }, (_, i) => torch.tensor([[i, -i]]));
  expect(torch.cat(parts).at(2999).tolist()).toEqual([2999, -2999]);
  expect(torch.stack(parts, 1).at(0, 2999).tolist()).toEqual([2999, -2999]);
});

test("stack and the stacks of NumPy", () => {
  const [a, b] = [ints([1, 2]), ints([3, 4])];
  expect(torch.stack([a, b], -1).tolist()).toEqual([
    [1, 3],
    [2, 4],
  ]);
  expect(torch.hstack([a, b]).tolist()).toEqual([1, 2, 3, 4]);
  expect(torch.vstack([a, b]).tolist()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(torch.dstack([a, b]).tolist()).toEqual([
    [
      [1, 3],
      [2, 4],
    ],
  ]);
  expect(torch.columnStack([a, ints([[5], [6]])]).tolist()).toEqual([
    [1, 5],
    [2, 6],
  ]);
});

test("gradients go to each input, in its dtype", () => {
  expect(checkGradients((x, y) => torch.cat([x, y, x], 1), leaf(2, 3), leaf(2, 1))).toBe(true);
  expect(checkGradients((x, y) => torch.stack([x, y], 1), leaf(2, 3), leaf(2, 3))).toBe(true);
  const x = torch.zeros(2, { requiresGrad: true });
  const y = torch.zeros(1, { dtype: float64, requiresGrad: true });
  const z = torch.cat([x, y]);
  expect([z.dtype, z.gradFn?.name()]).toEqual([float64, "CatBackward0"]);
  z.mul(torch.tensor([1, 2, 3]))
    .sum()
    .backward();
  expect([x.grad?.tolist(), y.grad?.tolist(), x.grad?.dtype]).toEqual([[1, 2], [3], float32]);
});

test("repeat, tile, repeatInterleave", () => {
  const x = ints([[1, 2]]);
  expect(x.repeat(2, 1, 2).tolist()).toEqual([[[1, 2, 1, 2]], [[1, 2, 1, 2]]]);
  expect(x.tile(2).tolist()).toEqual([[1, 2, 1, 2]]);
  expect(x.repeat(1, 1).storage).not.toBe(x.storage);
  expect(x.repeatInterleave(2).tolist()).toEqual([1, 1, 2, 2]);
  expect(x.repeatInterleave(ints([0, 2]), 1).tolist()).toEqual([[2, 2]]);
  expect(torch.repeatInterleave(ints([1, 0, 2])).tolist()).toEqual([0, 2, 2]);
  expect(checkGradients((y) => y.repeat(2, 1, 3), leaf(2, 2))).toBe(true);
  expect(checkGradients((y) => y.repeatInterleave(2, { dim: 0 }), leaf(2, 2))).toBe(true);
});

test("flip, roll, rot90", () => {
  const x = torch.arange(6).reshape(2, 3);
  expect(x.flip([0, 1]).tolist()).toEqual([
    [5, 4, 3],
    [2, 1, 0],
  ]);
  expect(x.t().flip(0).tolist()).toEqual([
    [2, 5],
    [1, 4],
    [0, 3],
  ]);
  expect(torch.fliplr(x).tolist()).toEqual([
    [2, 1, 0],
    [5, 4, 3],
  ]);
  expect(torch.flipud(x).tolist()).toEqual([
    [3, 4, 5],
    [0, 1, 2],
  ]);
  expect(torch.arange(100).flip(0).at(0).item()).toBe(99);
  expect(torch.tensor(3).flip(0).item()).toBe(3);
  expect(x.roll(1).tolist()).toEqual([
    [5, 0, 1],
    [2, 3, 4],
  ]);
  expect(x.roll([1, -1], [0, 1]).tolist()).toEqual([
    [4, 5, 3],
    [1, 2, 0],
  ]);
  expect(x.rot90().tolist()).toEqual([
    [2, 5],
    [1, 4],
    [0, 3],
  ]);
  expect(x.rot90(-1).tolist()).toEqual([
    [3, 0],
    [4, 1],
    [5, 2],
  ]);
  for (const f of [
    (y: torch.Tensor) => y.flip(1),
    (y: torch.Tensor) => y.roll(1, 0),
    (y: torch.Tensor) => y.rot90(3),
    (y: torch.Tensor) => y.roll(2),
  ])
    expect(checkGradients(f, leaf(2, 3))).toBe(true);
});

test("triangles", () => {
  const x = torch.arange(1, 10).reshape(3, 3);
  expect(x.tril().tolist()).toEqual([
    [1, 0, 0],
    [4, 5, 0],
    [7, 8, 9],
  ]);
  expect(x.triu(1).tolist()).toEqual([
    [0, 2, 3],
    [0, 0, 6],
    [0, 0, 0],
  ]);
  expect(x.tril({ diagonal: -1 }).tolist()).toEqual([
    [0, 0, 0],
    [4, 0, 0],
    [7, 8, 0],
  ]);
  expect(torch.ones(2, 2, 3, { dtype: bool }).triu().tolist()[1]).toEqual([
    [true, true, true],
    [false, true, true],
  ]);
  expect(x.clone().triu_(-1).at(2).tolist()).toEqual([0, 8, 9]);
  expect(torch.trilIndices(2, 3, 1).tolist()).toEqual([
    [0, 0, 1, 1, 1],
    [0, 1, 0, 1, 2],
  ]);
  expect(torch.triuIndices(2, 2).dtype).toBe(int64);
  expect(checkGradients((y) => y.tril(1), leaf(2, 3, 3))).toBe(true);
  expect(checkGradients((y) => y.clone().triu_(), leaf(3, 3))).toBe(true);
});

test.each<[() => unknown, RegExp]>([
  [() => torch.cat([]), /cat: expected at least one tensor, got an empty array/],
  [
    () => torch.cat([torch.zeros(2, 2), torch.zeros(3, 3)]),
    /cat: expected shapes that are the same but for dimension 0, got \[2, 2\] and \[3, 3\] \(number 1\)/,
  ],
  [() => torch.cat([torch.zeros([])]), /cat: expected tensors with at least 1 dimension/],
  [() => torch.cat(torch.zeros(2) as never), /cat: expected an array of Tensors as tensors, got Tensor/],
  [() => torch.stack([torch.zeros(2), torch.zeros(3)]), /stack: expected tensors of one shape, got \[2\] and \[3\]/],
  [() => torch.stack([torch.zeros(2), 3 as never]), /stack: expected a Tensor as tensors\[1\], got 3/],
  [() => torch.zeros(2, 2).repeat(2), /repeat: expected at least 2 repeats/],
  [
    () => torch.zeros(3).repeatInterleave(ints([1, 2])),
    /repeatInterleave: expected a repeat for each of 3 indices, got 2/,
  ],
  [() => torch.zeros(3).tril(), /tril: expected a matrix or a batch of them, got shape \[3\]/],
  [() => torch.zeros(3).roll(1.5), /roll: expected a whole number as shift, got 1.5/],
])("%s is refused", (call, text) => {
  expect(call).toThrow(text);
  expect(call).toThrow(torch.TorchError);
});
