/** @file Sequences of several lengths, padded to one. */
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { sameShape, shapeText } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { stack } from "../../../ops/joining.ts";
import { pad } from "../../../ops/pad.ts";
import { checkTensor, checkTensors } from "../../../ops/params.ts";

/** Where padding stands. */
export type PaddingSide = "left" | "right";

interface PadSequenceOptions {
  /** Give [N, L, *]. */
  batchFirst?: boolean;
  paddingValue?: number;
  paddingSide?: PaddingSide;
}

/**
 * Stacks sequences of several lengths, each padded to the longest. PyTorch: `torch.nn.utils.rnn.pad_sequence`.
 * @param sequences - [length, *] each
 * @param args - `batchFirst` (false), `paddingValue` (0), `paddingSide` ("right")
 * @returns [L, N, *], or [N, L, *] if `batchFirst`
 * @throws ShapeError if the sequences differ in other dimensions
 * @example
 * nn.utils.rnn.padSequence([torch.tensor([1, 2, 3]), torch.tensor([4])], { batchFirst: true }) // tensor([[1, 2, 3],
 *                                                                                             //         [4, 0, 0]])
 */
export function padSequence(
  sequences: Tensor | readonly Tensor[],
  ...args: Call<[batchFirst: boolean, paddingValue: number, paddingSide: PaddingSide], PadSequenceOptions>
): Tensor {
  const op = "padSequence";
  const options = bind<PadSequenceOptions>(op, ["batchFirst", "paddingValue", "paddingSide"], args);
  const { batchFirst = false, paddingValue = 0, paddingSide = "right" } = options;
  if (paddingSide !== "left" && paddingSide !== "right")
    throw new ValueError(`${op}: expected a paddingSide of "left" or "right", got ${describe(paddingSide)}`);
  const list = sequences instanceof Tensor ? sequences.unbind(0) : sequences;
  checkTensors(op, list, "sequences");
  const [first] = list;
  if (first === undefined) throw new ValueError(`${op}: expected at least one sequence, got none`);
  const rest = first.shape.slice(1);
  for (const t of list)
    if (t.ndim === 0 || !sameShape(t.shape.slice(1), rest))
      throw new ShapeError(
        `${op}: expected sequences of shape [${["length", ...rest].join(", ")}], got ${shapeText(t.shape)}`,
      );
  const longest = Math.max(...list.map((t) => t.shape[0] as number));
  const others = rest.flatMap(() => [0, 0]);
  const padded = list.map((t) => {
    const missing = longest - (t.shape[0] as number);
    if (missing === 0) return t;
    return pad(t, [...others, ...(paddingSide === "left" ? [missing, 0] : [0, missing])], "constant", paddingValue);
  });
  return stack(padded, batchFirst ? 0 : 1);
}

/**
 * Undoes `padSequence`. PyTorch: `torch.nn.utils.rnn.unpad_sequence`.
 *
 * Differs: the argument stays as it is; PyTorch transposes it in place.
 *
 * @param paddedSequences - [L, N, *], or [N, L, *] if `batchFirst`
 * @param lengths - of each sequence
 * @param args - `batchFirst` (false)
 * @throws ShapeError if there are not as many lengths as sequences
 * @example
 * nn.utils.rnn.unpadSequence(torch.tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], { batchFirst: true })[1] // tensor([4])
 */
export function unpadSequence(
  paddedSequences: Tensor,
  lengths: Tensor | readonly number[],
  ...args: Call<[batchFirst: boolean], { batchFirst?: boolean }>
): Tensor[] {
  const op = "unpadSequence";
  const { batchFirst = false } = bind<{ batchFirst?: boolean }>(op, ["batchFirst"], args);
  checkTensor(op, paddedSequences, "paddedSequences");
  if (paddedSequences.ndim < 2)
    throw new ShapeError(`${op}: expected sequences of shape [L, N, *], got ${shapeText(paddedSequences.shape)}`);
  const sequences = paddedSequences.unbind(batchFirst ? 0 : 1);
  const each = lengths instanceof Tensor ? (lengths.tolist() as number[]) : lengths;
  if (each.length !== sequences.length)
    throw new ShapeError(`${op}: expected ${sequences.length} lengths, one for each sequence, got ${each.length}`);
  return sequences.map((t, i) => t.narrow(0, 0, Math.min(each[i] as number, t.shape[0] as number)));
}
