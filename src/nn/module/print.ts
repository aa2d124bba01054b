/** @file A module as Python prints it. */
import type { DTypeName } from "../../core/dtype.ts";
import { Parameter } from "../../core/parameter.ts";
import type { Tensor } from "../../core/tensor.ts";
import { formatModule } from "../../format/module-string.ts";
import { className } from "../../format/python-names.ts";
import { type Container, contentsOf, isModule, type TreeNode } from "./contents.ts";

/** Modules whose equal children print as `(0-2): 3 x Linear(…)`. */
interface MaybeCompact {
  readonly compactPrint?: boolean;
}

export function printed(node: TreeNode, above: readonly TreeNode[] = []): string {
  if (above.includes(node)) return "...";
  const { tensors, children } = contentsOf(node);
  const path = [...above, node];
  const texts = children.map(([name, child]) => [name, printed(child, path)] as const);
  if (isModule(node)) {
    const compact = (node.constructor as MaybeCompact).compactPrint ?? false;
    return formatModule(className(node), node.extraRepr(), texts, { compact });
  }
  const kind = containerName(node, texts.length > 0);
  const style = kind === "ParameterDict" ? "type" : "dtype";
  return formatModule(kind, texts.length > 0 ? "" : tensorLines(tensors, style), texts, {
    compact: kind === "ModuleList",
  });
}

/** What the same thing is in PyTorch. */
function containerName(node: Container, holdsModules: boolean): string {
  return `${holdsModules ? "Module" : "Parameter"}${Array.isArray(node) ? "List" : "Dict"}`;
}

/** How `ParameterList` names a parameter's kind (`torch.float32`), and how `ParameterDict` does (`torch.FloatTensor`). */
export type KindStyle = "dtype" | "type";

const TYPE_NAMES: { readonly [D in DTypeName]: string } = {
  uint8: "Byte",
  int8: "Char",
  int16: "Short",
  int32: "Int",
  int64: "Long",
  float16: "Half",
  float32: "Float",
  float64: "Double",
  complex64: "ComplexFloat",
  complex128: "ComplexDouble",
  bool: "Bool",
  bfloat16: "BFloat16",
};

/** How `ParameterList` and `ParameterDict` print what they hold. */
export function tensorLines(
  tensors: readonly (readonly [name: string, tensor: Tensor])[],
  style: KindStyle = "dtype",
): string {
  return tensors
    .map(([name, t]) => {
      const owner = t instanceof Parameter ? "Parameter" : "Tensor";
      const kind = style === "dtype" ? String(t.dtype) : `torch.${TYPE_NAMES[t.dtype.name]}Tensor`;
      return `  (${name}): ${owner} containing: [${kind} of size ${t.shape.join("x")}]`;
    })
    .join("\n");
}
