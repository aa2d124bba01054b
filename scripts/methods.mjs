/** @file A step of the build: the functions of declarations as methods. */
import { parseAst } from "vite";

/**
 * Writes `expr: ({ x }) => x.exp()` as `expr({ x }) { return x.exp() }`, in object literals outside of functions and classes, where
 * neither has a `this`. V8 skips a method until it is called; of an arrow function it makes a syntax tree, of its parameters twice.
 */
export function withMethods(code) {
  let text = "";
  let end = 0;
  const visit = (node) => {
    if (node === null || typeof node !== "object" || /Function|ClassBody/.test(node.type)) return;
    const method = node.type === "Property" ? asMethod(node, code) : null;
    if (method === null) return Object.values(node).forEach(visit);
    text += code.slice(end, node.start) + method;
    end = node.end;
  };
  visit(parseAst(code));
  return text + code.slice(end);
}

/** A property as a method; null if it holds no arrow function, or one in parentheses. */
function asMethod({ key, value, computed }, code) {
  if (value.type !== "ArrowFunctionExpression" || computed || code.slice(key.end, value.start).trim() !== ":")
    return null;
  const arrow = code.lastIndexOf("=>", value.body.start);
  const params = code
    .slice(value.start, arrow)
    .replace(/^async\b/, "")
    .trim();
  const body = code.slice(arrow + "=>".length, value.end).trim();
  const name = `${value.async ? "async " : ""}${code.slice(key.start, key.end)}`;
  return `${name}${params.startsWith("(") ? params : `(${params})`}${body.startsWith("{") ? body : `{return ${body}}`}`;
}
