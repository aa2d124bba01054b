// The cases on TensorFlow.js, in its own way: pictures lie [N, H, W, C], and each step frees what it made.
import * as tf from "@tensorflow/tfjs";
import { convolutions, linear, matmuls } from "./sizes.mjs";

/** A step that frees all that it makes. */
const tidy = (f) => () => {
  tf.tidy(() => {
    f();
  });
};

const gelu = (x) => x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
const layerNorm = (x) => {
  const { mean, variance } = tf.moments(x, -1, true);
  return x.sub(mean).mul(variance.add(1e-5).rsqrt());
};

/** On 1,048,576 float32 elements. */
const mega = {
  add: (x, y) => x.add(y),
  exp: (x) => x.exp(),
  tanh: (x) => x.tanh(),
  gelu,
  sum: (x) => x.sum(),
  cumsum: (x) => x.cumsum(0),
  softmax_1024x1024: (x) => x.reshape([1024, 1024]).softmax(-1),
  layernorm_1024x1024: (x) => layerNorm(x.reshape([1024, 1024])),
  transpose_copy_1024x1024: (x) => x.reshape([1024, 1024]).transpose(),
  sum_dim0_1024x1024: (x) => x.reshape([1024, 1024]).sum(0),
  broadcast_add_1024x1024: (x, y) => x.reshape([1024, 1024]).add(y.slice([0], [1024])),
};

const dense = (from, to) => {
  const bound = 1 / Math.sqrt(from);
  return [tf.variable(tf.randomUniform([from, to], -bound, bound)), tf.variable(tf.randomUniform([to], -bound, bound))];
};
const conv = (from, to, kernel) => {
  const bound = 1 / Math.sqrt(from * kernel * kernel);
  return [
    tf.variable(tf.randomUniform([kernel, kernel, from, to], -bound, bound)),
    tf.variable(tf.randomUniform([to], -bound, bound)),
  ];
};

function mlp() {
  const layers = [dense(784, 512), dense(512, 512), dense(512, 10)];
  const forward = (X) =>
    layers.reduce(
      (x, [kernel, bias], i) => {
        const fused = { a: x, b: kernel, bias, activation: i < 2 ? "relu" : "linear" };
        return tf.fused.matMul(fused);
      },
      X.reshape([-1, 784]),
    );
  return { forward, parameters: layers.flat() };
}

function lenet() {
  const [first, second] = [conv(3, 6, 5), conv(6, 16, 5)];
  const layers = [dense(400, 120), dense(120, 84), dense(84, 10)];
  const forward = (X) => {
    let x = X;
    for (const [filter, bias] of [first, second])
      x = x.conv2d(filter, 1, "valid").add(bias).relu().maxPool(2, 2, "valid");
    return layers.reduce(
      (h, [kernel, bias], i) => tf.fused.matMul({ a: h, b: kernel, bias, activation: i < 2 ? "relu" : "linear" }),
      x.reshape([-1, 400]),
    );
  };
  return { forward, parameters: [...first, ...second, ...layers.flat()] };
}

function train(net, optimizer, shape, classes) {
  return () => {
    const { forward, parameters } = net();
    const X = tf.randomNormal(shape);
    const y = tf.oneHot(tf.randomUniform([shape[0]], 0, classes, "int32"), classes);
    return () => {
      optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, forward(X)), false, parameters);
    };
  };
}

/** `backend` is `"cpu"` or `"wasm"`. */
export async function cases(backend) {
  if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend(backend);
  await tf.ready();
  const all = new Map();
  all.set("dispatch.add4", () => {
    const [x, y] = [tf.randomNormal([4]), tf.randomNormal([4])];
    return () => {
      for (let i = 0; i < 1000; i++) x.add(y).dispose();
    };
  });
  for (const n of matmuls)
    all.set(`matmul.${n}`, () => {
      const [x, y] = [tf.randomNormal([n, n]), tf.randomNormal([n, n])];
      return tidy(() => tf.matMul(x, y));
    });
  all.set("matmul.batched_32x128x64x128", () => {
    const [x, y] = [tf.randomNormal([32, 128, 64]), tf.randomNormal([32, 64, 128])];
    return tidy(() => tf.matMul(x, y));
  });
  all.set(linear.name, () => {
    // Its dense layers keep the weight [in, out]; transposing takes it 15 times as long.
    const [x, w, b] = [[linear.m, linear.k], [linear.k, linear.n], [linear.n]].map((size) => tf.randomNormal(size));
    return tidy(() => tf.fused.matMul({ a: x, b: w, bias: b }));
  });
  for (const [name, f] of Object.entries(mega))
    all.set(`mega.${name}`, () => {
      const [x, y] = [tf.randomNormal([1 << 20]), tf.randomNormal([1 << 20])];
      return tidy(() => f(x, y));
    });
  for (const { name, from, to, pixels, batch, kernel, stride, groups } of convolutions) {
    const make = () => {
      const x = tf.randomNormal([batch, pixels, pixels, from]);
      const filters = tf.variable(tf.randomNormal([kernel, kernel, from, groups === 1 ? to : 1]));
      const convolve = groups === 1 ? tf.conv2d : tf.depthwiseConv2d;
      // Where the two agree, "same" spares TensorFlow.js a copy of the picture.
      const padding = stride === 1 ? "same" : Math.floor(kernel / 2);
      const run = (input, weight, b) => convolve(input, weight, stride, padding).add(b);
      return { x, run, filters, bias: tf.randomNormal([to]) };
    };
    all.set(name, () => {
      const { x, run, filters, bias } = make();
      return tidy(() => run(x, filters, bias));
    });
    all.set(`${name}_train`, () => {
      const { x, run, filters, bias } = make();
      const grad = tf.tidy(() => tf.randomNormal(run(x, filters, bias).shape));
      const gradients = tf.grads(run);
      return tidy(() => gradients([x, filters, bias], grad));
    });
  }
  const sgd = tf.train.sgd(1e-3);
  all.set("train.quickstart_b64_sgd", train(mlp, sgd, [64, 28, 28, 1], 10));
  all.set("train.quickstart_b64_adam", train(mlp, tf.train.adam(1e-3), [64, 28, 28, 1], 10));
  for (const batch of [4, 64])
    all.set(`train.lenet_b${batch}`, train(lenet, tf.train.momentum(1e-3, 0.9), [batch, 32, 32, 3], 10));
  all.set("infer.mlp_b1", () => {
    const { forward } = mlp();
    const X = tf.randomNormal([1, 28, 28, 1]);
    return tidy(() => forward(X));
  });
  return all;
}
