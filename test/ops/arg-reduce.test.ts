/** Positions of extremes where there is least to choose from. */
import * as torch from "typetorch";
import { expect, test } from "vitest";

test("a 0-dim tensor has one position, in the dimension that it has in name only", () => {
  const x = torch.tensor(1.5);
  expect(x.argmax().item()).toBe(0);
  expect(x.argmax(0).item()).toBe(0);
  expect(x.argmin(-1, true).item()).toBe(0);
  const { values, indices } = x.max(0);
  expect([values.item(), indices.item()]).toEqual([1.5, 0]);
  expect([values.ndim, indices.ndim]).toEqual([0, 0]);
});

test("the gradient of a 0-dim maximum along its dimension", () => {
  const x = torch.tensor(2.5, { requiresGrad: true });
  x.max(0).values.backward();
  expect(x.grad?.item()).toBe(1);
});

test("integer ranges with fractional bounds count as PyTorch's", () => {
  expect(torch.arange(0.5, 3.7, 1, { dtype: torch.int64 }).tolist()).toEqual([0, 1, 2]);
  expect(torch.arange(0.5, 3.7, 1, { dtype: torch.int32 }).tolist()).toEqual([0, 1, 2, 3]);
  expect(() => torch.arange(0, 3, 0.5, { dtype: torch.int64 })).toThrow(/arange: expected a step of at least 1/);
});

test("matrix products over nothing are zeros", () => {
  expect(torch.zeros(2, 3, 0).matmul(torch.zeros(0, 4)).tolist()).toEqual(torch.zeros(2, 3, 4).tolist());
  expect(torch.zeros(0, 3, 2).matmul(torch.zeros(2, 0)).shape).toEqual([0, 3, 0]);
});
