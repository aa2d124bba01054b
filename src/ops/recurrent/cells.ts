/** @file The recurrent cells: each is its formula. */
import { arg, type Expr, where } from "../../expr/index.ts";
import { CELL, Cell, HIDDEN, hidden, NEXT_CELL } from "./cell.ts";

const [i, f, g, o, r, z, n] = ["i", "f", "g", "o", "r", "z", "n"].map(arg) as [
  Expr,
  Expr,
  Expr,
  Expr,
  Expr,
  Expr,
  Expr,
];

const [inputGate, forgetGate, candidate, outputGate] = [i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()];

/**
 * c′ = σ(f) · c + σ(i) · tanh(g), h′ = σ(o) · tanh(c′).
 * @see Hochreiter & Schmidhuber 1997, Neural Computation 9(8); with forget gate: Gers et al. 2000, Neural Computation 12(10)
 */
export const lstmCell: Cell = new Cell({
  name: "lstm",
  gates: ["i", "f", "g", "o"],
  apart: false,
  cell: forgetGate.mul(CELL).add(inputGate.mul(candidate)),
  hidden: outputGate.mul(NEXT_CELL.tanh()),
  activations: { i: inputGate, f: forgetGate, g: candidate, o: outputGate },
  saves: { "tanh of the cell": NEXT_CELL.tanh() },
});

const reset = r.add(hidden("r")).sigmoid();
const update = z.add(hidden("z")).sigmoid();
const proposal = n.add(reset.mul(hidden("n"))).tanh();

/**
 * h′ = (1 − z) · n + z · h, with n = tanh(n + r · W h).
 * @see Cho et al. 2014, arXiv:1406.1078
 */
export const gruCell: Cell = new Cell({
  name: "gru",
  gates: ["r", "z", "n"],
  apart: true,
  cell: null,
  hidden: HIDDEN.sub(proposal).mul(update).add(proposal),
  activations: { r: reset, z: update, n: proposal },
  saves: { [hidden("n").name]: hidden("n") },
});

const x = arg("x");

/** h′ = tanh(x). */
export const rnnTanhCell: Cell = new Cell({
  name: "rnnTanh",
  gates: ["x"],
  apart: false,
  cell: null,
  hidden: x.tanh(),
  activations: { x: x.tanh() },
});

const relu = where(x.le(0), 0, x);

/** h′ = max(0, x). */
export const rnnReluCell: Cell = new Cell({
  name: "rnnRelu",
  gates: ["x"],
  apart: false,
  cell: null,
  hidden: relu,
  activations: { x: relu },
});
