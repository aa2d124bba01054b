import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** `typetorch` and its subpaths as package.json exports them, but from their sources: tests never run a stale build. */
function sourceAliases() {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
  return Object.entries<{ "@typetorch/source"?: string }>(exports).flatMap(([subpath, entry]) => {
    const source = entry["@typetorch/source"];
    if (source === undefined) return [];
    const name = `typetorch${subpath.slice(1)}`;
    return [{ find: new RegExp(`^${name}$`), replacement: fileURLToPath(new URL(source, import.meta.url)) }];
  });
}

// `vitest run --mode wasm test/native test/expr` runs tests on the WASM engine.
export default defineConfig(({ mode }) => ({
  resolve: { alias: sourceAliases() },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: [...(mode === "wasm" ? ["src/wasm/choose.ts"] : []), "test/setup.ts"],
    passWithNoTests: true,
    // Vitest leaves one processor out, which is half of two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A loaded machine is slow, not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // `npm run typecheck` is what judges sources; here only the type tests count.
    typecheck: { enabled: true, include: ["test/types/**/*.test-d.ts"], ignoreSourceErrors: true },
  },
}));
