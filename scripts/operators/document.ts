/** @file The text of docs/operators.md: every op of the library, seen at work on the samples of PyTorch's database. */
import { readFileSync } from "node:fs";
import * as torch from "typetorch";
import * as functional from "../../src/nn/functional/index.ts";
import * as functions from "../../src/ops/functions.ts";
import * as methods from "../../src/ops/methods.ts";
import * as shared from "../../src/ops/shared.ts";
import { callOf, camel, type OpRecord, records } from "../../test/ops/database.ts";
import { CALLS, type OneCall } from "./calls.ts";
import { coverageOf } from "./coverage.ts";
import { reasonFor } from "./missing.ts";
import { seenInCall, seenInSamples } from "./seen.ts";

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

type Op = { readonly op?: unknown; readonly inplace?: unknown };

const isOp = (f: unknown): f is Op => typeof f === "function" && !/^class\b/.test(String(f));

/** Where the function of a record of the database is: its namespace, and its name there. */
function placeOf({ op }: OpRecord): readonly [space: string, name: string] {
  const at = op.lastIndexOf(".");
  return [op.slice(0, Math.max(at, 0)), camel(op.slice(at + 1))];
}

const callable = records.filter((record) => callOf(record) !== undefined);

const named = (python: string, name: string): OpRecord[] => {
  const here = python === "torch" || python === "Tensor" ? "" : python;
  return callable.filter((record) => String(placeOf(record)) === String([here, name]));
};

/** The functions that stand under a name of the database: an alias is the same function, or has the same op. */
const functionOf = (record: OpRecord): unknown => {
  const [space, name] = placeOf(record);
  const found = SPACES.filter(({ python }) => (space === "" ? ["torch", "Tensor"] : [space]).includes(python));
  return found.map(({ members }) => members[name]).find(isOp);
};
const sameAs = (f: Op): OpRecord[] =>
  callable.filter((record) => {
    const other = functionOf(record);
    return other === f || (f.op !== undefined && isOp(other) && other.op === f.op);
  });

function oneCallOf(python: string, name: string, f: unknown): OneCall | undefined {
  const here = CALLS[python]?.[name];
  if (here !== undefined) return here;
  const other = SPACES.find(({ python: space, members }) => members[name] === f && CALLS[space]?.[name] !== undefined);
  return other === undefined ? undefined : CALLS[other.python]?.[name];
}

/** @throws Error for an op that is nowhere seen at work */
function row(python: string, name: string, f: Op): string {
  const own = named(python, name);
  const same = own.length > 0 ? own : sameAs(f);
  const inPlace = f.inplace !== undefined || Reflect.has(torch.Tensor.prototype, `${name}_`) ? "yes" : "";
  const call = same.length > 0 ? undefined : oneCallOf(python, name, f);
  // `torch.celu` is `torch.nn.functional.celu` without a parameter.
  const found = same.length > 0 || call !== undefined ? same : callable.filter((r) => placeOf(r)[1] === name);
  if (found.length === 0 && call === undefined)
    throw new Error(`${python}.${name} has no samples: add a call of it to scripts/operators/calls.ts`);
  const seen = call === undefined ? seenInSamples(found) : seenInCall(name, call);
  const form = f.op === undefined ? seen.form : "pointwise";
  return `| \`${name}\` | ${form} | ${seen.dtypes} | ${seen.isDifferentiable ? "yes" : ""} | ${inPlace} | ${coverageOf(found)} |`;
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

- **form**: how the op is declared (see adding-an-op.md): \`pointwise\`, \`reduction\`, \`view\`, \`kernel\`; \`composite\` ones are made of others; a
  \`function\` gives no tensors.
- **dtypes**: those in which a call of the op works.
- **gradient**: whether results require grad where inputs do. **in place**: whether there is a variant with an underscore.
- **conformance**: the dtypes in which PyTorch's answers for its own operator database are met, as test/conformance-groups.json lists them (f32 is float32,
  i64 int64, u8 uint8, b bool, bf16 bfloat16, c64 complex64); an alias counts as what it is another name of. Ops without any have tests of their own.
`;

export function document(): string {
  const tables = SPACES.map(({ title, python, members }) => {
    const ops = Object.entries(members).filter(([, f]) => isOp(f));
    const rows = ops.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, f]) => row(python, name, f as never));
    return `## ${title}\n\n| op | form | dtypes | gradient | in place | conformance |\n|---|---|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return `${HEAD}\n${tables.join("\n")}\n## Not available\n\nNames that PyTorch 1.13 has, and why they are not here.\n\n${missing()}\n`;
}
