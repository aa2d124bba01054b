/** @file `typetorch/wasm`: the library on the WebAssembly engine, in browsers and, on purpose, on Node. */
import "./choose.ts";

export * from "../index.ts";
export { type InitOptions, init } from "./init.ts";
