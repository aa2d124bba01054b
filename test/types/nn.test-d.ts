import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { expectTypeOf, test } from "vitest";

class Net extends nn.Module {
  fc = new nn.Linear(2, 2);
  forward(x: Tensor, scale?: number): [Tensor, number] {
    return [this.fc(x), scale ?? 1];
  }
}

test("a call is typed by forward", () => {
  const net = new Net();
  expectTypeOf(net).toBeCallableWith(torch.zeros(2));
  expectTypeOf(net(torch.zeros(2), 3)).toEqualTypeOf<[Tensor, number]>();
  // @ts-expect-error no tensor
  net("x");
  // @ts-expect-error too many arguments
  net(torch.zeros(2), 1, 2);
  // @ts-expect-error nothing given
  net();
  // @ts-expect-error the result is no Tensor
  net(torch.zeros(2)) satisfies Tensor;
  expectTypeOf(net.fc(torch.zeros(2))).toEqualTypeOf<Tensor>();
  expectTypeOf(net.to(torch.float64)).toEqualTypeOf<Net>();
  expectTypeOf(net.train()).toEqualTypeOf<Net>();
  net.registerForwardPreHook((m) => {
    expectTypeOf(m).toEqualTypeOf<Net>();
  });
});

test("a module without forward is refused", () => {
  // @ts-expect-error forward is missing
  class Bare extends nn.Module {}
  void Bare;
});

test("Sequential takes what its first module takes, and gives what its last gives", () => {
  const s = new nn.Sequential(new nn.Flatten(), new Net());
  expectTypeOf(s(torch.zeros(2))).toEqualTypeOf<[Tensor, number]>();
  // @ts-expect-error no tensor
  s(3);
  expectTypeOf(s[0]).toEqualTypeOf<nn.Module | undefined>();
  const modules: nn.Module[] = [new nn.ReLU()];
  expectTypeOf(new nn.Sequential(...modules)(torch.zeros(1))).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.Sequential({ a: new nn.ReLU() })(torch.zeros(1))).toEqualTypeOf<Tensor>();
  const layers = new nn.ModuleList([new nn.Linear(1, 1)]);
  for (const layer of layers) expectTypeOf(layer).toEqualTypeOf<nn.Linear>();
});

test("options are known by name", () => {
  new nn.Linear(1, 2, { bias: false });
  new nn.Linear(1, 2, false);
  new nn.Linear({ inFeatures: 1, outFeatures: 2 });
  // @ts-expect-error wrong name
  new nn.Linear(1, 2, { biass: false });
  // @ts-expect-error a size is missing
  new nn.Linear(1);
  // @ts-expect-error no such reduction
  new nn.CrossEntropyLoss({ reduction: "median" });
  new nn.GELU({ approximate: "tanh" });
  // @ts-expect-error no such approximation
  new nn.GELU({ approximate: "erf" });
});

test("optimizers know their options", () => {
  const net = new Net();
  const o = new torch.optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  new torch.optim.SGD([{ params: net.fc.parameters(), lr: 1 }, { params: net.fc.weight }]);
  // @ts-expect-error wrong name
  new torch.optim.SGD(net.parameters(), { learningRate: 0.1 });
  // @ts-expect-error wrong name in a group
  new torch.optim.SGD([{ params: net.parameters(), rate: 1 }]);
  // @ts-expect-error a module is not its parameters
  new torch.optim.SGD(net);
  expectTypeOf(o.step()).toEqualTypeOf<null>();
  expectTypeOf(o.step(() => torch.zeros(1))).toEqualTypeOf<Tensor>();
  expectTypeOf(o.paramGroups[0]?.lr).toEqualTypeOf<number | undefined>();
});

test("random functions", () => {
  torch.rand(2, 3, { dtype: torch.float64 });
  torch.randint(0, 10, [2], { generator: new torch.Generator() });
  // @ts-expect-error a size is missing
  torch.randint(10);
  // @ts-expect-error wrong name
  torch.rand(2, { generaator: null });
  torch.zeros(2).normal_(0, { std: 2 });
  // @ts-expect-error wrong name
  torch.zeros(2).normal_(0, { sigma: 2 });
});

test("recurrent layers give what has the form of their input", () => {
  const lstm = new nn.LSTM(3, 4, 2, { bidirectional: true });
  const x = torch.zeros(5, 1, 3);
  const packed = nn.utils.rnn.packSequence([x.at(":", 0)]);
  expectTypeOf(lstm(x)).toEqualTypeOf<[output: Tensor, state: torch.LSTMState]>();
  expectTypeOf(lstm(packed)[0]).toEqualTypeOf<nn.utils.rnn.PackedSequence>();
  expectTypeOf(new nn.GRU(3, 4)(x)[1]).toEqualTypeOf<Tensor>();
  expectTypeOf(lstm.weightHhL0).toEqualTypeOf<nn.Parameter>();
  expectTypeOf(lstm.biasIhL1Reverse).toEqualTypeOf<nn.Parameter | undefined>();
  // @ts-expect-error an LSTM has two states
  lstm(x, torch.zeros(4, 1, 4));
  // @ts-expect-error only an LSTM has a projection
  new nn.GRU(3, 4, { projSize: 2 });
  // @ts-expect-error no such nonlinearity
  new nn.RNN(3, 4, 1, "sigmoid");
});

test("attention and transformers", () => {
  const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
  const x = torch.zeros(2, 5, 8);
  expectTypeOf(attention(x, x, x)).toEqualTypeOf<[output: Tensor, weights: Tensor | null]>();
  expectTypeOf(new nn.Transformer({ dModel: 8, nhead: 2 })(x, x)).toEqualTypeOf<Tensor>();
  const encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(8, 2), 2);
  expectTypeOf(encoder(x, { srcKeyPaddingMask: null })).toEqualTypeOf<Tensor>();
  expectTypeOf(encoder.layers.at(0)).toEqualTypeOf<nn.TransformerEncoderLayer>();
  // @ts-expect-error wrong name
  encoder(x, { srcMask: null });
});
