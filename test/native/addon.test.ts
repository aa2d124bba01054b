/** @file The addon's own functions, and the library's symbols. */
import { describe, expect, test } from "vitest";
import { checkSymbols } from "../../scripts/check-symbols.mjs";
import { args, engine, isNative } from "./engine.ts";

describe.runIf(isNative)("the addon", () => {
  test("no symbol is shared between instruction sets", () => {
    expect(checkSymbols()).toEqual([]);
  });

  test("info tells the best instruction set, threads and cores", () => {
    const { isa, isas, threads, cores } = engine.info();
    expect(isa).toBe(isas.at(-1));
    expect(isas[0]).toBe(process.arch === "x64" ? "sse2" : "baseline");
    expect(threads).toBeGreaterThan(0);
    expect(cores).toBeGreaterThan(0);
  });

  test("setIsa takes what this processor has, and nothing else", () => {
    const { isas } = engine.info();
    for (const isa of isas) {
      engine.setIsa(isa);
      expect(engine.info().isa).toBe(isa);
    }
    expect(() => engine.setIsa("avx1024")).toThrow("setIsa: this processor does not have this instruction set");
  });

  test("address tells where a buffer's bytes are", () => {
    expect(engine.address(new ArrayBuffer(8))).toBeGreaterThan(0);
    expect(engine.address(new SharedArrayBuffer(8))).toBeGreaterThan(0);
    expect(engine.address(new ArrayBuffer(0))).toBe(0);
    expect(engine.address(args.buffer)).toBe(engine.address(args.buffer));
  });

  test("address refuses everything that is not a buffer, and a detached one", () => {
    for (const wrong of [undefined, null, 1, "buffer", {}, [], new Float32Array(2)]) {
      // Callers without types pass anything.
      expect(() => engine.address(wrong as unknown as ArrayBuffer)).toThrow(
        "address: expected an ArrayBuffer or a SharedArrayBuffer",
      );
    }
    const buffer = new ArrayBuffer(8);
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => engine.address(buffer)).toThrow("address: the ArrayBuffer has been detached (transferred)");
  });

  test("init wants an argument array of 4096 slots", () => {
    for (const wrong of [undefined, {}, new ArrayBuffer(8)]) {
      expect(() => engine.init(wrong as ArrayBuffer)).toThrow("init: expected an ArrayBuffer of 32768 bytes or more");
    }
  });
});
