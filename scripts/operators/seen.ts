/** @file What an op is seen to be when it works: its form, its dtypes, whether gradients flow. */
import * as torch from "typetorch";
import {
  argumentsOf,
  callAltered,
  callOf,
  DTYPE_NAMES,
  dtypeOf,
  type OpRecord,
  run,
  type Sample,
  tensorsOf,
} from "../../test/ops/database.ts";
import type { OneCall } from "./calls.ts";
import { type Form, formOf } from "./forms.ts";

export interface Seen {
  /** `function`: it gives no tensors. */
  readonly form: Form | "function";
  readonly dtypes: string;
  readonly isDifferentiable: boolean;
}

/** bool, 5 integer, 4 floating and 2 complex dtypes: in words where they come whole. */
const KINDS = [
  ["bool", ["bool"]],
  ["integers", ["uint8", "int8", "int16", "int32", "int64"]],
  ["floats", ["float16", "bfloat16", "float32", "float64"]],
  ["complex", ["complex64", "complex128"]],
] as const;

function dtypesText(taken: readonly string[]): string {
  if (taken.length === DTYPE_NAMES.length) return "all";
  const parts = KINDS.flatMap(([kind, members]) => {
    const here = members.filter((name) => taken.includes(name));
    return here.length === members.length ? [kind] : here;
  });
  return parts.join(", ");
}

/** From the samples of PyTorch's database. */
export function seenInSamples(found: readonly OpRecord[]): Seen {
  const [record] = found as [OpRecord];
  const sample = record.cases.find(({ dtype }) => dtype === "float64") ?? (record.cases[0] as Sample);
  const given = argumentsOf(sample);
  const works = (r: OpRecord, dtype: Sample["dtype"]) => callAltered(r, r.cases[0] as Sample, dtype) === null;
  const taken = DTYPE_NAMES.filter((dtype) =>
    found.some((r) => r.cases.some((s) => s.dtype === dtype) || works(r, dtype)),
  );
  return {
    form: formOf(() => run(callOf(record) as never, given)),
    dtypes: dtypesText(taken),
    isDifferentiable: found.some((r) =>
      r.cases.some((s) => {
        if (s.grads === undefined) return false;
        return tensorsOf(run(callOf(r) as never, argumentsOf(s))).some((t) => t.requiresGrad);
      }),
    ),
  };
}

const matrix = (dtype: torch.DType): torch.Tensor => torch.arange(36).reshape(6, 6).to(dtype);

/** From one call, in each dtype. */
export function seenInCall(name: string, call: OneCall): Seen {
  const attempt = (x: torch.Tensor): unknown => {
    try {
      return { result: call(x) };
    } catch (error) {
      if (error instanceof torch.TorchError) return null;
      throw new Error(`the call of ${name} in scripts/operators/calls.ts does not work`, { cause: error });
    }
  };
  const taken = DTYPE_NAMES.filter((dtype) => attempt(matrix(dtypeOf(dtype))) !== null);
  const dtype = taken.find((d) => d === "float64") ?? taken[0];
  if (dtype === undefined) throw new Error(`the call of ${name} in scripts/operators/calls.ts works in no dtype`);
  const results = tensorsOf(call(matrix(dtypeOf(dtype))));
  const isFloating = dtypeOf(dtype).isFloatingPoint;
  const differentiable = isFloating ? tensorsOf(call(matrix(dtypeOf(dtype)).requiresGrad_())) : [];
  return {
    form: results.length === 0 ? "function" : formOf(() => call(matrix(dtypeOf(dtype)))),
    dtypes: dtypesText(taken),
    isDifferentiable: differentiable.some((t) => t.requiresGrad),
  };
}
