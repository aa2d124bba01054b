/** @file Sums and means of what is not NaN. */
import { Category, type DType, int64 } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { checkTensor } from "./params.ts";
import type { SumOptions } from "./reduce.ts";
import { type Dims, expandReduced, type ReductionOp, reductionOp } from "./reduction-form.ts";

type NanArgs = Call<[dim: Dims, keepdim: boolean], SumOptions>;
const PARAMETERS = ["dim", "keepdim", "dtype"] as const;

const nansumOp: ReductionOp = reductionOp({
  name: "nansum",
  dtype: (input: DType) => {
    const dtype = input.category < Category.Floating ? int64 : input;
    return { compute: dtype, result: dtype };
  },
  empty: "identity",
  saves: [0],
  backward: (grad, context) => {
    const spread = expandReduced(grad, context).to(context.dtype(0));
    return spread.mul(context.input(0).isnan().logicalNot());
  },
});

/**
 * Sum over dimensions of the elements that are not NaN. PyTorch: `torch.nansum`.
 *
 * @param input - any shape; real; integers and bools give int64
 * @param args - `dim` (one, several, or all), `keepdim`, `dtype`
 * @throws DTypeError for complex tensors
 * @example
 * torch.tensor([1, NaN, 2.5]).nansum() // tensor(3.5000)
 */
export function nansum(input: Tensor, ...args: NanArgs): Tensor {
  checkTensor("nansum", input);
  if (input.dtype.isComplex) throw new DTypeError(`nansum: expected a real dtype, got ${input.dtype}`);
  const { dim, keepdim = false, dtype } = bind<SumOptions>("nansum", PARAMETERS, args);
  return nansumOp.call(input, dim, keepdim, dtype);
}

/**
 * Mean over dimensions of the elements that are not NaN; NaN where all are. PyTorch: `torch.nanmean`.
 *
 * @param input - any shape; floating
 * @param args - `dim` (one, several, or all), `keepdim`, `dtype`
 * @throws DTypeError for integer, bool and complex tensors
 * @example
 * torch.tensor([[1, NaN], [2, 4]]).nanmean(1) // tensor([1., 3.])
 */
export function nanmean(input: Tensor, ...args: NanArgs): Tensor {
  checkTensor("nanmean", input);
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `nanmean: expected a floating-point dtype, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
  const { dim = null, keepdim = false, dtype } = bind<SumOptions>("nanmean", PARAMETERS, args);
  const count = input.detach().isnan().logicalNot().sum(dim, keepdim);
  return nansum(input, dim, { keepdim, dtype: dtype ?? null }).div(count);
}
