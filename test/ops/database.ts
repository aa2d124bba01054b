/**
 * @file The operators of PyTorch's operator database, as test/golden/opinfo.py sampled it: how to call each on this library by its
 * mechanical name, and how to compare what it gives.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import { DTYPES, type DTypeName } from "../../src/core/dtype.ts";

interface GoldenTensor {
  readonly t: DTypeName;
  readonly s: readonly number[];
  readonly d: string;
  readonly g?: true;
}

/** A value as opinfo.py writes it. */
export type Golden =
  | null
  | boolean
  | string
  | GoldenTensor
  | { readonly i: string }
  | { readonly f: string }
  | { readonly c: readonly [string, string] }
  | { readonly dtype: DTypeName }
  | { readonly slice: readonly Golden[] }
  | { readonly ellipsis: true }
  | readonly Golden[];

interface Derived {
  /** Gradients of the results that require grad. */
  readonly seeds?: readonly GoldenTensor[];
  /** Gradients of the inputs that require grad, in order. */
  readonly grads?: readonly (GoldenTensor | null)[];
}

export interface Sample extends Derived {
  readonly dtype: DTypeName;
  readonly input: Golden;
  readonly args: readonly Golden[];
  readonly kwargs: Readonly<Record<string, Golden>>;
  readonly output: Golden;
  /** The same of the gradients `on`. */
  readonly second?: Derived & { readonly on: readonly number[] };
}

export interface OpRecord {
  /** PyTorch's name, with its namespace if that is not `torch`. */
  readonly op: string;
  readonly variant: string;
  /** The dtypes that PyTorch takes. */
  readonly dtypes: readonly DTypeName[];
  readonly cases: readonly Sample[];
  /** Its gradient, on purpose, is not its derivative. */
  readonly straightThrough?: true;
}

/** `linalg.norm/subgradients_at_zero`: the name and, where the database has several of one, which. */
export const titleOf = ({ op, variant }: OpRecord): string => (variant === "" ? op : `${op}/${variant}`);

export const records: readonly OpRecord[] = JSON.parse(
  gunzipSync(readFileSync(new URL("../golden/opinfo.json.gz", import.meta.url))).toString(),
).ops;

/** snake_case to camelCase; the underscore of an in-place method stays. */
export const camel = (name: string): string => name.replace(/_+([a-z0-9])/g, (_, c: string) => c.toUpperCase());

// ---------------------------------------------------------------------------------------------------------------- values

/** How the elements of an input lie: row-major, every other one of a longer row, or the dimensions reversed. */
export type Lie = "contiguous" | "spread" | "reversed";

const isGoldenTensor = (v: Golden): v is GoldenTensor => typeof v === "object" && v !== null && "t" in v;

export const isList = (v: Golden): v is readonly Golden[] => Array.isArray(v);

function bytesOf({ d }: GoldenTensor): ArrayBuffer {
  return new Uint8Array(Buffer.from(d, "base64")).buffer;
}

export const dtypeOf = (name: DTypeName): torch.DType => Reflect.get(torch, name) as torch.DType;

function tensorOf(v: GoldenTensor): torch.Tensor {
  const dtype = dtypeOf(v.t);
  return v.s.includes(0) ? torch.zeros(v.s, { dtype }) : torch.frombuffer(bytesOf(v), { dtype }).reshape(v.s).clone();
}

function laid(x: torch.Tensor, lie: Lie): torch.Tensor {
  if (lie === "contiguous" || x.ndim === 0) return x;
  if (lie === "reversed" && x.ndim > 1) {
    const dims = x.shape.map((_, i) => x.ndim - 1 - i);
    return x.permute(dims).contiguous().permute(dims);
  }
  const wide = torch.zeros([...x.shape.slice(0, -1), 2 * x.size(-1) + 1], { dtype: x.dtype });
  return wide.at("...", "1::2").copy_(x);
}

/** A value as this library takes it; tensors that require grad are added to `leaves`. */
export function decode(v: Golden, leaves: torch.Tensor[], lie: Lie = "contiguous"): unknown {
  if (typeof v !== "object" || v === null) return v;
  if (isList(v)) return v.map((item) => decode(item, leaves, lie));
  if (isGoldenTensor(v)) {
    const x = laid(tensorOf(v), lie);
    if (!v.g) return x;
    const leaf = x.detach().requiresGrad_();
    leaves.push(leaf);
    return leaf;
  }
  if ("i" in v) return Number.isSafeInteger(Number(v.i)) ? Number(v.i) : BigInt(v.i);
  if ("f" in v) return numberOf(v.f);
  if ("c" in v) return { re: numberOf(v.c[0]), im: numberOf(v.c[1]) };
  if ("dtype" in v) return dtypeOf(v.dtype);
  if ("slice" in v) {
    const [from, to, step] = v.slice.map((part) => (part === null ? "" : decode(part, leaves)));
    return `${from}:${to}:${step === "" ? 1 : step}`;
  }
  return "...";
}

const numberOf = (text: string) => (text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text));

/** The arguments of a call; the options go last, if there are any. */
export interface Arguments {
  readonly input: unknown;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly leaves: readonly torch.Tensor[];
}

export function argumentsOf(sample: Sample, lie: Lie = "contiguous"): Arguments {
  const leaves: torch.Tensor[] = [];
  const input = decode(sample.input, leaves, lie);
  const args = sample.args.map((v) => decode(v, leaves, lie));
  const options = Object.fromEntries(
    Object.entries(sample.kwargs).map(([name, v]) => [camel(name), decode(v, leaves, lie)]),
  );
  return { input, args, options, leaves };
}

// ----------------------------------------------------------------------------------------------------------------- calls

type Call = (input: unknown, args: readonly unknown[], options: Readonly<Record<string, unknown>>) => unknown;
type AnyFunction = (...args: unknown[]) => unknown;

const withOptions = (args: readonly unknown[], options: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Object.keys(options).length === 0 ? args : [...args, options];

/** `torch.linalg.qr` by its path. */
function functionAt(path: string): AnyFunction | undefined {
  const found = path
    .split(".")
    .map(camel)
    .reduce<unknown>((space, name) => (space === undefined ? undefined : Reflect.get(space as object, name)), torch);
  return typeof found === "function" ? (found as AnyFunction) : undefined;
}

const method =
  (name: string): Call =>
  (x, args, options) =>
    (Reflect.get(x as object, name) as AnyFunction).apply(x, [...withOptions(args, options)]);

/** `a ∘ x` for Python's `__rop__(x, a)`. */
const reversed =
  (name: string): Call =>
  (x, [a, ...rest], options) =>
    (functionAt(name) as AnyFunction)(a, x, ...withOptions(rest, options));

const exchanged =
  (path: string): Call =>
  (x, [first, ...rest], options) =>
    (functionAt(path) as AnyFunction)(first, x, ...withOptions(rest, options));

/** What the database calls in another form than users do. */
const CALLS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(
    Object.entries({
      add: "add",
      sub: "sub",
      mul: "mul",
      div: "div",
      pow: "pow",
      mod: "remainder",
      matmul: "matmul",
    }).map(([name, op]) => [`__r${name}__`, reversed(op)]),
  ),
  __rand__: reversed("bitwise_and"),
  __ror__: reversed("bitwise_or"),
  __rxor__: reversed("bitwise_xor"),
  __getitem__: (x, [index]) => (x as torch.Tensor).at(...((Array.isArray(index) ? index : [index]) as number[])),
  T: (x) => (x as torch.Tensor).T,
  H: (x) => (x as torch.Tensor).H,
  mT: (x) => (x as torch.Tensor).mT,
  mH: (x) => (x as torch.Tensor).mH,
  where: (x, [condition, other]) => torch.where(condition as torch.Tensor, x as torch.Tensor, other as torch.Tensor),
  einsum: (operands, [equation]) => torch.einsum(equation as string, ...(operands as torch.Tensor[])),
  igamma_grad_other: reversed("igamma"),
  igammac_grad_other: reversed("igammac"),
  polygamma: exchanged("polygamma"),
  "special.polygamma": exchanged("special.polygamma"),
  "special.zeta_grad": exchanged("special.zeta"),
  "nn.functional.embedding": exchanged("nn.functional.embedding"),
  "nn.functional.embedding_bag": exchanged("nn.functional.embedding_bag"),
  svd_lowrank: (a, [b], options) => torch.svdLowrank((a as torch.Tensor).matmul((b as torch.Tensor).mT), options),
  pca_lowrank: (a, [b], options) => torch.pcaLowrank((a as torch.Tensor).matmul((b as torch.Tensor).mT), options),
  "linalg.lstsq/grad_oriented": (a, [b], options) =>
    torch.linalg.lstsq(a as torch.Tensor, b as torch.Tensor, options)[0],
  "linalg.pinv/singular": (a, [b]) => torch.linalg.pinv((a as torch.Tensor).matmul((b as torch.Tensor).mT)),
  "normal/number_mean": (std, [mean, ...rest], options) =>
    (torch.normal as unknown as AnyFunction)(mean, ...withOptions([std, ...rest], options)),
  uniform: method("uniform_"),
  rand_like: (x, args, options) => (functionAt("randn_like") as AnyFunction)(x, ...withOptions(args, options)),
  resize_: (x, args) => method("resize_")((x as torch.Tensor).clone(), args, {}),
  resize_as_: (x, args) => method("resizeAs_")((x as torch.Tensor).clone(), args, {}),
  zero_: (x) => (x as torch.Tensor).clone().zero_(),
  ...Object.fromEntries(
    "contiguous sum_to_size expand expand_as to reshape_as view view_as bfloat16 bool byte char double float half int long short"
      .split(" ")
      .concat("new_zeros new_ones new_full unfold repeat".split(" "))
      .map((name) => [name, method(camel(name))]),
  ),
};

/** The call that an operator is here, or `undefined` where the library has none. */
export function callOf(record: OpRecord): Call | undefined {
  const special = CALLS[titleOf(record)] ?? CALLS[record.op];
  if (special !== undefined) return special;
  const f = functionAt(record.op);
  if (f !== undefined) return (input, args, options) => f(input, ...withOptions(args, options));
  return camel(record.op) in torch.Tensor.prototype ? method(camel(record.op)) : undefined;
}

/** Calls an operator as opinfo.py did: random ones draw from the same seed. */
export function run(call: Call, { input, args, options }: Arguments): unknown {
  torch.manualSeed(42);
  return call(input, args, options);
}

/** The tensors of a result, in order. */
export function tensorsOf(result: unknown): torch.Tensor[] {
  if (result instanceof torch.Tensor) return [result];
  if (typeof result !== "object" || result === null || !(Symbol.iterator in result)) return [];
  return [...(result as Iterable<unknown>)].flatMap(tensorsOf);
}

/** A refusal says what it refuses; anything else is reported with its place. */
export const messageOf = (error: unknown): string =>
  error instanceof torch.TorchError ? String(error) : String((error as Error).stack);

/** A value with its tensors of one dtype in another, and with the sizes renamed. */
function altered(v: Golden, from: DTypeName, to: DTypeName, sizes: (n: number) => number): unknown {
  if (isList(v)) return v.map((item) => altered(item, from, to, sizes));
  const value = decode(v, []);
  if (!(value instanceof torch.Tensor)) return value;
  const shape = value.shape.map(sizes);
  const cast = value.dtype === dtypeOf(from) ? value.to(dtypeOf(to)) : value;
  return String(shape) === String(value.shape) ? cast : torch.zeros(shape, { dtype: cast.dtype });
}

/** What comes of a sample in another dtype and with other sizes: nothing, `"refused"`, or what is wrong with the error. */
export function callAltered(
  record: OpRecord,
  sample: Sample,
  to: DTypeName,
  sizes: (n: number) => number = (n) => n,
): string | null {
  const change = (v: Golden) => altered(v, sample.dtype, to, sizes);
  const options = Object.entries(sample.kwargs).map(([name, v]) => [camel(name), change(v)]);
  const args = sample.args.map(change);
  try {
    run(callOf(record) as Call, {
      input: change(sample.input),
      args,
      options: Object.fromEntries(options),
      leaves: [],
    });
    return null;
  } catch (error) {
    if (error instanceof torch.TorchError) return "refused";
    return messageOf(error);
  }
}

export const DTYPE_NAMES = Object.keys(DTYPES) as DTypeName[];
