/**
 * @file Updates of parameters as one program each: it reads parameter, gradient and state once, and writes the new parameter and state
 * over the old ones, with no temporary between.
 */
import { bumpVersion } from "../autograd/meta.ts";
import { backendOf } from "../backends/backend.ts";
import { toReal } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { Layout, mayOverlap } from "../core/layout.ts";
import { sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { compile, type Expr, type Program, type RegisterType } from "../expr/index.ts";
import { registerType } from "../ops/dtypes.ts";

/** A rule: what becomes of some of the inputs, which are written over. */
export interface Rule {
  /** Names of the tensors, in the order in which they are passed. */
  readonly inputs: readonly string[];
  readonly scalars: readonly string[];
  /** The new value of each input that changes. */
  readonly outputs: Readonly<Record<string, Expr>>;
}

export class FusedUpdate {
  private readonly rule: Rule;
  private readonly programs: { [T in RegisterType]?: Program } = {};
  /** Places among the inputs that the outputs are written over. */
  private readonly written: readonly number[];

  constructor(rule: Rule) {
    this.rule = rule;
    this.written = Object.keys(rule.outputs).map((name) => rule.inputs.indexOf(name));
  }

  /** Runs the rule on tensors of one shape; the first is the parameter. */
  run(op: string, tensors: readonly Tensor[], scalars: readonly number[]): void {
    const param = tensors[0] as Tensor;
    for (const t of tensors) {
      if (!sameShape(t.shape, param.shape))
        throw new ShapeError(
          `${op}: expected gradient and state of shape ${shapeText(param.shape)}, got ${shapeText(t.shape)}`,
        );
      if (t.dtype !== param.dtype)
        throw new DTypeError(`${op}: expected gradient and state of ${param.dtype}, got ${t.dtype}`);
    }
    const outs = this.written.map((i) => tensors[i] as Tensor);
    for (const t of outs)
      if (mayOverlap(t.layout))
        throw new ShapeError(
          `${op}: expected a parameter whose elements are apart in memory, got an expanded one of shape ${shapeText(t.shape)}`,
        );
    const { isComplex } = param.dtype;
    const ins = isComplex ? tensors.map(parts) : tensors;
    const first = ins[0] as Tensor;
    const program = this.program(registerType(first.dtype));
    backendOf(param.device).pointwise(program, isComplex ? outs.map(parts) : outs, ins, first.shape, scalars);
    for (const t of outs) bumpVersion(t);
  }

  private program(type: RegisterType): Program {
    const { inputs, scalars, outputs } = this.rule;
    this.programs[type] ??= compile(Object.values(outputs), inputs, scalars, type);
    return this.programs[type];
  }
}

/** A complex tensor as the real one that its parts are: updates work on each part. */
function parts(t: Tensor): Tensor {
  const { shape, strides, offset } = t.layout;
  return new Tensor(
    t.storage,
    new Layout([...shape, 2], [...strides.map((s) => 2 * s), 1], 2 * offset),
    toReal(t.dtype),
  );
}
