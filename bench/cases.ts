/**
 * @file The benchmark cases: what `pytorch.py` of the comparison times, under the same names. A case builds its inputs and gives the
 * step to time.
 */
import * as torch from "typetorch";

const { nn, optim } = torch;
const F = torch.nn.functional;

export type Step = () => unknown;
export const cases = new Map<string, () => Step>();

for (const requiresGrad of [false, true])
  cases.set(`dispatch.add4${requiresGrad ? "_grad" : ""}`, () => {
    const x = torch.randn([4], { requiresGrad });
    const y = torch.randn([4]);
    return () => {
      for (let i = 0; i < 1000; i++) x.add(y);
    };
  });
cases.set("dispatch.chain_grad", () => {
  const x = torch.randn([8, 8], { requiresGrad: true });
  return () => {
    let y: torch.Tensor = x;
    for (let i = 0; i < 50; i++) y = y.mul(1.01).add(0.1).tanh().reshape(8, 8);
    y.sum().backward();
    x.grad = null;
  };
});

for (const n of [64, 256, 512, 1024, 2048])
  cases.set(`matmul.${n}`, () => {
    const [x, y] = [torch.randn([n, n]), torch.randn([n, n])];
    return () => x.matmul(y);
  });
cases.set("matmul.batched_32x128x64x128", () => {
  const [x, y] = [torch.randn([32, 128, 64]), torch.randn([32, 64, 128])];
  return () => x.matmul(y);
});
cases.set("linear.64x784x512", () => {
  const [x, w, b] = [torch.randn([64, 784]), torch.randn([512, 784]), torch.randn([512])];
  return () => F.linear(x, w, b);
});

/** On 1,048,576 float32 elements. */
const mega: Record<string, (x: torch.Tensor, y: torch.Tensor) => unknown> = {
  add: (x, y) => x.add(y),
  exp: (x) => x.exp(),
  tanh: (x) => x.tanh(),
  gelu: (x) => F.gelu(x),
  sum: (x) => x.sum(),
  cumsum: (x) => x.cumsum(0),
  sort: (x) => x.sort(),
  softmax_1024x1024: (x) => x.view(1024, 1024).softmax(-1),
  transpose_copy_1024x1024: (x) => x.view(1024, 1024).t().contiguous(),
  sum_dim0_1024x1024: (x) => x.view(1024, 1024).sum(0),
  broadcast_add_1024x1024: (x, y) => x.view(1024, 1024).add(y.at(":1024")),
};
for (const [name, f] of Object.entries(mega))
  cases.set(`mega.${name}`, () => {
    const [x, y] = [torch.randn([1 << 20]), torch.randn([1 << 20])];
    return () => f(x, y);
  });

/** The quickstart's network. */
export const mlp = () =>
  new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 512),
    new nn.ReLU(),
    new nn.Linear(512, 512),
    new nn.ReLU(),
    new nn.Linear(512, 10),
  );

cases.set("train.quickstart_b64_sgd", () => {
  torch.manualSeed(0);
  const model = mlp();
  model.train();
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3 });
  const lossFn = new nn.CrossEntropyLoss();
  const X = torch.randn([64, 1, 28, 28]);
  const y = torch.randint(0, 10, [64]);
  return () => {
    optimizer.zeroGrad();
    const loss = lossFn(model(X), y);
    loss.backward();
    optimizer.step();
  };
});
cases.set("infer.mlp_b1", () => {
  const model = mlp().eval();
  const X = torch.randn([1, 1, 28, 28]);
  return () => torch.noGrad(() => model(X));
});
