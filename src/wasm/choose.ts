/** @file Loaded before the rest of the library, this makes it use the WebAssembly engine. It loads nothing of the library itself. */
import { choice } from "../backends/cpu/choice.ts";

choice.wasm = true;
