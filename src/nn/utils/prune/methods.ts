/** @file The ways of pruning. */
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { sameShape, shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { zerosLike } from "../../../ops/creation.ts";
import { type NormOrder, norm } from "../../../ops/norm.ts";
import { checkTensor, type Named, named } from "../../../ops/params.ts";
import { rand, randLike } from "../../../ops/random/creation.ts";
import { kthvalue, topk } from "../../../ops/sort.ts";
import { checkAmount, countOf, slices } from "./amount.ts";
import { BasePruningMethod, type PruningType } from "./method.ts";

interface AmountOption {
  amount: number;
}
type AmountArgs = Named<[amount: number], ["amount"], AmountOption>;

/** The mask without the entries of `scores` that are smallest. */
function withoutSmallest(mask: Tensor, scores: Tensor, count: number): Tensor {
  if (count === 0) return mask.clone();
  const { indices } = topk(scores.reshape(-1), count, { largest: false });
  return mask.clone().reshape(-1).indexFill(0, indices, 0).view(mask.shape);
}

/** The mask in the slices that `keep` names only. */
function withSlices(mask: Tensor, t: Tensor, dim: number, keep: Tensor): Tensor {
  const whole = zerosLike(t).setAt(
    t.shape.map((_, d) => (d === dim ? keep : ":")),
    1,
  );
  return whole.mul(mask.to(whole.dtype));
}

/** Prunes nothing: for what is pruned by hand afterwards. PyTorch: `torch.nn.utils.prune.Identity`. */
export class Identity extends BasePruningMethod {
  static readonly printedName: string = "Identity";
  readonly PRUNING_TYPE: PruningType = "unstructured";

  override computeMask(_: Tensor, defaultMask: Tensor): Tensor {
    return defaultMask;
  }
}

/** Prunes entries at random. PyTorch: `torch.nn.utils.prune.RandomUnstructured`. */
export class RandomUnstructured extends BasePruningMethod {
  static readonly printedName: string = "RandomUnstructured";
  readonly PRUNING_TYPE: PruningType = "unstructured";
  readonly amount: number;

  constructor(...args: AmountArgs) {
    super();
    this.amount = named<AmountOption>("RandomUnstructured", ["amount"], 1, args).amount;
    checkAmount("RandomUnstructured", this.amount);
  }

  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const count = countOf("RandomUnstructured", this.amount, t.numel());
    return count === 0 ? defaultMask.clone() : withoutSmallest(defaultMask, randLike(t).neg(), count);
  }
}

/** Prunes the entries of the smallest absolute value. PyTorch: `torch.nn.utils.prune.L1Unstructured`. */
export class L1Unstructured extends BasePruningMethod {
  static readonly printedName: string = "L1Unstructured";
  readonly PRUNING_TYPE: PruningType = "unstructured";
  readonly amount: number;

  constructor(...args: AmountArgs) {
    super();
    this.amount = named<AmountOption>("L1Unstructured", ["amount"], 1, args).amount;
    checkAmount("L1Unstructured", this.amount);
  }

  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    return withoutSmallest(defaultMask, t.abs(), countOf("L1Unstructured", this.amount, t.numel()));
  }
}

interface RandomStructuredOptions extends AmountOption {
  /** The dimension of the slices; the last if not given. */
  dim?: number;
}

/** Prunes whole slices along a dimension at random. PyTorch: `torch.nn.utils.prune.RandomStructured`. */
export class RandomStructured extends BasePruningMethod {
  static readonly printedName: string = "RandomStructured";
  readonly PRUNING_TYPE: PruningType = "structured";
  readonly amount: number;
  readonly dim: number;

  constructor(...args: Named<[amount: number, dim: number], ["amount", "dim"], RandomStructuredOptions>) {
    super();
    const { amount, dim = -1 } = named<RandomStructuredOptions>("RandomStructured", ["amount", "dim"], 1, args);
    checkAmount("RandomStructured", amount);
    this.amount = amount;
    this.dim = dim;
  }

  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const { dim, size } = slices("RandomStructured", t, this.dim);
    const count = countOf("RandomStructured", this.amount, size);
    if (count === 0) return defaultMask;
    const chances = rand([size]);
    return withSlices(defaultMask, t, dim, chances.gt(kthvalue(chances, count).values));
  }
}

interface LnStructuredOptions extends RandomStructuredOptions {
  /** Which norm of a slice counts. */
  n: NormOrder;
}

/** Prunes the slices along a dimension that have the smallest norm. PyTorch: `torch.nn.utils.prune.LnStructured`. */
export class LnStructured extends BasePruningMethod {
  static readonly printedName: string = "LnStructured";
  readonly PRUNING_TYPE: PruningType = "structured";
  readonly amount: number;
  readonly n: NormOrder;
  readonly dim: number;

  constructor(
    ...args: Named<[amount: number, n: NormOrder, dim: number], ["amount", "n", "dim"], LnStructuredOptions>
  ) {
    super();
    const { amount, n, dim = -1 } = named<LnStructuredOptions>("LnStructured", ["amount", "n", "dim"], 2, args);
    checkAmount("LnStructured", amount);
    this.amount = amount;
    this.n = n;
    this.dim = dim;
  }

  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const { dim, size } = slices("LnStructured", t, this.dim);
    const count = countOf("LnStructured", this.amount, size);
    if (count === 0) return defaultMask;
    const others = t.shape.flatMap((_, d) => (d === dim ? [] : [d]));
    const { indices } = topk(norm(t, this.n, others), size - count);
    return withSlices(defaultMask, t, dim, indices);
  }
}

/** Prunes by a mask that is there already. PyTorch: `torch.nn.utils.prune.CustomFromMask`. */
export class CustomFromMask extends BasePruningMethod {
  static readonly printedName: string = "CustomFromMask";
  readonly PRUNING_TYPE: PruningType = "global";
  readonly mask: Tensor;

  constructor(...args: Named<[mask: Tensor], ["mask"], { mask: Tensor }>) {
    super();
    this.mask = named<{ mask: Tensor }>("CustomFromMask", ["mask"], 1, args).mask;
    checkTensor("CustomFromMask", this.mask, "mask");
  }

  override computeMask(_: Tensor, defaultMask: Tensor): Tensor {
    if (!sameShape(this.mask.shape, defaultMask.shape))
      throw new ShapeError(
        `CustomFromMask: expected a mask of shape ${shapeText(defaultMask.shape)}, got ${shapeText(this.mask.shape)}`,
      );
    return defaultMask.mul(this.mask.to(defaultMask.dtype));
  }
}

/** @throws ValueError if `x` is no class of pruning methods */
export function checkMethodClass(op: string, x: unknown): asserts x is new (...args: never) => BasePruningMethod {
  if (typeof x !== "function" || !(x.prototype instanceof BasePruningMethod))
    throw new ValueError(`${op}: expected a class of pruning methods as pruningMethod, got ${describe(x)}`);
}
