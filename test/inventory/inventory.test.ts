/** @file Every name of PyTorch 2's documentation of these namespaces is there, or stands in docs/differences.md with the reason. */
import { readFileSync } from "node:fs";
import * as torch from "typetorch";
import { expect, test } from "vitest";
import { camelCase } from "../../src/format/python-names.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
/** Names by namespace, as the indexes of https://docs.pytorch.org list them. */
const index = JSON.parse(read("pytorch-2.json")) as Record<string, string[]>;
const explained = new Set([...read("../../docs/differences.md").matchAll(/`([^`]+)`/g)].map(([, name]) => name));

/** Names that base classes do not have, but know. */
const OPTIONAL = ["getExtraState", "setExtraState"];

function namespace(path: string): object {
  if (path === "Module") return torch.nn.Module.prototype;
  const parts = path.split(".").slice(1).map(camelCase);
  return parts.reduce((space: object, part) => (Reflect.get(space, part) as object | undefined) ?? {}, torch);
}

test.each(Object.entries(index))("%s", (path, names) => {
  const space = namespace(path);
  const missing = names.filter((name) => {
    const here = /^[A-Z]/.test(name) ? name : camelCase(name);
    const isThere = here in space || (path === "Module" && OPTIONAL.includes(here));
    return !isThere && !explained.has(here) && !explained.has(name);
  });
  expect(missing).toEqual([]);
});

test("nothing is explained away that is there", () => {
  const unneeded = Object.entries(index).flatMap(([path, names]) =>
    names.filter((name) => notThere.has(camelCase(name)) && camelCase(name) in namespace(path)),
  );
  expect(unneeded).toEqual([]);
});

/** The names in the list of what does not exist. */
const notThere = new Set(
  [...(read("../../docs/differences.md").split("## Not there")[1] ?? "").matchAll(/`([^`]+)`/g)].map(
    ([, name]) => name,
  ),
);
