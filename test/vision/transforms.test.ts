import { describe, expect, expectTypeOf, it } from "vitest";
import * as torch from "../../src/index.ts";
import { Image, transforms } from "../../src/vision/index.ts";

const { Compose, Lambda, Normalize, ToTensor, Transform } = transforms;

const all = Uint8Array.from({ length: 256 }, (_, i) => i);
const fractions = Array.from(all, (x) => Math.fround(x / 255));

describe("Image", () => {
  it("is bytes with a size and a mode", () => {
    const image = new Image("RGB", 2, 1, new Uint8Array(6));
    expect([image.size, image.channels, image.getbands(), String(image)]).toEqual([
      [2, 1],
      3,
      ["R", "G", "B"],
      "<Image mode=RGB size=2x1>",
    ]);
    expect(() => new Image("L", 2, 2, new Uint8Array(3))).toThrow(
      "Image: expected 4 bytes for 2 x 2 pixels of mode L, got 3",
    );
    expect(() => new Image("XYZ" as never, 1, 1, new Uint8Array(3))).toThrow(/Image: expected one of the modes L, /);
  });
});

describe("ToTensor", () => {
  it("divides each byte by 255, rounding once", () => {
    const grey = new Image("L", 16, 16, all);
    const x = new ToTensor()(grey);
    expect([x.shape, String(x.dtype)]).toEqual([[1, 16, 16], "torch.float32"]);
    expect(x.flatten().tolist()).toEqual(fractions);
    expect(new ToTensor().many([grey, grey]).map((t) => t.flatten().tolist())).toEqual([fractions, fractions]);
    expect(new ToTensor()(torch.tensor(all).reshape(16, 16)).flatten().tolist()).toEqual(fractions);
  });
  it("puts channels first", () => {
    const rgb = new Image("RGB", 2, 1, new Uint8Array([255, 0, 51, 0, 255, 102]));
    const expected = [[[1, 0]], [[0, 1]], [[Math.fround(0.2), Math.fround(0.4)]]];
    expect(new ToTensor()(rgb).tolist()).toEqual(expected);
    expect(new ToTensor().many([rgb, rgb])[1]?.tolist()).toEqual(expected);
    expect(new ToTensor()(torch.tensor(rgb.data).reshape(1, 2, 3)).tolist()).toEqual(expected);
  });
  it("gives the default dtype", () => {
    const image = new Image("L", 1, 1, new Uint8Array([51]));
    try {
      torch.setDefaultDtype(torch.float64);
      expect(new ToTensor()(image).item()).toBe(0.2);
      expect(new ToTensor().many([image])[0]?.item()).toBe(0.2);
    } finally {
      torch.setDefaultDtype(torch.float32);
    }
  });
  it("does not scale what is not made of bytes", () => {
    expect(new ToTensor()(torch.tensor([[300]])).tolist()).toEqual([[[300]]]);
  });
  it("takes pictures of several sizes together", () => {
    const sizes = new ToTensor().many([
      new Image("L", 1, 2, new Uint8Array(2)),
      new Image("L", 3, 1, new Uint8Array(3)),
    ]);
    expect(sizes.map((t) => t.shape)).toEqual([
      [1, 2, 1],
      [1, 1, 3],
    ]);
  });
  it("gives each picture of a batch a version of its own", () => {
    const [a, b] = new ToTensor().many([new Image("L", 1, 1, all.slice(255)), new Image("L", 1, 1, all.slice(0, 1))]);
    a?.add_(1);
    expect([a?.item(), b?.item(), b?.version]).toEqual([2, 0, 0]);
  });
  it("refuses the rest", () => {
    expect(() => new ToTensor()("x.png" as never)).toThrow('ToTensor: expected an Image or a Tensor, got "x.png"');
    expect(() => new ToTensor()(torch.ones(2))).toThrow(/2 or 3 dimensions/);
  });
});

describe("Normalize", () => {
  it("shifts and scales the channels", () => {
    const x = torch.tensor([1, 2, 3, 4], { dtype: torch.float32 }).reshape(2, 1, 2);
    expect(new Normalize([1, 2], [1, 0.5])(x).tolist()).toEqual([[[0, 1]], [[2, 4]]]);
    expect(
      new Normalize([1], [1])(torch.ones(2, 3, 1, 1))
        .sum()
        .item(),
    ).toBe(0);
    expect(x.at(0, 0, 0).item()).toBe(1);
    new Normalize([1], [1], { inplace: true })(x);
    expect(x.at(0, 0, 0).item()).toBe(0);
  });
  it("refuses what it cannot use", () => {
    expect(() => new Normalize([0.5], [0])).toThrow("Normalize: expected a std other than 0, got [0]");
    expect(() => new Normalize([0.5, 0.5], [1])(torch.ones(1, 2, 2))).toThrow(/one mean for each of 1 channels, got 2/);
    expect(() => new Normalize([0.5], [1])(torch.ones(2, 2))).toThrow(torch.ShapeError);
    expect(() => new Normalize([0.5], [1])(torch.zeros([1, 1, 1], { dtype: torch.int64 }))).toThrow(torch.DTypeError);
  });
});

describe("Compose and Lambda", () => {
  const chain = new Compose([
    new ToTensor(),
    new Normalize([0.5], [0.5]),
    new Lambda((x: torch.Tensor) => x.sum().item()),
  ]);
  const black = new Image("L", 2, 2, new Uint8Array(4));

  it("run one after the other, alone and for many", () => {
    expectTypeOf(chain(black)).toEqualTypeOf<number>();
    expect(chain(black)).toBe(-4);
    expect(chain.many?.([black, black])).toEqual([-4, -4]);
    expect(new Compose([(x: number) => x + 1, String])(1)).toBe("2");
    expect(() => new Compose([3 as never])).toThrow("Compose: expected a function or a transform, got 3");
  });
  it("print as torchvision's", () => {
    expect(String(chain)).toBe("Compose(\n    ToTensor()\n    Normalize(mean=[0.5], std=[0.5])\n    Lambda()\n)");
  });
  it("take a transform of the user's, which is called like a function", () => {
    class Invert extends Transform<torch.Tensor, torch.Tensor> {
      override name = "mine";
      forward(x: torch.Tensor) {
        return x.neg().add(1);
      }
    }
    const invert = new Invert();
    expect([invert(torch.zeros(1)).item(), invert.name, String(invert), invert instanceof Transform]).toEqual([
      1,
      "mine",
      "Invert()",
      true,
    ]);
  });
});
