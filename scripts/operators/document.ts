/** @file The text of docs/operators.md: every op of the library, seen at work on the samples of PyTorch's database. */
import { readFileSync } from "node:fs";
import * as torch from "typetorch";
import * as functional from "../../src/nn/functional/index.ts";
import * as functions from "../../src/ops/functions.ts";
import * as methods from "../../src/ops/methods.ts";
import * as shared from "../../src/ops/shared.ts";
import {
  argumentsOf,
  callAltered,
  callOf,
  camel,
  DTYPE_NAMES,
  type OpRecord,
  records,
  run,
  type Sample,
  tensorsOf,
} from "../../test/ops/database.ts";
import { formOf } from "./forms.ts";
import { reasonFor } from "./missing.ts";

type Members = Readonly<Record<string, unknown>>;

/** The namespaces, as users write them, and as PyTorch names them. */
const SPACES: readonly { readonly title: string; readonly python: string; readonly members: Members }[] = [
  { title: "torch", python: "torch", members: { ...functions, ...shared } },
  { title: "torch.Tensor", python: "Tensor", members: methods },
  { title: "torch.linalg", python: "linalg", members: torch.linalg },
  { title: "torch.fft", python: "fft", members: torch.fft },
  { title: "torch.special", python: "special", members: torch.special },
  { title: "torch.masked", python: "masked", members: torch.masked },
  { title: "torch.nn.functional", python: "nn.functional", members: functional },
];

const isOp = (f: unknown): f is { readonly op?: unknown; readonly inplace?: unknown } =>
  typeof f === "function" && !/^class\b/.test(String(f));

const samplesOf = (python: string, name: string): OpRecord[] =>
  records.filter(({ op }) => {
    const [space, last] = op.includes(".")
      ? [op.slice(0, op.lastIndexOf(".")), op.slice(op.lastIndexOf(".") + 1)]
      : ["", op];
    const here = python === "torch" || python === "Tensor" ? "" : python;
    return space === here && camel(last) === name;
  });

/** bool, 5 integer, 4 floating and 2 complex dtypes: in words where they come whole. */
const KINDS = [
  ["bool", ["bool"]],
  ["integers", ["uint8", "int8", "int16", "int32", "int64"]],
  ["floats", ["float16", "bfloat16", "float32", "float64"]],
  ["complex", ["complex64", "complex128"]],
] as const;

function dtypesText(taken: readonly string[]): string {
  if (taken.length === DTYPE_NAMES.length) return "all";
  const parts = KINDS.flatMap(([kind, members]) => {
    const here = members.filter((name) => taken.includes(name));
    return here.length === members.length ? [kind] : here;
  });
  return parts.join(", ");
}

const works = (record: OpRecord, sample: Sample, dtype: Sample["dtype"]) => callAltered(record, sample, dtype) === null;

function isDifferentiable(found: readonly OpRecord[]): boolean {
  return found.some((record) =>
    record.cases.some((sample) => {
      if (sample.grads === undefined) return false;
      return tensorsOf(run(callOf(record) as never, argumentsOf(sample))).some((t) => t.requiresGrad);
    }),
  );
}

function row(python: string, name: string, f: { readonly op?: unknown; readonly inplace?: unknown }): string {
  const found = samplesOf(python, name).filter((record) => callOf(record) !== undefined);
  const inPlace = f.inplace !== undefined || Reflect.has(torch.Tensor.prototype, `${name}_`) ? "yes" : "";
  const [record] = found;
  const sample = record?.cases.find(({ dtype }) => dtype === "float64") ?? record?.cases[0];
  if (record === undefined || sample === undefined)
    return `| \`${name}\` | ${f.op === undefined ? "" : "pointwise"} | | | ${inPlace} | |`;
  const given = argumentsOf(sample);
  const form = f.op === undefined ? formOf(() => run(callOf(record) as never, given)) : "pointwise";
  const taken = DTYPE_NAMES.filter((dtype) =>
    found.some((r) => r.cases.some((s) => s.dtype === dtype) || works(r, r.cases[0] as Sample, dtype)),
  );
  const count = found.reduce((sum, { cases }) => sum + cases.length, 0);
  return `| \`${name}\` | ${form} | ${dtypesText(taken)} | ${isDifferentiable(found) ? "yes" : ""} | ${inPlace} | ${count} |`;
}

/** What PyTorch has under a name and the library has not, by reason. */
function missing(): string {
  const { names } = JSON.parse(readFileSync(new URL("../../test/golden/names.json", import.meta.url), "utf8")) as {
    names: Readonly<Record<string, readonly string[]>>;
  };
  const reasons = new Map<string, string[]>();
  for (const { python, members, title } of SPACES) {
    const here = python === "torch" ? torch : python === "Tensor" ? torch.zeros(1) : members;
    for (const name of names[python] ?? []) {
      const tail = name.endsWith("_") ? "_" : "";
      if (camel(name.replace(/_$/, "")) + tail in here || name in here) continue;
      const reason = reasonFor(name);
      reasons.set(reason, [...(reasons.get(reason) ?? []), `${title}.${name}`]);
    }
  }
  return [...reasons]
    .map(([reason, absent]) => `- **${reason}**: ${absent.map((n) => `\`${n}\``).join(", ")}`)
    .join("\n");
}

const HEAD = `# Operators

Made by \`npm run docs:operators\`; a test compares it with the library. PyTorch's names in camelCase.

- **form**: how the op is declared (see adding-an-op.md): \`pointwise\`, \`reduction\`, \`view\`, \`kernel\`; \`composite\` ones are made of others.
- **dtypes**: those in which a sample of the op works.
- **gradient**: whether results require grad where inputs do. **in place**: whether there is a variant with an underscore.
- **samples**: calls of PyTorch's operator database that the tests compare with PyTorch 1.13; ops without a number have tests of their own.
`;

export function document(): string {
  const tables = SPACES.map(({ title, python, members }) => {
    const ops = Object.entries(members).filter(([, f]) => isOp(f));
    const rows = ops.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, f]) => row(python, name, f as never));
    return `## ${title}\n\n| op | form | dtypes | gradient | in place | samples |\n|---|---|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return `${HEAD}\n${tables.join("\n")}\n## Not available\n\nNames that PyTorch 1.13 has, and why they are not here.\n\n${missing()}\n`;
}
