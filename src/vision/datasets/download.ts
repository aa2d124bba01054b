/** @file Brings the files of a data set into their folder: mirrors in turn, sums checked, never half a file. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DownloadBar, downloadBar } from "./download-bar.ts";
import { DatasetError } from "./error.ts";
import { type Transferred, transferLater, transferNow } from "./transfer.ts";

/** A file, as it is on the mirrors. */
export interface Resource {
  readonly filename: string;
  readonly md5: string;
}

export interface DownloadPlan {
  /** What wants the files, for error texts. */
  readonly op: string;
  readonly folder: string;
  readonly resources: readonly Resource[];
  /** Addresses to which a file name is appended; tried in turn. */
  readonly mirrors: readonly string[];
}

/** Files whose sum was found right in this process, as they were then. */
const verified = new Map<string, string>();

function md5Of(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** Whether the file is there with the right content. A file without `.gz` is one that torchvision or the user unpacked: it counts. */
function isThere(folder: string, { filename, md5 }: Resource): boolean {
  const path = join(folder, filename);
  if (existsSync(path.replace(/\.gz$/, ""))) return true;
  if (!existsSync(path)) return false;
  const { size, mtimeMs } = statSync(path);
  const state = `${md5} ${size} ${mtimeMs}`;
  if (verified.get(path) === state) return true;
  if (md5Of(readFileSync(path)) !== md5) return false;
  verified.set(path, state);
  return true;
}

/** The steps, which ask for one URL after the other and are told what came. */
function* steps(plan: DownloadPlan): Generator<string, void, Transferred> {
  for (const resource of plan.resources) if (!isThere(plan.folder, resource)) yield* fetchOne(plan, resource);
}

function* fetchOne(
  { op, folder, mirrors }: DownloadPlan,
  { filename, md5 }: Resource,
): Generator<string, void, Transferred> {
  const path = join(folder, filename);
  const failures: string[] = [];
  for (const mirror of mirrors) {
    const got = yield mirror + filename;
    if ("error" in got) failures.push(`${mirror}: ${got.error}`);
    else if (md5Of(got.bytes) !== md5) failures.push(`${mirror}: expected md5 ${md5}, got ${md5Of(got.bytes)}`);
    else return writeWhole(path, got.bytes);
  }
  const damaged = existsSync(path) ? " (the one that is there has a wrong md5)" : "";
  throw new DatasetError("download", `${op}: could not download ${path}${damaged}: ${failures.join("; ")}`);
}

/** Writes beside the place and renames: the file is there whole, or not at all. */
function writeWhole(path: string, bytes: Uint8Array): void {
  mkdirSync(join(path, ".."), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  try {
    writeFileSync(part, bytes);
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}

/** Fetches what is not there, and returns when it is. */
export function downloadNow(plan: DownloadPlan): void {
  const bar = downloadBar();
  try {
    const run = steps(plan);
    for (let step = run.next(); !step.done; ) step = run.next(transferNow(step.value, bar.begin(step.value)));
  } finally {
    bar.stop();
  }
}

/** The same for those who can await. */
export async function downloadLater(plan: DownloadPlan): Promise<void> {
  const bar: DownloadBar = downloadBar();
  try {
    const run = steps(plan);
    for (let step = run.next(); !step.done; ) step = run.next(await transferLater(step.value, bar.begin(step.value)));
  } finally {
    bar.stop();
  }
}
