import * as torch from "typetorch";
import { nn, optim, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const { AveragedModel, getEmaAvgFn, getEmaMultiAvgFn, getSwaAvgFn, getSwaMultiAvgFn, updateBn } = optim.swaUtils;

/** A model with parameters of two dtypes, and buffers of a float and an integer dtype. */
class Net extends nn.Module {
  a = new nn.Parameter(torch.zeros(2));
  b = new nn.Parameter(torch.zeros(1, { dtype: torch.float64 }));
  norm = new nn.BatchNorm1d(2);
  override forward(x: Tensor): Tensor {
    return this.norm(x.mul(this.a)).add(this.b);
  }
}

function fill(net: Net, x: number): void {
  torch.noGrad(() => {
    for (const t of [net.a, net.b, net.norm.runningMean as Tensor, net.norm.numBatchesTracked as Tensor]) t.fill_(x);
  });
}

const numbers = ({ a, b, norm }: Net) => [
  ...(a.tolist() as number[]),
  ...(b.tolist() as number[]),
  (norm.runningMean as Tensor).at(0).item(),
  (norm.numBatchesTracked as Tensor).item(),
];

describe("AveragedModel", () => {
  const ema = [2, 0.75 * 2 + 0.25 * 6, 0.75 * 3 + 0.25 * 11];
  const swa = [2, 4, 19 / 3];
  test.each<[string, object, number[]]>([
    ["the plain average", {}, swa],
    ["by a function", { avgFn: getSwaAvgFn() }, swa],
    ["by a function of many", { multiAvgFn: getSwaMultiAvgFn() }, swa],
    ["exponential", { avgFn: getEmaAvgFn(0.75) }, ema],
    ["exponential, many", { multiAvgFn: getEmaMultiAvgFn(0.75) }, ema],
    ["the user's own", { avgFn: (a: Tensor, x: Tensor, n: number) => a.add(x.mul(n)) }, [2, 8, 30]],
  ])("averages: %s", (_, options, expected) => {
    for (const useBuffers of [false, true]) {
      const net = new Net();
      const averaged = new AveragedModel(net, { ...options, useBuffers });
      for (const [i, x] of [2, 6, 11].entries()) {
        fill(net, x);
        averaged.updateParameters(net);
        const want = expected[i] as number;
        // Buffers that are not averaged are those of the model; integers are cut.
        const buffers = useBuffers ? [want, Math.trunc(want)] : [x, x];
        const close = [want, want, want, ...buffers].map((n) => expect.closeTo(n, 5));
        expect(numbers(averaged.module), `${useBuffers} ${i}`).toEqual(close);
        expect(averaged.nAveraged.item()).toBe(i + 1);
      }
      fill(net, -1);
      expect(averaged.module.a.at(0).item()).toBeCloseTo(expected[2] as number, 5);
    }
  });

  test("has PyTorch's state, and computes as the model", () => {
    const averaged = new AveragedModel(new nn.Linear(2, 1));
    expect(Object.keys(averaged.stateDict())).toEqual(["n_averaged", "module.weight", "module.bias"]);
    const x = torch.ones(3, 2);
    expect(averaged(x).tolist()).toEqual(averaged.module(x).tolist());
  });

  test("refuses two functions, other models and decays outside 0 to 1", () => {
    const net = new nn.Linear(1, 1);
    expect(() => new AveragedModel(net, { avgFn: getSwaAvgFn(), multiAvgFn: getSwaMultiAvgFn() })).toThrow(
      "AveragedModel: expected one of avgFn and multiAvgFn, got both",
    );
    expect(() => new AveragedModel(net).updateParameters(new nn.Linear(1, 1, { bias: false }))).toThrow(
      "updateParameters: expected a model with 2 tensors",
    );
    expect(() => getEmaAvgFn(1.5)).toThrow("getEmaAvgFn: expected a number from 0 to 1 as decay, got 1.5");
    expect(() => getEmaMultiAvgFn(-1)).toThrow("getEmaMultiAvgFn: expected a number from 0 to 1 as decay, got -1");
  });
});

describe("updateBn", () => {
  test("computes the statistics of all batches anew, and leaves momentum and mode as they were", async () => {
    const norm = new nn.BatchNorm1d(2, { momentum: 0.3 });
    const model = new nn.Sequential(norm).eval();
    torch.noGrad(() => (norm.runningMean as Tensor).fill_(100));
    const batches = [1, 2, 3].map((k) => torch.arange(8, { dtype: torch.float32 }).reshape(4, 2).mul(k));
    async function* loader() {
      for (const x of batches) yield [x, 0];
    }
    await updateBn(loader(), model);
    const mean = torch.stack(batches.map((x) => x.mean(0))).mean(0);
    const variance = torch.stack(batches.map((x) => x.var(0))).mean(0);
    expect(torch.allclose(norm.runningMean as Tensor, mean)).toBe(true);
    expect(torch.allclose(norm.runningVar as Tensor, variance)).toBe(true);
    expect([norm.momentum, norm.training, model.training, norm.numBatchesTracked?.item()]).toEqual([
      0.3,
      false,
      false,
      3,
    ]);
  });

  test("refuses other batches, and leaves the model as it was", async () => {
    const norm = new nn.BatchNorm1d(2);
    await expect(updateBn([3], norm)).rejects.toThrow("updateBn: expected batches of Tensors, got 3");
    expect([norm.momentum, norm.training]).toEqual([0.1, true]);
  });
});
