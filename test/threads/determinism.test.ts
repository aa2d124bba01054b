/** @file The same bits each time, and with `useDeterministicAlgorithms` for any number of threads. */
import { afterEach, describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { largeOps } from "./large-ops.mjs";

const threads = torch.getNumThreads();
afterEach(() => {
  torch.setNumThreads(threads);
  torch.useDeterministicAlgorithms(false);
  torch.utils.deterministic.fillUninitializedMemory = true;
});

/** As bytes, so that NaN equals itself and −0 differs from 0. */
const bits = (tensors: readonly torch.Tensor[]) =>
  tensors.map((t) => Buffer.from(t.contiguous().clone().numpy().buffer as ArrayBuffer));

function bitsWith(count: number, run: () => torch.Tensor[]): Buffer[] {
  torch.setNumThreads(count);
  return bits(run());
}

const equal = (a: readonly Buffer[], b: readonly Buffer[]) =>
  a.length === b.length && a.every((x, i) => x.equals(b[i] as Buffer));

const ops = largeOps(torch);

test.each([...ops])("%s: the same bits twice, and with any number of threads", (_, run) => {
  torch.useDeterministicAlgorithms(true);
  const one = bitsWith(1, run);
  for (const count of [3, 2, 3]) expect(equal(bitsWith(count, run), one)).toBe(true);
});

// Which divide their sums by the number of threads.
test.each([...ops].filter(([name]) => /conv|training/.test(name)))(
  "%s: the same bits twice without being asked",
  (_, run) => {
    expect(equal(bitsWith(3, run), bitsWith(3, run))).toBe(true);
  },
);

test("without being asked to, the gradient of a convolution's weights rounds with the number of threads", () => {
  const run = ops.get("conv2d 3x3") as () => torch.Tensor[];
  const [one, three] = [1, 3].map((count) => {
    torch.setNumThreads(count);
    return run();
  }) as [torch.Tensor[], torch.Tensor[]];
  expect(equal(bits(one), bits(three))).toBe(false);
  for (const [i, x] of one.entries()) expect(torch.allclose(x, three[i] as torch.Tensor, 1e-4, 1e-3)).toBe(true);
});

describe("the settings", () => {
  const settings = () => [
    torch.areDeterministicAlgorithmsEnabled(),
    torch.isDeterministicAlgorithmsWarnOnlyEnabled(),
    torch.getDeterministicDebugMode(),
  ];
  // PyTorch 1.13.1 prints the same.
  test.each([
    [() => torch.useDeterministicAlgorithms(false), [false, false, 0]],
    [() => torch.useDeterministicAlgorithms(true), [true, false, 2]],
    [() => torch.useDeterministicAlgorithms(true, { warnOnly: true }), [true, true, 1]],
    [() => torch.useDeterministicAlgorithms(false, { warnOnly: true }), [false, true, 0]],
    [() => torch.setDeterministicDebugMode("warn"), [true, true, 1]],
    [() => torch.setDeterministicDebugMode(2), [true, false, 2]],
    [() => torch.setDeterministicDebugMode("default"), [false, false, 0]],
  ])("%s", (set, expected) => {
    set();
    expect(settings()).toEqual(expected);
  });

  test("refuse what they do not know", () => {
    const wrong: [() => void, string][] = [
      [
        () => torch.useDeterministicAlgorithms(1 as never),
        "useDeterministicAlgorithms: expected mode to be a boolean, got 1",
      ],
      [
        () => torch.useDeterministicAlgorithms(true, { warnOnly: "yes" as never }),
        'useDeterministicAlgorithms: expected warnOnly to be a boolean, got "yes"',
      ],
      [() => torch.useDeterministicAlgorithms(true, { warn: true } as never), 'unknown option "warn"'],
      [() => torch.setDeterministicDebugMode("off" as never), 'got "off"'],
      [() => torch.setDeterministicDebugMode(3 as never), "got 3"],
    ];
    for (const [call, text] of wrong) expect(call).toThrow(text);
    expect(settings()).toEqual([false, false, 0]);
  });
});

describe("memory that nothing was written to", () => {
  const values = () => [
    torch.empty([2]).tolist(),
    torch.emptyLike(torch.zeros([1], { dtype: torch.complex64 })).tolist(),
    torch.empty([1], { dtype: torch.int8 }).tolist(),
    torch.empty([1], { dtype: torch.int64 }).at(0).itemBigInt(),
    torch.zeros([1]).newEmpty([1], { dtype: torch.bool }).tolist(),
    torch.ones([2]).resize_(3).tolist(),
  ];

  test("is filled with what stands out", () => {
    torch.useDeterministicAlgorithms(true);
    const nan = Number.NaN;
    expect(values()).toEqual([[nan, nan], [{ re: nan, im: nan }], [127], 2n ** 63n - 1n, [true], [1, 1, nan]]);
  });

  test("is left as it is, if so wished", () => {
    torch.useDeterministicAlgorithms(true);
    torch.utils.deterministic.fillUninitializedMemory = false;
    expect(torch.utils.deterministic.fillUninitializedMemory).toBe(false);
    const before = torch.full([4096], 7.5);
    expect(before.resize_(2).tolist()).toEqual([7.5, 7.5]);
  });
});
