/** The examples print the losses that their twins in Python print (test/twins). */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

interface Run {
  args: string;
  /** Numbers with spaces between. */
  losses: string;
}
const { torch: _, ...runs } = JSON.parse(
  readFileSync(new URL("../twins/losses.json", import.meta.url), "utf8"),
) as Record<string, Run>;
const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const shared = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const found = existsSync(shared);

describe.skipIf(!found)(`as the twins${found ? "" : ` (skipped: there is no ${shared})`}`, () => {
  test.each(Object.entries(runs))("%s", { timeout: 120_000 }, async (name, { args, losses }) => {
    const example = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));
    const node = ["--conditions=@typetorch/source", "--import", loader, example, "--root", shared, ...args.split(" ")];
    const { stdout } = await promisify(execFile)(process.execPath, node);
    const printed = Array.from(stdout.matchAll(/loss (\d+\.\d+)/g), ([, loss]) => Number(loss));
    const wanted = losses.split(" ").map(Number);
    expect(printed.length).toBe(wanted.length);
    for (const [i, loss] of printed.entries())
      expect(Math.abs(loss - wanted[i]!), `loss ${i}: ${loss}, PyTorch's ${wanted[i]}`).toBeLessThan(1e-3);
  });
});
