/** Views: what they show, that they share memory, their gradients, and writing through them. */

import * as torch from "typetorch";
import { describe, expect, test } from "vitest";
import { checkGradients, leaf, numbers } from "./gradients.ts";

type Op = (x: torch.Tensor) => torch.Tensor | readonly torch.Tensor[];
const x234 = () => torch.arange(24).reshape(2, 3, 4);

/** Views of a [2, 3, 4] tensor: the shapes, and the node's name. */
const views: readonly (readonly [name: string, op: Op, shapes: number[][], node: string])[] = [
  ["select", (x) => x.select(1, -1), [[2, 4]], "SelectBackward0"],
  ["narrow", (x) => x.narrow(-1, 1, 2), [[2, 3, 2]], "SliceBackward0"],
  ["slice", (x) => x.at(":", "::2"), [[2, 2, 4]], "SliceBackward0"],
  ["at", (x) => x.at("...", null, 1), [[2, 3, 1]], "SelectBackward0"],
  ["alias", (x) => x.at("..."), [[2, 3, 4]], "AliasBackward0"],
  ["view", (x) => x.view(6, -1), [[6, 4]], "ViewBackward0"],
  ["reshape", (x) => x.reshape(4, 6), [[4, 6]], "ViewBackward0"],
  ["viewAs", (x) => x.viewAs(torch.zeros(24)), [[24]], "ViewBackward0"],
  ["unflatten", (x) => x.unflatten(2, [2, -1]), [[2, 3, 2, 2]], "ViewBackward0"],
  ["ravel", (x) => x.ravel(), [[24]], "ViewBackward0"],
  ["transpose", (x) => x.transpose(0, -1), [[4, 3, 2]], "TransposeBackward0"],
  ["swapaxes", (x) => x.swapaxes(0, 1), [[3, 2, 4]], "TransposeBackward0"],
  ["permute", (x) => x.permute(2, 0, 1), [[4, 2, 3]], "PermuteBackward0"],
  ["movedim", (x) => x.movedim([0, 1], [1, 2]), [[4, 2, 3]], "PermuteBackward0"],
  ["T", (x) => x.at(0).T, [[4, 3]], "PermuteBackward0"],
  ["mT", (x) => x.mT, [[2, 4, 3]], "TransposeBackward0"],
  ["mH", (x) => x.mH, [[2, 4, 3]], "TransposeBackward0"],
  ["unsqueeze", (x) => x.unsqueeze(-1), [[2, 3, 4, 1]], "UnsqueezeBackward0"],
  ["squeeze", (x) => x.unsqueeze(0).squeeze(), [[2, 3, 4]], "SqueezeBackward0"],
  ["squeeze dim", (x) => x.unsqueeze(0).squeeze(0), [[2, 3, 4]], "SqueezeBackward1"],
  ["expand", (x) => x.unsqueeze(0).expand(2, -1, -1, 4), [[2, 2, 3, 4]], "ExpandBackward0"],
  ["broadcastTo", (x) => x.broadcastTo([2, 2, 3, 4]), [[2, 2, 3, 4]], "ExpandBackward0"],
  ["diagonal", (x) => x.diagonal(1, 1, 2), [[2, 3]], "DiagonalBackward0"],
  ["unfold", (x) => x.unfold(2, 3, 1), [[2, 3, 2, 3]], "UnfoldBackward0"],
  ["asStrided", (x) => x.asStrided([2, 3], [3, 2], 1), [[2, 3]], "AsStridedBackward0"],
  [
    "unbind",
    (x) => x.unbind(1),
    [
      [2, 4],
      [2, 4],
      [2, 4],
    ],
    "UnbindBackward0",
  ],
  [
    "split",
    (x) => x.split(2, 1),
    [
      [2, 2, 4],
      [2, 1, 4],
    ],
    "SplitBackward0",
  ],
  [
    "split by sizes",
    (x) => x.split([1, 3], -1),
    [
      [2, 3, 1],
      [2, 3, 3],
    ],
    "SplitWithSizesBackward0",
  ],
  [
    "chunk",
    (x) => x.chunk(3, 2),
    [
      [2, 3, 2],
      [2, 3, 2],
    ],
    "SplitBackward0",
  ],
  [
    "tensorSplit",
    (x) => x.tensorSplit(3, 2),
    [
      [2, 3, 2],
      [2, 3, 1],
      [2, 3, 1],
    ],
    "SliceBackward0",
  ],
  [
    "hsplit",
    (x) => x.hsplit([1]),
    [
      [2, 1, 4],
      [2, 2, 4],
    ],
    "SliceBackward0",
  ],
  [
    "vsplit",
    (x) => x.vsplit(2),
    [
      [1, 3, 4],
      [1, 3, 4],
    ],
    "SliceBackward0",
  ],
  [
    "dsplit",
    (x) => x.dsplit(2),
    [
      [2, 3, 2],
      [2, 3, 2],
    ],
    "SliceBackward0",
  ],
];

const list = (result: torch.Tensor | readonly torch.Tensor[]) => (result instanceof torch.Tensor ? [result] : result);

describe.each(views)("%s", (name, op, shapes, node) => {
  test("shape, node, and memory shared", () => {
    const x = leaf(2, 3, 4);
    const results = list(op(x));
    expect(results.map((t) => t.shape)).toEqual(shapes);
    for (const t of results) {
      expect(t.storage).toBe(x.storage);
      expect(t.gradFn?.name()).toBe(node);
    }
  });

  test("gradients", () => {
    expect(checkGradients((x) => op(x), leaf(2, 3, 4))).toBe(true);
    if (!name.startsWith("view"))
      expect(checkGradients((x) => op(x.permute(1, 0, 2).contiguous().permute(1, 0, 2)), leaf(2, 3, 4))).toBe(true);
  });

  test("an in-place change of a view reaches its base, and the gradient follows", () => {
    const [first] = list(op(torch.zeros(2, 3, 4)));
    if (
      first === undefined ||
      node === "ExpandBackward0" ||
      node === "UnfoldBackward0" ||
      node === "AsStridedBackward0"
    )
      return;
    const x = leaf(2, 3, 4);
    const base = x.clone();
    const view = list(op(base))[0] as torch.Tensor;
    if (["UnbindBackward0", "SplitBackward0", "SplitWithSizesBackward0"].includes(node)) {
      expect(() => view.mul_(0)).toThrow(/one of several results/);
      return;
    }
    view.mul_(0);
    base.sum().backward();
    const kept = torch.ones(2, 3, 4, { dtype: torch.float64 });
    (list(op(kept))[0] as torch.Tensor).zero_();
    expect(x.grad?.tolist()).toEqual(kept.tolist());
  });
});

test("values", () => {
  const x = x234();
  expect(x.select(2, 1).tolist()).toEqual([
    [1, 5, 9],
    [13, 17, 21],
  ]);
  expect(x.at(0).unfold(1, 2, 2).tolist()).toEqual([
    [
      [0, 1],
      [2, 3],
    ],
    [
      [4, 5],
      [6, 7],
    ],
    [
      [8, 9],
      [10, 11],
    ],
  ]);
  expect(x.diagonal(1, 1, 2).tolist()).toEqual([
    [1, 6, 11],
    [13, 18, 23],
  ]);
  expect(
    torch
      .arange(5)
      .tensorSplit([1, 3])
      .map((t) => t.tolist()),
  ).toEqual([[0], [1, 2], [3, 4]]);
  expect(
    torch
      .arange(5)
      .chunk({ chunks: 3 })
      .map((t) => t.tolist()),
  ).toEqual([[0, 1], [2, 3], [4]]);
  expect(torch.movedim(x, { source: 0, destination: 2 }).shape).toEqual([3, 4, 2]);
});

test("asStrided: elements shown several times sum their gradients", () => {
  const x = torch.ones(4, { dtype: torch.float64, requiresGrad: true });
  x.asStrided([3, 2], [1, 1]).sum().backward();
  expect(x.grad?.tolist()).toEqual([1, 2, 2, 1]);
  expect(checkGradients((y) => y.asStrided([3, 3], [2, 1]), leaf(8))).toBe(true);
});

test("asStrided: does not reach beyond the storage", () => {
  expect(() => torch.zeros(4).asStrided([3], [2])).toThrow(/asStrided: expected elements within the storage of 4/);
});

test("view(dtype) sees the bytes", () => {
  const x = torch.tensor([1, -1], { dtype: torch.float32 });
  expect(x.view(torch.int32).tolist()).toEqual([0x3f800000, 0xbf800000 | 0]);
  expect(x.view(torch.uint8).shape).toEqual([8]);
  expect(x.view(torch.float64).shape).toEqual([1]);
  expect(() => torch.zeros(3).view(torch.float64)).toThrow(/multiples of 2/);
});

test("diag, diagEmbed, diagflat", () => {
  expect(torch.diag(torch.tensor([1, 2]), 1).tolist()).toEqual([
    [0, 1, 0],
    [0, 0, 2],
    [0, 0, 0],
  ]);
  expect(
    torch
      .diag(
        torch.tensor([
          [1, 2],
          [3, 4],
        ]),
        -1,
      )
      .tolist(),
  ).toEqual([3]);
  expect(
    torch
      .diagEmbed(
        torch.tensor([
          [1, 2],
          [3, 4],
        ]),
        { dim1: 0, dim2: 2 },
      )
      .tolist(),
  ).toEqual([
    [
      [1, 0],
      [3, 0],
    ],
    [
      [0, 2],
      [0, 4],
    ],
  ]);
  expect(torch.diagflat(torch.tensor([[1], [2]])).tolist()).toEqual([
    [1, 0],
    [0, 2],
  ]);
  expect(checkGradients((x) => torch.diagEmbed(x, 1), leaf(2, 3))).toBe(true);
  expect(checkGradients((x) => torch.diag(x, 1), leaf(3, 3))).toBe(true);
});

test("complex parts are views", () => {
  const z = torch.tensor([
    { re: 1, im: 2 },
    { re: 3, im: -4 },
  ]);
  expect([z.real.tolist(), z.imag.tolist()]).toEqual([
    [1, 3],
    [2, -4],
  ]);
  expect(torch.viewAsReal(z).shape).toEqual([2, 2]);
  expect(torch.viewAsComplex(torch.viewAsReal(z)).tolist()).toEqual(z.tolist());
  expect(z.conj().imag.tolist()).toEqual([-2, 4]);
  expect(torch.complex(torch.ones(2), torch.zeros(2)).dtype).toBe(torch.complex64);
  expect(() => torch.imag(torch.zeros(1))).toThrow(/imag: expected a complex tensor/);
});

test("atleast, broadcastTensors, meshgrid", () => {
  expect(torch.atleast3d(torch.zeros(2, 3)).shape).toEqual([2, 3, 1]);
  expect(torch.atleast2d(torch.tensor(1), torch.zeros(2)).map((t) => t.shape)).toEqual([
    [1, 1],
    [1, 2],
  ]);
  expect(torch.broadcastTensors(torch.zeros(2, 1), torch.zeros(3)).map((t) => t.shape)).toEqual([
    [2, 3],
    [2, 3],
  ]);
  const [a, b] = torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4, 5]), { indexing: "xy" });
  expect([a?.tolist(), b?.tolist()]).toEqual([
    [
      [1, 2],
      [1, 2],
      [1, 2],
    ],
    [
      [3, 3],
      [4, 4],
      [5, 5],
    ],
  ]);
  expect(torch.cartesianProd(torch.tensor([1, 2]), torch.tensor([5])).tolist()).toEqual([
    [1, 5],
    [2, 5],
  ]);
});

test.each<[call: () => unknown, text: RegExp]>([
  [() => x234().select(0, 2), /select: index 2 is out of bounds for dimension 0 with size 2/],
  [() => x234().select(3, 0), /select: expected dim in the range \[-3, 2\], got 3/],
  [() => x234().narrow(1, 2, 2), /narrow: expected start \+ length of at most 3, got 2 \+ 2/],
  [() => x234().view(5, 5), /view: expected a shape with 24 elements, got \[5, 5\]/],
  [() => x234().mT.view(24), /view: expected a shape that needs no copy/],
  [() => x234().expand(2, 3, 5), /expand: expected sizes that stretch only dimensions of size 1/],
  [() => x234().split(0), /split: expected a splitSize of at least 1, got 0/],
  [() => x234().split([1, 3]), /split: expected sizes of at least 0 that sum to 2/],
  [() => x234().unfold(2, 5, 1), /unfold: expected a size of 0 to 4 for dimension 2, got 5/],
  [() => x234().permute(0, 1), /permute: expected 3 dims/],
  [() => x234().transpose(0, { dim: 1 } as never), /transpose: unknown option "dim"/],
  [() => x234().transpose(0 as never), /transpose: expected dim0, dim1, got no dim1/],
  [() => torch.select(3 as never, 0, 0), /select: expected a Tensor as input, got 3/],
  [() => torch.zeros([]).unbind(), /unbind: expected a tensor with at least 1 dimension/],
])("%s is refused", (call, text) => {
  expect(call).toThrow(text);
  expect(call).toThrow(torch.TorchError);
});

test("views of noGrad and of empty tensors", () => {
  expect(numbers(0, 3).reshape(3, 0).shape).toEqual([3, 0]);
  expect(numbers(0, 3).unbind(1).length).toBe(3);
  expect(
    numbers(0, 3)
      .chunk(2)
      .map((t) => t.shape),
  ).toEqual([
    [0, 3],
    [0, 3],
  ]);
});
