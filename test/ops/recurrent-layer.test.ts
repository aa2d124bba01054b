/** The layer that runs all steps in one kernel against the one that is made of ops, where the kernel divides its work in each of its ways. */
import * as torch from "typetorch";
import { afterEach, expect, test } from "vitest";
import type { Cell } from "../../src/ops/recurrent/cell.ts";
import { gruCell, lstmCell, rnnReluCell } from "../../src/ops/recurrent/cells.ts";
import { type LayerInputs, recurrentLayer, stepsOf } from "../../src/ops/recurrent/layer.ts";
import { layerOfSteps } from "../../src/ops/recurrent/layer-of-steps.ts";

const threads = torch.getNumThreads();
afterEach(() => torch.setNumThreads(threads));

interface Sizes {
  readonly batchSizes: readonly number[];
  readonly features: number;
  readonly hidden: number;
  readonly projection?: number;
  readonly bias?: boolean;
  readonly dtype?: torch.DType;
}

const same = (n: number, rows: number): number[] => new Array(n).fill(rows);

function inputsOf(cell: Cell, sizes: Sizes): LayerInputs {
  const { batchSizes, features, hidden, projection, bias = true, dtype = torch.float64 } = sizes;
  torch.manualSeed(1);
  const state = projection ?? hidden;
  const batch = batchSizes[0] as number;
  const rows = cell.spec.gates.length * hidden;
  const leaf = (...shape: number[]) =>
    torch
      .randn(shape, { dtype })
      .mul(1 / Math.sqrt(hidden))
      .detach()
      .requiresGrad_();
  return {
    input: leaf(
      batchSizes.reduce((a, b) => a + b),
      features,
    ),
    hidden: leaf(batch, state),
    cell: cell.hasCell ? leaf(batch, hidden) : null,
    weightIh: leaf(rows, features),
    weightHh: leaf(rows, state),
    biasIh: bias ? leaf(rows) : null,
    biasHh: bias ? leaf(rows) : null,
    weightHr: projection === undefined ? null : leaf(projection, hidden),
  };
}

/** Results, then gradients of the inputs for some gradient of the results. */
function run(
  layer: typeof recurrentLayer,
  inputs: LayerInputs,
  cell: Cell,
  batchSizes: readonly number[],
  reverse: boolean,
) {
  const steps = stepsOf(batchSizes);
  const { output, hidden, cell: state } = layer(inputs, { cell, steps: reverse ? steps.toReversed() : steps });
  const results = state === null ? [output, hidden] : [output, hidden, state];
  torch.manualSeed(2);
  const flowing = results.map((t) => torch.randnLike(t));
  const leaves = Object.values(inputs).filter((t) => t !== null);
  return [...results, ...torch.autograd.grad(results, leaves, flowing)] as torch.Tensor[];
}

test.each<[string, Cell, Sizes]>([
  ["sequences shared out", lstmCell, { batchSizes: same(12, 37), features: 5, hidden: 48 }],
  ["sequences that end", gruCell, { batchSizes: [40, 40, 33, 20, 9, 9, 1], features: 7, hidden: 32 }],
  ["few wide sequences", lstmCell, { batchSizes: [3, 3, 2, 1], features: 4, hidden: 300 }],
  ["few wide sequences", gruCell, { batchSizes: same(4, 2), features: 4, hidden: 400 }],
  ["one step of one sequence", lstmCell, { batchSizes: [1], features: 3, hidden: 130 }],
  ["relu", rnnReluCell, { batchSizes: same(7, 30), features: 3, hidden: 20 }],
  ["narrow", lstmCell, { batchSizes: same(9, 50), features: 2, hidden: 7 }],
  ["projection", lstmCell, { batchSizes: [30, 30, 30, 17, 2], features: 6, hidden: 50, projection: 13 }],
  ["no bias", gruCell, { batchSizes: same(6, 20), features: 6, hidden: 40, bias: false }],
])("%s", (_, cell, sizes) => {
  for (const count of [1, 3])
    for (const reverse of [false, true]) {
      torch.setNumThreads(count);
      const inputs = inputsOf(cell, sizes);
      const ours = run(recurrentLayer, inputs, cell, sizes.batchSizes, reverse);
      const expected = run(layerOfSteps, inputs, cell, sizes.batchSizes, reverse);
      for (const [i, t] of ours.entries())
        expect(t.allclose(expected[i] as torch.Tensor, { rtol: 1e-9, atol: 1e-9 }), `${i}`).toBe(true);
    }
});

test("float32 and the half types, each to its precision", () => {
  for (const [dtype, tolerance] of [
    [torch.float32, 1e-4],
    [torch.float16, 2e-2],
    [torch.bfloat16, 1e-1],
  ] as const) {
    const sizes = { batchSizes: same(5, 24), features: 8, hidden: 64, dtype };
    const inputs = inputsOf(gruCell, sizes);
    const ours = run(recurrentLayer, inputs, gruCell, sizes.batchSizes, false);
    const wide = Object.fromEntries(
      Object.entries(inputs).map(([name, t]) => [name, t === null ? null : t.detach().double().requiresGrad_()]),
    ) as unknown as LayerInputs; // as they were, in another dtype
    const { output, hidden } = layerOfSteps(wide, { cell: gruCell, steps: stepsOf(sizes.batchSizes) });
    expect(ours[0]!.double().sub(output).abs().max().item()).toBeLessThan(tolerance);
    expect(ours[1]!.double().sub(hidden).abs().max().item()).toBeLessThan(tolerance);
  }
});

test("more steps than one call of the kernel takes are as many taken in two parts", () => {
  torch.manualSeed(3);
  const gru = new torch.nn.GRU(2, 3, { dtype: torch.float64 });
  const x = torch.randn([2500, 2, 2], { dtype: torch.float64, requiresGrad: true });
  const gradients = (output: torch.Tensor) => torch.autograd.grad([output.sum()], [x, ...gru.parameters()]);
  const [whole] = gru(x);
  const [first, state] = gru(x.narrow(0, 0, 1300));
  const [second] = gru(x.narrow(0, 1300, 1200), state);
  const parts = torch.cat([first, second]);
  expect(whole.equal(parts)).toBe(true);
  const expected = gradients(parts);
  for (const [i, t] of gradients(whole).entries())
    expect(t?.allclose(expected[i] as torch.Tensor, { rtol: 1e-9, atol: 1e-9 })).toBe(true);
});
