// A process that runs @yowasp/clang, one command line a message, on the files of this package. Paths are relative to it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commands } from "@yowasp/clang";
import { root } from "../package.mjs";

/** Folders as the compiler's file system has them. */
function tree(path) {
  return Object.fromEntries(
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || /^[a-z]+$|\.(cc|h|o)$/.test(entry.name))
      .map((entry) => {
        const inside = `${path}/${entry.name}`;
        return [entry.name, entry.isDirectory() ? tree(inside) : readFileSync(join(root, inside))];
      }),
  );
}

/** Puts a file into a tree of folders. */
function put(files, path, content) {
  const folders = path.split("/");
  const name = folders.pop();
  let folder = files;
  for (const each of folders) folder = folder[each] ??= {};
  folder[name] = content;
}

function get(files, path) {
  return path.split("/").reduce((folder, name) => folder?.[name], files);
}

const sources = { native: tree("native"), build: { gen: tree("build/gen") } };

process.on("message", async (args) => {
  const files = structuredClone(sources);
  const outputs = ["-o", "-MF"].filter((flag) => args.includes(flag)).map((flag) => args[args.indexOf(flag) + 1]);
  for (const arg of args)
    if (arg.endsWith(".o") && !outputs.includes(arg)) put(files, arg, readFileSync(join(root, arg)));
  for (const path of outputs) put(files, `${dirname(path)}/.folder`, "");
  let output = "";
  const decoder = new TextDecoder();
  const collect = (bytes) => {
    if (bytes !== null) output += decoder.decode(bytes, { stream: true });
  };
  let ok = true;
  try {
    const made = await commands["clang++"](args, files, { stdout: collect, stderr: collect });
    for (const path of outputs) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      const content = get(made, path);
      // Its file system does not know `..`: a header is found by -Inative, as native/../platform.h for native/platform.h.
      const isRule = path.endsWith(".d");
      writeFileSync(
        join(root, path),
        isRule ? Buffer.from(content).toString().replaceAll("native/../", "native/") : content,
      );
    }
  } catch (error) {
    ok = false;
    if (output === "") output = `${error}\n`;
  }
  process.send({ ok, output });
});
