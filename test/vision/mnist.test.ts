import { existsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, expectTypeOf, it } from "vitest";
import * as torch from "../../src/index.ts";
import { datasets, type Image, transforms } from "../../src/vision/index.ts";
import { emptyRoot, idx, labels, mnistRoot, pixels, rootWith } from "./idx-files.ts";

const { DataLoader } = torch.utils.data;
const { DatasetError, FashionMNIST, MNIST } = datasets;

describe("MNIST from files", () => {
  const root = mnistRoot();

  it("gives pictures and classes", () => {
    const data = new MNIST({ root });
    expectTypeOf(data.at(0)).toEqualTypeOf<[Image, number]>();
    const [image, target] = data.at(3);
    expect([data.length, target, image.mode, image.size]).toEqual([5, 3, "L", [28, 28]]);
    expect([...image.data]).toEqual([...pixels(5).subarray(3 * 784, 4 * 784)]);
    expect(data.at(-1)[1]).toBe(4);
    expect(() => data.at(5)).toThrow("MNIST.at: expected an index in the range [-5, 4], got 5");
  });
  it("has them as tensors", () => {
    const data = new MNIST({ root });
    expect([data.data.shape, String(data.data.dtype)]).toEqual([[5, 28, 28], "torch.uint8"]);
    expect([data.targets.tolist(), String(data.targets.dtype)]).toEqual([[0, 1, 2, 3, 4], "torch.int64"]);
    data.targets = data.targets.add(1);
    data.data = data.data.at("1:");
    expect([data.length, data.at(0)[1], data.at(0)[0].data[0]]).toEqual([4, 1, pixels(5)[784]]);
  });
  it("gives out pictures that may be changed", () => {
    const data = new MNIST({ root });
    data.at(0)[0].data.fill(9);
    expect(data.at(0)[0].data[1]).toBe(7);
  });
  it("reads files that are not packed", () => {
    const data = new MNIST({ root, train: false });
    expect([data.length, data.train]).toEqual([2, false]);
  });
  it("transforms picture and target", () => {
    const data = new MNIST(root, true, new transforms.ToTensor(), (target) => `class ${target}`);
    expectTypeOf(data.at(0)).toEqualTypeOf<[torch.Tensor, string]>();
    const [x, y] = data.at(1);
    expect([x.shape, y, x.at(0, 0, 1).item()]).toEqual([[1, 28, 28], "class 1", Math.fround(pixels(5)[785]! / 255)]);
  });
  it("is read in batches, which hold what the samples hold", () => {
    const data = new MNIST({ root, transform: new transforms.ToTensor() });
    const [[X, y]] = [...new DataLoader(data, { batchSize: 5 })] as [[torch.Tensor, torch.Tensor]];
    expectTypeOf(new DataLoader(data)).toExtend<Iterable<[torch.Tensor, torch.Tensor]>>();
    expect([X.shape, String(X.dtype), y.tolist()]).toEqual([[5, 1, 28, 28], "torch.float32", [0, 1, 2, 3, 4]]);
    expect(X.tolist()).toEqual(torch.stack(Array.from(data, ([x]) => x)).tolist());
  });
  it("knows its classes", () => {
    const data = new FashionMNIST({ root: mnistRoot("FashionMNIST") });
    expect([data.classes[9], data.classToIdx.Trouser]).toEqual(["Ankle boot", 1]);
  });
  it("prints as torchvision's", () => {
    expect(String(new MNIST({ root, transform: new transforms.ToTensor() }))).toBe(
      `Dataset MNIST\n    Number of datapoints: 5\n    Root location: ${root}\n    Split: Train\n    StandardTransform\nTransform: ToTensor()`,
    );
  });
});

describe("files that cannot be used are named", () => {
  const images = "train-images-idx3-ubyte";
  const good = { [`${images}.gz`]: idx([2, 28, 28], pixels(2)), "train-labels-idx1-ubyte.gz": idx([2], labels(2)) };
  const failure = (root: string): InstanceType<typeof DatasetError> => {
    try {
      new MNIST({ root });
    } catch (error) {
      return error as InstanceType<typeof DatasetError>;
    }
    return expect.fail("no error");
  };
  const broken = (files: Record<string, Uint8Array>) => failure(rootWith("MNIST", { ...good, ...files }));

  it("missing", () => {
    const root = emptyRoot();
    const path = join(root, "MNIST", "raw", images);
    expect(failure(root).problem).toBe("missing");
    expect(failure(root).message).toBe(`MNIST: no ${path} (nor ${path}.gz); pass { download: true } to fetch it`);
    expect(existsSync(join(root, "MNIST"))).toBe(false);
  });
  it("truncated while packed", () => {
    const root = rootWith("MNIST", good);
    const path = join(root, "MNIST", "raw", `${images}.gz`);
    truncateSync(path, 100);
    expect(failure(root).problem).toBe("corrupt");
    expect(failure(root).message).toContain(`${path} is truncated or corrupt (`);
    writeFileSync(path, "this is not gzip");
    expect(failure(root).message).toContain(`${path} is truncated or corrupt (`);
  });
  it.each([
    [
      { [`${images}.gz`]: idx([3, 28, 28], pixels(2)) },
      "is truncated: expected 2352 bytes of data (3 x 28 x 28), got 1568",
    ],
    [{ [images]: idx([1, 28, 28], pixels(2)) }, "is too long: expected 784 bytes of data (1 x 28 x 28), got 1568"],
    [{ [images]: idx([2, 28, 28], pixels(2), 0x803 + 1) }, "expected it to begin with 0x00000803, got 0x00000804"],
    [{ [images]: new Uint8Array(3) }, "is truncated: expected at least 16 bytes, got 3"],
    [{ "train-labels-idx1-ubyte": idx([3], labels(3)) }, "got 2 images and 3 labels"],
    [{ "train-labels-idx1-ubyte": idx([2], new Uint8Array([1, 10])) }, "expected labels from 0 to 9"],
  ])("damaged: %#", (files, text) => {
    expect(broken(files).message).toContain(text);
    expect(broken(files).message).toContain(join("MNIST", "raw", "train-"));
  });
  it("no root", () => {
    expect(() => new MNIST({ train: true })).toThrow("MNIST: expected a folder as root, got undefined");
    expect(() => new MNIST({ root: "x", Train: true } as never)).toThrow(/unknown option "Train"/);
  });
});
