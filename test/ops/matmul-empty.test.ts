/** @file Products that have nothing to compute must write nothing. */
import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";

const dtypes = [torch.float32, torch.float64, torch.int64, torch.bfloat16];

test.each(dtypes)("a product without columns or rows leaves other memory alone in %s", (dtype) => {
  const tall = torch.ones(700, 3, { dtype });
  const empty = torch.ones(3, 0, { dtype });
  for (let i = 0; i < 20; i++) {
    const before = torch.zeros(4, { dtype });
    const wide = tall.matmul(empty);
    const flat = empty.T.matmul(tall.T);
    const after = torch.zeros(4, { dtype });
    expect([wide.shape, flat.shape]).toEqual([
      [700, 0],
      [0, 700],
    ]);
    expect([before.tolist(), after.tolist()]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  }
});

test.each(dtypes)("a product over nothing is zero in %s", (dtype) => {
  expect(
    torch
      .ones(2, 0, { dtype })
      .matmul(torch.ones(0, 3, { dtype }))
      .tolist(),
  ).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test("sums and means of a number along its dimension 0 have gradients", () => {
  for (const keepdim of [true, false]) {
    const x = torch.tensor(3, { dtype: torch.float64, requiresGrad: true });
    x.mean(0, { keepdim }).add(x.sum(-1, { keepdim })).backward();
    expect(x.grad?.item()).toBe(2);
  }
});
