/** Layers, functions and initialisations of torch.nn against what PyTorch gave (golden.py beside this file). */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import { nn, Tensor } from "typetorch";
import { describe, expect, test } from "vitest";
import { camelCase } from "../../../src/format/python-names.ts";

const { float32, float64, bfloat16, int64, int32, bool, uint8 } = torch;
const dtypes = { float32, float64, bfloat16, int64, int32, bool, uint8 };

interface Numbers {
  dtype: keyof typeof dtypes;
  shape: number[];
  data: (number | string | boolean)[];
  layout?: "contiguous" | "transposed" | "gaps";
  grad?: boolean;
}
type Value = null | boolean | number | string | Value[] | Numbers;

interface Case {
  layer?: string;
  function?: string;
  init?: string;
  args?: Value[];
  kwargs: Record<string, Value>;
  train?: boolean;
  repr?: string;
  inputs: Value[];
  outputs: Numbers[];
  grads?: (Numbers | null)[];
  repr_after?: string;
  /** Null where a shape is not known yet. */
  before?: Record<string, Numbers | null>;
  param_grads?: Record<string, Numbers>;
  after?: Record<string, Numbers>;
}

const file = new URL("golden.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: Case[] };

/** Absolute and relative: a few roundings. */
const tolerances = { float64: 1e-10, float32: 3e-6, bfloat16: 1e-2 };

const isNumbers = (x: Value): x is Numbers => typeof x === "object" && x !== null && "dtype" in x;
const real = (x: number | string | boolean) =>
  typeof x === "string" ? Number(x.replace("inf", "Infinity")) : Number(x);

function decode(value: Value): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (!isNumbers(value)) return typeof value === "string" && /^-?inf$/.test(value) ? real(value) : value;
  return torch.tensor(value.data.map(real), { dtype: dtypes[value.dtype] }).reshape(value.shape);
}

/** A leaf, and the tensor of it that lies as the case says. */
function input(value: Value): { leaf: Tensor | null; x: unknown } {
  const x = decode(value);
  if (!(x instanceof Tensor) || !isNumbers(value)) return { leaf: null, x };
  if (value.grad) x.requiresGrad_();
  if (value.layout === "transposed") return { leaf: x, x: x.transpose(-1, -2).contiguous().transpose(-1, -2) };
  if (value.layout === "gaps") return { leaf: x, x: torch.stack([x, x], -1).select(-1, 0) };
  return { leaf: x, x: value.grad ? x.mul(1) : x };
}

function expectClose(got: unknown, want: Numbers, what: string): void {
  if (!(got instanceof Tensor)) throw new Error(`${what}: expected a tensor, got ${got}`);
  expect(`${got.dtype} [${got.shape}]`, what).toBe(`torch.${want.dtype} [${want.shape}]`);
  const values = [got.detach().reshape(-1).tolist()].flat().map((x) => Number(x));
  const expected = want.data.map(real);
  const tolerance = want.dtype in tolerances ? tolerances[want.dtype as keyof typeof tolerances] : 0;
  for (const [i, x] of values.entries()) {
    const y = expected[i] as number;
    if (!(Object.is(x, y) || Math.abs(x - y) <= tolerance * (1 + Math.abs(y)) || x === y))
      expect(values, `${what}, element ${i}`).toEqual(expected);
  }
}

const flat = (x: unknown): Tensor[] => (x instanceof Tensor ? [x] : Array.isArray(x) ? x.flatMap(flat) : []);

function options(kwargs: Record<string, Value>): Record<string, unknown>[] {
  const entries = Object.entries(kwargs).map(([key, value]) => [
    camelCase(key),
    key === "dtype" ? dtypes[value as keyof typeof dtypes] : decode(value),
  ]);
  return entries.length > 0 ? [Object.fromEntries(entries)] : [];
}

function checkInit({ init = "", args = [], kwargs, outputs }: Case): void {
  const [want] = outputs as [Numbers];
  const f = Reflect.get(nn.init, camelCase(init)) as (...xs: unknown[]) => Tensor | number;
  torch.manualSeed(7);
  const into = init === "calculate_gain" ? [] : [torch.empty(want.shape, { dtype: dtypes[want.dtype] })];
  const got = f(...into, ...args.map(decode), ...options(kwargs));
  expectClose(typeof got === "number" ? torch.tensor(got, { dtype: float64 }) : got, want, "values");
  if (into.length > 0) expect(got).toBe(into[0]);
}

function check(c: Case): void {
  let call: (...xs: unknown[]) => unknown;
  let module: nn.Module | null = null;
  if (c.layer !== undefined) {
    torch.manualSeed(3);
    const Layer = Reflect.get(nn, c.layer) as new (...args: unknown[]) => nn.Module;
    module = new Layer(...(c.args ?? []).map(decode), ...options(c.kwargs));
    module.train(c.train);
    expect(String(module)).toBe(c.repr);
    const state = module.stateDict();
    expect(Object.keys(state)).toEqual(Object.keys(c.before ?? {}));
    for (const [name, want] of Object.entries(c.before ?? {}))
      if (want === null) expect(torch.nn.isUninitialized(state[name])).toBe(true);
      else expectClose(state[name], want, `initial ${name}`);
    call = module as unknown as typeof call;
  } else {
    const f = Reflect.get(nn.functional, camelCase(c.function ?? "")) as typeof call;
    call = (...xs) => f(...xs, ...options(c.kwargs));
  }
  torch.manualSeed(7);
  call(...c.inputs.map((value) => input(value).x));
  const inputs = c.inputs.map(input);
  const outputs = flat(call(...inputs.map(({ x }) => x)));
  expect(outputs.length).toBe(c.outputs.length);
  for (const [i, want] of c.outputs.entries()) expectClose(outputs[i], want, `output ${i}`);
  const flowing = outputs.filter((y) => y.requiresGrad);
  if (c.grads !== undefined)
    torch.autograd.backward(
      flowing,
      flowing.map((y) =>
        torch.arange(y.numel(), { dtype: torch.float64 }).mul(0.37).cos().to(y.dtype).reshape(y.shape),
      ),
    );
  for (const [i, want] of (c.grads ?? []).entries())
    if (want !== null) expectClose(inputs[i]?.leaf?.grad, want, `gradient of input ${i}`);
  if (module === null) return;
  expect(String(module)).toBe(c.repr_after);
  const parameters = Object.fromEntries(module.namedParameters());
  for (const [name, want] of Object.entries(c.param_grads ?? {}))
    expectClose(parameters[name]?.grad, want, `gradient of ${name}`);
  const state = module.stateDict();
  for (const [name, want] of Object.entries(c.after ?? {})) expectClose(state[name], want, `${name} afterwards`);
}

const byName = new Map<string, Case[]>();
for (const c of cases) {
  const name = c.layer ?? c.function ?? c.init ?? "";
  byName.set(name, [...(byName.get(name) ?? []), c]);
}

describe("golden", () => {
  test.each([...byName])("%s", (_, group) => {
    for (const c of group) {
      try {
        (c.init === undefined ? check : checkInit)(c);
      } catch (error) {
        const { args, kwargs, train, inputs } = c;
        const shapes = inputs.map((x) => (isNumbers(x) ? `${x.dtype}[${x.shape}] ${x.layout ?? ""}` : x));
        (error as Error).message = `${JSON.stringify({ args, kwargs, train, shapes })}\n${(error as Error).message}`;
        throw error;
      }
    }
  });
});
