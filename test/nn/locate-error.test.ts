import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

class Block extends nn.Module {
  firstLinear = new nn.Linear(4, 4);
  second = new nn.Linear(3, 4);
  forward(x: Tensor): Tensor {
    return this.second(this.firstLinear(x));
  }
}

class Net extends nn.Module {
  stem = new nn.Linear(4, 4);
  layer1 = [new nn.Sequential(new nn.ReLU(), new Block())];
  forward(x: Tensor): Tensor {
    return this.layer1.reduce((y, layer) => layer(y), this.stem(x));
  }
}

const thrown = (body: () => unknown): Error => {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
};

describe("an error inside of a model", () => {
  test("names the innermost module, once, and keeps its class", () => {
    const alone = thrown(() => new Block().second(torch.zeros(1, 4)));
    const error = thrown(() => new Net()(torch.zeros(1, 4)));
    expect(error).toBeInstanceOf(torch.ShapeError);
    expect(error.message).toBe(`${alone.message} (in layer1.0.1.second of Net)`);
    expect(error.stack?.split("\n    at ")[0]).toBe(`ShapeError: ${error.message}`);
    const first = thrown(() => new Net()(torch.zeros(1, 4, { dtype: torch.int64 })));
    expect(first).toBeInstanceOf(torch.DTypeError);
    expect(first.message).toMatch(/ \(in stem of Net\)$/);
  });

  test("of a module by itself has nothing to add", () => {
    expect(thrown(() => new Block().second(torch.zeros(1, 4))).message).not.toContain("(in ");
  });

  test("names a field by its name in the state_dict", () => {
    expect(thrown(() => new Block()(torch.zeros(1, 2))).message).toMatch(/ \(in first_linear of Block\)$/);
  });

  test("stops where a module calls one that it does not hold", () => {
    class Outer extends nn.Module {
      forward(model: Net, x: Tensor): Tensor {
        return model(x);
      }
    }
    class Outermost extends nn.Module {
      outer = new Outer();
      forward(model: Net, x: Tensor): Tensor {
        return this.outer(model, x);
      }
    }
    expect(thrown(() => new Outermost()(new Net(), torch.zeros(1, 4))).message).toMatch(/ of Net\)$/);
  });

  test("of another kind passes as it is", () => {
    class Failing extends nn.Module {
      forward(): never {
        throw new RangeError("mine");
      }
    }
    expect(thrown(() => new nn.Sequential(new Failing())()).message).toBe("mine");
  });
});
