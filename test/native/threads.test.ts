/** @file The pool of threads, through products large enough to be shared out. */
import { execFileSync } from "node:child_process";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { addressOf, args, engine, isNative, libraryPath } from "./engine.ts";

const { threads } = engine.info();
afterAll(() => engine.setNumThreads(threads));

const size = 160;

/** A script that multiplies two matrices of ones `count` times, and fails on a wrong sum. */
const script = `
  const engine = require(${JSON.stringify(libraryPath)});
  const args = new Float64Array(4096);
  engine.init(args.buffer);
  const size = ${size};
  const [a, b, c] = [1, 1, 0].map((value) => new Float32Array(size * size).fill(value));
  const operand = (array) => [engine.address(array.buffer), size, 1];
  function multiply(count) {
    for (let i = 0; i < count; i++) {
      c.fill(0);
      args.set([6, size, size, size, 0, ...operand(a), ...operand(b), ...operand(c), 0, 1, 0]);
      engine.matmul();
      if (!c.every((sum) => sum === size)) throw new Error("a sum is wrong");
    }
  }
`;

const runScript = (source: string) =>
  execFileSync(process.execPath, ["-e", source], { encoding: "utf8", timeout: 30_000 });

test("results do not depend on the number of threads", () => {
  const [m, n, k] = [130, 210, 90];
  const a = Float32Array.from({ length: m * k }, (_, i) => Math.sin(i));
  const b = Float32Array.from({ length: k * n }, (_, i) => Math.cos(i));
  const results = [1, 2, 3, 7].map((count) => {
    const c = new Float32Array(m * n);
    engine.setNumThreads(count);
    for (let i = 0; i < 20; i++) {
      args.set([6, m, n, k, 0, addressOf(a), k, 1, addressOf(b), n, 1, addressOf(c), n, 1, 0, 1, 0]);
      expect(engine.matmul()).toBe(0);
    }
    return c;
  });
  for (const result of results) expect(result).toEqual(results[0]);
});

describe.runIf(isNative)("the addon", () => {
  test("setNumThreads wants a positive integer, and info tells it", () => {
    engine.setNumThreads(5);
    expect(engine.info().threads).toBe(5);
    for (const wrong of [0, -1, "two", undefined]) {
      expect(() => engine.setNumThreads(wrong as number)).toThrow("setNumThreads: expected a positive integer");
    }
  });

  test("several JavaScript threads use the pool at the same time", async () => {
    const workers = [1, 2, 3].map(() => new Worker(`${script} engine.setNumThreads(3); multiply(100)`, { eval: true }));
    const codes = workers.map((worker) => new Promise((done, fail) => worker.on("exit", done).on("error", fail)));
    expect(await Promise.all(codes)).toEqual([0, 0, 0]);
  });

  test("each JavaScript thread has its own number of threads", () => {
    const source = `
      ${script}
      engine.setNumThreads(5);
      new (require("node:worker_threads").Worker)(${JSON.stringify(
        `${script} const before = engine.info().threads; engine.setNumThreads(3); console.log(before, engine.info().threads);`,
      )}, { eval: true })
        .on("exit", () => console.log(engine.info().threads, engine.info().cores));
    `;
    const [inWorker = "", outside = ""] = runScript(source).split("\n");
    const cores = outside.split(" ")[1];
    expect([inWorker, outside]).toEqual([`${cores} 3`, `5 ${cores}`]);
  });

  test("a worker that alone loaded the library may end, and the process goes on", () => {
    const source = `
      const { Worker } = require("node:worker_threads");
      const start = () => new Worker(${JSON.stringify(`${script} engine.setNumThreads(4); multiply(20)`)}, { eval: true });
      start().on("exit", () => start().on("exit", (code) => console.log("ended", code)));
    `;
    expect(runScript(source)).toBe("ended 0\n");
  });

  test("a worker can be terminated in the middle of its work", () => {
    const source = `
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(${JSON.stringify(`${script} engine.setNumThreads(4); multiply(1e9)`)}, { eval: true });
      setTimeout(() => worker.terminate().then(() => { ${script} multiply(20); console.log("ended"); }), 200);
    `;
    expect(runScript(source)).toBe("ended\n");
  });

  test("a process with threads that spin or sleep exits at once", () => {
    expect(runScript(`${script} engine.setNumThreads(8); multiply(5); console.log("ended")`)).toBe("ended\n");
    expect(runScript(`${script} engine.setNumThreads(8); multiply(5); setTimeout(() => process.exit(), 50)`)).toBe("");
  });

  test.runIf(process.platform === "linux")("the affinity of the process is the default number of threads", () => {
    const source = `console.log(require(${JSON.stringify(libraryPath)}).info().threads)`;
    const out = execFileSync("taskset", ["-c", "0", process.execPath, "-e", source], { encoding: "utf8" });
    expect(out).toBe("1\n");
  });
});
