import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { datasets, transforms } from "../../src/vision/index.ts";
import { rootWith } from "./idx-files.ts";

const root = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const found = existsSync(join(root, "FashionMNIST"));
const why = found ? "" : ` (skipped: there is no ${root})`;

describe.skipIf(!found)(`the real data sets${why}`, () => {
  it("FashionMNIST has torchvision's pictures", () => {
    const data = new datasets.FashionMNIST({ root, download: true, transform: new transforms.ToTensor() });
    expect([data.length, data.at(0)[1], data.classes[data.at(0)[1]]]).toEqual([60000, 9, "Ankle boot"]);
    // PyTorch's `data.float().mean() / 255`, and the label counts of a balanced set
    expect(data.data.to(torch.float64).mean().item() / 255).toBeCloseTo(0.2860405969887955, 12);
    expect(data.targets.eq(3).sum().item()).toBe(6000);
  });
  it("MNIST too", () => {
    const data = new datasets.MNIST({ root, train: false });
    expect([data.length, Array.from({ length: 5 }, (_, i) => data.at(i)[1])]).toEqual([10000, [7, 2, 1, 0, 4]]);
  });
  it("a truncated copy is refused by name", () => {
    const copy = rootWith("FashionMNIST", {});
    const name = "t10k-images-idx3-ubyte.gz";
    writeFileSync(
      join(copy, "FashionMNIST", "raw", name),
      readFileSync(join(root, "FashionMNIST", "raw", name)).subarray(0, 1e6),
    );
    expect(() => new datasets.FashionMNIST({ root: copy, train: false })).toThrow(`${name} is truncated or corrupt`);
  });
});
