import { inspect } from "node:util";
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

class Net extends nn.Module {
  flatten = new nn.Flatten();
  linearReluStack = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Linear(3, 2));

  forward(x: Tensor): Tensor {
    return this.linearReluStack(this.flatten(x));
  }
}

describe("a module is a function", () => {
  test("with fields and methods of its class", () => {
    class Named extends nn.Module {
      override name = "mine";
      override length = 3;
      #count = 0;
      forward(x: number): number {
        this.#count++;
        return x + this.length;
      }
      get count(): number {
        return this.#count;
      }
    }
    const m = new Named();
    expect(m(2)).toBe(5);
    expect([m.name, m.length, m.count, m.training]).toEqual(["mine", 3, 1, true]);
    expect(m).toBeInstanceOf(nn.Module);
    expect(m).toBeInstanceOf(Named);
    expect(m.constructor).toBe(Named);
    expect("name" in new nn.ReLU()).toBe(false);
  });

  test("that maps tensors", () => {
    expect(new Net()(torch.zeros(5, 2, 2)).shape).toEqual([5, 2]);
  });

  test("a class without forward can be made, and says what is missing when called", () => {
    const Bare = Function("Module", "return class Bare extends Module {}")(nn.Module);
    expect(() => new Bare()(1)).toThrow("Bare: expected a method forward");
  });
});

describe("registration", () => {
  class All extends nn.Module {
    child = new nn.Linear(1, 1, { bias: false });
    ownWeight = new nn.Parameter(torch.zeros(2));
    layers = [new nn.Linear(1, 1, { bias: false }), null, new nn.Linear(1, 1, { bias: false })];
    heads = {
      classHead: new nn.Linear(1, 1, { bias: false }),
      Box: [new nn.Identity(), new nn.Linear(1, 1, { bias: false })],
    };
    scales = [new nn.Parameter(torch.ones(1)), new nn.Parameter(torch.ones(1))];
    runningMean = new nn.Buffer(torch.zeros(2));
    cache = new nn.Buffer(torch.zeros(2), false);
    table = new Map([
      ["10", new nn.ReLU()],
      ["2", new nn.ReLU()],
    ]);
    nothing = null;
    sizes = [1, 2, 3];
    plain = torch.zeros(1);
    forward(): void {}
  }

  test("order and names are PyTorch's: own parameters, own buffers, then children", () => {
    const m = new All();
    expect(m.namedParameters().map(([name]) => name)).toEqual([
      "own_weight",
      "child.weight",
      "layers.0.weight",
      "layers.2.weight",
      "heads.classHead.weight",
      "heads.Box.1.weight",
      "scales.0",
      "scales.1",
    ]);
    expect(m.namedBuffers().map(([name]) => name)).toEqual(["running_mean", "cache"]);
    expect(Object.keys(m.stateDict()).slice(0, 3)).toEqual(["own_weight", "running_mean", "child.weight"]);
    expect(Object.keys(m.stateDict())).not.toContain("cache");
    expect(m.namedChildren().map(([name]) => name)).toEqual([
      "child",
      "layers.0",
      "layers.2",
      "heads.classHead",
      "heads.Box.0",
      "heads.Box.1",
      "table.10",
      "table.2",
    ]);
    expect(m.parameters({ recurse: false }).length).toBe(1);
    expect(m.namedParameters("x")[1]?.[0]).toBe("x.child.weight");
  });

  test.each([
    ["fc1", "fc1"],
    ["linearReluStack", "linear_relu_stack"],
    ["weightIhL0", "weight_ih_l0"],
    ["already_snake", "already_snake"],
    ["Capital", "Capital"],
    ["_hidden", "_hidden"],
    ["mixed_Case", "mixed_case"],
  ])("%s is saved as %s", (field, name) => {
    const m = new nn.Identity();
    m.registerParameter(field, new nn.Parameter(torch.zeros(1)));
    expect(Object.keys(m.stateDict())).toEqual([name]);
  });

  test("stateNames says otherwise, a collision throws", () => {
    class Block extends nn.Module {
      static override readonly stateNames = { ln1: "ln_1" };
      ln1 = new nn.Linear(1, 1);
      forward(): void {}
    }
    expect(Object.keys(new Block().stateDict())).toEqual(["ln_1.weight", "ln_1.bias"]);
    class Clash extends nn.Module {
      fooBar = new nn.Parameter(torch.zeros(1));
      foo_bar = new nn.Parameter(torch.zeros(1));
      forward(): void {}
    }
    expect(() => new Clash().parameters()).toThrow(
      "Clash: expected fields with different names in the state_dict, got fooBar and foo_bar, which are both foo_bar",
    );
  });

  test("what is shared comes once as a parameter, and under each name in the state_dict", () => {
    class Tied extends nn.Module {
      a = new nn.Linear(2, 2, { bias: false });
      b = this.a;
      c = new nn.Linear(2, 2, { bias: false });
      constructor() {
        super();
        this.c.weight = this.a.weight;
      }
      forward(): void {}
    }
    const m = new Tied();
    expect(m.parameters().length).toBe(1);
    expect(m.namedParameters({ removeDuplicate: false }).map(([n]) => n)).toEqual(["a.weight", "b.weight", "c.weight"]);
    expect(Object.keys(m.stateDict())).toEqual(["a.weight", "b.weight", "c.weight"]);
    expect(m.modules().length).toBe(3);
  });

  test("a module that holds itself ends", () => {
    class Loop extends nn.Module {
      w = new nn.Parameter(torch.zeros(1));
      self: Loop | null = null;
      forward(): void {}
    }
    const m = new Loop();
    m.self = m;
    expect(m.modules().length).toBe(1);
    expect(Object.keys(m.stateDict())).toEqual(["w"]);
    expect(String(m)).toContain("(self): ...");
  });

  test("by name at run time", () => {
    const m = new nn.Identity();
    m.registerBuffer("mean", torch.zeros(2), { persistent: false });
    m.addModule("fc", new nn.Linear(1, 1));
    m.registerParameter("none", null);
    expect(m.getBuffer("mean").persistent).toBe(false);
    expect(m.getSubmodule("fc")).toBeInstanceOf(nn.Linear);
    expect(m.getSubmodule("")).toBe(m);
    expect(m.getParameter("fc.bias").shape).toEqual([1]);
    expect(() => m.getSubmodule("fd")).toThrow('getSubmodule: expected the name of a module in Identity, got "fd"');
    expect(() => m.addModule("a.b", new nn.ReLU())).toThrow('registerModule: expected a name without ".", got "a.b"');
    expect(() => m.addModule("forward", new nn.ReLU())).toThrow('expected a name that is free, got "forward"');
    expect(() => m.addModule("x", 3 as never)).toThrow("registerModule: expected a Module or null as x, got 3");
  });
});

describe("what is not registered", () => {
  test("a layer in a #private field is found out at the first call", () => {
    class Hidden extends nn.Module {
      #layer = new nn.Linear(2, 2);
      forward(x: Tensor): Tensor {
        return this.#layer(x);
      }
    }
    expect(() => new Hidden()(torch.zeros(1, 2))).toThrow(
      "Hidden: expected modules and parameters in public fields, got the module Linear, which forward uses but no field holds",
    );
    expect(() => torch.noGrad(() => new Hidden()(torch.zeros(1, 2)))).toThrow("got the module Linear");
  });

  test("so is a parameter, in a constructor, in a base class, and below another module", () => {
    class Scale extends nn.Module {
      readonly #scale: nn.Parameter;
      constructor() {
        super();
        this.#scale = new nn.Parameter(torch.ones(2));
      }
      forward(x: Tensor): Tensor {
        return x.mul(this.#scale);
      }
    }
    class Derived extends Scale {
      other = new nn.Linear(2, 2);
    }
    class Outer extends nn.Module {
      inner = new nn.Sequential(new nn.Linear(2, 2), new Derived());
      forward(x: Tensor): Tensor {
        return this.inner(x);
      }
    }
    expect(() => new Outer()(torch.zeros(1, 2))).toThrow(
      "Derived: expected modules and parameters in public fields, got a Parameter of shape [2]",
    );
  });

  test("private fields are fine for everything else", () => {
    const global = new nn.Linear(2, 2);
    class Fine extends nn.Module {
      #calls = 0;
      readonly #teacher: nn.Linear; // made before: kept out on purpose
      #alias: nn.Linear;
      layer = new nn.Linear(2, 2);
      constructor(teacher: nn.Linear) {
        super();
        this.#teacher = teacher;
        this.#alias = this.layer;
        new nn.Linear(1, 1); // used for nothing
      }
      forward(x: Tensor, head: nn.Linear): Tensor {
        this.#calls++;
        return head(global(this.#teacher(this.#alias(x))));
      }
      get calls(): number {
        return this.#calls;
      }
    }
    const a = new Fine(new nn.Linear(2, 2));
    const b = new Fine(new nn.Linear(2, 2));
    const after = new nn.Linear(2, 2);
    for (const m of [a, b]) for (let i = 0; i < 3; i++) m(torch.zeros(1, 2), after);
    expect(a.calls).toBe(3);
  });
});

describe("state_dict", () => {
  test("goes round", () => {
    const [a, b] = [new Net(), new Net()];
    const report = b.loadStateDict(a.stateDict());
    expect(String(report)).toBe("<All keys matched successfully>");
    expect(b.linearReluStack[0]?.parameters()[0]?.tolist()).toEqual(a.linearReluStack[0]?.parameters()[0]?.tolist());
    expect(Object.values(a.stateDict()).some((t) => t.requiresGrad)).toBe(false);
    expect(Object.values(a.stateDict({ keepVars: true })).every((t) => t.requiresGrad)).toBe(true);
  });

  test("says in PyTorch's words what does not fit, and then changes nothing", () => {
    const m = new nn.Linear(2, 2);
    const before = m.bias?.tolist();
    expect(() => m.loadStateDict({ weight: torch.ones(3), bias: torch.ones(2), extra: torch.ones(1) })).toThrow(
      'Error(s) in loading state_dict for Linear:\n\tUnexpected key(s) in state_dict: "extra". \n\t' +
        "size mismatch for weight: copying a param with shape torch.Size([3]) from checkpoint, the shape in current model is torch.Size([2, 2]).",
    );
    expect(() => m.loadStateDict({})).toThrow('Missing key(s) in state_dict: "weight", "bias". ');
    expect(() => m.loadStateDict(new Map([["weight", torch.ones(2, 2)]]))).toThrow(
      'Missing key(s) in state_dict: "bias". ',
    );
    expect(m.bias?.tolist()).toEqual(before);
    const { missingKeys, unexpectedKeys } = m.loadStateDict(
      { bias: torch.ones(2), extra: torch.ones(1) },
      { strict: false },
    );
    expect([missingKeys, unexpectedKeys]).toEqual([["weight"], ["extra"]]);
    expect(m.bias?.tolist()).toEqual([1, 1]);
    expect(() => m.loadStateDict({ bias: 3 }, false)).toThrow('While copying the parameter named "bias"');
  });

  test("assign takes over the tensors", () => {
    const m = new nn.Linear(2, 2);
    const { weight } = m;
    m.loadStateDict(
      { weight: torch.ones(2, 2, { dtype: torch.float64 }), bias: torch.ones(2, { dtype: torch.float64 }) },
      { assign: true },
    );
    expect(m.weight).toBe(weight);
    expect(m.weight.dtype).toBe(torch.float64);
    expect(m.weight.requiresGrad).toBe(true);
  });
});

describe("hooks of the state_dict", () => {
  test("see and change what is saved", () => {
    const m = new Net();
    const log: unknown[] = [];
    const linear = m.linearReluStack[0] as nn.Linear;
    linear.registerStateDictPreHook((_, prefix, keepVars) => void log.push(prefix, keepVars));
    linear.registerStateDictPostHook((own, state, prefix) => {
      expect(own).toBe(linear);
      state[`${prefix}double`] = own.weight.mul(2);
    });
    const destination = { there: torch.zeros(1) };
    const state = m.stateDict({ destination, prefix: "net." });
    expect(state).toBe(destination);
    expect(log).toEqual(["net.linear_relu_stack.0.", false]);
    expect(Object.keys(state)).toEqual([
      "there",
      ...["weight", "bias", "double"].map((name) => `net.linear_relu_stack.0.${name}`),
      ...["weight", "bias"].map((name) => `net.linear_relu_stack.2.${name}`),
    ]);
  });

  test("rename old keys, and settle what is missing", () => {
    const m = new Net();
    const linear = m.linearReluStack[0] as nn.Linear;
    linear.registerLoadStateDictPreHook((_, state, prefix, strict) => {
      expect([prefix, strict]).toEqual(["linear_relu_stack.0.", true]);
      state[`${prefix}weight`] = state[`${prefix}kernel`];
      Reflect.deleteProperty(state, `${prefix}kernel`);
    });
    const { "linear_relu_stack.0.weight": kernel, ...rest } = m.stateDict();
    const old: nn.StateDict = { "linear_relu_stack.0.kernel": torch.onesLike(kernel as Tensor), ...rest };
    m.loadStateDict(old);
    expect(linear.weight.at(0, 0).item()).toBe(1);
    expect("linear_relu_stack.0.kernel" in old).toBe(true);
    const { "linear_relu_stack.2.bias": _, ...without } = old;
    expect(() => m.loadStateDict(without)).toThrow('Missing key(s) in state_dict: "linear_relu_stack.2.bias". ');
    const order: string[] = [];
    m.linearReluStack.registerLoadStateDictPostHook((__, keys) => void order.push(`inner ${keys.missingKeys}`));
    m.registerLoadStateDictPostHook((__, { missingKeys }) => {
      order.push("outer");
      missingKeys.length = 0;
    });
    expect(String(m.loadStateDict(without))).toBe("<All keys matched successfully>");
    expect(order).toEqual(["inner linear_relu_stack.2.bias", "outer"]);
  });

  test("extra state is saved and loaded", () => {
    class Counter extends nn.Module {
      count = 3;
      forward(): void {}
      override getExtraState(): unknown {
        return { count: this.count };
      }
      override setExtraState(state: { count: number }): void {
        this.count = state.count;
      }
    }
    const [a, b] = [new nn.Sequential(new Counter()), new nn.Sequential(new Counter())];
    (a[0] as Counter).count = 5;
    expect(a.stateDict()).toEqual({ "0._extra_state": { count: 5 } });
    b.loadStateDict(a.stateDict());
    expect((b[0] as Counter).count).toBe(5);
    expect(() => b.loadStateDict({})).toThrow('Missing key(s) in state_dict: "0._extra_state". ');
    expect(() => new nn.Identity().loadStateDict({ _extra_state: 1 })).toThrow(
      'Unexpected key(s) in state_dict: "_ext',
    );
  });

  test("unexpected keys are told in the order of the modules, as in PyTorch", () => {
    const m = new nn.Sequential(new nn.Linear(1, 1), new nn.Linear(1, 1));
    const extra = { "1.x": 1, "0.weight.y": 1, "2.weight": 1, "0.z": 1, "1": 1, w: 1 };
    const { unexpectedKeys } = m.loadStateDict({ ...m.stateDict(), ...extra }, { strict: false });
    expect(unexpectedKeys).toEqual(["1", "2.weight", "w", "0.weight.y", "0.z", "1.x"]);
  });
});

describe("setSubmodule", () => {
  test("replaces modules wherever they are held", () => {
    class Holder extends nn.Module {
      oneHead = new nn.Linear(1, 1);
      list = [new nn.ReLU(), new nn.Sequential(new nn.ReLU())];
      map = new Map([["a", new nn.ReLU() as nn.Module]]);
      record: Record<string, nn.Module> = { b: new nn.ReLU() };
      size = 3;
      w = new nn.Parameter(torch.zeros(1));
      forward(): void {}
    }
    const m = new Holder();
    for (const path of ["one_head", "list.0", "list.1.0", "map.a", "record.b"]) {
      const next = new nn.Tanh();
      m.setSubmodule(path, next, { strict: true });
      expect(m.getSubmodule(path)).toBe(next);
    }
    expect(m.oneHead).toBeInstanceOf(nn.Tanh);
    m.setSubmodule("extra", new nn.ReLU());
    expect(m.getSubmodule("extra")).toBeInstanceOf(nn.ReLU);
    expect(() => m.setSubmodule("more", new nn.ReLU(), true)).toThrow('name of a module in Holder, got "more"');
    expect(() => m.setSubmodule("w", new nn.ReLU())).toThrow('got "w", which is none');
    expect(() => m.setSubmodule("list", new nn.ReLU())).toThrow('got "list", which is none');
    expect(() => m.setSubmodule("no.x", new nn.ReLU())).toThrow('the path of a module in Holder, got "no.x"');
    expect(() => m.setSubmodule("", new nn.ReLU())).toThrow('the path of a module, got ""');
    expect(() => m.setSubmodule("x", 3 as never)).toThrow("setSubmodule: expected a Module, got 3");
  });
});

describe("train, to, apply, zeroGrad", () => {
  test("train and eval reach every module", () => {
    const m = new Net();
    expect(m.eval()).toBe(m);
    expect(m.modules().map((x) => x.training)).toEqual([false, false, false, false, false, false]);
    expect(m.train().linearReluStack.training).toBe(true);
    expect(() => m.train(1 as never)).toThrow("train: expected a boolean as mode, got 1");
  });

  test("to changes dtypes in place, and training goes on", () => {
    class Counted extends nn.Module {
      fc = new nn.Linear(2, 1);
      steps = new nn.Buffer(torch.tensor([3]));
      forward(x: Tensor): Tensor {
        return this.fc(x);
      }
    }
    const m = new Counted();
    const { weight } = m.fc;
    m(torch.ones(1, 2)).sum().backward();
    expect(m.double()).toBe(m);
    expect(m.fc.weight).toBe(weight);
    expect([weight.dtype, weight.grad?.dtype, m.steps.dtype, weight.requiresGrad, weight.isLeaf]).toEqual([
      torch.float64,
      torch.float64,
      torch.int64,
      true,
      true,
    ]);
    m(torch.ones(1, 2, { dtype: torch.float64 }))
      .sum()
      .backward();
    expect(weight.grad?.tolist()).toEqual([[2, 2]]);
    expect(weight.grad?.dtype).toBe(torch.float64);
    expect(m.to(torch.bfloat16).fc.bias?.dtype).toBe(torch.bfloat16);
    expect(m.to({ dtype: torch.float32 }).to("cpu").fc.bias?.dtype).toBe(torch.float32);
    expect(() => m.to(torch.int64)).toThrow(
      "to: expected a floating-point or complex dtype for a module, got torch.int64",
    );
  });

  test("to in every form", async () => {
    const m = new nn.Linear(1, 1);
    m.registerBuffer("steps", torch.tensor([3]));
    const { dtype } = m.weight;
    expect(m.to(torch.ones(1, { dtype: torch.float64 })).weight.dtype).toBe(torch.float64);
    expect(m.to("cpu", torch.float16, true).weight.dtype).toBe(torch.float16);
    expect(m.to("cpu", { dtype: torch.float32, nonBlocking: true }).weight.dtype).toBe(torch.float32);
    expect(m.to(torch.float64, { nonBlocking: true }).weight.dtype).toBe(torch.float64);
    expect(m.to(torch.float64, false).half().bfloat16().float().weight.dtype).toBe(dtype);
    expect(await m.cpu()).toBe(m);
    expect(() => m.cuda()).toThrow("device: cuda is not available here");
    expect(() => m.to("cpu", torch.float32, true, 1 as never)).toThrow("to: expected at most 2 optional arguments");
    expect(m.type(torch.float64).getBuffer("steps").dtype).toBe(torch.float64);
    expect(() => m.type(torch.int64)).toThrow("data: expected a floating-point or complex dtype");
    expect(m.toEmpty({ device: "cpu" }).weight.shape).toEqual([1, 1]);
  });

  test("shareMemory moves everything to where threads can share it", () => {
    const m = new nn.Linear(2, 2);
    const before = m.weight.tolist();
    expect(m.weight.isShared()).toBe(false);
    expect(m.shareMemory()).toBe(m);
    expect([m.weight.isShared(), m.bias?.isShared()]).toEqual([true, true]);
    expect(m.weight.detach().numpy().buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(m.weight.tolist()).toEqual(before);
    m(torch.ones(1, 2)).sum().backward();
    expect(m.weight.shareMemory_()).toBe(m.weight);
  });

  test("apply visits children first", () => {
    const seen: string[] = [];
    new Net().apply((m) => void seen.push(m.constructor.name));
    expect(seen).toEqual(["Flatten", "Linear", "ReLU", "Linear", "Sequential", "Net"]);
  });

  test("zeroGrad forgets, or sets to zero", () => {
    const m = new nn.Linear(2, 2);
    m(torch.ones(1, 2)).sum().backward();
    m.zeroGrad({ setToNone: false });
    expect(m.weight.grad?.tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    m.zeroGrad();
    expect(m.weight.grad).toBeNull();
    m.requiresGrad_(false);
    expect(m(torch.ones(1, 2)).requiresGrad).toBe(false);
  });
});

describe("printing", () => {
  test("is PyTorch's", () => {
    const text =
      "Net(\n  (flatten): Flatten(start_dim=1, end_dim=-1)\n  (linear_relu_stack): Sequential(\n    (0): Linear(in_features=4, out_features=3, bias=True)\n    (1): ReLU()\n" +
      "    (2): Linear(in_features=3, out_features=2, bias=True)\n  )\n)";
    expect(String(new Net())).toBe(text);
    expect(inspect(new Net())).toBe(text);
  });

  test("arrays and records print as the containers that they stand for", () => {
    class Lists extends nn.Module {
      layers = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
      named = { reluOne: new nn.ReLU() };
      weights = [new nn.Parameter(torch.ones(2, 3))];
      forward(): void {}
    }
    expect(String(new Lists())).toBe(
      "Lists(\n  (layers): ModuleList(\n    (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n  )\n  (named): ModuleDict(\n    (reluOne): ReLU()\n  )\n" +
        "  (weights): ParameterList(  (0): Parameter containing: [torch.float32 of size 2x3])\n)",
    );
  });

  test("a user's subclass of a layer has its own name", () => {
    class Mine extends nn.Linear {}
    expect(String(new Mine(1, 2))).toBe("Mine(in_features=1, out_features=2, bias=True)");
  });

  test("numbers in float parameters print as floats", () => {
    expect(String(new nn.Dropout(0))).toBe("Dropout(p=0.0, inplace=False)");
    expect(String(new nn.ReLU({ inplace: true }))).toBe("ReLU(inplace=True)");
    expect(String(new nn.Hardtanh())).toBe("Hardtanh(min_val=-1.0, max_val=1.0)");
    expect(String(new nn.Softmax())).toBe("Softmax(dim=None)");
  });
});
