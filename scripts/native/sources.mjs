// The files that both engines are compiled from, and the generator that writes some of them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../package.mjs";

/** Files of one folder of the package, by their paths in it. */
export function filesIn(directory, ending) {
  const path = join(root, directory);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${directory}/${name}`);
}

/** What is compiled for each instruction set. */
export const kernelSources = () => [...filesIn("native/kernels", ".cc"), ...filesIn("build/gen/kernels", ".cc")];

/**
 * Runs the generator when anything it could read (gen/ and the scalar language in src/expr/) is newer than its output.
 * A package as published brings the output along, and none of the tools.
 */
export function generate() {
  const generator = join(root, "gen/generate.mjs");
  if (!existsSync(generator)) return true;
  const stamp = join(root, "build/gen/.stamp");
  const newest = (directory) =>
    existsSync(directory)
      ? Math.max(
          0,
          ...readdirSync(directory, { recursive: true }).map((name) => {
            const found = statSync(join(directory, name));
            return found.isFile() ? found.mtimeMs : 0;
          }),
        )
      : 0;
  const inputs = Math.max(newest(join(root, "gen")), newest(join(root, "src/expr")));
  if (existsSync(stamp) && Number(readFileSync(stamp, "utf8")) === inputs) return true;
  if (!existsSync(join(root, "node_modules/esbuild")) && existsSync(join(root, "build/gen"))) return true;
  const answer = spawnSync(process.execPath, [generator], { cwd: root, stdio: "inherit" });
  if (answer.status !== 0) return false;
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, String(inputs));
  return true;
}
