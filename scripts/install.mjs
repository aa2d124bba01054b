#!/usr/bin/env node
/**
 * @file npm's `install` step: builds the native engine, in a clone and on a user's machine alike. Installing never fails for
 * want of a compiler: the library then runs on the WebAssembly engine that the package brings. In a clone any other failure is an error to be seen; where typetorch is a dependency it is told,
 * and the installation goes on.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./package.mjs";

const inClone = existsSync(join(root, "src"));
const { status } = spawnSync(process.execPath, [join(root, "scripts", "build-native.mjs")], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) {
  console.error(
    "typetorch: the native engine could not be built (the compiler's messages are above)." +
      " With a C++20 compiler (g++ 12 or clang 15, or newer) in place, `npm rebuild typetorch` builds it.",
  );
  if (inClone) process.exitCode = 1;
}
if (!existsSync(join(root, "build/native/typetorch.node"))) {
  const hasWasm = existsSync(join(root, "build/wasm/simd128.wasm"));
  console.error(
    hasWasm
      ? "typetorch: until then the library runs on its WebAssembly engine, with the same results, several times slower."
      : "typetorch: until then the library has no engine" +
          (inClone ? ", unless the WebAssembly one can be built (npm's next step tries)." : "."),
  );
}
