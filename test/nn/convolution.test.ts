import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import { nn } from "typetorch";
import { describe, expect, test } from "vitest";

interface Values {
  shape: number[];
  data: number[];
}
interface Layer {
  make: string;
  repr: string;
  input: number[];
  state: Record<string, Values>;
  output: Values;
}

const file = new URL("../golden/convolution.json.gz", import.meta.url);
const { layers } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { layers: Layer[] };

/** What the script makes, in its order. */
const made: (() => nn.Module)[] = [
  () => new nn.Conv1d(4, 6, 3, 2, 1, 2, 2),
  () => new nn.Conv2d(3, 4, [3, 2], { padding: "same", bias: false }),
  () => new nn.Conv2d(2, 4, 3, { padding: [1, 2], paddingMode: "circular" }),
  () => new nn.Conv2d(2, 2, 3, { padding: 2, dilation: 2, paddingMode: "reflect" }),
  () => new nn.Conv1d(2, 2, 4, { padding: "same", paddingMode: "replicate" }),
  () => new nn.Conv3d(2, 2, [1, 2, 3], [1, 2, 1]),
  () => new nn.ConvTranspose1d(3, 4, 3, 2, 1, 1),
  () => new nn.ConvTranspose2d(4, 2, 3, { stride: 2, padding: 1, outputPadding: [1, 0], groups: 2, bias: false }),
  () => new nn.ConvTranspose3d(2, 3, 2, { dilation: 2 }),
];

function numbers(shape: readonly number[]): torch.Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return torch
    .tensor(
      Array.from({ length: n }, (_, i) => (((7919 * i + 104729) % 31) - 15) / 8),
      { dtype: torch.float32 },
    )
    .reshape(shape);
}

test.each(layers.map((layer, i): [string, Layer, () => nn.Module] => [layer.make, layer, made[i] as never]))(
  "%s: weights of the seed, print and results are PyTorch's",
  (_, layer, make) => {
    torch.manualSeed(5);
    const m = make();
    const state = m.stateDict();
    expect(String(m)).toBe(layer.repr);
    expect(Object.keys(state)).toEqual(Object.keys(layer.state));
    for (const [name, { shape, data }] of Object.entries(layer.state)) {
      expect(state[name]?.shape).toEqual(shape);
      expect(state[name]?.flatten().tolist()).toEqual(data);
    }
    const y = m(numbers(layer.input)) as torch.Tensor;
    expect(y.shape).toEqual(layer.output.shape);
    for (const [i, x] of (y.flatten().tolist() as number[]).entries())
      expect(x).toBeCloseTo(layer.output.data[i] as number, 5);
  },
);

test("outputSize chooses among the sizes that a stride leaves open", () => {
  const up = new nn.ConvTranspose2d(1, 2, 3, { stride: 2, padding: 1 });
  const x = torch.ones(1, 1, 4, 4);
  expect(up(x).shape).toEqual([1, 2, 7, 7]);
  expect(up(x, [8, 7]).shape).toEqual([1, 2, 8, 7]);
  expect(up(x, [1, 2, 8, 8]).shape).toEqual([1, 2, 8, 8]);
  expect(up(torch.ones(1, 4, 4), [8, 8]).shape).toEqual([2, 8, 8]);
  expect(() => up(x, [9, 8])).toThrow("expected outputSize from [7, 7] to [8, 8], got [9, 8]");
  expect(() => up(x, [8])).toThrow("expected 2 or 4 numbers as outputSize, got [8]");
});

describe("refusals", () => {
  test.each<[string, () => unknown, string]>([
    [
      "groups",
      () => new nn.Conv2d(3, 4, 3, { groups: 2 }),
      "Conv2d: expected inChannels to be a multiple of groups (2), got 3",
    ],
    ["no groups", () => new nn.Conv1d(4, 4, 3, { groups: 0 }), "Conv1d: expected groups of at least 1, got 0"],
    [
      "padding",
      () => new nn.Conv2d(4, 4, 3, { padding: "full" as never }),
      'Conv2d: expected numbers, "same" or "valid" as padding, got "full"',
    ],
    [
      "same",
      () => new nn.Conv2d(4, 4, 3, { padding: "same", stride: 2 }),
      'Conv2d: expected stride 1 with padding "same", got [2, 2]',
    ],
    [
      "mode",
      () => new nn.Conv2d(4, 4, 3, { paddingMode: "x" as never }),
      'Conv2d: expected one of zeros, reflect, replicate, circular as paddingMode, got "x"',
    ],
    [
      "transposed mode",
      () => new nn.ConvTranspose1d(4, 4, 3, { paddingMode: "reflect" as never }),
      'ConvTranspose1d: expected "zeros" as paddingMode, got "reflect"',
    ],
    ["kernel", () => new nn.Conv2d(4, 4, [3, 3, 3]), "Conv2d: expected a whole number or 2 of them as kernelSize"],
    ["option", () => new nn.Conv2d(4, 4, 3, { outputPadding: 1 } as never), 'unknown option "outputPadding"'],
    [
      "nothing",
      () => new nn.Conv2d(4, 4, {} as never),
      "Conv2d: expected inChannels, outChannels, kernelSize, got no kernelSize",
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("lazy layers", () => {
  test.each<[string, () => nn.Module, torch.Tensor, string]>([
    [
      "LazyConv1d(0, 4, kernel_size=(3,), stride=(1,), padding=same, bias=False, padding_mode=circular)",
      () => new nn.LazyConv1d(4, 3, { padding: "same", paddingMode: "circular", bias: false }),
      torch.ones(2, 3, 5),
      "Conv1d(3, 4, kernel_size=(3,), stride=(1,), padding=same, bias=False, padding_mode=circular)",
    ],
    [
      "LazyConv2d(0, 4, kernel_size=(3, 3), stride=(1, 1), groups=2)",
      () => new nn.LazyConv2d(4, 3, { groups: 2 }),
      torch.ones(2, 5, 5),
      "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), groups=2)",
    ],
    [
      "LazyConv3d(0, 4, kernel_size=(3, 3, 3), stride=(1, 1, 1), dilation=(2, 2, 2))",
      () => new nn.LazyConv3d(4, 3, { dilation: 2 }),
      torch.ones(1, 1, 5, 5, 5),
      "Conv3d(1, 4, kernel_size=(3, 3, 3), stride=(1, 1, 1), dilation=(2, 2, 2))",
    ],
    [
      "LazyConvTranspose1d(0, 4, kernel_size=(3,), stride=(2,), output_padding=(1,))",
      () => new nn.LazyConvTranspose1d(4, 3, { stride: 2, outputPadding: 1 }),
      torch.ones(2, 3, 5),
      "ConvTranspose1d(3, 4, kernel_size=(3,), stride=(2,), output_padding=(1,))",
    ],
    [
      "LazyConvTranspose2d(0, 4, kernel_size=(3, 3), stride=(1, 1), groups=2)",
      () => new nn.LazyConvTranspose2d(4, 3, { groups: 2 }),
      torch.ones(2, 2, 5, 5),
      "ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(1, 1), groups=2)",
    ],
    [
      "LazyConvTranspose3d(0, 4, kernel_size=(1, 1, 1), stride=(1, 1, 1))",
      () => new nn.LazyConvTranspose3d(4, 1),
      torch.ones(2, 2, 2, 2, 2),
      "ConvTranspose3d(2, 4, kernel_size=(1, 1, 1), stride=(1, 1, 1))",
    ],
  ])("%s", (before, make, x, after) => {
    const m = make();
    expect(String(m)).toBe(before);
    torch.manualSeed(3);
    const y = m(x) as torch.Tensor;
    expect(String(m)).toBe(after);
    // The same layer, loaded before its first call.
    const loaded = make();
    loaded.loadStateDict(m.stateDict());
    expect((loaded(x) as torch.Tensor).tolist()).toEqual(y.tolist());
    expect(String(loaded)).toBe(after);
  });

  test("draw the weights of a layer that knew its channels", () => {
    torch.manualSeed(3);
    const eager = new nn.Conv2d(2, 4, 3);
    const lazy = new nn.LazyConv2d(4, 3);
    torch.manualSeed(3);
    lazy(torch.ones(1, 2, 5, 5));
    expect(lazy.weight.tolist()).toEqual(eager.weight.tolist());
    expect(lazy.bias?.tolist()).toEqual(eager.bias?.tolist());
  });

  test("refuse an input without channels", () => {
    expect(() => new nn.LazyConv2d(4, 3)(torch.ones(3))).toThrow(
      "LazyConv2d: expected an input of 3 dimensions, or 4 with a batch, got shape [3]",
    );
    expect(() => new nn.LazyConv2d(4, 3, { groups: 2 })(torch.ones(1, 3, 4, 4))).toThrow(
      "expected channels to be a multiple of groups (2), got 3 and 4",
    );
  });
});
