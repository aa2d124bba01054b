/** @file A recurrent layer backward. */
import { backendOf, type Operand } from "../../backends/backend.ts";
import type { Tensor } from "../../core/tensor.ts";
import { arg, compile } from "../../expr/index.ts";
import { allocate } from "../creation.ts";
import { registerType } from "../dtypes.ts";
import { product } from "../matmul.ts";
import { Blocks, part, runPass } from "./blocks.ts";
import { CELL, GRADIENT, gradientOf, HIDDEN, type Pass } from "./cell.ts";
import type { LayerAttrs, LayerInputs } from "./layer.ts";
import { fresh, keptSizes, sizesOf, UNPROJECTED } from "./layer-forward.ts";

/** Gradients of a layer's results; `null` where nothing flowed. */
export interface ResultGradients {
  readonly output: Tensor | null;
  readonly hidden: Tensor | null;
  readonly cell: Tensor | null;
}

type InputGradients = { -readonly [N in keyof LayerInputs]?: Tensor };

/** The gradient of a hidden state: of it as an output, and as what the next step takes. */
const total = arg(GRADIENT.output).add(arg(GRADIENT.hidden));
const totalPass = (type: "f32" | "f64"): Pass => {
  const reads = [GRADIENT.output, GRADIENT.hidden];
  return { program: compile([total], reads, [], type), reads, writes: [GRADIENT.hidden] };
};

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
  const { matmul } = backend.kernels;
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
  const sum = projected ? totalPass(type) : null;
  const flowsDirectly = pass.writes.includes(gradientOf(HIDDEN.name));

  for (const { first, rows } of steps.toReversed()) {
    const state = part(hidden, 0, rows);
    let ofState = state;
    if (weightHr !== null && sum !== null) {
      const projection = part(ofProjection, first, rows);
      runPass(
        backend,
        sum,
        () => projection,
        (name) => (name === GRADIENT.output ? part(output, first, rows) : state),
      );
      ofState = part(unprojected, 0, rows);
      matmul(ofState, projection, weightHr, 1, null);
    }
    const written = (name: string): Operand => {
      if (name === gradientOf(HIDDEN.name)) return state;
      if (name === gradientOf(CELL.name)) return part(cellState as Tensor, 0, rows);
      return (spec.apart && !ofGates.has(name) ? ofHidden : ofGates).at(name, first, rows);
    };
    const read = (name: string): Operand => {
      if (name === GRADIENT.output) return part(output, first, rows);
      if (name === GRADIENT.hidden) return ofState;
      if (name === GRADIENT.cell) return part(cellState as Tensor, 0, rows);
      return keptBlocks.at(name, first, rows);
    };
    runPass(backend, pass, written, read);
    matmul(state, part(ofHidden.tensor, first, rows), weightHh, 1, flowsDirectly ? { d: state, beta: 1 } : null);
  }

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
