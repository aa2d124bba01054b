/** @file Tensors that belong to a module. */
import { Tensor } from "./tensor.ts";

const adopt = (data: Tensor) => [data.storage, data.layout, data.dtype] as const;

let observer: ((parameter: Parameter) => void) | null = null;

/** @internal Calls `observe` with each parameter as it is made; `null` for nobody. */
export function observeParameters(observe: ((parameter: Parameter) => void) | null): void {
  observer = observe;
}

/**
 * A tensor that a module learns: a field that holds one is registered, and it requires grad. PyTorch: `torch.nn.Parameter`.
 * @example
 * new nn.Parameter(torch.ones(2)).requiresGrad // true
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super(...adopt(data));
    this.requiresGrad_(requiresGrad);
    if (observer !== null) observer(this);
  }
}

/**
 * A tensor that a module keeps but does not learn: moved and saved with it. PyTorch: `torch.nn.Buffer`.
 */
export class Buffer extends Tensor {
  /** Whether it is part of the state_dict. */
  readonly persistent: boolean;

  constructor(data: Tensor, persistent = true) {
    super(...adopt(data));
    this.persistent = persistent;
  }
}
