/** Sorting, selecting, searching, and running sums and extremes. */

import * as torch from "typetorch";
import { expect, test } from "vitest";
import { checkGradients, ints, leaf, numbers } from "./gradients.ts";

test("sort gives a tuple with names", () => {
  const x = ints([
    [3, 1, 2],
    [9, 7, 8],
  ]);
  const { values, indices } = x.sort();
  const [v, i] = x.sort(1);
  expect([values.tolist(), indices.tolist()]).toEqual([
    [
      [1, 2, 3],
      [7, 8, 9],
    ],
    [
      [1, 2, 0],
      [1, 2, 0],
    ],
  ]);
  expect([v.tolist(), i.tolist()]).toEqual([values.tolist(), indices.tolist()]);
  expect(String(ints([2, 1]).sort())).toBe("torch.return_types.sort(\nvalues=tensor([1, 2]),\nindices=tensor([1, 0]))");
  expect(x.sort(0, true).values.tolist()).toEqual([
    [9, 7, 8],
    [3, 1, 2],
  ]);
  expect(x.t().sort({ dim: 0 }).indices.tolist()).toEqual([
    [1, 1],
    [2, 2],
    [0, 0],
  ]);
});

test("sort: stable, NaN last, 0-dim and empty", () => {
  expect(ints([1, 0, 1, 0]).sort(0, false, { stable: true }).indices.tolist()).toEqual([1, 3, 0, 2]);
  expect(ints([1, 0, 1, 0]).sort({ descending: true, stable: true }).indices.tolist()).toEqual([0, 2, 1, 3]);
  expect(torch.tensor([Number.NaN, 1.5, -Infinity]).argsort().tolist()).toEqual([2, 1, 0]);
  expect(torch.tensor([Number.NaN, 1.5]).argsort({ descending: true }).tolist()).toEqual([0, 1]);
  expect(torch.tensor(3).sort().indices.item()).toBe(0);
  expect(torch.zeros(0, 3).sort(0).values.shape).toEqual([0, 3]);
  expect(
    torch
      .msort(
        ints([
          [2, 1],
          [1, 2],
        ]),
      )
      .tolist(),
  ).toEqual([
    [1, 1],
    [2, 2],
  ]);
});

test("topk of few among many is the head of the sorted ones, in whatever order they come", () => {
  torch.manualSeed(0);
  const mixed = torch.randperm(20_000).to(torch.float32).sub(10_000);
  const { values: rising } = mixed.sort();
  // The engine looks at every 19th element first: here these say nothing about the others.
  const apart = torch.where(torch.arange(20_000).remainder(19).eq(0), mixed.sub(1e6), mixed);
  for (const x of [mixed, rising, rising.flip(0), apart, apart.neg()])
    for (const k of [1, 10, 100, 312])
      for (const largest of [true, false]) {
        const { values, indices } = x.topk({ k, largest });
        const sorted = x.sort({ descending: largest });
        expect(values.equal(sorted.values.at(`:${k}`)) && indices.equal(sorted.indices.at(`:${k}`))).toBe(true);
      }
  // Equals, NaN and infinities among the first.
  const special = torch.cat([mixed, torch.tensor([NaN, Infinity, -Infinity, 9999])]);
  expect(special.topk(5).values.tolist()).toEqual([NaN, Infinity, 9999, 9999, 9998]);
  expect(special.topk({ k: 2, largest: false }).values.tolist()).toEqual([-Infinity, -10_000]);
});

test("topk and kthvalue", () => {
  const x = ints([
    [3, 1, 2],
    [9, 7, 8],
  ]);
  expect(x.topk(2).values.tolist()).toEqual([
    [3, 2],
    [9, 8],
  ]);
  expect(x.topk(2, 0, false).indices.tolist()).toEqual([
    [0, 0, 0],
    [1, 1, 1],
  ]);
  expect(x.topk({ k: 1, dim: 1, largest: false }).values.tolist()).toEqual([[1], [7]]);
  expect(x.kthvalue(2).values.tolist()).toEqual([2, 8]);
  expect(x.kthvalue(2, 0, true).values.tolist()).toEqual([[9, 7, 8]]);
  expect(() => x.topk(4)).toThrow(/topk: expected k in the range \[0, 3\], got 4/);
  expect(() => x.kthvalue(0)).toThrow(/kthvalue: expected k in the range \[1, 3\], got 0/);
  expect(() => torch.complex(torch.ones(1), torch.ones(1)).sort()).toThrow(/complex numbers have no order/);
});

test("searchsorted and bucketize", () => {
  const s = ints([1, 3, 5]);
  expect(
    torch
      .searchsorted(
        s,
        ints([
          [3, 6],
          [0, 4],
        ]),
      )
      .tolist(),
  ).toEqual([
    [1, 3],
    [0, 2],
  ]);
  expect(torch.searchsorted(s, ints([3]), { right: true }).tolist()).toEqual([2]);
  expect(torch.searchsorted(s, 4).item()).toBe(2);
  expect(torch.searchsorted(ints([5, 1, 3]), ints([4]), { sorter: ints([1, 2, 0]) }).tolist()).toEqual([2]);
  expect(torch.bucketize(ints([0, 3, 9]), s, { outInt32: true }).dtype).toBe(torch.int32);
  expect(() => torch.searchsorted(s, torch.zeros(1))).toThrow(
    /searchsorted: expected sequence and values in one dtype/,
  );
});

test("scans", () => {
  expect(
    ints([
      [1, 2],
      [3, 4],
    ])
      .cumsum(0)
      .tolist(),
  ).toEqual([
    [1, 2],
    [4, 6],
  ]);
  expect(torch.tensor([true, true]).cumsum({ dim: 0 }).dtype).toBe(torch.int64);
  expect(ints([1, 2, 3]).cumprod(0, { dtype: torch.float32 }).tolist()).toEqual([1, 2, 6]);
  const { values, indices } = torch.tensor([1, 3, 2, 3]).cummax(0);
  expect([values.tolist(), indices.tolist()]).toEqual([
    [1, 3, 3, 3],
    [0, 1, 1, 3],
  ]);
  expect(torch.tensor([2, 1]).cummin(0).values.tolist()).toEqual([2, 1]);
  expect(ints([1, 4, 9, 16]).diff(2).tolist()).toEqual([2, 2]);
  expect(
    ints([1, 4])
      .diff({ prepend: ints([0]) })
      .tolist(),
  ).toEqual([1, 3]);
  expect(torch.tensor([true, false, false]).diff().tolist()).toEqual([true, false]);
  expect(torch.tensor([0.5, 0.25], { dtype: torch.float64 }).logcumsumexp(0).at(1).item()).toBeCloseTo(
    Math.log(Math.exp(0.5) + Math.exp(0.25)),
    12,
  );
});

test.each<[string, (x: torch.Tensor) => torch.Tensor | readonly torch.Tensor[]]>([
  ["sort", (x) => x.sort(0)],
  ["topk", (x) => x.topk(2, 1)],
  ["kthvalue", (x) => x.kthvalue(2, 0)],
  ["msort", (x) => x.msort()],
  ["cumsum", (x) => x.cumsum(1)],
  ["cumprod", (x) => x.cumprod(1)],
  [
    "cumprod with zeros",
    (x) =>
      x
        .mul(
          torch.tensor([
            [1, 0, 1],
            [0, 1, 0],
            [1, 1, 0],
            [1, 1, 1],
          ]),
        )
        .cumprod(1),
  ],
  ["cummax", (x) => x.cummax(0)],
  ["logcumsumexp", (x) => x.logcumsumexp(1)],
  ["diff", (x) => x.diff({ dim: 0, append: x })],
])("gradients of %s", (_, f) => {
  expect(checkGradients(f, leaf(4, 3))).toBe(true);
});

test("nodes and indices without gradient", () => {
  const { values, indices } = numbers(3).requiresGrad_().sort();
  expect([values.gradFn?.name(), indices.requiresGrad]).toEqual(["SortBackward0", false]);
});
