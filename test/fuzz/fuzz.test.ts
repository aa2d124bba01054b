/** @file A few thousand random calls; `npm run fuzz` makes as many as one likes. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("random calls give results or TorchErrors", async () => {
  const script = fileURLToPath(new URL("ops.ts", import.meta.url));
  const args = ["--import", "tsx", "--conditions=@typetorch/source", script, "--calls", "4000", "--seed", "1"];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^4000 calls .* 0 of them no TorchError/);
});
