import { expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { datasets, transforms } from "../../src/vision/index.ts";

const { Shapes } = datasets;

it("draws ten classes of pictures, the same for the same seed", () => {
  const data = new Shapes({ size: 200 });
  const again = new Shapes({ size: 200 });
  expect([data.length, data.data.shape, data.classes.length]).toEqual([200, [200, 28, 28], 10]);
  expect(data.data.tolist()).toEqual(again.data.tolist());
  expect(new Set(data.targets.tolist()).size).toBe(10);
});

it("draws others for other seeds, and to test", () => {
  const first = (options: object) => new Shapes({ size: 1, ...options }).data.tolist();
  const pictures = [{}, { train: false }, { seed: 1 }, { seed: 1, train: false }].map((o) => JSON.stringify(first(o)));
  expect(new Set(pictures).size).toBe(4);
});

it("leaves PyTorch's generator alone", () => {
  const draw = () => torch.randint(1000, [1]).item();
  torch.manualSeed(0);
  const expected = draw();
  torch.manualSeed(0);
  new Shapes({ size: 10 });
  expect(draw()).toBe(expected);
});

it("can be told apart by their mean pictures, mostly", () => {
  const load = (train: boolean, size: number) => {
    const data = new Shapes({ train, size });
    return { x: data.data.to(torch.float32).reshape(size, 784), y: data.targets };
  };
  const train = load(true, 2000);
  const test = load(false, 500);
  const means = torch.stack(Array.from({ length: 10 }, (_, c) => train.x.at(train.y.eq(c)).mean(0)));
  const distances = test.x.unsqueeze(1).sub(means).pow(2).sum(2);
  const right = distances.argmin(1).eq(test.y).to(torch.float32).mean().item();
  expect(right).toBeGreaterThan(0.6);
  expect(right).toBeLessThan(0.98);
});

it("takes transforms and refuses nonsense", () => {
  const data = new Shapes({ size: 3, transform: new transforms.ToTensor() });
  expect(data.at(0)[0].shape).toEqual([1, 28, 28]);
  expect(String(data)).toMatch(/^Dataset Shapes\n {4}Number of datapoints: 3\n {4}Split: Train/);
  expect(() => new Shapes({ size: -1 })).toThrow("Shapes: expected a whole number of at least 0 as size, got -1");
});
