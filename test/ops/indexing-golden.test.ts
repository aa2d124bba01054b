/** `x.at(…)` and `x.setAt([…], y)` on random shapes and indices, against what PyTorch gave (test/golden/indexing.py). */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

type Item =
  | number
  | boolean
  | null
  | "..."
  | { slice: string }
  | { list: never }
  | { dtype: "int64" | "bool" | "uint8"; shape: number[]; data: number[] };

interface Case {
  shape: number[];
  perm: number[] | null;
  items: Item[];
  error?: string;
  get?: { shape: number[]; data: number[]; view: boolean; stride: number[]; nodes: string[]; grad: number[] };
  value?: number[] | null;
  set_error?: string;
  set?: { data: number[]; grad: number[] | null; value_grad: number[] | null };
}

const file = new URL("../golden/indexing.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: Case[] };

const dtypes = { int64: torch.int64, bool: torch.bool, uint8: torch.uint8 };

function decode(item: Item) {
  if (typeof item !== "object" || item === null) return item;
  if ("slice" in item) return item.slice;
  if ("list" in item) return item.list;
  return torch.tensor(item.data, { dtype: torch.int64 }).reshape(item.shape).to(dtypes[item.dtype]);
}

const numel = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
const counting = (n: number) => torch.arange(n, { dtype: torch.float64 });
const flat = (t: torch.Tensor): number[] => t.detach().reshape(-1).tolist();

/** The tensor that a case indexes, and the leaf it is made of. */
function make({ shape, perm }: Case): { base: torch.Tensor; x: torch.Tensor } {
  const base = counting(numel(shape)).requiresGrad_();
  if (perm === null) return { base, x: base.reshape(shape) };
  const order = shape.map((_, d) => perm.indexOf(d));
  return { base, x: base.reshape(perm.map((d) => shape[d] as number)).permute(order) };
}

function nodes(t: torch.Tensor): string[] {
  const names: string[] = [];
  for (let node = t.gradFn; node; node = node.nextNodes[0] ?? null) names.push(node.name());
  return names;
}

/** Gradients counting from 1, back to the leaves; a missing one is zeros. */
function grads(of: torch.Tensor, leaves: torch.Tensor[]): number[][] {
  const grad = counting(of.numel()).add(1).reshape(of.shape);
  return torch.autograd
    .grad([of], leaves, [grad], { allowUnused: true })
    .map((g, i) => (g ? flat(g) : new Array(leaves[i]?.numel()).fill(0)));
}

const zeros = (n: number, given: number[] | null) => given ?? new Array<number>(n).fill(0);

function checkGet(c: Case): void {
  const { base, x } = make(c);
  const items = c.items.map(decode);
  if (c.get === undefined) {
    expect(() => x.at(...items)).toThrow(torch.TorchError);
    return;
  }
  const y = x.at(...items);
  expect({ shape: y.shape, data: flat(y), view: y.isView, nodes: nodes(y), grad: grads(y, [base])[0] }).toEqual({
    shape: c.get.shape,
    data: c.get.data,
    view: c.get.view,
    nodes: c.get.nodes,
    grad: c.get.grad,
  });
  if (y.numel() > 1 && c.get.view) expect(y.stride()).toEqual(c.get.stride);
}

function checkSet(c: Case): void {
  if (c.value === undefined) return;
  const { base, x } = make(c);
  const items = c.items.map(decode);
  const v = counting(numel(c.value ?? []))
    .add(1)
    .mul(-1)
    .detach()
    .requiresGrad_();
  const z = x.clone();
  const write = () => z.setAt(items, c.value ? v.reshape(c.value) : 7);
  if (c.set === undefined) {
    expect(write).toThrow(torch.TorchError);
    return;
  }
  expect(write()).toBe(z);
  expect(flat(z)).toEqual(c.set.data);
  const [grad, ofValue] = grads(z, [base, v]);
  expect(grad).toEqual(zeros(base.numel(), c.set.grad));
  expect(ofValue).toEqual(zeros(v.numel(), c.value ? c.set.value_grad : null));
}

/** Runs all cases, and names the first that differs. */
function all(check: (c: Case) => void): void {
  for (const c of cases) {
    try {
      check(c);
    } catch (error) {
      (error as Error).message =
        `${JSON.stringify({ shape: c.shape, perm: c.perm, items: c.items, value: c.value })}\n${(error as Error).message}`;
      throw error;
    }
  }
}

describe("golden indices", () => {
  test("at: values, strides, views, nodes, gradients, refusals", { timeout: 60_000 }, () => all(checkGet));
  test("setAt: values, gradients of both, refusals", { timeout: 60_000 }, () => all(checkSet));
});
