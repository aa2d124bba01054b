/** @file What a parametrized tensor is made of: the originals, and the modules that make the tensor of them. */
import { noGrad } from "../../../autograd/modes.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { sameShape, shapeText } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { modulesIn } from "../../module/contents.ts";
import { Module } from "../../module/module.ts";
import { ofKind, setTensor } from "../module-tensor.ts";

/**
 * A module that makes a tensor of one or several others. `rightInverse` goes the other way: `forward(rightInverse(x))` is `x`, or
 * the nearest to it that there is.
 */
export type Parametrization = Module & { rightInverse?(value: Tensor): Tensor | readonly Tensor[] };

const OP = "registerParametrization";

/** @throws ValueError, DTypeError or ShapeError if `x` cannot stand for `like` */
export function checkResult(what: string, x: unknown, like: Tensor): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw new ValueError(`${OP}: expected ${what} to give a Tensor, got ${describe(x)}`);
  if (x.dtype !== like.dtype)
    throw new DTypeError(`${OP}: expected ${what} to give ${like.dtype} (unless unsafe), got ${x.dtype}`);
  if (!sameShape(x.shape, like.shape))
    throw new ShapeError(
      `${OP}: expected ${what} to give shape ${shapeText(like.shape)} (unless unsafe), got ${shapeText(x.shape)}`,
    );
}

/**
 * The parametrizations of one tensor: `module.parametrizations.weight`. It holds the tensor they begin with as `original`, or several
 * as `original0`, `original1`, …. PyTorch: `torch.nn.utils.parametrize.ParametrizationList`.
 */
export class ParametrizationList extends Module {
  static readonly printedName: string = "ParametrizationList";
  static readonly compactPrint: boolean = true;
  [index: number]: Parametrization;
  /** Whether they may change shape and dtype. */
  unsafe: boolean;
  /** Whether there is one original, not several. */
  readonly isTensor: boolean;
  /** How many originals there are. */
  readonly ntensors: number;

  constructor(modules: readonly Parametrization[], original: Tensor, unsafe = false) {
    super();
    if (modules.length === 0) throw new ValueError(`${OP}: expected at least one parametrization, got none`);
    this.unsafe = unsafe;
    for (const module of modules) this.append(module);
    const before = original.detach();
    const value = noGrad(() => this.inverse(before, (x) => x));
    const list = value instanceof Tensor ? [value] : value;
    this.isTensor = value instanceof Tensor;
    this.ntensors = list.length;
    if (value instanceof Tensor) {
      if (value.dtype !== original.dtype)
        throw new DTypeError(`${OP}: expected rightInverse to keep ${original.dtype}, got ${value.dtype}`);
      // The parameter stays the same object, so that an optimizer goes on with it.
      original.data = value.detach();
      setTensor(this, "original", original);
    } else for (const [i, x] of value.entries()) setTensor(this, `original${i}`, ofKind(x, original));
    if (!unsafe) checkResult("the parametrization", this.forward(), before);
  }

  override stateNameOf(field: string): string {
    return field;
  }

  /** Number of parametrizations. */
  override get length(): number {
    return modulesIn(this).length;
  }

  *[Symbol.iterator](): Generator<Parametrization> {
    for (const [, module] of modulesIn(this)) yield module;
  }

  /** Adds a parametrization of what the others give. */
  append(module: Parametrization): this {
    this.addModule(String(this.length), module);
    return this;
  }

  /** The tensors that the parametrizations begin with. */
  originals(): Tensor[] {
    const names = this.isTensor ? ["original"] : Array.from({ length: this.ntensors }, (_, i) => `original${i}`);
    return names.map((name) => Reflect.get(this, name) as Tensor);
  }

  private inverse(value: Tensor, otherwise: (x: Tensor, module: Module) => Tensor): Tensor | readonly Tensor[] {
    let x: Tensor | readonly Tensor[] = value;
    for (const module of [...this].reverse()) {
      if (!(x instanceof Tensor))
        throw new ValueError(`${OP}: expected only the first parametrization to give several tensors, got more`);
      x = module.rightInverse === undefined ? otherwise(x, module) : module.rightInverse(x);
    }
    if (!(x instanceof Tensor) && !(Array.isArray(x) && x.length > 0 && x.every((t) => t instanceof Tensor)))
      throw new ValueError(`${OP}: expected rightInverse to give a Tensor or an array of them, got ${describe(x)}`);
    return x;
  }

  /** Sets the originals so that the tensor becomes `value`: what `module.weight = value` does. PyTorch: `right_inverse`. */
  rightInverse(value: Tensor): void {
    noGrad(() => {
      const inverse = this.inverse(value.detach(), (_, module) => {
        throw new ValueError(
          `parametrize: expected ${className(module)} to have rightInverse, got none; it cannot be assigned to`,
        );
      });
      const list = inverse instanceof Tensor ? [inverse] : inverse;
      const originals = this.originals();
      if (list.length !== originals.length)
        throw new ValueError(
          `parametrize: expected rightInverse to give ${originals.length} tensors, got ${list.length}`,
        );
      for (const [i, original] of originals.entries()) {
        const x = list[i] as Tensor;
        if (x.dtype !== original.dtype)
          throw new DTypeError(`parametrize: expected rightInverse to give ${original.dtype}, got ${x.dtype}`);
        original.data = x.detach();
      }
    });
  }

  override forward(): Tensor {
    const [first, ...others] = this;
    let x = first?.(...this.originals()) as Tensor;
    for (const module of others) x = module(x) as Tensor;
    return x;
  }
}
