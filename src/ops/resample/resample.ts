/** @file Interpolation and padding as one linear op: along each dimension, lines made of weighted elements of others. */
import { backendOf } from "../../backends/backend.ts";
import { float32, uint8 } from "../../core/dtype.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import type { TapTable } from "./tap-table.ts";

interface ResampleAttrs {
  /** For each dimension its table, or `null` where nothing changes. */
  readonly tables: readonly (TapTable | null)[];
  /** PyTorch's name of the op in the graph. */
  readonly node: string;
  /** The input is an input of backward too, though nothing but zeros flows to it from there. */
  readonly keepsInput: boolean;
}

/** One dimension after another: first those that shrink most, then the inner ones, as PyTorch has it for uint8. */
function passes(tables: readonly (TapTable | null)[], ordered: boolean): { dim: number; table: TapTable }[] {
  const found = tables.flatMap((table, dim) => (table === null || table.isIdentity ? [] : [{ dim, table }])).reverse();
  if (ordered) return found;
  const growth = ({ inLength, outLength }: TapTable) => Math.min(1, outLength / inLength);
  return found.sort((a, b) => growth(a.table) - growth(b.table));
}

function run(input: Tensor, tables: readonly (TapTable | null)[]): Tensor {
  const { dtype } = input;
  const steps = passes(tables, dtype === uint8);
  if (steps.length === 0) return input.clone();
  // Half types are computed in float32, and rounded once.
  const wide = dtype.itemsize === 2 && dtype.isFloatingPoint && steps.some(({ table }) => !table.copies);
  let x = (wide ? input.to(float32) : input).contiguous();
  for (const { dim, table } of steps) {
    const out = allocate(x.shape.with(dim, table.outLength), x.dtype, x.device);
    if (out.layout.numel > 0) {
      if (x.layout.numel > 0) backendOf(x.device).kernels.resample(out, x, dim, table.operands(x.dtype));
      else out.zero_();
    }
    x = out;
  }
  return wide ? x.to(dtype) : x;
}

const resampleOp: KernelOp<ResampleAttrs> = kernelOp<ResampleAttrs>({
  name: "resample",
  node: ({ node }) => `${node}Backward0`,
  forward: ([input], { tables }) => run(input as Tensor, tables),
  saves: (_, { keepsInput }) => (keepsInput ? [0] : []),
  backward: ([grad], context) => {
    const { tables, node, keepsInput } = context.attrs;
    const back = {
      tables: tables.map((table) => table?.transposed() ?? null),
      node: `${node}Backward`,
      keepsInput: false,
    };
    const inputs = keepsInput ? [grad as Tensor, context.input(0)] : [grad as Tensor];
    return [resampleOp.call(inputs, back)];
  },
});

/**
 * @internal The tensor with the lines of each dimension made anew as the tables say.
 * @param node - what PyTorch calls the op in the graph
 * @param keepsInput - whether PyTorch's node keeps the input, so that its gradient requires grad where the input does
 */
export function resample(
  input: Tensor,
  tables: readonly (TapTable | null)[],
  node: string,
  keepsInput = false,
): Tensor {
  return resampleOp.call([input], { tables, node, keepsInput });
}
