/** @file What `torch.useDeterministicAlgorithms` has asked for, in this JavaScript thread. */

export const determinism = {
  /** Whether answers are to be the same to the last bit for any number of threads. */
  enabled: false,
  warnOnly: false,
  /** Whether memory that PyTorch leaves as it is gets a known content while `enabled`. */
  fillsMemory: true,
};
