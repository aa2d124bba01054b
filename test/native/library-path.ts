/** @file Where the built engine lies. */
import { fileURLToPath } from "node:url";

export const libraryPath = fileURLToPath(new URL("../../build/native/typetorch.node", import.meta.url));
