/**
 * @file What a recurrent network computes at each step and element, declared once as scalar expressions: from them follow one program
 * for the step, one for its derivative, and the ops of which both can be said to be made.
 */
import type { DType } from "../../core/dtype.ts";
import type { Tensor } from "../../core/tensor.ts";
import {
  arg,
  compile,
  constant,
  differentiate,
  type Expr,
  freeArgs,
  type Program,
  type RegisterType,
  substituteAll,
} from "../../expr/index.ts";
import { Fused, run } from "../fused.ts";

/** Arguments of a cell's expressions: the states that enter a step, and the cell state that leaves it. */
export const HIDDEN: Expr = arg("h");
export const CELL: Expr = arg("c");
export const NEXT_CELL: Expr = arg("next cell");

/** Names of gradients of what leaves a step: of the hidden state as an output, and as what the next step takes. */
export const GRADIENT = { output: "grad output", hidden: "grad next h", cell: "grad next c" } as const;

export interface CellSpec {
  readonly name: string;
  /** A block of rows of the weights each; its product with the input (and the hidden state, unless `apart`) is an argument. */
  readonly gates: readonly string[];
  /** The hidden state's products are arguments of their own: `hidden(gate)`. */
  readonly apart: boolean;
  /** The next cell state; `null` for cells without. */
  readonly cell: Expr | null;
  /** The next hidden state, of `NEXT_CELL` among others. */
  readonly hidden: Expr;
  /** Values that backward reads, by gate; written over the gate's product. */
  readonly activations: Readonly<Record<string, Expr>>;
  /** Further values that backward reads. */
  readonly saves?: Readonly<Record<string, Expr>>;
}

/** The argument for the product of a gate's weights with the hidden state. */
export const hidden = (gate: string): Expr => arg(`hidden ${gate}`);

/** A program with the names of what it reads and writes, in order. */
export interface Pass {
  readonly program: Program;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** Names of what a step gives: the next states, and the hidden one once more, as the layer's output. */
export const NEXT = { output: "output", hidden: "next h", cell: NEXT_CELL.name } as const;
/** The name of the gradient of an argument. */
export const gradientOf = (name: string): string => `grad ${name}`;

export class Cell {
  readonly spec: CellSpec;
  /** The gates' products with the hidden state, where they are arguments of their own. */
  readonly hiddenGates: readonly string[];
  /** What a step leaves for backward beside the activations: further values, and the states that entered it. */
  readonly kept: readonly string[];
  private readonly passes = new Map<string, Pass>();
  private cellOp: Fused | undefined;
  private hiddenOp: Fused | undefined;

  constructor(spec: CellSpec) {
    this.spec = spec;
    this.hiddenGates = spec.apart ? spec.gates.map((gate) => hidden(gate).name) : [];
    this.kept = [...Object.keys(spec.saves ?? {}), ...(spec.cell === null ? [] : [CELL.name]), HIDDEN.name];
  }

  get hasCell(): boolean {
    return this.spec.cell !== null;
  }

  /** Whether states enter a step beside the products: then the step is computed in their precision. */
  get readsStates(): boolean {
    return this.hasCell || freeArgs(this.spec.hidden).has(HIDDEN.name);
  }

  /** PyTorch-like name of the nodes that compute with this cell. */
  get nodeName(): string {
    const { name } = this.spec;
    return name.charAt(0).toUpperCase() + name.slice(1);
  }

  private op(part: string, expr: Expr): Fused {
    return new Fused(this.spec.name, `${this.nodeName}${part}Backward0`, expr, [...freeArgs(expr)], []);
  }

  /** One step of ops that can be differentiated, to any order. `args` are the values of the cell's arguments. */
  step(args: Readonly<Record<string, Tensor>>, dtype: DType): { hidden: Tensor; cell: Tensor | null } {
    const apply = (op: Fused, given: Readonly<Record<string, Tensor>>) =>
      run(
        op,
        op.inputs.map((name) => given[name] as Tensor),
        [],
        dtype,
        dtype,
      );
    const { spec } = this;
    this.hiddenOp ??= this.op("Hidden", spec.hidden);
    if (spec.cell !== null) this.cellOp ??= this.op("Cell", spec.cell);
    const cell = this.cellOp === undefined ? null : apply(this.cellOp, args);
    return { hidden: apply(this.hiddenOp, cell === null ? args : { ...args, [NEXT_CELL.name]: cell }), cell };
  }

  /** What is saved, by the expression it is the value of. */
  private get saved(): readonly (readonly [name: string, expr: Expr])[] {
    const { activations, saves = {} } = this.spec;
    return [...Object.entries(activations), ...Object.entries(saves)];
  }

  /**
   * The step: the next states, and what is to be kept of it where backward will follow.
   * @param projected - the hidden state goes through a projection before it is an output
   */
  forward(type: RegisterType, keeps: boolean, projected: boolean): Pass {
    return this.pass(`forward ${type} ${keeps} ${projected}`, type, () => {
      const { cell, hidden: next } = this.spec;
      const whole = (e: Expr) => (cell === null ? e : substituteAll(e, new Map([[NEXT_CELL, cell]])));
      const outputs: Record<string, Expr> = { [NEXT.hidden]: whole(next) };
      if (!projected) outputs[NEXT.output] = whole(next);
      if (cell !== null) outputs[NEXT.cell] = cell;
      if (!keeps) return outputs;
      for (const [name, expr] of this.saved) outputs[name] = whole(expr);
      if (cell !== null) outputs[CELL.name] = CELL;
      // One that was projected has another number of columns.
      if (!projected) outputs[HIDDEN.name] = HIDDEN;
      return outputs;
    });
  }

  /** The derivative of the step: gradients of the gates' products, and of the states that enter it, apart from these. */
  backward(type: RegisterType, projected: boolean): Pass {
    return this.pass(`backward ${type} ${projected}`, type, () => {
      const { gates, cell, hidden: next } = this.spec;
      const values = new Map(this.saved.map(([name, expr]) => [expr, arg(name)]));
      const flowing = arg(GRADIENT.hidden);
      const gradHidden = projected ? flowing : arg(GRADIENT.output).add(flowing);
      const ofCell = differentiate(next, NEXT_CELL.name, gradHidden).add(arg(GRADIENT.cell));
      const derivative = (name: string): Expr | null => {
        const ways = [differentiate(next, name, gradHidden)];
        if (cell !== null) ways.push(differentiate(cell, name, ofCell));
        const flows = ways.filter((way) => way !== constant(0));
        return flows.length === 0
          ? null
          : substituteAll(
              flows.reduce((a, b) => a.add(b)),
              values,
            );
      };
      const outputs: Record<string, Expr> = {};
      for (const name of [...gates, ...this.hiddenGates, CELL.name, HIDDEN.name]) {
        const expr = derivative(name);
        if (expr !== null) outputs[gradientOf(name)] = expr;
      }
      return outputs;
    });
  }

  /** What a projection needs beside: a hidden state from one place to another. */
  copy(type: RegisterType): Pass {
    return this.pass(`copy ${type}`, type, () => ({ copy: HIDDEN }));
  }

  /** And backward: the gradient of a hidden state, of it as an output and as what the next step takes. */
  total(type: RegisterType): Pass {
    return this.pass(`total ${type}`, type, () => ({ total: arg(GRADIENT.output).add(arg(GRADIENT.hidden)) }));
  }

  private pass(key: string, type: RegisterType, outputs: () => Readonly<Record<string, Expr>>): Pass {
    let found = this.passes.get(key);
    if (found === undefined) {
      const written = outputs();
      const exprs = Object.values(written);
      const reads = [...new Set(exprs.flatMap((expr) => [...freeArgs(expr)]))];
      found = { program: compile(exprs, reads, [], type), reads, writes: Object.keys(written) };
      this.passes.set(key, found);
    }
    return found;
  }
}
