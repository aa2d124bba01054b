/** Convolutions against what PyTorch gave (test/golden/convolution.py), against whole numbers, and against differences. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import { afterEach, describe, expect, test } from "vitest";
import { engine } from "../../src/backends/cpu/engine.ts";
import { checkGradients, leaf } from "./gradients.ts";

const F = torch.nn.functional;

interface Values {
  shape: number[];
  data: (number | [number, number])[];
}
type Options = Record<string, number | number[] | string>;
interface Case {
  dims: 1 | 2 | 3;
  transposed: boolean;
  dtype: "float32" | "float64" | "int64";
  input: number[];
  weight: number[];
  bias: boolean;
  options: Options;
  error?: string;
  output?: Values;
  grads?: number[][];
  node?: string;
}

const file = new URL("../golden/convolution.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: Case[] };

const dtypes = { float32: torch.float32, float64: torch.float64, int64: torch.int64 } as const;
const convs = { 1: F.conv1d, 2: F.conv2d, 3: F.conv3d } as const;
const transposes = { 1: F.convTranspose1d, 2: F.convTranspose2d, 3: F.convTranspose3d } as const;
type Conv = (input: torch.Tensor, weight: torch.Tensor, options: object) => torch.Tensor;
const convOf = (dims: 1 | 2 | 3, transposed: boolean) => (transposed ? transposes : convs)[dims] as Conv;

/** The script's numbers. */
function numbers(salt: number, shape: readonly number[], dtype: torch.DType): torch.Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  const eighths = Array.from({ length: n }, (_, i) => ((7919 * i + 104729 * salt) % 31) - 15);
  const data = dtype.isFloatingPoint || dtype.isComplex ? eighths.map((x) => x / 8) : eighths;
  return torch.tensor(data, { dtype: torch.float64 }).reshape(shape).to(dtype);
}

const camel = (options: Options) =>
  Object.fromEntries(Object.entries(options).map(([k, v]) => [k.replace("output_padding", "outputPadding"), v]));
const titled = <C extends Case>(list: C[]) =>
  list.map((c, i): [string, C] => [`${i} ${c.transposed ? "T" : ""}${c.dims}d ${JSON.stringify(c.options)}`, c]);

function operands({ input, weight, bias, dtype, transposed, options }: Case) {
  const groups = options.groups as number;
  const outs = transposed ? (weight[1] as number) * groups : (weight[0] as number);
  return [numbers(1, input, dtypes[dtype]), numbers(2, weight, dtypes[dtype])].concat(
    bias ? [numbers(3, [outs], dtypes[dtype])] : [],
  );
}

describe("as PyTorch's, to the bit", () => {
  test.each(titled(cases.filter((c) => c.output)))("%s", (_, c) => {
    const leaves = operands(c);
    if (c.grads) for (const t of leaves) t.requiresGrad_();
    const [x, w, bias = null] = leaves as [torch.Tensor, torch.Tensor, torch.Tensor?];
    const y = convOf(c.dims, c.transposed)(x, w, { bias, ...camel(c.options) });
    expect(y.shape).toEqual(c.output?.shape);
    expect(y.flatten().tolist()).toEqual(c.output?.data);
    if (!c.grads) return;
    expect(y.gradFn?.name()).toBe(c.node);
    y.backward(numbers(4, y.shape, y.dtype));
    expect(leaves.map((t) => t.grad?.flatten().tolist())).toEqual(c.grads);
  });

  test.each(titled(cases.filter((c) => c.error)))("refused: %s", (_, c) => {
    const [x, w, bias = null] = operands(c) as [torch.Tensor, torch.Tensor, torch.Tensor?];
    expect(() => convOf(c.dims, c.transposed)(x, w, { bias, ...camel(c.options) })).toThrow(
      /^conv(Transpose)?\dd: expected /,
    );
  });
});

/** Sizes that fill panels, leave remainders and cross samples: [input, weight, options]. */
const large: [string, 1 | 2 | 3, number[], number[], Options][] = [
  ["many channels", 2, [3, 40, 9, 11], [50, 40, 3, 3], { padding: 1 }],
  ["groups of many channels", 2, [3, 64, 13, 8], [70, 32, 3, 3], { groups: 2 }],
  ["few channels of large planes", 2, [1, 4, 150, 130], [9, 4, 3, 3], { padding: [2, 1] }],
  ["few places of many channels", 2, [5, 40, 3, 2], [130, 20, 3, 3], { groups: 2, padding: 1 }],
  ["a step", 2, [2, 20, 17, 16], [33, 20, 3, 3], { padding: 1, stride: 2 }],
  ["no kernel", 2, [4, 70, 7, 7], [64, 70, 1, 1], {}],
  ["no kernel, whole vectors of places", 2, [3, 300, 12, 12], [40, 300, 1, 1], {}],
  ["no kernel, whole panels and half of one", 2, [2, 20, 20, 28], [66, 10, 1, 1], { groups: 2 }],
  ["no kernel, planes in the same sets of a cache", 2, [2, 24, 16, 16], [20, 24, 1, 1], {}],
  ["no kernel of sequences", 1, [4, 30, 80], [17, 30, 1], {}],
  ["a step without kernel", 2, [2, 32, 8, 8], [40, 32, 1, 1], { stride: 2 }],
  ["groups", 2, [2, 12, 14, 14], [24, 3, 3, 3], { groups: 4, padding: 1 }],
  ["one channel a group", 2, [3, 20, 15, 17], [20, 1, 3, 3], { groups: 20, padding: 1 }],
  ["two results a channel", 2, [2, 6, 12, 12], [12, 1, 5, 5], { groups: 6, padding: 2, stride: 2 }],
  ["a large first kernel", 2, [1, 3, 40, 41], [16, 3, 7, 7], { padding: 3, stride: 2 }],
  ["one place", 2, [2, 300, 2, 2], [20, 300, 2, 2], {}],
  ["dilation", 2, [2, 10, 20, 20], [15, 10, 3, 3], { dilation: 3, padding: 3 }],
  ["sequences", 1, [3, 30, 100], [17, 30, 9], { padding: 4, stride: 3 }],
  ["a long kernel", 1, [2, 1, 700], [3, 1, 400], { padding: 100 }],
  ["volumes", 3, [2, 6, 6, 7, 8], [10, 6, 3, 3, 3], { padding: 1, stride: [1, 2, 2] }],
  ["narrow planes", 2, [5, 6, 14, 14], [16, 6, 5, 5], {}],
  ["narrow planes with steps", 2, [3, 5, 11, 9], [19, 5, 3, 3], { padding: [2, 1], stride: [1, 2], dilation: [2, 1] }],
  ["narrow planes of groups", 2, [7, 6, 9, 10], [32, 3, 3, 4], { groups: 2, padding: [0, 3], stride: [3, 1] }],
  ["narrow sequences", 1, [3, 7, 10], [16, 7, 4], { padding: 2 }],
  ["narrow volumes", 3, [3, 4, 5, 6, 7], [32, 2, 2, 3, 3], { groups: 2, padding: 1, stride: [2, 1, 1] }],
];

const { isa: best, isas } = engine.info();
afterEach(() => engine.setIsa(best));

describe.each(isas)("whole numbers, exactly, by %s", (isa) => {
  test.each(large)("%s", (_, dims, input, weight, options) => {
    engine.setIsa(isa);
    const whole = (salt: number, shape: readonly number[]) => numbers(salt, shape, torch.int64);
    const [xi, wi, bi] = [whole(1, input), whole(2, weight), whole(3, [weight[0] as number])];
    const [conv, transpose] = [convOf(dims, false), convOf(dims, true)];
    const expected = conv(xi, wi, { bias: bi, ...options });
    const gi = whole(4, expected.shape);
    for (const dtype of [torch.float32, torch.float64]) {
      const [x, w, bias] = [xi, wi, bi].map((t) => t.to(dtype).requiresGrad_()) as [
        torch.Tensor,
        torch.Tensor,
        torch.Tensor,
      ];
      const y = conv(x, w, { bias, ...options });
      expect(torch.equal(y.detach().to(torch.int64), expected)).toBe(true);
      y.backward(gi.to(dtype));
      // The input gradient is the transpose, and the weight gradient the one number that fits every direction.
      const at = (name: string, i: number, usual: number) => {
        const given = options[name] ?? usual;
        return (Array.isArray(given) ? given[i] : given) as number;
      };
      const outputPadding = input
        .slice(2)
        .map(
          (n, i) =>
            n -
            (((y.shape[2 + i] as number) - 1) * at("stride", i, 1) -
              2 * at("padding", i, 0) +
              at("dilation", i, 1) * ((weight[2 + i] as number) - 1) +
              1),
        );
      const back = transpose(gi, wi, { ...options, outputPadding });
      expect(torch.equal(x.grad?.to(torch.int64) as torch.Tensor, back)).toBe(true);
      for (const salt of [5, 6]) {
        const direction = whole(salt, weight);
        expect(w.grad?.to(torch.int64).mul(direction).sum().item()).toBe(
          conv(xi, direction, options).mul(gi).sum().item(),
        );
      }
      expect(bias.grad?.tolist()).toEqual(gi.sum([0, ...input.slice(2).map((_, i) => 2 + i)]).tolist());
    }
  });
});

test("what is infinite stays within its window", () => {
  const x = torch.zeros([1, 6, 14, 14], { requiresGrad: true });
  const w = torch.ones([16, 6, 5, 5], { requiresGrad: true });
  const grad = torch.zeros([1, 16, 10, 10]);
  grad.setAt([0, 3, 4, 4], Number.POSITIVE_INFINITY);
  F.conv2d(x, w).backward(grad);
  const expected = torch.zeros([1, 6, 14, 14]);
  expected.setAt([0, ":", "4:9", "4:9"], Number.POSITIVE_INFINITY);
  expect(torch.equal(x.grad as torch.Tensor, expected)).toBe(true);
  expect(w.grad?.isnan().sum([1, 2, 3]).tolist()).toEqual(Array.from({ length: 16 }, (_, o) => (o === 3 ? 150 : 0)));
});

test("many channels round no worse than a plain sum", () => {
  torch.manualSeed(0);
  const x = torch.randn([2, 128, 14, 15], { dtype: torch.float64 });
  const w = torch.randn([64, 128, 3, 3], { dtype: torch.float64 }).div(Math.sqrt(128 * 9)); // results of about 1
  const [x32, w32] = [x.float(), w.float()];
  const exact = F.unfold(x32.double(), 3, { padding: 1 });
  const expected = w32.double().reshape(64, -1).matmul(exact).reshape(2, 64, 14, 15);
  const error = F.conv2d(x32, w32, { padding: 1 }).double().sub(expected);
  // One after the other, the 1152 terms would round to 6e-7.
  expect(error.pow(2).mean().sqrt().item()).toBeLessThan(6e-7);
  expect(error.abs().max().item()).toBeLessThan(5e-6);
});

describe("derivatives of both orders", () => {
  test.each<[string, () => boolean]>([
    [
      "with everything",
      () =>
        checkGradients(
          (x, w, b) => F.conv2d(x, w, b, [2, 1], 1, [1, 2], 2),
          leaf(2, 2, 4, 4),
          leaf(2, 1, 2, 2),
          leaf(2),
        ),
    ],
    ["same", () => checkGradients((x, w) => F.conv1d(x, w, { padding: "same" }), leaf(1, 2, 5), leaf(2, 2, 2))],
    ["one sample", () => checkGradients((x, w) => F.conv3d(x, w), leaf(1, 2, 2, 3), leaf(1, 1, 1, 2, 2))],
    [
      "transposed",
      () =>
        checkGradients(
          (x, w, b) => F.convTranspose2d(x, w, b, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }),
          leaf(1, 2, 2, 3),
          leaf(2, 1, 3, 2),
          leaf(2),
        ),
    ],
    [
      "only the bias",
      () => checkGradients((b) => F.conv1d(leaf(1, 1, 3).detach(), leaf(2, 1, 2).detach(), b.mul(b)), leaf(2)),
    ],
  ])("%s", (_, check) => {
    expect(check()).toBe(true);
  });

  test("complex numbers", () => {
    const complex = (...shape: number[]) =>
      torch
        .complex(
          leaf(...shape).detach(),
          leaf(...shape)
            .detach()
            .neg()
            .cos(),
        )
        .requiresGrad_();
    const [x, w, b] = [complex(1, 2, 4), complex(2, 2, 2), complex(2)];
    expect(
      torch.autograd.gradcheck(
        (x, w, b) => F.conv1d(x as torch.Tensor, w as torch.Tensor, b as torch.Tensor, 1, 1),
        [x, w, b],
      ),
    ).toBe(true);
  });

  test("only the gradients that are asked for, and the same node for them as PyTorch", () => {
    const [x, w] = [leaf(1, 2, 4, 4), leaf(3, 2, 2, 2)];
    const y = F.conv2d(x, w);
    expect(y.gradFn?.name()).toBe("ConvolutionBackward0");
    const [grad] = torch.autograd.grad(y.sum(), [w], { createGraph: true }) as [torch.Tensor];
    expect(grad.gradFn?.name()).toBe("ConvolutionBackwardBackward0");
    const frozen = F.conv2d(x.detach(), w).sum();
    frozen.backward();
    expect([x.grad, w.grad?.shape]).toEqual([null, [3, 2, 2, 2]]);
  });
});

describe("dtypes and layouts", () => {
  test.each([torch.bfloat16, torch.float16])("%s computes in float32 and rounds once", (dtype) => {
    const [x, w] = [numbers(1, [2, 40, 5, 5], dtype).mul(0.37), numbers(2, [3, 40, 3, 3], dtype).mul(0.91)];
    const y = F.conv2d(x, w);
    expect(y.dtype).toBe(dtype);
    expect(torch.equal(y, F.conv2d(x.float(), w.float()).to(dtype))).toBe(true);
  });

  test.each([torch.uint8, torch.int8, torch.int16, torch.int32])("%s wraps", (dtype) => {
    const [x, w] = [torch.full([1, 4, 3], 100, { dtype }), torch.full([1, 4, 2], 90, { dtype })];
    expect(F.conv1d(x, w).tolist()).toEqual(torch.full([1, 1, 2], 72000).to(torch.int32).to(dtype).tolist());
  });

  test("transposed, sliced and expanded operands", () => {
    const x = numbers(1, [4, 7, 2, 6], torch.float32).permute(2, 0, 3, 1);
    const w = numbers(2, [3, 8, 3, 2], torch.float32).at(":", "::2").transpose(2, 3);
    const bias = torch.ones(1).expand(3);
    expect(torch.equal(F.conv2d(x, w, bias), F.conv2d(x.clone().contiguous(), w.contiguous(), bias.contiguous()))).toBe(
      true,
    );
  });

  test("an empty batch, and no channels, as PyTorch has them", () => {
    const w = leaf(6, 4, 3, 3);
    const y = F.conv2d(torch.zeros([0, 4, 8, 8], { dtype: torch.float64 }), w);
    expect(y.shape).toEqual([0, 6, 6, 6]);
    y.sum().backward();
    expect(w.grad?.abs().sum().item()).toBe(0);
    expect(F.conv2d(torch.zeros(2, 0, 8, 8), torch.zeros(6, 0, 3, 3)).shape).toEqual([2, 0, 6, 6]);
    expect(F.convTranspose2d(torch.zeros(0, 4, 8, 8), torch.zeros(4, 6, 3, 3)).shape).toEqual([0, 6, 10, 10]);
  });
});

describe("other names", () => {
  test("torch.convolution is both kinds", () => {
    const [x, w] = [numbers(1, [2, 4, 6], torch.float32), numbers(2, [4, 3, 2], torch.float32)];
    expect(
      torch.equal(
        torch.convolution(x, w.transpose(0, 1), null, [2], [1], [1], false, [0], 1),
        torch.conv1d(x, w.transpose(0, 1), null, 2, 1),
      ),
    ).toBe(true);
    expect(
      torch.equal(
        torch.convolution(x, w, null, [2], [1], [1], true, [1], 1),
        torch.convTranspose1d(x, w, null, 2, 1, 1),
      ),
    ).toBe(true);
  });

  test("convTbc has time first and channels last", () => {
    const [x, w, b] = [
      numbers(1, [5, 2, 3], torch.float32),
      numbers(2, [3, 3, 4], torch.float32),
      numbers(3, [4], torch.float32),
    ];
    const expected = F.conv1d(x.permute(1, 2, 0), w.permute(2, 1, 0), b, { padding: 1 }).permute(2, 0, 1);
    expect(F.convTbc(x, w, b, 1).tolist()).toEqual(expected.tolist());
  });
});

describe("refusals", () => {
  const [x, w] = [torch.zeros(2, 4, 8, 8), torch.zeros(6, 4, 3, 3)];
  test.each<[string, () => unknown, string]>([
    [
      "input without channels",
      () => F.conv2d(torch.zeros(4, 8), w),
      "conv2d: expected an input of 3 dimensions, or 4 with a batch, got shape [4, 8]",
    ],
    [
      "weight",
      () => F.conv2d(x, torch.zeros(6, 4, 3)),
      "conv2d: expected a weight of 4 dimensions, got shape [6, 4, 3]",
    ],
    [
      "channels",
      () => F.conv2d(torch.zeros(2, 3, 8, 8), w),
      "conv2d: expected an input of 4 channels for a weight of shape [6, 4, 3, 3] and 1 groups, got shape [2, 3, 8, 8]",
    ],
    [
      "groups",
      () => F.conv2d(x, torch.zeros(5, 2, 3, 3), { groups: 2 }),
      "conv2d: expected weight.shape[0] to be a multiple of groups (2) and at least 1, got weight of shape [5, 2, 3, 3]",
    ],
    ["no groups", () => F.conv2d(x, w, { groups: 0 }), "conv2d: expected groups of at least 1, got 0"],
    ["stride", () => F.conv2d(x, w, { stride: [1, 0] }), "conv2d: expected stride of at least 1, got [1, 0]"],
    ["padding", () => F.conv2d(x, w, { padding: -1 }), "conv2d: expected padding of at least 0, got [-1, -1]"],
    ["dilation", () => F.conv2d(x, w, { dilation: 0 }), "conv2d: expected dilation of at least 1, got [0, 0]"],
    [
      "padding by name",
      () => F.conv2d(x, w, { padding: "full" as never }),
      'conv2d: expected numbers, "same" or "valid" as padding, got "full"',
    ],
    [
      "same with a stride",
      () => F.conv2d(x, w, { padding: "same", stride: 2 }),
      'conv2d: expected stride 1 with padding "same", got [2, 2]',
    ],
    [
      "a large kernel",
      () => F.conv2d(x, torch.zeros(6, 4, 9, 3)),
      "conv2d: expected an input at least as large as the kernel, got size 8 with padding 0, and a kernel that reaches over 9",
    ],
    [
      "no kernel",
      () => F.conv2d(x, torch.zeros(6, 4, 0, 3)),
      "conv2d: expected kernel sizes of at least 1, got [0, 3]",
    ],
    [
      "no place",
      () => F.conv2d(torch.zeros(2, 4, 0, 8), w, { padding: 2 }),
      "conv2d: expected no empty dimension but batch and channels, got an input of shape [2, 4, 0, 8]",
    ],
    [
      "dtypes",
      () => F.conv2d(x, w.double()),
      "conv2d: expected input and weight in one dtype, got torch.float32 and torch.float64",
    ],
    [
      "the bias's dtype",
      () => F.conv2d(x, w, torch.zeros([6], { dtype: torch.int64 })),
      "conv2d: expected input and bias in one dtype, got torch.float32 and torch.int64",
    ],
    ["the bias's shape", () => F.conv2d(x, w, torch.zeros(5)), "conv2d: expected a bias of shape [6], got [5]"],
    ["bool", () => F.conv2d(x.bool(), w.bool()), "conv2d: expected numbers, got torch.bool"],
    [
      "outputPadding",
      () => F.convTranspose2d(x, torch.zeros(4, 6, 3, 3), { stride: 2, outputPadding: 2 }),
      "convTranspose2d: expected outputPadding smaller than stride or dilation, got [2, 2] with stride [2, 2] and dilation [1, 1]",
    ],
    [
      "nothing left",
      () => F.convTranspose2d(torch.zeros(1, 4, 1, 1), torch.zeros(4, 6, 3, 3), { padding: 2 }),
      "convTranspose2d: expected a result with elements, got size -1 from size 1 with padding 2",
    ],
    ["no tensor", () => F.conv2d(x, 3 as never), "conv2d: expected a Tensor as weight, got 3"],
    [
      "four dimensions",
      () => torch.convolution(torch.zeros(1, 1, 2, 2, 2, 2), torch.zeros(1, 1, 1, 1, 1, 1), null, 1, 0, 1, false, 0, 1),
      "convolution: expected input and weight of 3, 4 or 5 dimensions",
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
