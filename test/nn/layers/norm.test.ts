/** What golden values cannot say of the normalisations: refusals, what checkpoints lack, PyTorch 2's parameters. */
import * as torch from "typetorch";
import { nn } from "typetorch";
import { describe, expect, test } from "vitest";

const x = torch.ones(2, 3, 4);

test.each<[string, () => unknown, string]>([
  [
    "no channels",
    () => new nn.BatchNorm2d(undefined as never),
    "BatchNorm2d: expected numFeatures, got no numFeatures",
  ],
  ["half channels", () => new nn.BatchNorm1d(1.5), "BatchNorm1d: expected a whole number as numFeatures, got 1.5"],
  ["fewer than none", () => new nn.InstanceNorm1d(-1), "InstanceNorm1d: expected numFeatures of at least 0, got -1"],
  ["an option", () => new nn.BatchNorm2d(3, { epsilon: 1 } as never), 'BatchNorm2d: unknown option "epsilon"; it kn'],
  ["dimensions", () => new nn.BatchNorm2d(3)(x), "BatchNorm2d: expected an input of shape [N, 3, H, W], got [2, 3, 4]"],
  ["dimensions", () => new nn.BatchNorm1d(3)(torch.ones(3)), "expected an input of shape [N, 3] or [N, 3, L], got [3]"],
  ["no tensor", () => new nn.BatchNorm1d(3)(3 as never), "BatchNorm1d: expected a Tensor as input, got 3"],
  ["channels", () => new nn.BatchNorm1d(4)(x), "BatchNorm1d: expected an input of shape [N, 4] or [N, 4, L], got [2"],
  [
    "dimensions",
    () => new nn.InstanceNorm2d(3)(torch.ones(3)),
    "InstanceNorm2d: expected an input of shape [C, H, W] or",
  ],
  [
    "one value",
    () => new nn.BatchNorm1d(3)(torch.ones(1, 3)),
    "batchNorm: expected more than 1 value per channel in tr",
  ],
  ["groups", () => new nn.GroupNorm(4, 6), "GroupNorm: expected a numChannels that numGroups divides, got 6 and 4"],
  ["no shape", () => new nn.LayerNorm([]), "LayerNorm: expected sizes in normalizedShape"],
  ["another shape", () => new nn.LayerNorm(3)(x), "layerNorm: expected an input of shape [*, 3] for normalizedShape"],
  ["no size", () => new nn.LocalResponseNorm(0), "LocalResponseNorm: expected a size of at least 1, got 0"],
  ["dimensions", () => new nn.CrossMapLRN2d(3)(x), "CrossMapLRN2d: expected an input of shape [N, C, H, W], got [2,"],
])("refused: %s", (_, call, message) => {
  expect(call).toThrow(torch.TorchError);
  expect(call).toThrow(message);
});

test("an error inside of a model names the layer", () => {
  const model = new nn.Sequential(new nn.Identity(), new nn.Sequential(new nn.BatchNorm2d(3)));
  expect(() => model(x)).toThrow(
    "BatchNorm2d: expected an input of shape [N, 3, H, W], got [2, 3, 4] (in 1.0 of Sequential)",
  );
});

test("LayerNorm without bias", () => {
  const layer = new nn.LayerNorm(4, { bias: false });
  expect(Object.keys(layer.stateDict())).toEqual(["weight"]);
  expect(
    layer(torch.arange(8, { dtype: torch.float32 }).view(2, 4))
      .sum()
      .item(),
  ).toBeCloseTo(0, 5);
});

describe("checkpoints", () => {
  test("of before 0.4.1, without num_batches_tracked", () => {
    const model = new nn.Sequential(new nn.BatchNorm1d(3));
    model(torch.randn(4, 3));
    const { "0.num_batches_tracked": _, ...state } = model.stateDict();
    const other = new nn.Sequential(new nn.BatchNorm1d(3));
    expect(String(other.loadStateDict(state))).toBe("<All keys matched successfully>");
    expect(other[0]?.getBuffer("running_mean").tolist()).toEqual(state["0.running_mean"]?.tolist());
    expect(other[0]?.getBuffer("num_batches_tracked").item()).toBe(0);
  });

  test("a lazy layer takes its channels from what it loads", () => {
    const known = new nn.BatchNorm1d(3);
    known(torch.randn(4, 3));
    const lazy = new nn.LazyBatchNorm1d();
    expect(lazy.hasUninitializedParams()).toBe(true);
    lazy.loadStateDict(known.stateDict());
    lazy.eval();
    expect(lazy(torch.zeros(2, 3)).tolist()).toEqual(known.eval()(torch.zeros(2, 3)).tolist());
    expect(String(lazy)).toBe(String(known));
    expect(lazy).toBeInstanceOf(nn.BatchNorm1d);
  });
});
