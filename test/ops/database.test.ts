/**
 * @file Every operator of PyTorch's database: values and derivatives as PyTorch gives them, inputs of any strides, in place as out of
 * place, the dtypes, derivatives against finite differences, and tensors with nothing in them.
 */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import type { DTypeName } from "../../src/core/dtype.ts";
import { difference, differenceOf, differenceOfUnique, OF_GRADIENTS, UNIQUE } from "./closeness.ts";
import {
  type Arguments,
  argumentsOf,
  callAltered,
  callOf,
  camel,
  DTYPE_NAMES,
  decode,
  type Golden,
  messageOf,
  type OpRecord,
  records,
  run,
  type Sample,
  tensorsOf,
  titleOf,
} from "./database.ts";
import { type Aspect, DIFFERENCES, type Difference } from "./database-differences.ts";

/** Second gradients add up roundings of first ones. */
const OF_SECOND_GRADIENTS = 100;
/** Elements of the inputs of a sample that is compared with finite differences. */
const FEW = 24;
const LARGE = 1e4;

type Problem = string | null;
type Checks = (record: OpRecord, sample: Sample) => Problem;

/** Runs a check over the samples, leaving out those where PyTorch is known to differ; there it must fail somewhere. */
function check(record: OpRecord, aspect: Aspect, samples: readonly Sample[], problemOf: Checks): void {
  const known: readonly Difference[] = (DIFFERENCES[titleOf(record)] ?? []).filter((d) => d.aspect === aspect);
  const differs = (dtype: DTypeName) => known.find((d) => d.dtypes === undefined || d.dtypes.includes(dtype));
  const left = samples.filter((sample) => differs(sample.dtype) === undefined);
  if (left.length > 0)
    it(aspect, () => {
      const problems = left.flatMap((sample) => {
        const problem = problemOf(record, sample);
        return problem === null ? [] : [`#${record.cases.indexOf(sample)} ${sample.dtype}: ${problem}`];
      });
      if (problems.length > 0) expect.fail(problems.join("\n"));
    });
  for (const { reason, dtypes } of known)
    it(`${aspect}${dtypes === undefined ? "" : ` in ${dtypes.join(", ")}`} (differs: ${reason})`, () => {
      const hidden = samples.filter(({ dtype }) => dtypes === undefined || dtypes.includes(dtype));
      expect(hidden.some((sample) => problemOf(record, sample) !== null)).toBe(true);
    });
}

function attempt(f: () => Problem): Problem {
  try {
    return f();
  } catch (error) {
    return messageOf(error);
  }
}

const values: Checks = (record, sample) =>
  attempt(() => {
    const got = run(callIn(record), argumentsOf(sample));
    const unique = UNIQUE[record.op];
    return unique === undefined ? differenceOf(got, sample.output) : differenceOfUnique(unique, got, sample.output);
  });

/** Inputs that are not row-major give what row-major ones give. */
const stridedInputs: Checks = (record, sample) =>
  attempt(() => {
    const wanted = tensorsOf(run(callIn(record), argumentsOf(sample)));
    for (const lie of ["spread", "reversed"] as const) {
      const got = tensorsOf(run(callIn(record), argumentsOf(sample, lie)));
      for (const [i, want] of wanted.entries()) {
        const found = difference(got[i] as torch.Tensor, want);
        if (found !== null) return `${lie}: ${found}`;
      }
    }
    return null;
  });

const callIn = (record: OpRecord) => callOf(record) as NonNullable<ReturnType<typeof callOf>>;

const decodeAll = (golden: readonly Golden[]) => golden.map((g) => decode(g, []) as torch.Tensor | null);

/** The first gradients of a sample, to be differentiated again if there are second ones. */
function gradientsOf(record: OpRecord, sample: Sample) {
  const given = argumentsOf(sample);
  const results = tensorsOf(run(callIn(record), given)).filter((t) => t.requiresGrad);
  const seeds = decodeAll(sample.seeds as readonly Golden[]) as torch.Tensor[];
  if (results.length !== seeds.length)
    throw new Error(`${results.length} results require grad instead of ${seeds.length}`);
  const createGraph = sample.second !== undefined;
  const grads = torch.autograd.grad(results, [...given.leaves], seeds, { allowUnused: true, createGraph });
  return { given, grads };
}

function compareGradients(got: readonly (torch.Tensor | null)[], want: readonly Golden[], factor: number): Problem {
  for (const [i, theirs] of decodeAll(want).entries()) {
    if (theirs === null) continue; // PyTorch says that there is none; a zero is none, too
    const found = difference(got[i] ?? torch.zerosLike(theirs), theirs, factor);
    if (found !== null) return `of input ${i}: ${found}`;
  }
  return null;
}

const gradients: Checks = (record, sample) =>
  attempt(() => compareGradients(gradientsOf(record, sample).grads, sample.grads as readonly Golden[], OF_GRADIENTS));

const secondGradients: Checks = (record, sample) =>
  attempt(() => {
    const { given, grads } = gradientsOf(record, sample);
    const { on, seeds, grads: want } = sample.second as NonNullable<Sample["second"]>;
    const from = on.map((i) => grads[i] as torch.Tensor);
    if (from.some((g) => !g?.requiresGrad)) return "a gradient does not require grad";
    const weights = decodeAll(seeds as readonly Golden[]) as torch.Tensor[];
    const second = torch.autograd.grad(from, [...given.leaves], weights, { allowUnused: true });
    return compareGradients(second, want as readonly Golden[], OF_SECOND_GRADIENTS);
  });

/** Against finite differences: the operator as a function of the inputs that require grad. */
const finiteDifferences: Checks = (record, sample) =>
  attempt(() => {
    const given = argumentsOf(sample);
    const call = (...xs: torch.Tensor[]) => {
      const put = (value: unknown): unknown => {
        const at = given.leaves.indexOf(value as torch.Tensor);
        return at >= 0 ? xs[at] : Array.isArray(value) ? value.map(put) : value;
      };
      const options = Object.fromEntries(Object.entries(given.options).map(([name, value]) => [name, put(value)]));
      const moved: Arguments = { input: put(given.input), args: given.args.map(put), options, leaves: xs };
      return tensorsOf(run(callIn(record), moved));
    };
    const differentiable = call(...given.leaves).map((t) => t.requiresGrad);
    const checked = (...xs: torch.Tensor[]) => call(...xs).filter((_, i) => differentiable[i]);
    torch.autograd.gradcheck(checked, [...given.leaves]);
    if (sample.second !== undefined) torch.autograd.gradgradcheck(checked, [...given.leaves]);
    return null;
  });

/** Whether differences can tell: few elements, in double precision, and none so large that the others vanish beside it. */
function isTame(record: OpRecord, sample: Sample): boolean {
  if (UNIQUE[record.op] !== undefined || record.straightThrough) return false;
  const { leaves } = argumentsOf(sample);
  const elements = leaves.reduce((sum, t) => sum + t.numel(), 0);
  const results = [sample.output, ...(sample.grads ?? [])].flatMap((v) => tensorsOf(decode(v, [])));
  return (
    elements > 0 &&
    elements <= FEW &&
    leaves.every(({ dtype }) => dtype === torch.float64 || dtype === torch.complex128) &&
    results.every((t) => t.numel() === 0 || (t.abs().max() as torch.Tensor).item() <= LARGE)
  );
}

const inPlace: Checks = (record, sample) =>
  attempt(() => {
    const { input, args, options } = argumentsOf(sample);
    const out = decode(sample.output, []);
    if (!(input instanceof torch.Tensor && out instanceof torch.Tensor)) return null;
    if (input.dtype !== out.dtype || String(input.shape) !== String(out.shape)) return null;
    const x = input.detach().clone();
    torch.manualSeed(42);
    const write = Reflect.get(x, `${camel(record.op)}_`) as (...all: unknown[]) => unknown;
    const result = write.call(x, ...args, ...(Object.keys(options).length === 0 ? [] : [options]));
    return result === x ? difference(x, out) : "gives another tensor than its own";
  });

const sizesIn = (v: Golden): number[] => {
  if (Array.isArray(v)) return v.flatMap(sizesIn);
  return typeof v === "object" && v !== null && "s" in v ? [...v.s] : [];
};

describe.each(records.map((record) => [titleOf(record), record] as const))("%s", (_, record) => {
  if (callOf(record) === undefined) {
    it.skip("(skipped: the library does not have it)");
    return;
  }
  const { cases } = record;
  check(record, "values", cases, values);
  check(record, "strided inputs", cases, stridedInputs);
  if (`${camel(record.op)}_` in torch.Tensor.prototype) check(record, "in place", cases, inPlace);
  const derived = cases.filter(({ grads }) => grads !== undefined);
  check(record, "gradients", derived, gradients);
  check(
    record,
    "second gradients",
    derived.filter(({ second }) => second !== undefined),
    secondGradients,
  );
  check(
    record,
    "finite differences",
    derived.filter((sample) => isTame(record, sample)),
    finiteDifferences,
  );

  it("dtypes and nothing", () => {
    const [sample] = cases as readonly [Sample];
    for (const dtype of DTYPE_NAMES) {
      const problem = callAltered(record, sample, dtype);
      if (problem !== null) expect(problem).toBe("refused");
    }
    for (const gone of new Set([sample.input, ...sample.args].flatMap(sizesIn))) {
      const problem = callAltered(record, sample, sample.dtype, (n) => (n === gone ? 0 : n));
      if (problem !== null) expect(problem).toBe("refused");
    }
  });
});

it("the database covers the library", () => {
  expect(records.length).toBeGreaterThan(590);
  expect(Object.keys(DIFFERENCES).filter((title) => records.every((record) => titleOf(record) !== title))).toEqual([]);
});
