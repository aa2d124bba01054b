/** Recurrent and attention modules against what PyTorch gave from the same seeds (test/golden/sequence-modules.py). */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import { nn } from "typetorch";
import { expect, test } from "vitest";

interface Values {
  shape: number[];
  data: number[];
}
type Spec =
  | null
  | boolean
  | { randn: number[] }
  | { list: Spec[] }
  | { pack: number[]; lengths: number[]; batch_first: boolean; enforce_sorted: boolean }
  | { causal: number }
  | { padded: number[] }
  | { self: number[] };
type Argument = number | string | { module: "LayerNorm"; args: [number] };
interface Case {
  module: "LSTM";
  args: Argument[];
  kwargs: Record<string, never>;
  inputs: Spec[];
  named: Record<string, Spec>;
  train: boolean;
  float64: boolean;
  repr: string | null;
  names: string[];
  outputs: Values[];
  input_grads: (Values | null)[];
  grads: Record<string, Values | null>;
}

const file = new URL("../golden/sequence-modules.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: Case[] };

const { PackedSequence, packPaddedSequence } = nn.utils.rnn;

/** The inputs of a case, and the leaves among them. */
class Inputs {
  readonly leaves: torch.Tensor[] = [];
  private readonly dtype: torch.DType;

  constructor(dtype: torch.DType) {
    this.dtype = dtype;
  }

  make(spec: Spec): unknown {
    if (spec === null || typeof spec === "boolean") return spec;
    if ("randn" in spec) return this.randn(spec.randn);
    if ("list" in spec) return spec.list.map((s) => this.make(s));
    if ("pack" in spec)
      return packPaddedSequence(this.randn(spec.pack), spec.lengths, spec.batch_first, spec.enforce_sorted);
    if ("self" in spec) return this.randn(spec.self);
    if ("causal" in spec) return torch.ones([spec.causal, spec.causal], { dtype: torch.bool }).triu(1);
    return torch.arange(Math.max(...spec.padded)).ge(torch.tensor(spec.padded).unsqueeze(1));
  }

  private randn(shape: number[]): torch.Tensor {
    const t = torch.randn(shape).to(this.dtype).requiresGrad_();
    this.leaves.push(t);
    return t;
  }
}

function tensorsIn(x: unknown): torch.Tensor[] {
  if (x instanceof torch.Tensor) return [x];
  if (x instanceof PackedSequence) return [x.data];
  return Array.isArray(x) ? x.flatMap(tensorsIn) : [];
}

function expectClose(
  what: string,
  got: torch.Tensor | null | undefined,
  wanted: Values | null,
  tolerance: number,
): void {
  if (wanted === null) {
    expect(got ?? null, what).toBeNull();
    return;
  }
  expect(got?.shape, what).toEqual(wanted.shape);
  const values = (got as torch.Tensor).detach().reshape(-1).tolist() as number[];
  const scale = Math.max(1, ...wanted.data.map(Math.abs));
  for (const [i, x] of values.entries())
    expect(Math.abs(x - (wanted.data[i] as number)), `${what}, element ${i}`).toBeLessThanOrEqual(tolerance * scale);
}

test.each(cases.map((c) => [`${c.module} ${JSON.stringify(c.kwargs)} ${JSON.stringify(c.inputs)}`, c] as const))(
  "%s",
  (_, c) => {
    torch.manualSeed(7);
    const args = c.args.map((arg) => (typeof arg === "object" ? new nn[arg.module](...arg.args) : arg));
    const module: nn.Module = new nn[c.module](...(args as [number, number]), c.kwargs);
    module.train(c.train);
    const dtype = c.float64 ? torch.float64 : torch.float32;
    module.to(dtype);
    if (c.repr !== null) expect(String(module)).toBe(c.repr);
    expect(Object.keys(module.stateDict())).toEqual(c.names);
    const inputs = new Inputs(dtype);
    const given = c.inputs.map((spec) => inputs.make(spec));
    if (JSON.stringify(c.inputs).startsWith('[{"self"')) given.push(given[0], given[0]);
    const named = Object.fromEntries(Object.entries(c.named).map(([name, spec]) => [name, inputs.make(spec)]));
    torch.manualSeed(77);
    const outputs = tensorsIn(module(...given, ...(Object.keys(named).length > 0 ? [named] : [])));
    const tolerance = c.float64 ? 1e-8 : 2e-6;
    expect(outputs.length).toBe(c.outputs.length);
    for (const [i, t] of outputs.entries()) expectClose(`output ${i}`, t, c.outputs[i] as Values, tolerance);
    outputs
      .map((t) => t.mul(torch.arange(t.numel(), { dtype }).cos().reshape(t.shape)).sum())
      .reduce((a, b) => a.add(b))
      .backward();
    for (const [i, t] of inputs.leaves.entries())
      expectClose(`gradient of input ${i}`, t.grad, c.input_grads[i] as Values | null, tolerance);
    for (const [name, p] of module.namedParameters())
      expectClose(`gradient of ${name}`, p.grad, c.grads[name] as Values | null, tolerance);
  },
);
