#!/usr/bin/env node
/**
 * @file Runs the conformance cases (what PyTorch does, as data) on dist/ and holds the result against
 * test/conformance-groups.json, the list of the groups that pass whole. The list is a ratchet: a group may join it, never leave.
 *
 *     node scripts/conformance.mjs [--update] [--suite opinfo,repr,…] [--cases DIR] [--engine native|wasm]
 *
 * `--update` writes the groups that join. Both engines are held to one list. The cases are no part of the repository: by default they are looked for in
 * ../shared/conformance, and where there are none nothing is checked.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./package.mjs";

const SUITES = "opinfo,errors,modules,optimizers,schedulers,rng,shuffle,repr,curves,checkpoints";
const { values: options } = parseArgs({
  options: {
    update: { type: "boolean", default: false },
    suite: { type: "string", default: SUITES },
    engine: { type: "string", default: "native" },
    cases: { type: "string", default: join(root, "..", "shared", "conformance") },
  },
});

const runner = resolve(options.cases, "run.mjs");
const library = join(root, "dist", options.engine === "wasm" ? "wasm/index.js" : "index.js");
const ratchetFile = join(root, "test", "conformance-groups.json");

if (!existsSync(runner)) {
  console.log(`conformance: SKIPPED, there is no ${runner}`);
  process.exit(0);
}
if (!existsSync(library)) {
  console.error("conformance: there is no dist/index.js; `npm run build` makes it");
  process.exit(1);
}

/**
 * The results of one suite, in a process of its own, so that a crash costs no other suite's result.
 * A suite's report has one section (`repr`) or several (`opinfo float32`, `opinfo int64`, …); a group passes when no case of it fails.
 * @returns {Record<string, Record<string, { pass: number, fail: number, problems: string[] }>>}
 */
function runSuite(suite) {
  const folder = mkdtempSync(join(tmpdir(), "typetorch-conformance-"));
  const json = join(folder, "report.json");
  try {
    const child = spawnSync(process.execPath, [runner, "--lib", library, "--suite", suite, "--json", json], {
      cwd: folder, // cases may write files
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      timeout: 600_000,
    });
    if (existsSync(json)) return JSON.parse(readFileSync(json, "utf8")).report;
    const how = child.signal ? `was ended by ${child.signal}` : `exited with status ${child.status}`;
    console.error(
      `conformance: ${suite} gave no report, the runner ${how}\n${child.stderr.trim().replace(/^/gm, "    ")}`,
    );
    crashed.push(suite);
    return {};
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const crashed = [];
const suites = options.suite.split(",");
const report = Object.assign({}, ...suites.map(runSuite));
const ratchet = existsSync(ratchetFile) ? JSON.parse(readFileSync(ratchetFile, "utf8")) : {};

const joined = [];
const left = [];
for (const section of new Set([...Object.keys(ratchet), ...Object.keys(report)])) {
  if (!suites.includes(section.split(" ")[0])) continue;
  const groups = report[section] ?? {};
  const whole = new Set(Object.keys(groups).filter((group) => groups[group].fail === 0));
  const known = new Set(ratchet[section] ?? []);
  for (const group of whole) if (!known.has(group)) joined.push([section, group]);
  for (const group of known) if (!whole.has(group)) left.push([section, group]);
  console.log(
    `  ${section.padEnd(22)} ${whole.size} of ${Object.keys(groups).length} groups whole (${known.size} in the list)`,
  );
}

for (const [section, group] of left) {
  const problems = report[section]?.[group]?.problems ??
    report[section]?.["(suite)"]?.problems ?? ["not in the report"];
  console.error(`conformance: ${section} | ${group} passed before and fails now\n    ${problems.join("\n    ")}`);
}
if (options.update && joined.length > 0) {
  for (const [section, group] of joined) ratchet[section] = [...(ratchet[section] ?? []), group].sort();
  const sorted = Object.fromEntries(Object.entries(ratchet).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(ratchetFile, `${JSON.stringify(sorted, null, 2)}\n`);
}
const held = Object.values(ratchet).flat().length;
console.log(
  `conformance: ${held} groups in the list, ${left.length} left it, ` +
    `${joined.length} ${options.update ? "joined" : "could join (--update)"}`,
);
process.exitCode = left.length + crashed.length > 0 ? 1 : 0;
