/** @file What encoder and decoder layers share: their options, their blocks, and the network after attention. */
import { describe, ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { checkInt } from "../../../ops/params.ts";
import { ModuleList } from "../../containers/module-list.ts";
import { gelu, relu } from "../../functional/activations.ts";
import { deepcopy } from "../../module/deepcopy.ts";
import { Module } from "../../module/module.ts";
import type { FactoryOptions } from "../linear.ts";
import { reluOfLinear } from "../linear-relu.ts";
import type { MultiheadAttention } from "../multihead-attention.ts";

/** What a layer does between its two linear layers: by name, or any function or module. */
export type Activation = "relu" | "gelu" | ((x: Tensor) => Tensor);

export interface TransformerLayerOptions extends FactoryOptions {
  /** E, features of each position. */
  dModel: number;
  /** Number of heads; divides `dModel`. */
  nhead: number;
  /** Features between the two linear layers. */
  dimFeedforward?: number;
  /** In training, probability of an element to become zero, in all places. */
  dropout?: number;
  activation?: Activation;
  /** `eps` of the normalisations. */
  layerNormEps?: number;
  /** Tensors are [N, L, E]. */
  batchFirst?: boolean;
  /** Normalise what goes into each block, not what comes out of it. */
  normFirst?: boolean;
  /** Whether linear layers and normalisations have biases; the default. */
  bias?: boolean;
}

export const LAYER_PARAMETERS = [
  "dModel",
  "nhead",
  "dimFeedforward",
  "dropout",
  "activation",
  "layerNormEps",
  "batchFirst",
  "normFirst",
  "bias",
  "device",
  "dtype",
] as const;

/** `activation(layer(x))`. */
export function activated(layer: Module, activation: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const both = activation === relu ? reluOfLinear(layer, x) : null;
  return both ?? activation(layer(x) as Tensor);
}

/** @throws ValueError if there is no such activation */
function activationOf(op: string, activation: Activation): (x: Tensor) => Tensor {
  if (activation === "relu") return relu;
  if (activation === "gelu") return gelu;
  if (typeof activation !== "function")
    throw new ValueError(`${op}: expected "relu", "gelu" or a function as activation, got ${describe(activation)}`);
  return activation;
}

/** Options with their defaults. */
export function layerOptions(op: string, given: TransformerLayerOptions) {
  const { dModel, nhead, dimFeedforward = 2048, dropout = 0.1, activation = "relu", layerNormEps = 1e-5 } = given;
  const { batchFirst = false, normFirst = false, bias = true, device = null, dtype = null } = given;
  checkInt(op, "dModel", dModel);
  checkInt(op, "nhead", nhead);
  checkInt(op, "dimFeedforward", dimFeedforward);
  return {
    ...{ dModel, nhead, dimFeedforward, dropout, activation: activationOf(op, activation), layerNormEps },
    ...{ batchFirst, normFirst, bias, factory: { device, dtype } },
  };
}

/** What masks attention. */
export interface Masks {
  readonly attnMask: Tensor | null;
  readonly keyPaddingMask: Tensor | null;
  readonly isCausal: boolean;
}

/** Attention to `memory`, without the weights. */
export const attend = (attention: MultiheadAttention, x: Tensor, memory: Tensor, masks: Masks): Tensor =>
  attention(x, memory, memory, { ...masks, needWeights: false })[0];

/** A block with the way around it: normalised before, or after the two have met. */
export function residual(
  x: Tensor,
  norm: (x: Tensor) => Tensor,
  block: (x: Tensor) => Tensor,
  normFirst: boolean,
): Tensor {
  return normFirst ? x.add(block(norm(x))) : norm(x.add(block(x)));
}

/** So many copies of a layer, as PyTorch makes them: with the same first weights. */
export function clones<M extends Module>(op: string, layer: M, count: number): ModuleList<M> {
  if (!(layer instanceof Module)) throw new ValueError(`${op}: expected a layer to copy, got ${describe(layer)}`);
  checkInt(op, "numLayers", count);
  return new ModuleList(Array.from({ length: count }, () => deepcopy(layer)));
}
