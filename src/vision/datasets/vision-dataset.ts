/** @file What the data sets of pictures have in common. */
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Dataset } from "../../data/dataset.ts";
import type { Image } from "../image.ts";
import type { Transform } from "../transforms/transform.ts";

/** What is done to a picture or a target before it is given out: a function, a transform, a module. */
export type TransformOf<I, O> = ((input: I) => O) & { readonly many?: Transform<I, O>["many"] };

/** Pictures with a target. */
export abstract class VisionDataset<X, Y> extends Dataset<[X, Y]> {
  /** What the class prints as; minifiers change class names, and this not. */
  static readonly printedName: string;

  /** The folder of the files; `null` for data sets without any. */
  readonly root: string | null;
  readonly transform: TransformOf<Image, X> | null;
  readonly targetTransform: TransformOf<number, Y> | null;

  constructor(
    root: string | URL | null,
    transform: TransformOf<Image, X> | null,
    targetTransform: TransformOf<number, Y> | null,
  ) {
    super();
    this.root = root === null ? null : folderOf(root);
    this.transform = transform;
    this.targetTransform = targetTransform;
  }

  /** More lines for the printed form. */
  extraRepr(): readonly string[] {
    return [];
  }

  override toString(): string {
    const { printedName } = this.constructor as typeof VisionDataset;
    const lines = [`Number of datapoints: ${this.length}`];
    if (this.root !== null) lines.push(`Root location: ${this.root}`);
    lines.push(...this.extraRepr());
    if (this.transform !== null || this.targetTransform !== null) lines.push("StandardTransform");
    const transforms = [
      ...(this.transform === null ? [] : under("Transform: ", this.transform)),
      ...(this.targetTransform === null ? [] : under("Target transform: ", this.targetTransform)),
    ];
    return [`Dataset ${printedName}`, ...lines.map((line) => `    ${line}`), ...transforms].join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The lines of a transform's printed form, the first behind a heading. */
function under(heading: string, transform: object): string[] {
  return String(transform)
    .split("\n")
    .map((line, i) => (i === 0 ? heading : " ".repeat(heading.length)) + line);
}

/** A folder as torchvision takes it: `~` is the user's home. */
export function folderOf(root: string | URL): string {
  if (root instanceof URL) return fileURLToPath(root);
  return root === "~" || root.startsWith("~/") ? join(homedir(), root.slice(1)) : root;
}
