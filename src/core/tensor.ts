/**
 * @file The tensor itself: a layout over a storage, a dtype, and a slot for what autograd knows.
 * Its methods and accessors are installed by `src/tensor.ts`; here they are only typed.
 */
import type { AutogradMeta } from "../autograd/meta.ts";
import type { TensorAccessors, TensorMethods } from "../tensor.ts";
import type { Device } from "./device.ts";
import type { DType } from "./dtype.ts";
import { ValueError } from "./errors.ts";
import type { Layout } from "./layout.ts";
import type { Storage } from "./storage.ts";

export interface Tensor extends TensorAccessors, TensorMethods {}

/**
 * A multi-dimensional array of numbers of one dtype. PyTorch: `torch.Tensor`.
 * Made by `torch.tensor`, `torch.zeros` and their like, never by this constructor.
 */
export class Tensor {
  /** @internal */
  readonly storage: Storage;
  /** @internal */
  readonly layout: Layout;
  readonly dtype: DType;
  /** @internal What autograd knows; `null` for a tensor it has nothing to do with. */
  meta: AutogradMeta | null;

  /** @internal */
  constructor(storage: Storage, layout: Layout, dtype: DType) {
    this.storage = storage;
    this.layout = layout;
    this.dtype = dtype;
    this.meta = null;
  }

  /** Sizes of the dimensions. */
  get shape(): readonly number[] {
    return this.layout.shape;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.layout.shape.length;
  }

  get device(): Device {
    return this.storage.device;
  }

  /** `a + b` with tensors is an error: without this, JavaScript would make a string of it. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new ValueError(
      "Tensor: operators such as + and < do not work on tensors; write a.add(b), a.lt(b), and a.item() for the number",
    );
  }
}
