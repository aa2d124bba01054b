/** @file Attention: scaled dot products, and the multi-head form that `nn.MultiheadAttention` computes. */
import { inLowerPrecision, isAutocasting } from "../../autograd/autocast.ts";
import { isGradEnabled } from "../../autograd/modes.ts";
import { bool, type DType, float32, float64 } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { broadcastShapes, type Shape, sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { attention, attentionWeights } from "../../ops/attention.ts";
import { cat } from "../../ops/joining.ts";
import { checkOperands, matmul } from "../../ops/matmul.ts";
import { baddbmm } from "../../ops/matmul-add.ts";
import { pad } from "../../ops/pad.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";
import { softmax } from "../../ops/softmax.ts";
import { checkProbability, dropout } from "./dropout.ts";
import { linear } from "./linear.ts";

export interface AttentionOptions {
  /** Broadcasts to [*, L, S]: bool, true where a key may be attended to; or floating, added to the scores. */
  attnMask?: Tensor | null;
  /** Probability of a weight to become zero; applies always, so give 0 outside of training. */
  dropoutP?: number;
  /** Query `i` attends to keys 0 to `i` only. */
  isCausal?: boolean;
  /** Factor of the scores; `1 / √E` if not given. */
  scale?: number | null;
  /** Key and value may have fewer heads (dimension -3), each of which serves several of the query's. */
  enableGqa?: boolean;
}

type AttentionArgs = Named<
  [key: Tensor, value: Tensor, attnMask: Tensor | null, dropoutP: number, isCausal: boolean],
  ["key", "value", "attnMask", "dropoutP", "isCausal"],
  { key: Tensor; value: Tensor } & AttentionOptions
>;

const ATTENTION = ["key", "value", "attnMask", "dropoutP", "isCausal", "scale", "enableGqa"] as const;

const sizeOf = (t: Tensor, dim: number): number => t.shape[t.ndim + dim] as number;

/** A mask that is added to scores: of a bool one, −∞ where it is `barred`. */
function additive(mask: Tensor, dtype: DType, barred: boolean): Tensor {
  if (mask.dtype !== bool) return mask;
  const zeros = mask.newZeros(mask.shape, { dtype });
  return zeros.maskedFill(barred ? mask : mask.logicalNot(), -Infinity);
}

/** Key or value with each head as often as the query has heads for it. */
function repeatHeads(op: string, query: Tensor, x: Tensor, name: string): Tensor {
  const [wanted, heads] = [sizeOf(query, -3), x.ndim < 3 ? 0 : sizeOf(x, -3)];
  if (query.ndim < 3 || heads === 0 || wanted % heads !== 0)
    throw new ShapeError(
      `${op}: expected a number of heads in ${name} that divides the query's (dimension -3), got ${shapeText(x.shape)} for a query of ${shapeText(query.shape)}`,
    );
  return wanted === heads ? x : x.repeatInterleave(wanted / heads, -3);
}

/**
 * `softmax(query @ keyᵀ · scale + mask) @ value`: for each query the mean of the values, weighted by how well their keys fit.
 * A query whose mask bars every key gives zeros. PyTorch: `torch.nn.functional.scaled_dot_product_attention`.
 *
 * @param query - [*, L, E], L queries
 * @param key - [*, S, E], S keys
 * @param value - [*, S, Ev]
 * @param args - `attnMask`, `dropoutP` (0), `isCausal` (false), `scale` (1 / √E), `enableGqa` (false)
 * @returns [*, L, Ev]
 * @throws ShapeError if the sizes do not fit
 * @throws DTypeError if the dtypes differ, or are not floating
 * @throws ValueError if both a mask and `isCausal` are given
 * @see Vaswani et al. 2017, arXiv:1706.03762
 * @example
 * const x = torch.eye(2);
 * F.scaledDotProductAttention(x, x, x, { isCausal: true }) // tensor([[1.0000, 0.0000],
 *                                                          //         [0.3302, 0.6698]])
 */
export function scaledDotProductAttention(query: Tensor, ...args: AttentionArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(scaledDotProductAttention, [query, ...args]);
  const op = "scaledDotProductAttention";
  const given = named<{ key: Tensor; value: Tensor } & AttentionOptions>(op, ATTENTION, 2, args);
  const { key, value, attnMask = null, dropoutP = 0, isCausal = false, enableGqa = false } = given;
  checkOperands(op, query, key);
  checkOperands(op, query, value);
  checkProbability(op, dropoutP);
  const { dtype } = query;
  if (!dtype.isFloatingPoint) throw new DTypeError(`${op}: expected a floating-point dtype, got ${dtype}`);
  for (const [x, name] of [
    [query, "query"],
    [key, "key"],
    [value, "value"],
  ] as const)
    if (x.ndim < 2)
      throw new ShapeError(`${op}: expected at least 2 dimensions of ${name}, got shape ${shapeText(x.shape)}`);
  if (sizeOf(query, -1) !== sizeOf(key, -1) || sizeOf(key, -2) !== sizeOf(value, -2))
    throw new ShapeError(
      `${op}: expected query [*, L, E], key [*, S, E] and value [*, S, Ev], got ${shapeText(query.shape)}, ${shapeText(key.shape)} and ${shapeText(value.shape)}`,
    );
  if (attnMask !== null) {
    checkTensor(op, attnMask, "attnMask");
    if (isCausal) throw new ValueError(`${op}: expected either attnMask or isCausal, got both`);
    if (attnMask.dtype !== bool && attnMask.dtype !== dtype && attnMask.dtype !== float32)
      throw new DTypeError(`${op}: expected an attnMask of torch.bool or ${dtype}, got ${attnMask.dtype}`);
  }
  const scale = given.scale ?? 1 / Math.sqrt(sizeOf(query, -1));
  if (typeof scale !== "number") throw new ValueError(`${op}: expected a number as scale, got ${describe(scale)}`);
  const keys = enableGqa ? repeatHeads(op, query, key, "key") : key;
  const values = enableGqa ? repeatHeads(op, query, value, "value") : value;

  const mask = attnMask === null ? null : additive(attnMask, dtype, false).to(dtype);
  const maskLearns = mask !== null && isGradEnabled() && mask.requiresGrad;
  if (dropoutP === 0 && (dtype === float32 || dtype === float64) && !maskLearns && sizeOf(key, -2) > 0)
    return attendByKernel(query, keys, values, mask, scale, isCausal);
  const weights = attentionWeights(query, keys, mask, { scale, causal: isCausal });
  return matmul(dropoutP > 0 ? dropout(weights, dropoutP, true) : weights, values);
}

/** Brings all to one batch shape, and at least one dimension of it. */
function attendByKernel(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor | null,
  scale: number,
  causal: boolean,
): Tensor {
  const op = "scaledDotProductAttention";
  const batchOf = (t: Tensor) => t.shape.slice(0, -2);
  const batch = [key, value, ...(mask === null ? [] : [mask])].reduce<Shape>(
    (shape, t) => broadcastShapes(op, shape, batchOf(t)),
    batchOf(query),
  );
  const spread = (t: Tensor, rows = sizeOf(t, -2), columns = sizeOf(t, -1)) => t.expand([...batch, rows, columns]);
  const all = mask === null ? null : spread(mask, sizeOf(query, -2), sizeOf(key, -2));
  return attention(spread(query), spread(key), spread(value), all, scale, causal);
}

export interface MultiHeadAttentionOptions {
  /** Whether dropout applies. */
  training?: boolean;
  /** [N, S], or [S] without batch: bool, true where a key is padding; or floating, added to the scores. */
  keyPaddingMask?: Tensor | null;
  /** Whether to give the weights too. */
  needWeights?: boolean;
  /** [L, S], or [N · heads, L, S]: bool, true where a key may NOT be attended to; or floating, added to the scores. */
  attnMask?: Tensor | null;
  /** Takes `qProjWeight`, `kProjWeight`, `vProjWeight` instead of `inProjWeight`. */
  useSeparateProjWeight?: boolean;
  /** [E, E] */
  qProjWeight?: Tensor | null;
  /** [E, kdim] */
  kProjWeight?: Tensor | null;
  /** [E, vdim] */
  vProjWeight?: Tensor | null;
  /** [N · heads, S, E / heads], instead of the projected key and value. */
  staticK?: Tensor | null;
  staticV?: Tensor | null;
  /** Whether weights are averaged over the heads. */
  averageAttnWeights?: boolean;
  /** A hint that `attnMask`, which must be given, is the causal one. */
  isCausal?: boolean;
}

interface MultiHeadAttentionParameters extends MultiHeadAttentionOptions {
  key: Tensor;
  value: Tensor;
  embedDimToCheck: number;
  numHeads: number;
  inProjWeight: Tensor | null;
  inProjBias: Tensor | null;
  biasK: Tensor | null;
  biasV: Tensor | null;
  addZeroAttn: boolean;
  dropoutP: number;
  outProjWeight: Tensor;
  outProjBias: Tensor | null;
}

const MULTI_HEAD = [
  "key",
  "value",
  "embedDimToCheck",
  "numHeads",
  "inProjWeight",
  "inProjBias",
  "biasK",
  "biasV",
  "addZeroAttn",
  "dropoutP",
  "outProjWeight",
  "outProjBias",
  "training",
  "keyPaddingMask",
  "needWeights",
  "attnMask",
  "useSeparateProjWeight",
  "qProjWeight",
  "kProjWeight",
  "vProjWeight",
  "staticK",
  "staticV",
  "averageAttnWeights",
  "isCausal",
] as const;

const OP = "multiHeadAttentionForward";

function refuseShape(what: string, expected: string, t: Tensor): ShapeError {
  return new ShapeError(`${OP}: expected ${what} of shape ${expected}, got ${shapeText(t.shape)}`);
}

/** Checks a mask, and makes it one that is added. */
function canonicalMask(mask: Tensor | null, name: string, dtype: DType): Tensor | null {
  if (mask === null) return null;
  checkTensor(OP, mask, name);
  if (mask.dtype !== bool && !mask.dtype.isFloatingPoint)
    throw new DTypeError(`${OP}: expected a bool or floating-point ${name}, got ${mask.dtype}`);
  return additive(mask, dtype, true);
}

/** `linear` of [L, N, E] in the order in which its rows lie: what came batch first goes through without a copy. */
function linearAsItLies(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const turned = x.transpose(0, 1);
  return !x.isContiguous() && turned.isContiguous()
    ? linear(turned, weight, bias).transpose(0, 1)
    : linear(x, weight, bias);
}

/** Query, key and value through their projections. */
function project(
  query: Tensor,
  { key, value, ...given }: MultiHeadAttentionParameters,
): readonly [q: Tensor, k: Tensor, v: Tensor] {
  const { inProjWeight, inProjBias, useSeparateProjWeight = false } = given;
  const weight = (name: "inProjWeight" | "qProjWeight" | "kProjWeight" | "vProjWeight"): Tensor => {
    const found = given[name] ?? null;
    if (found === null)
      throw new ValueError(`${OP}: expected ${name} where useSeparateProjWeight is ${useSeparateProjWeight}, got none`);
    return found;
  };
  if (!useSeparateProjWeight && query === key && key === value) {
    const [q, k, v] = linearAsItLies(query, weight("inProjWeight"), inProjBias).chunk(3, -1);
    return [q as Tensor, k as Tensor, v as Tensor];
  }
  const weights = useSeparateProjWeight
    ? [weight("qProjWeight"), weight("kProjWeight"), weight("vProjWeight")]
    : (inProjWeight === null ? weight("inProjWeight") : inProjWeight).chunk(3);
  const biases = inProjBias === null ? [] : inProjBias.chunk(3);
  const [q, k, v] = [query, key, value].map((x, i) => linearAsItLies(x, weights[i] as Tensor, biases[i] ?? null));
  return [q as Tensor, k as Tensor, v as Tensor];
}

/**
 * Attention by several heads: query, key and value are projected, each head attends with its part of the features, and what they give
 * is projected again. What `nn.MultiheadAttention` calls. PyTorch: `torch.nn.functional.multi_head_attention_forward`.
 *
 * @param query - [L, N, E], or [L, E] without batch
 * @param key - [S, N, E], or [S, E]; with separate weights, of `kdim` features
 * @param value - [S, N, E], or [S, E]; with separate weights, of `vdim` features
 * @param args - `embedDimToCheck` (E), `numHeads`, `inProjWeight` [3 · E, E], `inProjBias` [3 · E], `biasK` and `biasV` [1, 1, E] (one
 *   more key and value), `addZeroAttn` (one more, of zeros), `dropoutP`, `outProjWeight` [E, E], `outProjBias` [E], then the options
 * @returns the result, of the query's shape, and the weights [N, L, S] ([N, heads, L, S] if not averaged), or `null`
 * @throws ShapeError if the sizes do not fit
 * @throws ValueError if weights are missing, or `isCausal` comes without `attnMask`
 * @example
 * const x = torch.ones(4, 1, 2);
 * const [y, w] = F.multiHeadAttentionForward(
 *   x, x, x, 2, 1, torch.ones(6, 2), null, null, null, false, 0, torch.eye(2), null, { training: false },
 * );
 * y.shape // [4, 1, 2]
 * w?.at(0, 0) // tensor([0.2500, 0.2500, 0.2500, 0.2500])
 */
export function multiHeadAttentionForward(
  query: Tensor,
  ...args: Named<
    [
      key: Tensor,
      value: Tensor,
      embedDimToCheck: number,
      numHeads: number,
      inProjWeight: Tensor | null,
      inProjBias: Tensor | null,
      biasK: Tensor | null,
      biasV: Tensor | null,
      addZeroAttn: boolean,
      dropoutP: number,
      outProjWeight: Tensor,
      outProjBias: Tensor | null,
    ],
    [
      "key",
      "value",
      "embedDimToCheck",
      "numHeads",
      "inProjWeight",
      "inProjBias",
      "biasK",
      "biasV",
      "addZeroAttn",
      "dropoutP",
      "outProjWeight",
      "outProjBias",
    ],
    MultiHeadAttentionParameters
  >
): [output: Tensor, weights: Tensor | null] {
  const given = named<MultiHeadAttentionParameters>(OP, MULTI_HEAD, 12, args);
  checkTensor(OP, query, "query");
  checkTensor(OP, given.key, "key");
  checkTensor(OP, given.value, "value");
  const { key, value, attnMask = null, keyPaddingMask = null } = given;
  const isBatched = query.ndim === 3;
  const ndim = isBatched ? 3 : 2;
  if (query.ndim !== ndim) throw refuseShape("a query", "[L, N, E] or [L, E]", query);
  if (key.ndim !== ndim) throw refuseShape("a key", isBatched ? "[S, N, E]" : "[S, E]", key);
  if (value.ndim !== ndim) throw refuseShape("a value", isBatched ? "[S, N, E]" : "[S, E]", value);
  if (keyPaddingMask !== null && keyPaddingMask.ndim !== ndim - 1)
    throw refuseShape("a keyPaddingMask", isBatched ? "[N, S]" : "[S]", keyPaddingMask);
  if (isBatched) return attend(query, given);
  // Without a batch: a batch of one.
  const batched = (t: Tensor) => t.unsqueeze(1);
  const isSelf = query === key && key === value;
  const one = batched(query);
  const [output, weights] = attend(one, {
    ...given,
    key: isSelf ? one : batched(key),
    value: isSelf ? one : batched(value),
    attnMask,
    keyPaddingMask: keyPaddingMask === null ? null : keyPaddingMask.unsqueeze(0),
  });
  return [output.squeeze(1), weights === null ? null : weights.squeeze(0)];
}

/** The same with a batch. */
function attend(query: Tensor, given: MultiHeadAttentionParameters): [Tensor, Tensor | null] {
  const { key, value, numHeads: heads, embedDimToCheck, biasK, biasV, addZeroAttn, outProjWeight, outProjBias } = given;
  const { training = true, needWeights = true, useSeparateProjWeight = false, averageAttnWeights = true } = given;
  const [length, batch, features] = query.shape as [number, number, number];
  const rows = batch * heads;
  checkInt(OP, "numHeads", heads);
  checkProbability(OP, given.dropoutP);
  if (features !== embedDimToCheck)
    throw new ShapeError(`${OP}: expected a query of ${embedDimToCheck} features, got ${shapeText(query.shape)}`);
  const headDim = features / heads;
  if (heads < 1 || !Number.isInteger(headDim))
    throw new ValueError(`${OP}: expected numHeads that divides ${features} features, got ${heads}`);
  const common = useSeparateProjWeight ? 2 : 3;
  if (!sameShape(key.shape.slice(0, common), value.shape.slice(0, common)))
    throw new ShapeError(
      `${OP}: expected key and value of one shape, got ${shapeText(key.shape)} and ${shapeText(value.shape)}`,
    );
  let [q, k, v] = project(query, given);

  let keyPaddingMask = canonicalMask(given.keyPaddingMask ?? null, "keyPaddingMask", query.dtype);
  let isCausal = given.isCausal ?? false;
  let attnMask = given.attnMask ?? null;
  if (isCausal && attnMask === null)
    throw new ValueError(`${OP}: expected an attnMask where isCausal is true, got none`);
  if (isCausal && keyPaddingMask === null && !needWeights) attnMask = null;
  else {
    attnMask = canonicalMask(attnMask, "attnMask", q.dtype);
    isCausal = false;
  }
  if (attnMask !== null) {
    const shape: Shape = attnMask.ndim === 2 ? [length, sizeOf(key, -3)] : [rows, length, sizeOf(key, -3)];
    if (!sameShape(attnMask.shape, shape)) throw refuseShape("an attnMask", shapeText(shape), attnMask);
    if (attnMask.ndim === 2) attnMask = attnMask.unsqueeze(0);
  }
  const widen = (mask: Tensor | null) => (mask === null ? null : pad(mask, [0, 1]));

  if ((biasK === null) !== (biasV === null))
    throw new ValueError(`${OP}: expected both biasK and biasV, or neither, got one of them`);
  if (biasK !== null && biasV !== null) {
    if (given.staticK || given.staticV)
      throw new ValueError(`${OP}: expected no biasK and biasV beside staticK and staticV, got both`);
    k = cat([k, biasK.repeat(1, batch, 1)]);
    v = cat([v, biasV.repeat(1, batch, 1)]);
    attnMask = widen(attnMask);
    keyPaddingMask = widen(keyPaddingMask);
  }
  const byHead = (t: Tensor) => t.view(t.shape[0] as number, batch, heads, headDim).permute(1, 2, 0, 3);
  const fixed = (t: Tensor | null | undefined, name: string): Tensor | null => {
    if (t === null || t === undefined) return null;
    if (t.ndim !== 3 || t.shape[0] !== rows || t.shape[2] !== headDim)
      throw refuseShape(name, `[${rows}, S, ${headDim}]`, t);
    return t.view(batch, heads, t.shape[1] as number, headDim);
  };
  q = byHead(q); // (N, heads, L, E / heads)
  k = fixed(given.staticK, "staticK") ?? byHead(k);
  v = fixed(given.staticV, "staticV") ?? byHead(v);
  if (addZeroAttn) {
    const zeros = (t: Tensor) => t.newZeros([batch, heads, 1, headDim]);
    k = cat([k, zeros(k)], 2);
    v = cat([v, zeros(v)], 2);
    attnMask = widen(attnMask);
    keyPaddingMask = widen(keyPaddingMask);
  }
  const keys = k.shape[2] as number;
  if (keyPaddingMask !== null) {
    if (!sameShape(keyPaddingMask.shape, [batch, keys]))
      throw refuseShape("a keyPaddingMask", shapeText([batch, keys]), keyPaddingMask);
    const padding = keyPaddingMask.view(batch, 1, 1, keys).expand(-1, heads, -1, -1).reshape(rows, 1, keys);
    attnMask = attnMask === null ? padding : attnMask.add(padding);
  }
  const dropoutP = training ? given.dropoutP : 0;

  if (!needWeights) {
    const mask =
      attnMask === null
        ? null
        : attnMask.shape[0] === 1
          ? attnMask.unsqueeze(0)
          : attnMask.reshape(batch, heads, -1, keys);
    const mixed = scaledDotProductAttention(q, k, v, mask, dropoutP, isCausal);
    const joined = mixed.permute(2, 0, 1, 3).reshape(length, batch, features);
    return [linearAsItLies(joined, outProjWeight, outProjBias), null];
  }
  const flat = (t: Tensor) => t.reshape(rows, t.shape[2] as number, headDim);
  const scaled = flat(q).mul(Math.sqrt(1 / headDim));
  const turned = flat(k).transpose(-2, -1);
  const scores = attnMask === null ? scaled.bmm(turned) : baddbmm(attnMask, scaled, turned);
  let weights = softmax(scores, -1);
  if (dropoutP > 0) weights = dropout(weights, dropoutP, true);
  const joined = weights
    .bmm(flat(v))
    .transpose(0, 1)
    .reshape(length * batch, features);
  const output = linear(joined, outProjWeight, outProjBias).view(length, batch, -1);
  const each = weights.view(batch, heads, length, keys);
  return [output, averageAttnWeights ? each.mean(1) : each];
}
