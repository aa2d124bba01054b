// Incremental compilation: an object is current while its command line and the contents of everything it was made from
// are what they were. Outputs are moved into place, so that builds that run at the same time do not see halves.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** @typedef {{ source: string, object: string, command: string[] }} Unit one object file and the command that makes it */

/**
 * Compiles the units that are not current.
 * @param {Unit[]} units
 * @param {number} parallel how many compilers at a time
 * @param {(command: string[]) => Promise<boolean>} runCommand
 * @returns {Promise<{ compiled: number, failed: Unit[] }>}
 */
export async function compileAll(units, parallel, runCommand = run) {
  const hashes = new Map();
  const queue = units.filter((unit) => !isCurrent(unit, hashes));
  const failed = [];
  let compiled = 0;
  const worker = async () => {
    for (let unit = queue.shift(); unit !== undefined; unit = queue.shift()) {
      // Another build may have made it meanwhile.
      if (isCurrent(unit, new Map())) continue;
      if (await compile(unit, runCommand)) compiled++;
      else failed.push(unit);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return { compiled, failed };
}

/**
 * Links objects into a file, unless it was made from just these by the same command; false if that fails.
 * @param {string} output
 * @param {string[]} objects
 * @param {string[]} command without the output
 * @param {(command: string[]) => Promise<boolean>} runCommand
 */
export async function link(output, objects, command, runCommand = run) {
  if (isLinked(output, objects, command)) return true;
  const partial = join(dirname(output), `${process.pid}-${basename(output)}`);
  try {
    if (!(await runCommand([...command, "-o", partial]))) return false;
    // A library in use is replaced, not written into.
    renameSync(partial, output);
    writeFileSync(`${output}.command`, command.join("\n"));
    return true;
  } finally {
    rmSync(partial, { force: true });
  }
}

function isLinked(output, objects, command) {
  if (!existsSync(output) || !existsSync(`${output}.command`)) return false;
  if (readFileSync(`${output}.command`, "utf8") !== command.join("\n")) return false;
  const linked = statSync(output).mtimeMs;
  return objects.every((object) => statSync(object).mtimeMs <= linked);
}

/** Runs a command; what it prints goes to the terminal when it fails. */
export function run(command) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
    const output = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    child.on("error", () => resolve(false));
    child.on("close", (code) => {
      if (output.length > 0) process.stderr.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

function isCurrent({ object, command }, hashes) {
  if (!existsSync(object) || !existsSync(stampPath(object))) return false;
  const stamp = JSON.parse(readFileSync(stampPath(object), "utf8"));
  if (stamp.command !== command.join(" ")) return false;
  return Object.entries(stamp.inputs).every(([path, hash]) => existsSync(path) && hashOf(path, hashes) === hash);
}

async function compile({ source, object, command }, runCommand) {
  mkdirSync(dirname(object), { recursive: true });
  const partial = `${object}.${process.pid}.o`;
  const dependencies = `${object}.${process.pid}.d`;
  const started = Date.now();
  try {
    if (!(await runCommand([...command, "-c", source, "-o", partial, "-MMD", "-MF", dependencies]))) return false;
    const inputs = parseDependencies(readFileSync(dependencies, "utf8"));
    rmSync(stampPath(object), { force: true });
    renameSync(partial, object);
    // A file edited while the compiler ran may have been read before or after: then the next build compiles again.
    if (inputs.every((path) => statSync(path).mtimeMs < started)) {
      const hashes = new Map();
      const stamp = {
        command: command.join(" "),
        inputs: Object.fromEntries(inputs.map((path) => [path, hashOf(path, hashes)])),
      };
      writeFileSync(stampPath(object), JSON.stringify(stamp));
    }
    return true;
  } finally {
    rmSync(partial, { force: true });
    rmSync(dependencies, { force: true });
  }
}

/** The prerequisites in a make rule: `a.o: a.cc \ b.h`, with spaces in names escaped. */
function parseDependencies(rule) {
  return rule
    .slice(rule.indexOf(": ") + 2)
    .replace(/\\\r?\n/g, " ")
    .split(/(?<!\\)\s+/)
    .filter((path) => path !== "")
    .map((path) => path.replaceAll("\\ ", " "));
}

function hashOf(path, hashes) {
  let hash = hashes.get(path);
  if (hash === undefined) {
    hash = createHash("sha1").update(readFileSync(path)).digest("base64");
    hashes.set(path, hash);
  }
  return hash;
}

const stampPath = (object) => `${object}.json`;
