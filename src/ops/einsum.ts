/** @file Einstein's summation: sums of products, with a letter for each dimension. */
import { promoteTypes } from "../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../core/errors.ts";
import { numelOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bestPath, type Path } from "./einsum-path.ts";
import { bmm, mm } from "./matmul.ts";
import { checkTensor } from "./params.ts";

/** Letters, and `"..."` for the dimensions that have none. */
type Subscripts = readonly string[];

interface Equation {
  readonly inputs: readonly Subscripts[];
  /** `null` if the equation has no arrow. */
  readonly output: Subscripts | null;
}

const ELLIPSIS = "...";

function parseSubscripts(text: string, equation: string): Subscripts {
  const found: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === " ") continue;
    if (/[a-zA-Z]/.test(c)) found.push(c);
    else if (text.startsWith(ELLIPSIS, i) && !found.includes(ELLIPSIS)) {
      found.push(ELLIPSIS);
      i += 2;
    } else
      throw new ValueError(
        `einsum: expected letters and at most one ellipsis ("...") for an operand, got ${describe(c)} in ${describe(equation)}`,
      );
  }
  return found;
}

function parseEquation(equation: string): Equation {
  const arrow = equation.indexOf("->");
  const inputs = arrow < 0 ? equation : equation.slice(0, arrow);
  return {
    inputs: inputs.split(",").map((part) => parseSubscripts(part, equation)),
    output: arrow < 0 ? null : parseSubscripts(equation.slice(arrow + 2), equation),
  };
}

/** A number of PyTorch's sublist form, as the letter that stands for it: 0 is A, 26 is a. */
function letterOf(subscript: unknown): string {
  if (subscript === ELLIPSIS) return ELLIPSIS;
  if (typeof subscript !== "number" || !Number.isInteger(subscript) || subscript < 0 || subscript >= 52)
    throw new ValueError(`einsum: expected subscripts from 0 to 51, or "...", got ${describe(subscript)}`);
  return String.fromCharCode(subscript + (subscript < 26 ? 65 : 97 - 26));
}

function sortArgs(first: unknown, rest: readonly unknown[]): [Equation, readonly Tensor[]] {
  if (typeof first === "string") {
    const tensors = rest.length === 1 && Array.isArray(rest[0]) ? (rest[0] as unknown[]) : rest;
    for (const [i, t] of tensors.entries()) checkTensor("einsum", t, `operands[${i}]`);
    return [parseEquation(first), tensors as Tensor[]];
  }
  const all = [first, ...rest];
  const hasOutput = all.length % 2 === 1;
  const tensors: Tensor[] = [];
  const inputs: Subscripts[] = [];
  const sublist = (x: unknown): Subscripts => {
    if (!Array.isArray(x)) throw new ValueError(`einsum: expected an array of subscripts, got ${describe(x)}`);
    return x.map(letterOf);
  };
  for (let i = 0; i + 1 < all.length; i += 2) {
    const t = all[i];
    checkTensor("einsum", t, `operands[${i / 2}]`);
    tensors.push(t);
    inputs.push(sublist(all[i + 1]));
  }
  return [{ inputs, output: hasOutput ? sublist(all[all.length - 1]) : null }, tensors];
}

/** A tensor with a label for each dimension, no label twice. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/** Names every dimension; those of an ellipsis, aligned at the right, by their place in the longest one. */
function labelDims(tensor: Tensor, subscripts: Subscripts, operand: number, longest: number): string[] {
  const named = subscripts.filter((s) => s !== ELLIPSIS).length;
  const hasEllipsis = named < subscripts.length;
  if (hasEllipsis ? named > tensor.ndim : named !== tensor.ndim)
    throw new ShapeError(
      `einsum: expected ${hasEllipsis ? "at least " : ""}${named} dimensions of operand ${operand}, one a subscript, got ${tensor.ndim}`,
    );
  return subscripts.flatMap((s) => (s === ELLIPSIS ? ellipsisLabels(tensor.ndim - named, longest) : [s]));
}

function ellipsisLabels(count: number, longest: number): string[] {
  return Array.from({ length: count }, (_, i) => `.${longest - count + i}`);
}

/** The diagonal over dimensions with the same label. */
function withoutRepeats({ tensor, labels }: Labelled, operand: number): Labelled {
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (second < 0) return { tensor, labels };
  const label = labels[second] as string;
  const first = labels.indexOf(label);
  const [m, n] = [tensor.shape[first] as number, tensor.shape[second] as number];
  if (m !== n)
    throw new ShapeError(
      `einsum: subscript ${label} is repeated for operand ${operand}, but its sizes are ${m} and ${n}`,
    );
  const others = labels.filter((_, i) => i !== first && i !== second);
  return withoutRepeats({ tensor: tensor.diagonal(0, first, second), labels: [...others, label] }, operand);
}

/** The size of each label: a size of 1 broadcasts. */
function sizesOf(operands: readonly Labelled[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [operand, { tensor, labels }] of operands.entries())
    for (const [i, label] of labels.entries()) {
      const size = tensor.shape[i] as number;
      const before = sizes.get(label) ?? 1;
      if (size !== before && size !== 1 && before !== 1)
        throw new ShapeError(
          `einsum: expected one size for ${label.startsWith(".") ? "a dimension of the ellipsis" : `subscript ${label}`}, got ${before} and, in operand ${operand}, ${size}`,
        );
      sizes.set(label, size === 1 ? before : size);
    }
  return sizes;
}

/** Dimensions of size 1 are as good as none: they broadcast. */
function withoutOnes({ tensor, labels }: Labelled): Labelled {
  const ones = tensor.shape.flatMap((size, i) => (size === 1 ? [i] : []));
  if (ones.length === 0) return { tensor, labels };
  return { tensor: tensor.squeeze(ones), labels: labels.filter((_, i) => !ones.includes(i)) };
}

function outputOf({ inputs, output }: Equation, longest: number): string[] {
  const known = new Set(inputs.flat());
  if (output === null) {
    const once = inputs.flat().filter((s, _, all) => s !== ELLIPSIS && all.indexOf(s) === all.lastIndexOf(s));
    return [...ellipsisLabels(longest, longest), ...once.sort()];
  }
  for (const s of output) {
    if (output.indexOf(s) !== output.lastIndexOf(s))
      throw new ValueError(`einsum: expected each subscript once in the output, got ${s} more than once`);
    if (s !== ELLIPSIS && !known.has(s))
      throw new ValueError(`einsum: expected subscripts of the operands in the output, got ${s}`);
  }
  return output.flatMap((s) => (s === ELLIPSIS ? ellipsisLabels(longest, longest) : [s]));
}

function sumOver({ tensor, labels }: Labelled, isSummed: (label: string) => boolean): Labelled {
  const dims = labels.flatMap((label, i) => (isSummed(label) ? [i] : []));
  if (dims.length === 0) return { tensor, labels };
  return { tensor: tensor.sum(dims), labels: labels.filter((label) => !isSummed(label)) };
}

/** Dimensions in the order of `labels`. */
function ordered({ tensor, labels: own }: Labelled, labels: readonly string[]): Tensor {
  return labels.every((label, i) => label === own[i])
    ? tensor
    : tensor.permute(labels.map((label) => own.indexOf(label)));
}

/** The product of two operands, summed over the labels that nobody else needs: one matrix product, or a plain one. */
function multiply(first: Labelled, second: Labelled, isNeeded: (label: string) => boolean): Labelled {
  const has = ({ labels }: Labelled, label: string) => labels.includes(label);
  let a = sumOver(first, (label) => !has(second, label) && !isNeeded(label));
  let b = sumOver(second, (label) => !has(first, label) && !isNeeded(label));
  // Sums of integers are int64.
  if (a.tensor.dtype !== b.tensor.dtype && first.tensor.dtype === second.tensor.dtype) {
    const dtype = promoteTypes(a.tensor.dtype, b.tensor.dtype);
    a = { ...a, tensor: a.tensor.to(dtype) };
    b = { ...b, tensor: b.tensor.to(dtype) };
  }
  const shared = a.labels.filter((label) => has(b, label));
  const batch = shared.filter(isNeeded);
  const summed = shared.filter((label) => !isNeeded(label));
  const [freeA, freeB] = [a.labels.filter((l) => !has(b, l)), b.labels.filter((l) => !has(a, l))];
  const labels = [...batch, ...freeA, ...freeB];
  const left = ordered(a, [...batch, ...freeA, ...summed]);
  const right = ordered(b, [...batch, ...summed, ...freeB]);
  const k = batch.length;
  if (summed.length === 0) {
    const stretchedA = left.reshape([...left.shape, ...freeB.map(() => 1)]);
    const stretchedB = right.reshape([...right.shape.slice(0, k), ...freeA.map(() => 1), ...right.shape.slice(k)]);
    return { tensor: stretchedA.mul(stretchedB), labels };
  }
  const sizes = left.shape.slice(0, k);
  const [m, inside] = [numelOf(left.shape.slice(k, k + freeA.length)), numelOf(left.shape.slice(k + freeA.length))];
  const n = numelOf(right.shape.slice(k + summed.length));
  const shape = [...sizes, ...left.shape.slice(k, k + freeA.length), ...right.shape.slice(k + summed.length)];
  const batches = numelOf(sizes);
  const product =
    k === 0
      ? mm(left.reshape(m, inside), right.reshape(inside, n))
      : bmm(left.reshape(batches, m, inside), right.reshape(batches, inside, n));
  return { tensor: product.reshape(shape), labels };
}

/** How often each label is needed by what has not been multiplied yet; the output counts as one who needs. */
class Needs {
  private readonly counts = new Map<string, number>();

  constructor(labels: Iterable<string>) {
    for (const label of labels) this.counts.set(label, (this.counts.get(label) ?? 0) + 1);
  }

  drop({ labels }: Labelled): void {
    for (const label of labels) this.counts.set(label, (this.counts.get(label) as number) - 1);
  }

  add({ labels }: Labelled): void {
    for (const label of labels) this.counts.set(label, (this.counts.get(label) as number) + 1);
  }

  has(label: string): boolean {
    return (this.counts.get(label) ?? 0) > 0;
  }
}

function follow(path: Path, operands: readonly Labelled[], needs: Needs): Labelled {
  if (typeof path === "number") return operands[path] as Labelled;
  const [a, b] = [follow(path[0], operands, needs), follow(path[1], operands, needs)];
  needs.drop(a);
  needs.drop(b);
  const product = multiply(a, b, (label) => needs.has(label));
  needs.add(product);
  return product;
}

/** A subscript of PyTorch's sublist form. */
export type EinsumSublist = readonly (number | "...")[];

/**
 * Einstein's summation: products of the operands' elements, summed over every subscript that the output lacks.
 * `"ij,jk->ik"` is a matrix product. A subscript twice in one operand takes its diagonal; `...` stands for dimensions without a letter,
 * which broadcast; without an arrow, the output has the letters that come once, in alphabetical order.
 * Operands are multiplied in the order that takes the fewest multiplications. PyTorch: `torch.einsum`.
 *
 * The other form of PyTorch has numbers for letters: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.
 *
 * @param equation - subscripts of each operand, separated by commas, and of the output behind an arrow
 * @param operands - tensors, or one array of them
 * @throws ValueError for an equation that cannot be read
 * @throws ShapeError where operands do not have the dimensions of their subscripts, or sizes do not broadcast
 * @example
 * const a = torch.tensor([[1, 2], [3, 4]]);
 * torch.einsum("ij,jk->ik", a, a) // tensor([[ 7, 10],
 *                                 //         [15, 22]])
 * torch.einsum("ii", a) // tensor(5)
 */
export function einsum(equation: string, ...operands: readonly Tensor[] | [operands: readonly Tensor[]]): Tensor;
export function einsum(operand: Tensor, ...sublists: readonly (Tensor | EinsumSublist)[]): Tensor;
export function einsum(first: unknown, ...rest: readonly unknown[]): Tensor {
  const [equation, tensors] = sortArgs(first, rest);
  const { inputs } = equation;
  if (tensors.length === 0) throw new ValueError("einsum: expected at least one operand, got none");
  if (inputs.length !== tensors.length)
    throw new ValueError(
      `einsum: expected ${inputs.length} operand${inputs.length === 1 ? "" : "s"}, as the equation has, got ${tensors.length}`,
    );
  const longest = Math.max(
    0,
    ...inputs.map((s, i) => (s.includes(ELLIPSIS) ? (tensors[i] as Tensor).ndim - s.length + 1 : 0)),
  );
  const named = tensors.map((tensor, i) =>
    withoutRepeats({ tensor, labels: labelDims(tensor, inputs[i] as Subscripts, i, longest) }, i),
  );
  const sizes = sizesOf(named);
  const output = outputOf(equation, longest);
  const operands = tensors.length === 1 ? named : named.map(withoutOnes);
  const path = bestPath(
    operands.map(({ labels }) => labels),
    output,
    sizes,
  );
  const needs = new Needs([...output, ...operands.flatMap(({ labels }) => labels)]);
  const result = sumOver(follow(path, operands, needs), (label) => !output.includes(label));
  const present = output.filter((label) => result.labels.includes(label));
  const compact = ordered(result, present);
  return output.reduce((t, label, i) => (present.includes(label) ? t : t.unsqueeze(i)), compact);
}
