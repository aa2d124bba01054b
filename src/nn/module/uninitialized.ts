/** @file Parameters and buffers whose shape is not known yet: what lazy modules hold until their first call. */
import type { DeviceLike } from "../../core/device.ts";
import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import { Layout } from "../../core/layout.ts";
import { Buffer, Parameter } from "../../core/parameter.ts";
import type { Shape } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { empty } from "../../ops/creation.ts";

const refuse = (): never => {
  throw new ValueError(
    "UninitializedParameter: expected parameters and buffers with a shape, got one of a lazy module that was not called yet; " +
      "call the module with a batch, or load a state_dict into it, before anything else uses what it holds",
  );
};

/** The layout of what has no shape: every op reads the layout of its operands, so every op refuses. */
const unknown = Object.create(
  Layout.prototype,
  Object.fromEntries(
    ["shape", "strides", "offset", "numel", "isContiguous", "ndim"].map((name) => [name, { get: refuse }]),
  ),
) as Layout;

export interface UninitializedOptions {
  readonly device?: DeviceLike | null;
  readonly dtype?: DType | null;
}
export interface UninitializedParameterOptions extends UninitializedOptions {
  readonly requiresGrad?: boolean;
}
type MaterializeArgs = Call<[device: DeviceLike | null, dtype: DType | null], UninitializedOptions>;

/** Gives `t` a shape and memory of arbitrary content; from then on it is of the class `Type`. */
function materialize(t: Tensor, Type: typeof Parameter | typeof Buffer, shape: Shape, args: MaterializeArgs): void {
  const options = bind<UninitializedOptions>("materialize", ["device", "dtype"], args);
  const { storage, layout, dtype } = empty(shape, {
    device: options.device ?? t.device,
    dtype: options.dtype ?? t.dtype,
  });
  Object.assign(t, { storage, layout, dtype });
  Object.setPrototypeOf(t, Type.prototype);
}

/** @internal Sets dtype and device to those that `convert` gives to a tensor of this one's. */
export function convertUninitialized(t: Tensor, convert: (t: Tensor) => Tensor): void {
  const { storage, dtype } = convert(new Tensor(t.storage, Layout.contiguous([0]), t.dtype));
  Object.assign(t, { storage, dtype });
}

/**
 * A parameter whose shape is not known yet. It has a dtype and a device; all else is an error until `materialize` makes it a
 * `Parameter`. PyTorch: `torch.nn.parameter.UninitializedParameter`.
 * @example
 * const p = new nn.UninitializedParameter();
 * String(p) // "<UninitializedParameter>"
 * p.materialize([2, 3]);
 * p.shape // [2, 3]
 */
export class UninitializedParameter extends Parameter {
  constructor(
    ...args: Call<
      [requiresGrad: boolean, device: DeviceLike | null, dtype: DType | null],
      UninitializedParameterOptions
    >
  ) {
    const { requiresGrad = true, ...options } = bind<UninitializedParameterOptions>(
      "UninitializedParameter",
      ["requiresGrad", "device", "dtype"],
      args,
    );
    super(empty([0], options), requiresGrad);
    Object.assign(this, { layout: unknown });
  }

  /** Makes this a `Parameter` of that shape, with arbitrary content. */
  materialize(shape: Shape, ...args: MaterializeArgs): void {
    materialize(this, Parameter, shape, args);
  }
}

/** A buffer whose shape is not known yet. PyTorch: `torch.nn.parameter.UninitializedBuffer`. */
export class UninitializedBuffer extends Buffer {
  constructor(options: UninitializedOptions & { readonly persistent?: boolean } = {}) {
    const { persistent = true, ...rest } = options;
    super(empty([0], rest), persistent);
    Object.assign(this, { layout: unknown });
  }

  /** Makes this a `Buffer` of that shape, with arbitrary content. */
  materialize(shape: Shape, ...args: MaterializeArgs): void {
    materialize(this, Buffer, shape, args);
  }
}

for (const [Type, name] of [
  [UninitializedParameter, "UninitializedParameter"],
  [UninitializedBuffer, "UninitializedBuffer"],
] as const)
  for (const key of ["toString", Symbol.for("nodejs.util.inspect.custom")])
    Object.defineProperty(Type.prototype, key, { value: () => `<${name}>`, writable: true, configurable: true });

/** Whether something is a parameter or buffer without a shape. PyTorch: `torch.nn.parameter.is_lazy`. */
export function isUninitialized(x: unknown): x is UninitializedParameter | UninitializedBuffer {
  return x instanceof UninitializedParameter || x instanceof UninitializedBuffer;
}
