/** What golden values do not show of the recurrent layers: derivatives of higher order, and refusals. */
import * as torch from "typetorch";
import { nn } from "typetorch";
import { describe, expect, test } from "vitest";
import { checkGradients, leaf } from "../ops/gradients.ts";

const { packPaddedSequence } = nn.utils.rnn;

describe("derivatives of first and second order", () => {
  /** For H hidden units, a feature, and a projection to `proj` if that is not H. */
  const params = (gates: number, H = 1, proj = H) => [
    leaf(H * gates, 1),
    leaf(H * gates, proj),
    leaf(H * gates),
    leaf(H * gates),
    ...(proj === H ? [] : [leaf(proj, H)]),
  ];
  const settings = [true, 1, 0, true, false] as const;
  const batchSizes = torch.tensor([2, 1]);
  test.each<[string, (...xs: torch.Tensor[]) => readonly torch.Tensor[] | torch.Tensor, torch.Tensor[]]>([
    [
      "lstm",
      (x, h, c, ...p) => torch.lstm(x!, [h!, c!], p, ...settings, false),
      [leaf(2, 2, 1), leaf(1, 2, 1), leaf(1, 2, 1), ...params(4)],
    ],
    [
      "lstm with projection",
      (x, h, c, ...p) => torch.lstm(x!, [h!, c!], p, ...settings, false),
      [leaf(2, 1, 1), leaf(1, 1, 1), leaf(1, 1, 2), ...params(4, 2, 1)],
    ],
    [
      "lstm, packed",
      (x, h, c, ...p) => torch.lstm(x!, batchSizes, [h!, c!], p, ...settings),
      [leaf(3, 1), leaf(1, 2, 1), leaf(1, 2, 1), ...params(4)],
    ],
    ["gru", (x, h, ...p) => torch.gru(x!, h!, p, ...settings, true), [leaf(1, 2, 1), leaf(1, 1, 1), ...params(3)]],
    [
      "gru in two directions, packed",
      (x, h, ...p) => torch.gru(x!, batchSizes, h!, p, true, 1, 0, true, true),
      [leaf(3, 1), leaf(2, 2, 1), ...params(3), ...params(3)],
    ],
    [
      "rnnTanh",
      (x, h, ...p) => torch.rnnTanh(x!, h!, p, ...settings, false),
      [leaf(2, 2, 1), leaf(1, 2, 2), ...params(1, 2)],
    ],
    [
      "rnnRelu",
      (x, h, ...p) => torch.rnnRelu(x!, h!, p, ...settings, false),
      [leaf(2, 2, 1), leaf(1, 2, 2), ...params(1, 2)],
    ],
    [
      "lstmCell",
      (x, h, c, ...p) => torch.lstmCell(x!, [h!, c!], ...(p as [torch.Tensor, torch.Tensor])),
      [leaf(2, 1), leaf(2, 1), leaf(2, 1), ...params(4)],
    ],
    [
      "gruCell",
      (x, h, ...p) => torch.gruCell(x!, h!, ...(p as [torch.Tensor, torch.Tensor])),
      [leaf(2, 1), leaf(2, 2), ...params(3, 2).slice(0, 2)],
    ],
  ])("%s", (_, f, inputs) => {
    expect(checkGradients(f, ...inputs)).toBe(true);
  });
});

test("an input of which another is made gets its own gradient only, also of second order", () => {
  const x = leaf(1, 1, 2);
  const p = [leaf(2, 2), leaf(2, 2)];
  const f = (y: torch.Tensor) => torch.rnnTanh(y, y.tanh(), p, false, 1, 0, true, false, false)[0];
  expect(checkGradients(f, x)).toBe(true);
});

test("backward may run twice, and only part of the results or inputs may count", () => {
  const lstm = new nn.LSTM(3, 4);
  lstm.weightHhL0.requiresGrad = false;
  const x = torch.randn(5, 2, 3);
  const [output, [hidden, cell]] = lstm(x);
  hidden.sum().backward({ retainGraph: true });
  const first = lstm.weightIhL0.grad!.clone();
  output.at(-1).sum().backward({ retainGraph: true });
  expect(lstm.weightIhL0.grad!.allclose(first.mul(2))).toBe(true);
  expect(lstm.weightHhL0.grad).toBeNull();
  cell.sum().backward();
  expect(() => hidden.sum().backward()).toThrow("a second time");
});

test("without recording the results are the same", () => {
  const nets: ((x: torch.Tensor) => [torch.Tensor, unknown])[] = [
    new nn.LSTM(3, 4, { numLayers: 2, projSize: 2 }),
    new nn.GRU(3, 4),
    new nn.RNN(3, 4),
  ];
  for (const net of nets) {
    const x = torch.randn(5, 2, 3);
    const recorded = net(x)[0];
    const bare = torch.noGrad(() => net(x)[0]);
    expect(bare.requiresGrad).toBe(false);
    expect(bare.equal(recorded)).toBe(true);
    expect(torch.inferenceMode(() => net(x)[0]).isInference).toBe(true);
  }
});

test("half types", () => {
  const gru = new nn.GRU(3, 4, { dtype: torch.bfloat16 });
  const x = torch.randn([5, 2, 3], { dtype: torch.bfloat16 });
  const [output] = gru(x);
  expect(output.dtype).toBe(torch.bfloat16);
  output.sum().backward();
  expect(gru.biasHhL0?.grad?.dtype).toBe(torch.bfloat16);
});

test("parameters by layer and direction", () => {
  const lstm = new nn.LSTM(2, 3, 2, { bidirectional: true, projSize: 1 });
  expect(lstm.allWeights.length).toBe(4);
  expect(lstm.allWeights[1]).toEqual([
    lstm.weightIhL0Reverse,
    lstm.weightHhL0Reverse,
    lstm.biasIhL0Reverse,
    lstm.biasHhL0Reverse,
    lstm.weightHrL0Reverse,
  ]);
  lstm.flattenParameters();
});

test("refusals", () => {
  const lstm = new nn.LSTM(3, 4);
  const x = torch.randn(5, 2, 3);
  expect(() => new nn.LSTM(3, 4, { projSize: 4 })).toThrow("LSTM: expected a projSize below hiddenSize (4), got 4");
  expect(() => new nn.GRU(3, 4, { projSize: 2 } as never)).toThrow('GRU: unknown option "projSize"');
  expect(() => new nn.LSTM(3, 0)).toThrow("LSTM: expected hiddenSize of at least 1, got 0");
  expect(() => new nn.RNN(3, 4, { nonlinearity: "sigmoid" as never })).toThrow(
    'RNN: expected a nonlinearity of "tanh" or "relu"',
  );
  expect(() => new nn.LSTM(3, 4, { dropout: 2 })).toThrow("LSTM: expected a probability");
  expect(() => lstm(torch.randn(5, 2, 4))).toThrow("LSTM: expected an input of 3 features, got shape [5, 2, 4]");
  expect(() => lstm(torch.randn(3))).toThrow("LSTM: expected an input of 2 or 3 dimensions, got shape [3]");
  expect(() => lstm(torch.randn(0, 2, 3))).toThrow("lstm: expected sequences of at least one step");
  expect(() => lstm(x, [torch.zeros(1, 3, 4), torch.zeros(1, 2, 4)])).toThrow(
    "LSTM: expected hx[0] of shape [1, 2, 4], got [1, 3, 4]",
  );
  expect(() => lstm(x, torch.zeros(1, 2, 4) as never)).toThrow("LSTM: expected hx to be [hidden, cell]");
  expect(() => lstm(x.to(torch.float64))).toThrow(
    "lstm: expected input and params in one dtype, got torch.float64 and torch.float32",
  );
  expect(() => lstm(packPaddedSequence(torch.randn(5, 2, 4), [5, 2]))).toThrow("LSTM: expected an input of 3 features");
  expect(() => new nn.LSTMCell(3, 4)(torch.randn(2, 2, 3))).toThrow("LSTMCell: expected an input of 1 or 2 dimensions");
  expect(() => new nn.GRUCell(3, 4)(torch.randn(2, 2))).toThrow("gruCell: expected input of shape [2, 3], got [2, 2]");
  expect(() => torch.gru(x, torch.zeros(1, 2, 4), [], true, 1, 0, true, false, false)).toThrow(
    "gru: expected 4 params",
  );
});

test("gradients with and without a graph of their own are the same", () => {
  torch.manualSeed(3);
  const nets = [
    new nn.LSTM(3, 4, { bidirectional: true, projSize: 2, dtype: torch.float64 }),
    new nn.GRU(3, 4, { numLayers: 2, dtype: torch.float64 }),
    new nn.RNN(3, 4, { nonlinearity: "relu", bias: false, dtype: torch.float64 }),
  ];
  for (const net of nets) {
    const x = torch.randn([5, 2, 3], { dtype: torch.float64 });
    const packed = packPaddedSequence(x, [5, 3]);
    const run = net as (given: nn.utils.rnn.PackedSequence) => [nn.utils.rnn.PackedSequence, unknown];
    const loss = run(packed)[0].data.sin().sum();
    const first = torch.autograd.grad(loss, net.parameters(), { retainGraph: true });
    const second = torch.autograd.grad(loss, net.parameters(), { createGraph: true });
    for (const [i, g] of first.entries()) expect(second[i]!.allclose(g, { rtol: 1e-10, atol: 1e-12 })).toBe(true);
  }
});

test("under autocast results have the dtypes of PyTorch's", () => {
  torch.amp.autocast("cpu", { dtype: torch.bfloat16 }, () => {
    const x = torch.randn(5, 2, 3);
    for (const [net, cell, dtype] of [
      [new nn.LSTM(3, 4), new nn.LSTMCell(3, 4), torch.float32],
      [new nn.GRU(3, 4), new nn.GRUCell(3, 4), torch.float32],
      [new nn.RNN(3, 4), new nn.RNNCell(3, 4), torch.bfloat16],
    ] as const) {
      const run = net as unknown as (given: torch.Tensor) => [torch.Tensor, unknown];
      expect(run(x)[0].dtype).toBe(dtype);
      expect(run(x.to(torch.bfloat16))[0].dtype).toBe(torch.bfloat16);
      const step = cell as unknown as (given: torch.Tensor) => torch.Tensor | torch.Tensor[];
      expect([step(x.at(0))].flat()[0]?.dtype).toBe(dtype);
      run(x)[0].sum().backward();
      expect(net.weightIhL0.grad?.dtype).toBe(torch.float32);
    }
  });
});
