/** @file Dropout layers. */
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { checkProbability, dropout } from "../functional/dropout.ts";
import { Module } from "../module/module.ts";
import { extra, PyFloat } from "./extra-repr.ts";

interface DropoutLayerOptions {
  /** Probability of an element to become zero. */
  p?: number;
  /** Overwrite the input. */
  inplace?: boolean;
}

/**
 * In training, sets each element to zero with probability `p` (0.5) and divides the others by `1 − p`. PyTorch: `torch.nn.Dropout`.
 * @see Hinton et al. 2012, arXiv:1207.0580
 */
export class Dropout extends Module {
  static readonly printedName: string = "Dropout";
  readonly p: number;
  readonly inplace: boolean;

  constructor(...args: Call<[p: number, inplace: boolean], DropoutLayerOptions>) {
    super();
    const { p = 0.5, inplace = false } = bind<DropoutLayerOptions>("Dropout", ["p", "inplace"], args);
    checkProbability("Dropout", p);
    this.p = p;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.inplace);
  }

  override extraRepr(): string {
    return extra({ p: new PyFloat(this.p), inplace: this.inplace });
  }
}
