// Runs in every test file: console output and unhandled rejections fail the test during which they happen (those of
// loading the file, its first test). A test that expects output takes the method over:
// `vi.spyOn(console, "warn").mockImplementation(() => {})`.
import { format } from "node:util";
import { afterEach, expect } from "vitest";

const printed: string[] = [];
const rejected: unknown[] = [];

for (const method of ["log", "info", "warn", "error", "debug", "trace"] as const) {
  console[method] = (...args: unknown[]) => {
    printed.push(`console.${method}: ${format(...args)}`);
  };
}

process.on("unhandledRejection", (reason) => {
  rejected.push(reason);
});

afterEach(async () => {
  await new Promise(setImmediate); // Node reports a rejection as unhandled once the microtasks are done
  const found = { rejections: rejected.splice(0), output: printed.splice(0) };
  expect(found, "unhandled rejections and console output").toEqual({ rejections: [], output: [] });
});
