/** @file What the scripts need to know of this package; package.json is the one place that says it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

export const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/**
 * The entry points: `typetorch`, `typetorch/vision`, …
 * @type {{ specifier: string, source: string, types: string, module: string, loose: string }[]}
 */
export const entries = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === "object")
  .map(([subpath, target]) => ({
    specifier: manifest.name + subpath.slice(1),
    source: target["@typetorch/source"],
    types: target.types,
    module: target.node,
    loose: target.default,
  }));
