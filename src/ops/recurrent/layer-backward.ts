/** @file A recurrent layer backward. */
import { backendOf } from "../../backends/backend.ts";
import type { ProductAction, ProgramAction, StepRows } from "../../backends/recurrence-kernels.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { registerType } from "../dtypes.ts";
import { product } from "../matmul.ts";
import { Blocks, ofAll, ofStep, passAction } from "./blocks.ts";
import { CELL, GRADIENT, gradientOf, HIDDEN } from "./cell.ts";
import type { LayerAttrs, LayerInputs } from "./layer.ts";
import { fresh, keptSizes, sizesOf, UNPROJECTED } from "./layer-forward.ts";

/** Gradients of a layer's results; `null` where nothing flowed. */
export interface ResultGradients {
  readonly output: Tensor | null;
  readonly hidden: Tensor | null;
  readonly cell: Tensor | null;
}

type InputGradients = { -readonly [N in keyof LayerInputs]?: Tensor };

/** @param kept - what the forward has kept; it is only read, since backward may run again */
export function layerBackward(
  on: LayerInputs,
  { cell, steps }: LayerAttrs,
  kept: Tensor,
  flowing: ResultGradients,
  wanted: ReadonlySet<keyof LayerInputs>,
): InputGradients {
  const { input, weightHh, weightHr } = on;
  const backend = backendOf(input.device);
  const { recurrence } = backend.kernels;
  const sizes = sizesOf(on, cell);
  const { spec, hiddenGates } = cell;
  const projected = weightHr !== null;
  const type = registerType(input.dtype) as "f32" | "f64"; // floating
  const zerosOr = (g: Tensor | null, shape: readonly number[]) => (g === null ? input.newZeros(shape) : fresh(g));
  const columns = (names: readonly string[]) => names.map((name) => [gradientOf(name), sizes.hidden] as const);

  const keptBlocks = new Blocks(keptSizes(cell, sizes, projected), kept);
  const ofGates = new Blocks(columns(spec.gates), { rows: sizes.rows, like: input });
  const ofHidden = spec.apart ? new Blocks(columns(hiddenGates), { rows: sizes.rows, like: input }) : ofGates;
  const output = flowing.output?.contiguous() ?? input.newZeros([sizes.rows, sizes.state]);
  const hidden = zerosOr(flowing.hidden, on.hidden.shape);
  const cellState = on.cell === null ? null : zerosOr(flowing.cell, on.cell.shape);
  const ofProjection = allocate([projected ? sizes.rows : 0, sizes.state], input.dtype, input.device);
  const unprojected = allocate([projected ? sizes.batch : 0, sizes.hidden], input.dtype, input.device);
  const pass = cell.backward(type, projected);

  const state = ofAll(hidden);
  const ofState = projected ? ofAll(unprojected) : state;
  const written = (name: string): StepRows => {
    if (name === gradientOf(HIDDEN.name)) return state;
    if (name === gradientOf(CELL.name)) return ofAll(cellState as Tensor);
    return (ofGates.has(name) ? ofGates : ofHidden).ofStep(name);
  };
  const read = (name: string): StepRows => {
    if (name === GRADIENT.output) return ofStep(output);
    if (name === GRADIENT.hidden) return ofState;
    return name === GRADIENT.cell ? ofAll(cellState as Tensor) : keptBlocks.ofStep(name);
  };
  const actions: (ProductAction | ProgramAction)[] = [];
  if (weightHr !== null) {
    const projection = ofStep(ofProjection);
    actions.push(
      passAction(
        cell.total(type),
        () => projection,
        (name) => (name === GRADIENT.output ? ofStep(output) : state),
      ),
      { out: ofState, a: projection, b: weightHr, start: null },
    );
  }
  const flowsDirectly = pass.writes.includes(gradientOf(HIDDEN.name));
  actions.push(passAction(pass, written, read), {
    out: state,
    a: ofStep(ofHidden.tensor),
    b: weightHh,
    start: flowsDirectly ? "out" : null,
  });
  recurrence(sizes.batch, steps.toReversed(), actions);

  const [gates, hiddenProducts] = [ofGates.tensor, ofHidden.tensor];
  const compute: { readonly [N in keyof LayerInputs]: () => Tensor } = {
    input: () => product(gates, on.weightIh),
    hidden: () => hidden,
    cell: () => cellState as Tensor,
    weightIh: () => product(gates.t(), input),
    weightHh: () => product(hiddenProducts.t(), keptBlocks.matrix(HIDDEN.name)),
    biasIh: () => gates.sum(0),
    biasHh: () => hiddenProducts.sum(0),
    weightHr: () => product(ofProjection.t(), keptBlocks.matrix(UNPROJECTED)),
  };
  const gradients: InputGradients = {};
  for (const name of wanted) gradients[name] = compute[name]();
  for (const { storage } of new Set([gates, hiddenProducts, ofProjection, unprojected])) backend.recycle(storage);
  return gradients;
}
