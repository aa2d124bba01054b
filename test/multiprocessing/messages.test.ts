/** @file Messages, as structured cloning leaves them. */
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const { fromMessage, toMessage } = torch.multiprocessing;

/** As the other thread gets it. */
const sent = <T>(x: T): T => fromMessage(structuredClone(toMessage(x)));

describe("what arrives", () => {
  const { float32, float64, int64, bool, bfloat16, complex64, uint8 } = torch;

  test.each([float32, float64, int64, bool, bfloat16, complex64, uint8])("a tensor of %s, copied", (dtype) => {
    const x = torch.tensor(
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      { dtype },
    );
    const y = sent(x);
    expect([y.dtype, y.shape, y.requiresGrad, y.isShared()]).toEqual([dtype, [2, 3], false, false]);
    expect(torch.equal(x, y)).toBe(true);
    x.zero_();
    expect(torch.equal(x, y)).toBe(false);
  });

  const base = torch.arange(24, { dtype: float32 }).reshape(2, 3, 4);
  test.each<[string, Tensor]>([
    ["transposed", base.transpose(0, 2)],
    ["sliced", base.at(":", "1:", "::2")],
    ["expanded", torch.tensor([1, 2]).reshape(2, 1).expand(2, 3)],
    ["empty", torch.zeros(0, 3)],
    ["0-dimensional", torch.tensor(2.5)],
    ["from a typed array", torch.frombuffer(new Float32Array([1, 2, 3]).subarray(1), { dtype: float32 })],
  ])("a tensor that is %s", (_, x) => {
    for (const y of [sent(x), sent(x.clone().shareMemory_())]) expect(torch.equal(x, y)).toBe(true);
    expect(sent(x).stride()).toEqual(x.stride());
  });

  test("shared memory stays shared, in both directions", () => {
    const x = torch.zeros(3).shareMemory_();
    const y = sent(x);
    expect(y.isShared()).toBe(true);
    x.setAt([0], 1);
    y.setAt([1], 2);
    expect([x.tolist(), y.tolist()]).toEqual([
      [1, 2, 0],
      [1, 2, 0],
    ]);
    const part = torch.frombuffer(new Float32Array(new SharedArrayBuffer(16), 4, 2), { dtype: float32 });
    sent(part).fill_(7);
    expect(part.tolist()).toEqual([7, 7]);
  });

  test("views of one memory, and what stands in several places", () => {
    const x = torch.zeros(4);
    const message = toMessage({ x, tail: x.at("2:"), again: x, list: [x] });
    expect(message.transfer.map((buffer) => buffer.byteLength)).toEqual([16]);
    const { x: y, tail, again, list } = fromMessage(structuredClone(message));
    expect(again).toBe(y);
    expect(list[0]).toBe(y);
    tail.fill_(5);
    expect(y.tolist()).toEqual([0, 0, 5, 5]);
    const loop: { self?: unknown; x: Tensor } = { x };
    loop.self = loop;
    const back = sent(loop);
    expect(back.self).toBe(back);
  });

  test("parameters, buffers and leaves are what they were", () => {
    const frozen = new nn.Parameter(torch.ones(2), false);
    const leaf = torch.ones(2, { requiresGrad: true });
    leaf.sum().backward();
    const { p, q, b, l } = sent({
      p: new nn.Parameter(torch.ones(2)),
      q: frozen,
      b: new nn.Buffer(torch.ones(1), false),
      l: leaf,
    });
    expect([p instanceof nn.Parameter, p.requiresGrad, q instanceof nn.Parameter, q.requiresGrad]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([b instanceof nn.Buffer, b.persistent]).toEqual([true, false]);
    expect([l.isLeaf, l.requiresGrad, l.grad]).toEqual([true, true, null]);
    p.mul(3).sum().backward();
    expect(p.grad?.tolist()).toEqual([3, 3]);
  });

  test("containers, and what JavaScript clones itself", () => {
    const x = torch.tensor([1.5]);
    const map = new Map<unknown, unknown>([
      [1, x],
      [x, "key"],
    ]);
    const when = new Date(0);
    const value = {
      map,
      set: new Set([x]),
      when,
      n: 1n,
      bytes: new Uint8Array([1]),
      nothing: null,
      dtype: int64,
      device: x.device,
      __proto__: null,
    };
    const got = sent(value);
    const key = [...got.map.keys()][1];
    expect(got.map.get(1)).toBe(key);
    expect([...got.set][0]).toBe(key);
    expect([got.when, got.n, got.bytes, got.nothing, got.dtype, String(got.device)]).toEqual([
      when,
      1n,
      new Uint8Array([1]),
      null,
      int64,
      "cpu",
    ]);
    const odd = sent(JSON.parse('{"__proto__": [1], "kind": "tensor", "records": 2}') as Record<string, unknown>);
    expect(Object.entries(odd)).toEqual([
      ["__proto__", [1]],
      ["kind", "tensor"],
      ["records", 2],
    ]);
  });

  test("the state of a model and its optimizer", () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
    const optimizer = new torch.optim.Adam(model.parameters());
    model(torch.randn(4, 3)).sum().backward();
    optimizer.step();
    const { weights, state } = sent({ weights: model.stateDict(), state: optimizer.stateDict() });
    const copy = new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
    expect(String(copy.loadStateDict(weights))).toBe("<All keys matched successfully>");
    const other = new torch.optim.Adam(copy.parameters());
    other.loadStateDict(state);
    expect(other.stateDict().param_groups).toEqual(optimizer.stateDict().param_groups);
    const averages = (o: typeof other) =>
      Object.values(o.stateDict().state).map((s) => String((s as Record<string, Tensor>).exp_avg));
    expect(averages(other)).toEqual(averages(optimizer));
  });

  test("a transferred message takes its memory along", () => {
    const message = toMessage(torch.ones(3));
    const moved = structuredClone(message, { transfer: message.transfer });
    expect(fromMessage(moved).tolist()).toEqual([1, 1, 1]);
    expect(() => fromMessage(message)).toThrow(
      "fromMessage: expected 12 bytes, got a buffer with 0: the memory of this message was transferred on",
    );
  });
});

describe("refusals", () => {
  class Net extends nn.Module {
    forward(): void {}
  }
  class Point {
    x = 1;
  }
  const x = torch.ones(2, { requiresGrad: true });
  test.each<[unknown, string]>([
    [{ a: [new Net()] }, "toMessage: expected the state_dict of a module (module.stateDict()) at a[0], got Net"],
    [{ f: () => 1 }, "toMessage: expected values that can be cloned at f, got function f"],
    [Symbol("s"), "toMessage: expected values that can be cloned, got Symbol(s)"],
    [
      new Map([["p", new Point()]]),
      'toMessage: expected plain objects, whose class cannot be lost on the way at get("p"), got Point',
    ],
    [
      { y: x.mul(2) },
      "toMessage: expected a leaf of the graph at y, got a result of MulBackward0: the graph cannot leave its thread; send x.detach()",
    ],
    [
      new nn.LazyLinear(3).weight,
      "toMessage: expected parameters with a shape, got one of a lazy module that was not called yet",
    ],
  ])("toMessage %#", (value, text) => {
    expect(() => toMessage(value)).toThrow(text);
  });

  test("fromMessage takes nothing else", () => {
    expect(() => fromMessage(null as never)).toThrow("fromMessage: expected what toMessage gave, got null");
    expect(() => fromMessage({ a: 1 } as never)).toThrow("fromMessage: expected what toMessage gave, got an object");
    const message = toMessage(torch.ones(2));
    expect(() => fromMessage({ ...message, typetorch: 2 as never })).toThrow(
      "both threads must use one version of typetorch",
    );
    const records = message.records.map((record) => ({ ...record, offset: 1 }));
    expect(() => fromMessage({ ...message, records: records as never })).toThrow(
      "got a tensor that exceeds its memory",
    );
  });
});
