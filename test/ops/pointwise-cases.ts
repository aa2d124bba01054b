/** @file The cases of test/golden/pointwise.json.gz (pointwise.py makes them), and how to run one on this library. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import * as activations from "../../src/nn/functional/activations.ts";

type Argument = { readonly tensor: string } | { readonly number: number };

export interface GoldenResult {
  readonly dtype: DTypeName;
  readonly data: string;
}

export interface Case {
  /** PyTorch's name, with its namespace if that is not `torch`. */
  readonly op: string;
  readonly args: readonly Argument[];
  readonly kwargs: Readonly<Record<string, number | boolean | string>>;
  readonly node: string | null;
  /** Of float64 arguments, for a gradient of 1.5; `"missing"` where PyTorch has none. */
  readonly grads: readonly string[] | "missing" | null;
  /** `null` where PyTorch refuses the dtype; absent where its version has no kernel. */
  readonly results: Readonly<Partial<Record<DTypeName, GoldenResult | null>>>;
}

export type DTypeName = "float32" | "float64" | "bfloat16" | "int64" | "int32" | "uint8" | "bool";

interface Golden {
  /** Values by name and kind of dtype; a mask has one kind for all. */
  readonly pool: Readonly<
    Record<string, { readonly [K in "float" | "int" | "bool" | "mask"]?: readonly (number | string)[] }>
  >;
  readonly cases: readonly Case[];
}

const golden: Golden = JSON.parse(
  gunzipSync(readFileSync(new URL("../golden/pointwise.json.gz", import.meta.url))).toString(),
);
export const { cases } = golden;

export const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The call as a user would write it. */
export function title({ op, args, kwargs }: Case): string {
  const options = Object.entries(kwargs).map(([key, value]) => `${camel(key)}: ${value}`);
  return `${camel(op)}(${[...args.map((a) => ("tensor" in a ? a.tensor : String(a.number))), ...options].join(", ")})`;
}

export type Op = ((...args: unknown[]) => torch.Tensor) & {
  readonly op?: { readonly name: string };
  readonly inplace?: (...args: unknown[]) => torch.Tensor;
};

const NAMESPACES: Readonly<Record<string, object>> = { "nn.functional": activations, special: torch.special };

/** The op of a case: a function of `torch`, `torch.special` or `nn.functional`. */
export function opOf({ op }: Case): Op {
  const [, space = "", last = op] = /^(.*)\.(\w+)$/.exec(op) ?? [];
  const name = camel(last);
  const found = Reflect.get(NAMESPACES[space] ?? torch, name);
  if (typeof found !== "function") throw new Error(`there is no ${name}`);
  return found as Op;
}

/** How many elements the tensors of a case have. */
const lengthOf = (c: Case) =>
  Math.max(...c.args.map((a) => ("tensor" in a ? (golden.pool[a.tensor]?.float?.length ?? 0) : 0)));

function tensorOf(name: string, dtype: torch.DType, length: number): torch.Tensor {
  const lists = golden.pool[name] ?? {};
  if (lists.mask) return torch.tensor(Array.from({ length }, (_, i) => lists.mask?.[i % 3] === 1));
  const kind = dtype.isFloatingPoint ? "float" : dtype === torch.bool ? "bool" : "int";
  const values = (lists[kind] ?? []).map((x) => (x === "inf" ? Infinity : x === "-inf" ? -Infinity : Number(x)));
  return torch.tensor(values, { dtype: kind === "float" ? torch.float64 : torch.int64 }).to(dtype);
}

export const dtypeOf = (name: DTypeName): torch.DType => Reflect.get(torch, name) as torch.DType;

/** The arguments of a case in a dtype, without its options. */
export function argsOf(c: Case, dtype: torch.DType): (torch.Tensor | number)[] {
  return c.args.map((a) => ("tensor" in a ? tensorOf(a.tensor, dtype, lengthOf(c)) : a.number));
}

/** The options of a case, to be spread after its arguments. */
export function optionsOf({ kwargs }: Case): unknown[] {
  const entries = Object.entries(kwargs).map(([key, value]) => [camel(key), value]);
  return entries.length === 0 ? [] : [Object.fromEntries(entries)];
}

/** The numbers of a golden result. */
export function decode({ dtype, data }: { dtype: DTypeName; data: string }): number[] {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  switch (dtype) {
    case "float32":
      return Array.from(new Float32Array(bytes.buffer));
    case "float64":
      return Array.from(new Float64Array(bytes.buffer));
    case "int64":
      return Array.from(new BigInt64Array(bytes.buffer), Number);
    case "int32":
      return Array.from(new Int32Array(bytes.buffer));
    case "bfloat16":
      return Array.from(new Float32Array(Uint32Array.from(new Uint16Array(bytes.buffer), (half) => half << 16).buffer));
    default:
      return Array.from(bytes);
  }
}

/** The numbers of a tensor; bools as 0 and 1, int64 rounded like those of `decode`. */
export function numbersOf(t: torch.Tensor): number[] {
  const flat = t.detach().contiguous().flatten();
  if (flat.dtype === torch.int64)
    return Array.from({ length: flat.numel() }, (_, i) => Number(flat.at(i).itemBigInt()));
  return (flat.tolist() as (number | boolean)[]).map(Number);
}
