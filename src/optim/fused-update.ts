/**
 * @file Updates of parameters as one program each: it reads parameter, gradient and state once, and writes the new parameter and state
 * over the old ones, with no temporary between; all parameters that share a program go to the engine in one call.
 */
import { bumpVersion } from "../autograd/meta.ts";
import { backendOf } from "../backends/backend.ts";
import { type DType, toReal } from "../core/dtype.ts";
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
  readonly rule: Rule;
  private readonly programs: { [T in RegisterType]?: Program } = {};
  /** Places among the inputs that the outputs are written over. */
  readonly written: readonly number[];

  constructor(rule: Rule) {
    this.rule = rule;
    this.written = Object.keys(rule.outputs).map((name) => rule.inputs.indexOf(name));
  }

  program(type: RegisterType): Program {
    const { inputs, scalars, outputs } = this.rule;
    this.programs[type] ??= compile(Object.values(outputs), inputs, scalars, type);
    return this.programs[type];
  }
}

/** What one call of the engine does. */
interface Batch {
  readonly update: FusedUpdate;
  readonly dtype: DType;
  readonly device: Tensor["device"];
  readonly operands: Tensor[];
  readonly scalars: number[];
}

/** A step of many parameters: `add` checks and notes what is to be done, `run` does it, so that an error changes nothing. */
export class FusedPass {
  private readonly op: string;
  private readonly batches: Batch[] = [];

  constructor(op: string) {
    this.op = op;
  }

  /** The rule's inputs, in its order, all of the parameter's shape and dtype; the first is the parameter. */
  add(update: FusedUpdate, tensors: readonly Tensor[], scalars: readonly number[]): void {
    const param = tensors[0] as Tensor;
    for (const t of tensors) {
      if (t.layout.shape !== param.layout.shape && !sameShape(t.shape, param.shape))
        throw new ShapeError(
          `${this.op}: expected gradient and state of shape ${shapeText(param.shape)}, got ${shapeText(t.shape)}`,
        );
      if (t.dtype !== param.dtype)
        throw new DTypeError(`${this.op}: expected gradient and state of ${param.dtype}, got ${t.dtype}`);
    }
    for (const i of update.written) {
      const t = tensors[i] as Tensor;
      if (mayOverlap(t.layout))
        throw new ShapeError(
          `${this.op}: expected a parameter whose elements are apart in memory, got an expanded one of shape ${shapeText(t.shape)}`,
        );
    }
    const { operands, scalars: numbers } = this.batchOf(update, param);
    for (const t of tensors) operands.push(t);
    for (const x of scalars) numbers.push(x);
  }

  run(): void {
    for (const { update, dtype, device, operands, scalars } of this.batches) {
      const all = dtype.isComplex ? operands.map(parts) : operands;
      backendOf(device).updateEach(update.program(registerType(dtype)), update.written, all, scalars);
      const { length } = update.rule.inputs;
      for (let i = 0; i < operands.length; i += length)
        for (const k of update.written) bumpVersion(operands[i + k] as Tensor);
    }
    this.batches.length = 0;
  }

  private batchOf(update: FusedUpdate, { dtype, device }: Tensor): Batch {
    for (const batch of this.batches)
      if (batch.update === update && batch.dtype === dtype && batch.device === device) return batch;
    const batch = { update, dtype, device, operands: [], scalars: [] };
    this.batches.push(batch);
    return batch;
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
