/** @file Between padded and packed sequences. */
import { int64 } from "../../../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { asTensor, tensor } from "../../../ops/from-data.ts";
import { cat } from "../../../ops/joining.ts";
import { pad } from "../../../ops/pad.ts";
import { checkInt, checkTensor, checkTensors } from "../../../ops/params.ts";
import { sort } from "../../../ops/sort.ts";
import { PackedSequence } from "./packed-sequence.ts";
import { padSequence, unpadSequence } from "./pad.ts";

interface PackOptions {
  /** The input is [N, L, *]. */
  batchFirst?: boolean;
  /** Expect the longest sequence first, and the others in order; else they are sorted. */
  enforceSorted?: boolean;
}

function checkPacked(op: string, sequence: PackedSequence): void {
  if (!(sequence instanceof PackedSequence))
    throw new ValueError(`${op}: expected a PackedSequence, got ${describe(sequence)}`);
}

/**
 * Packs padded sequences. PyTorch: `torch.nn.utils.rnn.pack_padded_sequence`.
 *
 * @param input - [L, N, *], or [N, L, *] if `batchFirst`
 * @param lengths - of each sequence, at least 1 and at most L
 * @param args - `batchFirst` (false), `enforceSorted` (true)
 * @throws ShapeError if there are not as many lengths as sequences
 * @throws ValueError for lengths out of range, or out of order where `enforceSorted` is true
 * @example
 * const padded = torch.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]]);
 * const packed = nn.utils.rnn.packPaddedSequence(padded, [2, 1, 3], { batchFirst: true, enforceSorted: false });
 * packed.data // tensor([4, 1, 3, 5, 2, 6])
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: Tensor | readonly number[],
  ...args: Call<[batchFirst: boolean, enforceSorted: boolean], PackOptions>
): PackedSequence {
  const op = "packPaddedSequence";
  const { batchFirst = false, enforceSorted = true } = bind<PackOptions>(op, ["batchFirst", "enforceSorted"], args);
  checkTensor(op, input);
  if (input.ndim < 2)
    throw new ShapeError(`${op}: expected an input of shape [L, N, *], got ${shapeText(input.shape)}`);
  let ordered = asTensor(lengths, { dtype: int64 });
  let sortedIndices: Tensor | null = null;
  let turned = batchFirst ? input.transpose(0, 1) : input;
  const [longest, batch] = turned.shape as [number, number];
  if (ordered.ndim !== 1 || ordered.shape[0] !== batch)
    throw new ShapeError(`${op}: expected ${batch} lengths, one for each sequence, got ${shapeText(ordered.shape)}`);
  if (!enforceSorted) {
    [ordered, sortedIndices] = sort(ordered, { descending: true });
    turned = turned.indexSelect(1, sortedIndices);
  }
  const each = ordered.tolist() as number[];
  for (const [i, n] of each.entries()) {
    if (n < 1 || n > longest)
      throw new ValueError(`${op}: expected lengths of 1 to ${longest}, the size of the input, got ${n}`);
    if (i > 0 && n > (each[i - 1] as number))
      throw new ValueError(
        `${op}: expected lengths in decreasing order, got [${each.join(", ")}]; pass { enforceSorted: false } to have them sorted`,
      );
  }
  if (batch === 0) throw new ShapeError(`${op}: expected at least one sequence, got ${shapeText(input.shape)}`);
  const batchSizes = Array.from({ length: each[0] as number }, (_, t) => each.filter((n) => n > t).length);
  // Steps with as many sequences are one piece.
  const pieces: Tensor[] = [];
  for (let from = 0; from < batchSizes.length; ) {
    const rows = batchSizes[from] as number;
    const to = batchSizes.lastIndexOf(rows) + 1;
    pieces.push(
      turned
        .narrow(0, from, to - from)
        .narrow(1, 0, rows)
        .reshape((to - from) * rows, ...turned.shape.slice(2)),
    );
    from = to;
  }
  return new PackedSequence(cat(pieces), tensor(batchSizes, { dtype: int64 }), sortedIndices);
}

interface UnpackOptions {
  /** Give [N, L, *]. */
  batchFirst?: boolean;
  /** What stands behind the ends of sequences. */
  paddingValue?: number;
  /** L, if it is to be more than the length of the longest sequence. */
  totalLength?: number | null;
}

/**
 * Undoes `packPaddedSequence`. PyTorch: `torch.nn.utils.rnn.pad_packed_sequence`.
 *
 * @param args - `batchFirst` (false), `paddingValue` (0), `totalLength` (the longest sequence's)
 * @returns the padded sequences [L, N, *] in the order in which they were packed, and their lengths
 * @throws ValueError if `totalLength` is less than a sequence has
 * @example
 * const packed = nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4])]);
 * const [padded, lengths] = nn.utils.rnn.padPackedSequence(packed, { batchFirst: true });
 * padded // tensor([[1, 2, 3],
 *        //         [4, 0, 0]])
 * lengths // tensor([3, 1])
 */
export function padPackedSequence(
  sequence: PackedSequence,
  ...args: Call<[batchFirst: boolean, paddingValue: number, totalLength: number | null], UnpackOptions>
): [padded: Tensor, lengths: Tensor] {
  const op = "padPackedSequence";
  const options = bind<UnpackOptions>(op, ["batchFirst", "paddingValue", "totalLength"], args);
  const { batchFirst = false, paddingValue = 0, totalLength = null } = options;
  checkPacked(op, sequence);
  const { data, unsortedIndices } = sequence;
  const batchSizes = sequence.batchSizes.tolist() as number[];
  if (totalLength !== null) {
    checkInt(op, "totalLength", totalLength);
    if (totalLength < batchSizes.length)
      throw new ValueError(
        `${op}: expected a totalLength of at least ${batchSizes.length}, the length of the longest sequence, got ${totalLength}`,
      );
  }
  const batch = batchSizes[0] as number;
  const rest = data.shape.slice(1);
  const kept = rest.flatMap(() => [0, 0]);
  const pieces: Tensor[] = [];
  let row = 0;
  for (let from = 0; from < batchSizes.length; ) {
    const rows = batchSizes[from] as number;
    const steps = batchSizes.lastIndexOf(rows) + 1 - from;
    const piece = data.narrow(0, row, steps * rows).reshape(steps, rows, ...rest);
    pieces.push(rows === batch ? piece : pad(piece, [...kept, 0, batch - rows], "constant", paddingValue));
    from += steps;
    row += steps * rows;
  }
  const more = (totalLength ?? batchSizes.length) - batchSizes.length;
  if (more > 0) pieces.push(data.newFull([more, batch, ...rest], paddingValue, { dtype: data.dtype }));
  const lengths = tensor(
    Array.from({ length: batch }, (_, n) => batchSizes.filter((rows) => rows > n).length),
    { dtype: int64 },
  );
  const padded = cat(pieces);
  const ordered = unsortedIndices === null ? padded : padded.indexSelect(1, unsortedIndices);
  return [
    batchFirst ? ordered.transpose(0, 1) : ordered,
    unsortedIndices === null ? lengths : lengths.indexSelect(0, unsortedIndices),
  ];
}

/**
 * Packs sequences of several lengths. PyTorch: `torch.nn.utils.rnn.pack_sequence`.
 * @param sequences - [length, *] each
 * @param args - `enforceSorted` (true): expect the longest first; else they are sorted
 * @example
 * nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5]), torch.tensor([6])]).data // tensor([1, 4, 6, 2, 5, 3])
 */
export function packSequence(
  sequences: readonly Tensor[],
  ...args: Call<[enforceSorted: boolean], { enforceSorted?: boolean }>
): PackedSequence {
  const { enforceSorted = true } = bind<{ enforceSorted?: boolean }>("packSequence", ["enforceSorted"], args);
  checkTensors("packSequence", sequences, "sequences");
  const lengths = sequences.map((t) => t.shape[0] ?? 0);
  return packPaddedSequence(padSequence(sequences), lengths, { enforceSorted });
}

/**
 * Undoes `packSequence`. PyTorch: `torch.nn.utils.rnn.unpack_sequence`.
 * @example
 * const packed = nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]);
 * nn.utils.rnn.unpackSequence(packed)[1] // tensor([4, 5])
 */
export function unpackSequence(packedSequences: PackedSequence): Tensor[] {
  checkPacked("unpackSequence", packedSequences);
  const [padded, lengths] = padPackedSequence(packedSequences, { batchFirst: true });
  return unpadSequence(padded, lengths, { batchFirst: true });
}
