/** `nn.utils.rnn` against values of PyTorch 1.13.1. */
import * as torch from "typetorch";
import { nn } from "typetorch";
import { describe, expect, test } from "vitest";

const { PackedSequence, packPaddedSequence, packSequence, padPackedSequence, padSequence } = nn.utils.rnn;
const { invertPermutation, unpackSequence, unpadSequence } = nn.utils.rnn;

const sequences = [[1, 2], [3, 4, 5, 6], [7]].map((s) => torch.tensor(s));

describe("packing", () => {
  const packed = packSequence(sequences, { enforceSorted: false });

  test("sorts, and remembers the order", () => {
    const [data, batchSizes, sortedIndices, unsortedIndices] = packed;
    expect(data?.tolist()).toEqual([3, 1, 7, 4, 2, 5, 6]);
    expect(batchSizes?.tolist()).toEqual([3, 2, 1, 1]);
    expect(sortedIndices?.tolist()).toEqual([1, 0, 2]);
    expect(unsortedIndices?.tolist()).toEqual([1, 0, 2]);
  });

  test("is undone", () => {
    const [padded, lengths] = padPackedSequence(packed, true, -1, 6);
    expect(padded.tolist()).toEqual([
      [1, 2, -1, -1, -1, -1],
      [3, 4, 5, 6, -1, -1],
      [7, -1, -1, -1, -1, -1],
    ]);
    expect(lengths.tolist()).toEqual([2, 4, 1]);
    expect(padPackedSequence(packed)[0].tolist()).toEqual([
      [1, 3, 7],
      [2, 4, 0],
      [0, 5, 0],
      [0, 6, 0],
    ]);
    expect(unpackSequence(packed).map((t) => t.tolist())).toEqual([[1, 2], [3, 4, 5, 6], [7]]);
  });

  test("gradients go where the elements came from", () => {
    const x = torch.arange(24, { dtype: torch.float32 }).reshape(2, 4, 3).requiresGrad_();
    const { data } = packPaddedSequence(x, [2, 4], { batchFirst: true, enforceSorted: false });
    expect(data.at(":", 0).tolist()).toEqual([12, 0, 15, 3, 18, 21]);
    data.mul(torch.arange(18).reshape(6, 3)).sum().backward();
    expect(x.grad?.at(0).tolist()).toEqual([
      [3, 4, 5],
      [9, 10, 11],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(x.grad?.at(1).tolist()).toEqual([
      [0, 1, 2],
      [6, 7, 8],
      [12, 13, 14],
      [15, 16, 17],
    ]);
  });

  test("prints as PyTorch's", () => {
    expect(String(new PackedSequence(torch.zeros(3), torch.tensor([2, 1])))).toBe(
      "PackedSequence(data=tensor([0., 0., 0.]), batch_sizes=tensor([2, 1]), sorted_indices=None, unsorted_indices=None)",
    );
  });

  test("to another dtype", () => {
    expect(packed.long()).toBe(packed);
    expect(packed.double().data.dtype).toBe(torch.float64);
    expect(packed.to("cpu", torch.float32).data.dtype).toBe(torch.float32);
    expect(packed.to({ dtype: torch.int8 }).sortedIndices).not.toBeNull();
  });

  test("refusals", () => {
    const x = torch.zeros(4, 2);
    expect(() => packPaddedSequence(x, [2, 4])).toThrow(
      "packPaddedSequence: expected lengths in decreasing order, got [2, 4]; pass { enforceSorted: false }",
    );
    expect(() => packPaddedSequence(x, [5, 1])).toThrow("packPaddedSequence: expected lengths of 1 to 4");
    expect(() => packPaddedSequence(x, [4, 0])).toThrow("packPaddedSequence: expected lengths of 1 to 4");
    expect(() => packPaddedSequence(x, [4])).toThrow("packPaddedSequence: expected 2 lengths");
    expect(() => padPackedSequence(packed, { totalLength: 3 })).toThrow("a totalLength of at least 4");
    expect(() => padPackedSequence(x as never)).toThrow("padPackedSequence: expected a PackedSequence");
    expect(() => unpadSequence(x, [1])).toThrow("unpadSequence: expected 2 lengths");
    expect(() => padSequence([])).toThrow("padSequence: expected at least one sequence");
    expect(() => padSequence([torch.zeros(2, 3), torch.zeros(2, 4)])).toThrow(
      "padSequence: expected sequences of shape",
    );
  });
});

describe("padding", () => {
  test.each([
    [
      {},
      [
        [1, 3, 7],
        [2, 4, 0],
        [0, 5, 0],
        [0, 6, 0],
      ],
    ],
    [
      { batchFirst: true, paddingValue: 9 },
      [
        [1, 2, 9, 9],
        [3, 4, 5, 6],
        [7, 9, 9, 9],
      ],
    ],
    [
      { batchFirst: true, paddingSide: "left" },
      [
        [0, 0, 1, 2],
        [3, 4, 5, 6],
        [0, 0, 0, 7],
      ],
    ],
  ] as const)("%j", (options, expected) => {
    expect(padSequence(sequences, options).tolist()).toEqual(expected);
  });

  test("is undone, without touching what it is given", () => {
    const padded = padSequence(sequences);
    expect(unpadSequence(padded, torch.tensor([2, 4, 1])).map((t) => t.tolist())).toEqual([[1, 2], [3, 4, 5, 6], [7]]);
    expect(padded.shape).toEqual([4, 3]);
  });
});

test("permutations", () => {
  expect(invertPermutation(null)).toBeNull();
  expect(invertPermutation(torch.tensor([3, 0, 2, 1])).tolist()).toEqual([1, 3, 2, 0]);
});
