/** @file `torch.nn.utils.rnn`: sequences of several lengths. */
export { packPaddedSequence, packSequence, padPackedSequence, unpackSequence } from "./pack.ts";
export { invertPermutation, PackedSequence } from "./packed-sequence.ts";
export { type PaddingSide, padSequence, unpadSequence } from "./pad.ts";
