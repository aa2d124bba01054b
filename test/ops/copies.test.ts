/** @file Copies between layouts, held against loops over strides: every element size, with rows, blocks and steps of all kinds. */

import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

const { Tensor } = torch;
type T = InstanceType<typeof Tensor>;

const dtypes = [torch.uint8, torch.bool, torch.bfloat16, torch.float32, torch.int64, torch.complex64, torch.complex128];

/** Numbers 0, 1, … in some dtype. */
function counting(shape: readonly number[], dtype: torch.DType): T {
  const n = shape.reduce((a, b) => a * b, 1);
  const counted = torch.arange(n).remainder(dtype === torch.bool ? 2 : dtype.itemsize === 1 ? 251 : 256);
  return counted
    .to(dtype.isComplex ? torch.float64 : dtype)
    .to(dtype)
    .view(shape);
}

/** The elements in row-major order, read by index from the whole storage. */
function elements(x: T, whole: T): unknown[] {
  const flat = whole.reshape(-1).tolist() as unknown[];
  const strides = x.stride() as number[];
  let offsets = [x.storageOffset()];
  x.shape.forEach((n, d) => {
    offsets = offsets.flatMap((at) => Array.from({ length: n }, (_, i) => at + i * (strides[d] as number)));
  });
  return offsets.map((at) => flat[at]);
}

/** Ways to look at a tensor of three dimensions. */
const views: { readonly [name: string]: (x: T) => T } = {
  whole: (x) => x,
  transposed: (x) => x.permute(2, 1, 0),
  "inner two exchanged": (x) => x.permute(0, 2, 1),
  "outer two exchanged": (x) => x.permute(1, 0, 2),
  rotated: (x) => x.permute(1, 2, 0),
  "every second": (x) => x.at("...", "::2"),
  "every third": (x) => x.at("...", "::3"),
  "every second of the outermost": (x) => x.at("1::2"),
  "part of rows": (x) => x.at("...", "1:-1"),
  "one column expanded": (x) => x.at("...", "1:2").expand(x.shape),
  "one row expanded": (x) => x.at(":", ":1").expand(x.shape),
  "transposed, every second": (x) => x.permute(2, 0, 1).at("::2", "...", "1:"),
};

const shapes = [
  [3, 4, 5],
  [2, 70, 3],
  [5, 3, 2],
  [17, 33, 65],
];

describe("copies", () => {
  for (const dtype of dtypes)
    test(String(dtype), () => {
      for (const shape of shapes) {
        const whole = counting(shape, dtype);
        for (const [name, view] of Object.entries(views)) {
          const x = view(whole);
          const expected = elements(x, whole);
          expect(x.contiguous().reshape(-1).tolist(), `${name} of ${shape}`).toEqual(expected);
          // Into the same kind of place, which leaves everything else alone.
          if (name.includes("expanded")) continue;
          const target = torch.zeros(shape, { dtype });
          view(target).copy_(x.clone());
          expect(elements(view(target), target), `into ${name} of ${shape}`).toEqual(expected);
          expect(target.ne(0).sum().item(), `around ${name} of ${shape}`).toBe(x.ne(0).sum().item());
        }
      }
    });

  test("backwards along any dimensions", () => {
    for (const dtype of dtypes)
      for (const dims of [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]]) {
        const x = counting([9, 31, 65], dtype);
        const back = [0, 1, 2].map((d) => {
          const at = torch.arange(x.shape[d] as number);
          return dims.includes(d) ? at.neg().add((x.shape[d] as number) - 1) : at;
        });
        const expected = back.reduce((t, at, d) => t.indexSelect(d, at), x);
        expect(x.flip(dims).equal(expected), `${dtype} ${dims}`).toBe(true);
      }
  });

  test("where elements of the result overlap, the last stays", () => {
    const parts = torch.asStridedScatter(
      torch.zeros(4),
      torch.tensor([
        [1.5, 2],
        [3, 4],
      ]),
      [2, 2],
      [1, 1],
      0,
    );
    expect(parts.tolist()).toEqual([1.5, 3, 4, 0]);
  });
});
