/** @file Numbers for drawing pictures; not PyTorch's generators, which must not move when a data set is made. */

/** Whole numbers of 32 bits, the same for the same seed (the `mulberry32` generator). */
export function randomBits(seed: number): () => number {
  // In an array: a captured variable of 32 bits would be boxed at each step.
  const state = new Int32Array([Math.imul(seed + 1, 0x9e3779b9)]);
  return () => {
    const word = (state[0]! + 0x6d2b79f5) | 0;
    state[0] = word;
    let x = Math.imul(word ^ (word >>> 15), 1 | word);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return x ^ (x >>> 14);
  };
}
