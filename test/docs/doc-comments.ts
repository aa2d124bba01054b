/** @file Finds the doc comments of the sources and the examples in them. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Statements, and what is written behind their last one. */
export interface Step {
  readonly code: string;
  readonly expected?: string;
}

export interface Example {
  /** File and line of the doc comment, and what it is about. */
  readonly title: string;
  readonly file: string;
  /** The documented name; undefined for members of classes. */
  readonly name: string | undefined;
  readonly code: string;
  readonly steps: readonly Step[];
  /** Why it cannot be run: what its first line says after `// not run:`. */
  readonly notRun: string | undefined;
}

/** A doc comment and the name that is declared behind it. */
export interface DocComment {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly name: string | undefined;
}

const DECLARED =
  /^\s*(?:\/\/.*\n\s*)*(?:export )?(?:abstract |async |declare )*(?:function\*?|const|class|namespace) ([\w$]+)/;

export function sourceFiles(): string[] {
  return readdirSync(`${root}src`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `src/${path.replaceAll("\\", "/")}`)
    .sort();
}

/** The doc comments of a file that begin a line. */
export function docComments(file: string): DocComment[] {
  const source = readFileSync(root + file, "utf8");
  return [...source.matchAll(/^[ \t]*\/\*\*([\s\S]*?)\*\//gm)].map((found) => ({
    file,
    line: source.slice(0, found.index).split("\n").length,
    text: (found[1] as string).replace(/^[ \t]*\* ?/gm, ""),
    name: DECLARED.exec(source.slice(found.index + found[0].length))?.[1],
  }));
}

/** What stands behind each `@example` that begins a line, to the next tag. */
export function examplesOf({ file, line, text, name }: DocComment): Example[] {
  const blocks = text.split(/^@/m).filter((part) => part.startsWith("example"));
  return blocks.map((block) => {
    const code = block.replace(/^example\b[^\n]*\n/, "").trimEnd();
    const notRun = /^\/\/ not run: (.*)/.exec(code)?.[1];
    return { title: `${file}:${line} ${name ?? ""}`.trimEnd(), file, name, code, steps: stepsOf(code), notRun };
  });
}

/** Cuts an example behind each comment, which may stand at the end of a line or in lines of its own, and go on in such lines. */
export function stepsOf(code: string): Step[] {
  const steps: { code: string; expected?: string }[] = [];
  let open: { code: string; expected?: string } | undefined;
  for (const line of code.split("\n")) {
    const [, before = line, comment] = /^(|.*?\s)\/\/ (.*)$/.exec(line) ?? [];
    if (before.trim() !== "" || comment === undefined) {
      if (open === undefined || open.expected !== undefined) {
        open = { code: "" };
        steps.push(open);
      }
      open.code += `${before}\n`;
      if (comment !== undefined) open.expected = comment;
    } else if (open !== undefined) {
      open.expected = open.expected === undefined ? comment : `${open.expected}\n${comment}`;
    }
  }
  return steps;
}
