// The cases on jax-js, in its own way: each step is one jitted function, and `.ref` counts what is used again.
import {
  blockUntilReady,
  defaultDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  random,
  tree,
  valueAndGrad,
} from "@jax-js/jax";
import { convolutions, linear, matmuls } from "./sizes.mjs";

let seed = 0;
const normal = (shape) => random.normal(random.key(seed++), shape);
const uniform = (shape, bound) => random.uniform(random.key(seed++), shape, { minval: -bound, maxval: bound });

/** A step that computes `f` of the arrays, waits for the result and frees it. */
const step =
  (f, ...arrays) =>
  async () =>
    tree.dispose(await blockUntilReady(f(...arrays.map((x) => x.ref))));

const layerNorm = (x) => {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
  return centred.div(np.sqrt(variance.add(1e-5)));
};
const square = (x) => x.reshape([1024, 1024]);

/** On 1,048,576 float32 elements; those of two arguments say so. */
const mega = {
  add: (x, y) => x.add(y),
  exp: (x) => np.exp(x),
  tanh: (x) => np.tanh(x),
  gelu: (x) => nn.gelu(x, { approximate: false }),
  sum: (x) => np.sum(x),
  cumsum: (x) => np.cumsum(x),
  sort: (x) => np.sort(x),
  softmax_1024x1024: (x) => nn.softmax(square(x), -1),
  layernorm_1024x1024: (x) => layerNorm(square(x)),
  transpose_copy_1024x1024: (x) => np.transpose(square(x)).add(0),
  sum_dim0_1024x1024: (x) => np.sum(square(x), 0),
  broadcast_add_1024x1024: (x, y) => square(x).add(y.slice([0, 1024])),
};

const convolve = (x, w, b, { kernel, stride, groups }) => {
  const padding = [0, 1].map(() => [Math.floor(kernel / 2), Math.floor(kernel / 2)]);
  const y = lax.convGeneralDilated(x, w, [stride, stride], padding, { featureGroupCount: groups });
  return y.add(b.reshape([-1, 1, 1]));
};

const dense = (from, to) => ({ w: uniform([from, to], 1 / Math.sqrt(from)), b: uniform([to], 1 / Math.sqrt(from)) });
const mlp = () => [dense(784, 512), dense(512, 512), dense(512, 10)];
const forward = (layers, X) =>
  layers.reduce(
    (x, { w, b }, i) => {
      const y = np.matmul(x, w).add(b);
      return i < layers.length - 1 ? nn.relu(y) : y;
    },
    X.reshape([-1, 784]),
  );

const lossOf = (layers, X, y) => nn.logSoftmax(forward(layers, X), -1).mul(y).sum(-1).mean().neg();
const sgd = jit((layers, X, y) => {
  const [loss, grads] = valueAndGrad(lossOf)(tree.ref(layers), X, y);
  return [loss, tree.map((p, g) => p.sub(g.mul(1e-3)), layers, grads)];
});

export async function cases() {
  await init("wasm");
  defaultDevice("wasm");
  const all = new Map();
  all.set("dispatch.add4", () => {
    const [x, y] = [normal([4]), normal([4])];
    return async () => {
      for (let i = 0; i < 1000; i++) (await x.ref.add(y.ref).blockUntilReady()).dispose();
    };
  });
  for (const n of matmuls) all.set(`matmul.${n}`, () => step(jit(np.matmul), normal([n, n]), normal([n, n])));
  all.set("matmul.batched_32x128x64x128", () => step(jit(np.matmul), normal([32, 128, 64]), normal([32, 64, 128])));
  all.set(linear.name, () => {
    const f = jit((x, w, b) => np.matmul(x, np.transpose(w)).add(b));
    return step(f, normal([linear.m, linear.k]), normal([linear.n, linear.k]), normal([linear.n]));
  });
  for (const [name, f] of Object.entries(mega))
    all.set(`mega.${name}`, () => {
      const arrays = Array.from({ length: f.length }, () => normal([1 << 20]));
      return step(jit(f.length === 1 ? (x) => f(x) : (x, y) => f(x, y)), ...arrays);
    });
  for (const size of convolutions) {
    const { name, from, to, pixels, batch, kernel, groups } = size;
    const make = () => [
      normal([batch, from, pixels, pixels]),
      normal([to, from / groups, kernel, kernel]),
      normal([to]),
    ];
    all.set(name, () =>
      step(
        jit((x, w, b) => convolve(x, w, b, size)),
        ...make(),
      ),
    );
    all.set(`${name}_train`, () => {
      const weighted = (x, w, b, g) => convolve(x, w, b, size).mul(g).sum();
      const out = Math.floor((pixels + 2 * Math.floor(kernel / 2) - kernel) / size.stride) + 1;
      const f = jit((x, w, b, g) => valueAndGrad(weighted, { argnums: [0, 1, 2] })(x, w, b, g));
      return step(f, ...make(), normal([batch, to, out, out]));
    });
  }
  all.set("train.quickstart_b64_sgd", () => {
    let layers = mlp();
    const X = normal([64, 1, 28, 28]);
    const y = np
      .array(Float32Array.from({ length: 640 }, (_, i) => (i % 10 === Math.floor(i / 10) % 10 ? 1 : 0)))
      .reshape([64, 10]);
    return async () => {
      const [loss, updated] = sgd(layers, X.ref, y.ref);
      layers = updated;
      await blockUntilReady([loss, layers]);
      loss.dispose();
    };
  });
  all.set("infer.mlp_b1", () => {
    const layers = mlp();
    const f = jit(forward);
    const X = normal([1, 1, 28, 28]);
    return async () => (await f(tree.ref(layers), X.ref).blockUntilReady()).dispose();
  });
  return all;
}
