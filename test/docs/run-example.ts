/** @file Runs an example as the reader would, and says what came out where it has a comment. */
import { format } from "node:util";
import { transformSync } from "esbuild";
import type { Step } from "./doc-comments.ts";

const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<void>;

/**
 * Runs the steps in one scope, and gives the text of what each gave: what it printed, else the value of its last statement.
 * @param scope - the names that the example knows
 */
export async function runExample(steps: readonly Step[], scope: Readonly<Record<string, unknown>>): Promise<string[]> {
  const results: string[] = [];
  const printed: string[] = [];
  const console = { log: (...args: unknown[]) => void printed.push(format(...args)) };
  const record = (value: unknown) => void results.push(printed.splice(0).join("\n") || text(value));
  const names = { ...scope, console, record };
  const body = steps.map((step) => (step.expected === undefined ? plain(step.code) : recorded(plain(step.code))));
  await new AsyncFunction(...Object.keys(names), `"use strict";\n${body.join("\n")}`)(...Object.values(names));
  return results;
}

/** TypeScript without its types, one statement after the other, each beginning at the start of a line. */
const plain = (code: string) => transformSync(code, { loader: "ts", target: "es2022" }).code;

/** The same, with the value of the last statement handed to `record`. */
function recorded(code: string): string {
  const statements = code.trimEnd().split(/\n(?=[^\s)\]}])/);
  const last = statements.pop() as string;
  const declared = /^(?:const|let|class|function) (\w+)/.exec(last)?.[1];
  if (declared !== undefined) return `${code}record(${declared});`;
  if (/^(?:for|if|while|do|switch|try)\b/.test(last)) return `${code}record();`;
  return [...statements, `record((${last.replace(/;$/, "")}));`].join("\n");
}

/** As examples write values: tensors and modules as they print, the rest as JavaScript's literals. */
function text(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null || Object.hasOwn(value, "toString")) return String(value);
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(", ")}]`;
  if (Object.getPrototypeOf(value) !== Object.prototype) return String(value);
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${inOneLine(item)}`);
  return `{ ${entries.join(", ")} }`;
}

const inOneLine = (value: unknown) => text(value).replace(/\s*\n\s*/g, " ");
