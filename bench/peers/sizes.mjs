// What bench/cases.ts times, as far as the peers can: names and sizes.
export const matmuls = [64, 256, 512, 1024, 2048];
export const linear = { name: "linear.64x784x512", m: 64, k: 784, n: 512 };
export const convolutions = [
  [3, 64, 32, 32, 3, 1, 1],
  [64, 64, 32, 32, 3, 1, 1],
  [128, 128, 16, 32, 3, 1, 1],
  [256, 256, 8, 32, 3, 1, 1],
  [3, 64, 224, 2, 7, 2, 1],
  [256, 64, 28, 8, 1, 1, 1],
  [64, 64, 28, 8, 3, 1, 64],
].map(([from, to, pixels, batch, kernel, stride, groups]) => ({
  name: `conv.${from}x${to}_${pixels}px_b${batch}_k${kernel}s${stride}g${groups}`,
  ...{ from, to, pixels, batch, kernel, stride, groups },
}));
