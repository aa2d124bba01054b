/** @file Optimizers whose step is one rule for every parameter. */
import { Tensor } from "../core/tensor.ts";
import { className } from "../format/python-names.ts";
import { FusedPass, type FusedUpdate } from "./fused-update.ts";
import { hostNumber, numberIn, setNumber } from "./host-number.ts";
import { Optimizer, type ParamGroup, type ParamState } from "./optimizer.ts";

/** What a step does to a parameter: a rule over `param`, `grad` and names of its state, and the rule's scalars. */
export interface Move {
  readonly update: FusedUpdate;
  readonly scalars: readonly number[];
  /** What tensors of one number in the state are after the step. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** The state of a parameter that steps are counted of. */
export interface CountedState extends ParamState {
  step: Tensor;
}

/** An optimizer that moves each parameter by one rule, and counts its steps in `step`, as PyTorch's do. */
export abstract class FusedOptimizer<O extends object> extends Optimizer<O> {
  /** The state of a parameter before its first step, without `step`. */
  protected abstract begin(p: Tensor, group: ParamGroup<O>): ParamState;

  /** How step number `step` (from 1) moves a parameter. */
  protected abstract move(group: ParamGroup<O>, step: number, state: ParamState): Move;

  /** Whether `move` reads the state, so that parameters at the same step may move differently. */
  protected get movesByState(): boolean {
    return false;
  }

  protected override update(group: ParamGroup<O>): void {
    const pass = new FusedPass(className(this));
    const moved: [CountedState, Move][] = [];
    const tensors: Tensor[] = [];
    let last = Number.NaN;
    let move: Move | null = null;
    for (const p of group.params) {
      const grad = this.gradOf(p);
      if (grad === null) continue;
      const state = this.begun(p, group);
      const step = numberIn(state.step) + 1;
      if (move === null || step !== last || this.movesByState) move = this.move(group, step, state);
      last = step;
      const { inputs } = move.update.rule;
      for (let i = 0; i < inputs.length; i++) {
        const name = inputs[i] as string;
        tensors[i] = name === "param" ? p : name === "grad" ? grad : (state[name] as Tensor);
      }
      tensors.length = inputs.length;
      pass.add(move.update, tensors, move.scalars);
      moved.push([state, move]);
    }
    pass.run();
    for (const [state, { numbers }] of moved) {
      setNumber(state.step, numberIn(state.step) + 1);
      for (const name in numbers) setNumber(state[name] as Tensor, numbers[name] as number);
    }
  }

  /** The state of a parameter, made at first use. */
  protected begun(p: Tensor, group: ParamGroup<O>): CountedState {
    const state = this.stateOf(p);
    // As a checkpoint of PyTorch 1 has it.
    if (typeof state.step === "number") state.step = hostNumber(state.step);
    else if (!(state.step instanceof Tensor)) Object.assign(state, { step: hostNumber(0) }, this.begin(p, group));
    return state as CountedState;
  }
}

/** Rules by the terms that they have, each made once. */
export function rulesBy<T extends object>(rule: (terms: T) => FusedUpdate): (terms: T) => FusedUpdate {
  const made = new Map<string, FusedUpdate>();
  return (terms) => {
    const key = Object.values(terms).map(Number).join("");
    let found = made.get(key);
    if (found === undefined) {
      found = rule(terms);
      made.set(key, found);
    }
    return found;
  };
}
