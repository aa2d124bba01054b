// Ops on tensors so large that several threads share them: one for each kernel that divides its work, and for each way in which it
// does. Used by determinism.test.ts and by scripts/sanitize.mjs, which has only the built library.

const float = (torch, seed, ...shape) => torch.randn(shape, { generator: new torch.Generator().manualSeed(seed) });

/** What `f` gives for tensors that require grad, and the gradients of all of them. */
function withGradients(torch, f, ...inputs) {
  const leaves = inputs.map((x) => x.detach().clone().requiresGrad_());
  const y = f(...leaves);
  const grads = torch.autograd.grad(y, leaves, float(torch, 99, ...y.shape));
  return [y.detach(), ...grads];
}

/**
 * @param {typeof import("typetorch")} torch
 * @returns {Map<string, () => import("typetorch").Tensor[]>}
 */
export function largeOps(torch) {
  const F = torch.nn.functional;
  const random = (seed, ...shape) => float(torch, seed, ...shape);
  const integers = (seed, high, ...shape) =>
    torch.randint(0, high, shape, { generator: new torch.Generator().manualSeed(seed) });
  const ops = new Map();
  const op = (name, f) => ops.set(name, () => [f()].flat());
  const grad = (name, f, ...shapes) =>
    ops.set(name, () => withGradients(torch, f, ...shapes.map((shape, i) => random(i + 1, ...shape))));

  // Products: panels, transposes, few rows or columns, many small ones, integers, half types.
  grad("matmul", (a, b) => a.matmul(b), [130, 700], [700, 210]);
  grad("matmul float64", (a, b) => a.double().matmul(b.double()), [130, 300], [300, 70]);
  grad("linear", (x, w, b) => F.linear(x, w, b), [64, 784], [512, 784], [512]);
  grad("matmul of few columns", (a, b) => a.matmul(b), [5000, 300], [300, 3]);
  grad("matmul of a vector", (a, b) => a.matmul(b), [5000, 301], [301]);
  grad("matmul of a column", (a, b) => a.t().matmul(b), [301, 5003], [301]);
  grad("bmm of many", (a, b) => a.bmm(b), [70, 33, 40], [70, 40, 50]);
  grad("bmm of few", (a, b) => a.bmm(b), [3, 150, 240], [3, 240, 130]);
  op("matmul int64", () => integers(1, 50, 130, 200).matmul(integers(2, 50, 200, 90)));
  op("matmul bfloat16", () =>
    random(1, 130, 300)
      .bfloat16()
      .matmul(random(2, 300, 90).bfloat16()),
  );
  grad(
    "attention",
    (q, k, v) => F.scaledDotProductAttention(q, k, v, { isCausal: true }),
    [4, 4, 130, 32],
    [4, 4, 130, 32],
    [4, 4, 130, 32],
  );

  // Recurrent layers: threads that take sequences of their own, and few sequences that they share.
  const lstm = (name, x, h) =>
    grad(
      `lstm of ${name}`,
      (x, h, c, ...weights) => torch.cat(torch.lstm(x, [h, c], weights, true, 1, 0, true, false, false)),
      x,
      ...[h, h, [4 * h[2], x[2]], [4 * h[2], h[2]], [4 * h[2]], [4 * h[2]]],
    );
  lstm("many sequences", [10, 37, 16], [1, 37, 48]);
  lstm("few sequences", [4, 2, 16], [1, 2, 300]);

  // Convolutions: products of patches, direct ones, groups, strides; sums over pixels and samples for the weights.
  const conv = (name, x, w, options) => grad(`conv2d ${name}`, (a, b, c) => F.conv2d(a, b, c, options), x, w, [w[0]]);
  conv("3x3", [8, 32, 28, 28], [48, 32, 3, 3], { padding: 1 });
  conv("1x1", [8, 64, 28, 28], [32, 64, 1, 1], {});
  conv("of few channels", [64, 3, 32, 32], [6, 3, 5, 5], {});
  conv("of many pixels", [2, 3, 112, 112], [64, 3, 7, 7], { stride: 2, padding: 3 });
  conv("in groups", [8, 32, 28, 28], [32, 8, 3, 3], { groups: 4, padding: 1 });
  conv("of single channels", [8, 32, 28, 28], [32, 1, 3, 3], { groups: 32, padding: 1 });
  grad("conv1d", (x, w) => F.conv1d(x, w, { padding: 2 }), [16, 32, 500], [64, 32, 5]);
  grad("conv3d", (x, w) => F.conv3d(x, w), [2, 8, 14, 14, 14], [16, 8, 3, 3, 3]);
  grad("convTranspose2d", (x, w) => F.convTranspose2d(x, w, { stride: 2 }), [8, 32, 16, 16], [32, 24, 3, 3]);

  // Pointwise: one loop, the tile machine, broadcast, strided, cast.
  grad("add", (x, y) => x.add(y), [300, 1000], [300, 1000]);
  grad("gelu of a broadcast product", (x, y) => F.gelu(x.mul(y)), [300, 1000], [1000]);
  grad("tanh of a transpose", (x) => x.t().tanh().contiguous(), [700, 900]);
  op("casts", () => [
    random(1, 300000).half(),
    random(1, 300000).bfloat16().float(),
    random(1, 300000).mul(100).long(),
  ]);

  // Reductions: all, rows, columns, several dimensions, with indices.
  grad("sum", (x) => x.sum(), [1000, 701]);
  grad("sum of rows", (x) => x.sum(1), [701, 1000]);
  grad("sum of columns", (x) => x.sum(0), [1000, 701]);
  grad("sum of few columns", (x) => x.sum(0), [200000, 3]);
  grad("sum of the outer dimensions", (x) => x.sum([0, 2]), [50, 30, 400]);
  grad("prod, mean, var, logsumexp", (x) => torch.stack([x.prod(0), x.mean(0), x.var(0), x.logsumexp(0)]), [3000, 60]);
  grad("amax", (x) => x.amax([0, 2]), [50, 30, 400]);
  op("argmax", () => [random(1, 700, 900).argmax(0), random(1, 700, 900).argmax(1), random(1, 700000).argmin()]);
  grad("softmax", (x) => x.softmax(-1).add(x.logSoftmax(0)), [600, 700]);
  grad("crossEntropy", (x) => F.crossEntropy(x, integers(9, 700, 600)), [600, 700]);
  op("cumsum", () => [random(1, 500, 600).cumsum(0), random(1, 500, 600).cumsum(1), random(1, 300000).cumsum(0)]);

  // Normalisation and pooling.
  grad("layerNorm", (x, w, b) => F.layerNorm(x, [500], w, b), [600, 500], [500], [500]);
  grad(
    "batchNorm",
    (x, w, b) => F.batchNorm(x, null, null, { weight: w, bias: b, training: true }),
    [32, 24, 20, 20],
    [24],
    [24],
  );
  grad(
    "batchNorm of columns",
    (x, w, b) => F.batchNorm(x, null, null, { weight: w, bias: b, training: true }),
    [900, 300],
    [300],
    [300],
  );
  grad("groupNorm", (x, w, b) => F.groupNorm(x, 6, { weight: w, bias: b }), [16, 24, 20, 20], [24], [24]);
  grad("maxPool2d", (x) => F.maxPool2d(x, 3, { stride: 2 }), [8, 32, 30, 30]);
  grad("avgPool2d", (x) => F.avgPool2d(x, 2), [8, 32, 30, 30]);
  grad("adaptiveAvgPool2d", (x) => F.adaptiveAvgPool2d(x, 7), [8, 32, 30, 30]);
  grad("adaptiveMaxPool2d", (x) => F.adaptiveMaxPool2d(x, 7), [8, 32, 30, 30]);
  grad("interpolate", (x) => F.interpolate(x, { scaleFactor: 2, mode: "bilinear" }), [4, 16, 40, 40]);
  grad("gridSample", (x, g) => F.gridSample(x, g, { alignCorners: false }), [4, 8, 40, 40], [4, 60, 60, 2]);

  // Moving by index, where several indices may meet at one place.
  grad("embedding", (w) => F.embedding(integers(5, 300, 4000), w), [300, 64]);
  grad("indexSelect", (x) => x.indexSelect(0, integers(5, 300, 4000)), [300, 64]);
  grad("gather", (x) => x.gather(1, integers(5, 200, 500, 400)), [500, 200]);
  op("scatterAdd", () => torch.zeros([500, 40]).scatterAdd(1, integers(5, 40, 500, 400), random(1, 500, 400)));
  op("scatterAdd across rows", () =>
    torch.zeros([40, 400]).scatterAdd(0, integers(5, 40, 500, 400), random(1, 500, 400)),
  );
  op("scatterAdd in boxes", () =>
    torch.zeros([7, 40, 30]).scatterAdd(1, integers(5, 40, 7, 500, 30), random(1, 7, 500, 30)),
  );
  op("scatter", () => torch.zeros([500, 40]).scatter(1, integers(5, 40, 500, 400), random(1, 500, 400)));
  op("indexAdd along rows, by int32", () =>
    torch.zeros([300, 30]).indexAdd(1, integers(5, 30, 2000).int(), random(1, 300, 2000)),
  );
  grad("embeddingBag", (table) => F.embeddingBag(integers(5, 300, 700, 9), table), [300, 64]);
  op("histc", () => torch.histc(random(1, 100000), 30));
  op("searchsorted", () => torch.searchsorted(random(1, 1000).sort().values, random(2, 70000)));
  op("copies", () => {
    const x = random(1, 40, 60, 70);
    return [x.flip(0, 2), x.permute(2, 0, 1).contiguous(), x.permute(1, 0, 2).contiguous(), x.bfloat16(), x.roll(3, 2)];
  });
  op("indexAdd", () => torch.zeros([30, 400]).indexAdd(0, integers(5, 30, 2000), random(1, 2000, 400)));
  op("indexPut with accumulate", () =>
    torch.zeros([70]).indexPut([integers(5, 70, 100000)], random(1, 100000), { accumulate: true }),
  );
  op("indexPut of one place", () => torch.zeros([70]).indexPut([integers(5, 70, 100000)], random(1, 100000)));
  op("sort", () => [random(1, 200000).sort()[0], random(1, 300, 900).sort(1)[0], random(1, 300, 900).topk(20)[0]]);
  op("cat, nonzero, masked", () => {
    const x = random(1, 500, 600);
    return [torch.cat([x, x.mul(2)], 1), x.gt(0).nonzero(), x.maskedSelect(x.gt(1))];
  });

  // Chance, linear algebra, Fourier.
  op("random", () => {
    torch.manualSeed(3);
    return [torch.randn([70000]), torch.rand([70000]), torch.randperm(5000), F.dropout(random(1, 70000), 0.3)];
  });
  grad("linalg", (a) => torch.linalg.solve(a.matmul(a.mT).add(torch.eye(60)), a), [8, 60, 60]);
  op("svdvals, cholesky", () => {
    const a = random(1, 8, 50, 50);
    return [torch.linalg.svdvals(a), torch.linalg.cholesky(a.matmul(a.mT).add(torch.eye(50)))];
  });
  grad("fft", (x) => torch.viewAsReal(torch.fft.fft2(x)), [16, 64, 63]);
  grad(
    "ctcLoss",
    (x) => {
      const lengths = (n) => torch.full([12], n, { dtype: torch.int64 });
      return F.ctcLoss(x.logSoftmax(-1), integers(5, 19, 12, 20).add(1), lengths(80), lengths(20));
    },
    [80, 12, 20],
  );

  ops.set("three steps of training", () => {
    torch.manualSeed(0);
    const { nn } = torch;
    const model = new nn.Sequential(
      new nn.Conv2d(3, 16, 3, { padding: 1 }),
      new nn.BatchNorm2d(16),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(16, 32, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.Linear(32 * 16 * 16, 64),
      new nn.Dropout(0.2),
      new nn.Linear(64, 10),
    );
    const optimizer = new torch.optim.AdamW(model.parameters(), { lr: 1e-3 });
    const X = random(1, 32, 3, 32, 32);
    const y = integers(2, 10, 32);
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      F.crossEntropy(model(X), y).backward();
      optimizer.step();
    }
    return model.parameters().map((p) => p.detach());
  });
  return ops;
}
