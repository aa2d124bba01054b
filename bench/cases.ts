/**
 * @file The benchmark cases: what `pytorch.py` of the comparison times, under the same names. A case builds its inputs and gives the
 * step to time.
 */
import * as torch from "typetorch";
import { LastOfLSTM, lenet, mlp, resnet18, transformer } from "./models.ts";

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
  layernorm_1024x1024: (x) => F.layerNorm(x.view(1024, 1024), [1024]),
  transpose_copy_1024x1024: (x) => x.view(1024, 1024).t().contiguous(),
  sum_dim0_1024x1024: (x) => x.view(1024, 1024).sum(0),
  broadcast_add_1024x1024: (x, y) => x.view(1024, 1024).add(y.at(":1024")),
};
for (const [name, f] of Object.entries(mega))
  cases.set(`mega.${name}`, () => {
    const [x, y] = [torch.randn([1 << 20]), torch.randn([1 << 20])];
    return () => f(x, y);
  });

/** Channels in and out, pixels, batch, kernel, stride, groups. */
const convolutions = [
  [3, 64, 32, 32, 3, 1, 1],
  [64, 64, 32, 32, 3, 1, 1],
  [128, 128, 16, 32, 3, 1, 1],
  [256, 256, 8, 32, 3, 1, 1],
  [3, 64, 224, 2, 7, 2, 1],
  [256, 64, 28, 8, 1, 1, 1],
  [64, 64, 28, 8, 3, 1, 64],
] as const;
for (const [from, to, pixels, batch, kernel, stride, groups] of convolutions) {
  const name = `conv.${from}x${to}_${pixels}px_b${batch}_k${kernel}s${stride}g${groups}`;
  const make = (requiresGrad: boolean) => {
    const x = torch.randn([batch, from, pixels, pixels], { requiresGrad });
    const conv = new nn.Conv2d(from, to, kernel, { stride, padding: Math.floor(kernel / 2), groups });
    return { x, conv: conv.requiresGrad_(requiresGrad) };
  };
  cases.set(name, () => {
    const { x, conv } = make(false);
    return () => conv(x);
  });
  cases.set(`${name}_train`, () => {
    const { x, conv } = make(true);
    const grad = torch.randnLike(conv(x));
    return () => {
      conv(x).backward(grad);
      x.grad = null;
      conv.zeroGrad({ setToNone: true });
    };
  });
}

const crossEntropy = (model: torch.nn.Module, X: torch.Tensor, y: torch.Tensor) => F.crossEntropy(model(X), y);

/** A step of training. */
function train<M extends torch.nn.Module>(
  net: () => M,
  optimizerOf: (parameters: torch.nn.Parameter[]) => torch.optim.Optimizer<object>,
  shape: readonly number[],
  classes: number,
  lossOf: (model: M, X: torch.Tensor, y: torch.Tensor) => torch.Tensor = crossEntropy,
): () => Step {
  return () => {
    torch.manualSeed(0);
    const model = net();
    model.train();
    const optimizer = optimizerOf(model.parameters());
    const X = torch.randn([...shape]);
    const y = torch.randint(0, classes, [shape[0] as number]);
    return () => {
      optimizer.zeroGrad();
      const loss = lossOf(model, X, y);
      loss.backward();
      optimizer.step();
    };
  };
}

function infer(net: () => torch.nn.Module, shape: readonly number[]): () => Step {
  return () => {
    const model = net().eval();
    const X = torch.randn([...shape]);
    return () => torch.noGrad(() => model(X));
  };
}

const momentum = (p: torch.nn.Parameter[]) => new optim.SGD(p, { lr: 1e-3, momentum: 0.9 });
cases.set(
  "train.quickstart_b64_sgd",
  train(mlp, (p) => new optim.SGD(p, { lr: 1e-3 }), [64, 1, 28, 28], 10),
);
cases.set(
  "train.quickstart_b64_adam",
  train(mlp, (p) => new optim.Adam(p), [64, 1, 28, 28], 10),
);
cases.set("train.lenet_b4", train(lenet, momentum, [4, 3, 32, 32], 10));
cases.set("train.lenet_b64", train(lenet, momentum, [64, 3, 32, 32], 10));
cases.set("train.resnet18_b8_64px", train(resnet18, momentum, [8, 3, 64, 64], 1000));
cases.set(
  "train.lstm_b32_t50",
  train(
    () => new LastOfLSTM(),
    (p) => new optim.Adam(p),
    [32, 50, 64],
    10,
  ),
);
cases.set(
  "train.transformer_4x256_b8_t128",
  train(
    transformer,
    (p) => new optim.AdamW(p),
    [8, 128, 256],
    10,
    (model, X) => model(X).pow(2).mean(),
  ),
);
cases.set("infer.resnet18_b1_224px", infer(resnet18, [1, 3, 224, 224]));
cases.set("infer.mlp_b1", infer(mlp, [1, 1, 28, 28]));
