/** @file Writes docs/operators.md: `npm run docs:operators`. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { document } from "./operators/document.ts";

const path = fileURLToPath(new URL("../docs/operators.md", import.meta.url));
writeFileSync(path, document());
console.log(path);
