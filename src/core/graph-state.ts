/**
 * @file Whether a graph waits for its backward. What ops made for it stays in use until then, so that the memory behind
 * tensors need not be searched for what is not; after a backward much of it is free.
 */
export const graphState = { waits: false, backwards: 0 };
