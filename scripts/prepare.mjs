#!/usr/bin/env node
/**
 * @file npm's `prepare` step, in a clone: builds dist/, and the WASM engine where there is no native one, so that the library works.
 * (Elsewhere `npm run build:wasm` builds it when it is wanted: with the compiler that is an npm package it takes minutes.)
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./package.mjs";

function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, "scripts", script), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}

run("build.mjs", "--if-possible");
if (!existsSync(join(root, "build/native/typetorch.node"))) run("build-wasm.mjs");
