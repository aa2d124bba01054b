/** @file Single pickles: the opcodes of all protocols, and what is refused. */
import { expect, test } from "vitest";
import { CheckpointError } from "../../src/core/errors.ts";
import { ByteReader } from "../../src/serialize/byte-reader.ts";
import { toJavaScript } from "../../src/serialize/python-objects.ts";
import { torchGlobals } from "../../src/serialize/torch-globals.ts";
import { plainHost, unpickle } from "../../src/serialize/unpickler.ts";
import { builder } from "./spec-tensor.ts";

/** Reads a pickle that is written as text, a byte a character. */
function read(pickle: string): unknown {
  const host = { ...plainHost, find: torchGlobals(builder) };
  return toJavaScript(unpickle(new ByteReader(Uint8Array.from(pickle, (char) => char.charCodeAt(0))), host));
}

// What Python's pickle.dumps gives, except where the comment says otherwise.
test.each<[string, string, unknown]>([
  [
    "protocol 0 numbers",
    "(lp0\nI1\naI01\naL12345678901234567890L\naF0.5\naFinf\naNa.",
    [1, true, 12345678901234567890n, 0.5, Infinity, null],
  ],
  ["protocol 0 texts", "(VA\\u00e9\nS'it\\'s \\xc3\\xa9'\nt.", ["Aé", "it's é"]],
  ["protocol 0 dict", "(dp0\nVa\np1\nI1\ns.", { a: 1 }],
  ["protocol 1", "(K\x01M\x00\x01J\xff\xff\xff\xffG?\xe0\0\0\0\0\0\0U\x01at.", [1, 256, -1, 0.5, "a"]],
  [
    "protocol 2 longs",
    "\x80\x02(\x8a\x00\x8a\x01\x80\x8a\x02\x80\x00\x8a\x09\0\0\0\0\0\0\0\0\x01t.",
    [0, -128, 128, 2n ** 64n],
  ],
  [
    "protocol 2 tuples",
    "\x80\x02)\x85\x88\x86\x89N\x88\x87\x86.",
    [
      [[[]], true],
      [false, null, true],
    ],
  ],
  ["protocol 4", "\x80\x04\x95\x0b\0\0\0\0\0\0\0]\x94(\x8c\x01a\x94h\x01e.", ["a", "a"]],
  ["protocol 4 sets", "\x80\x04\x8f\x94(K\x01K\x02\x90.", new Set([1, 2])],
  ["protocol 5 bytearray", "\x80\x05\x96\x02\0\0\0\0\0\0\0ab.", Uint8Array.of(97, 98)],
  ["bytes of protocol 3", "\x80\x03C\x01\xff.", Uint8Array.of(255)],
  ["a class by its name on the stack", "\x80\x04\x8c\x05torch\x8c\x04Size\x93K\x02\x85\x85R.", [2]],
  [
    "keys that only Map can hold",
    "}(K\x01K\x02N\x88u.",
    new Map<unknown, unknown>([
      [1, 2],
      [null, true],
    ]),
  ],
  ["a prototype as a key", "}X\x09\0\0\0__proto__K\x01s.", Object.fromEntries([["__proto__", 1]])],
  ["an OrderedDict with attributes", "ccollections\nOrderedDict\n)R}X\x01\0\0\0aK\x01sb.", {}],
  ["a Counter", "ccollections\nCounter\n}K\x02K\x01s\x85R.", new Map([[2, 1]])],
])("%s", (_, pickle, value) => {
  expect(read(pickle)).toEqual(value);
});

test("what is one object stays one, also in a cycle", () => {
  const list = read("]q\0(h\0]q\x01h\x01e.") as unknown[];
  expect(list[0]).toBe(list);
  expect(list[1]).toBe(list[2]);
});

test.each<[string, string, string]>([
  ["a call of the system", "cos\nsystem\n(S'true'\ntR.", "needs os.system, which is not loaded"],
  ["a builtin", "c__builtin__\neval\n(S'1'\ntR.", "needs builtins.eval"],
  ["a property of Object", "ctorch\nconstructor\n)R.", "needs torch.constructor"],
  ["a quantized tensor", "ctorch._utils\n_rebuild_qtensor\n.", "needs torch._utils._rebuild_qtensor"],
  ["bytes that are pickles again", "ctorch.storage\n_load_from_bytes\n.", "needs torch.storage._load_from_bytes"],
  ["the class itself", "ccollections\nOrderedDict\n.", "holds the class collections.OrderedDict as a value"],
  ["a class that is only a name", "c__builtin__\nint\n)R.", "calls builtins.int"],
  ["a call of a number", "K\x01)R.", "calls a number"],
  ["an instance", "(ios\nsystem\n.", "has the opcode 0x69"],
  ["an extension", "\x82\x01.", "has the opcode 0x82"],
  ["another protocol", "\x80\x06N.", "has pickle protocol 6"],
  ["an end too early", "K", "ends too early"],
  ["an end in the middle", "(K\x01.", "stops in the middle"],
  ["a value too few", "\x86.", "takes more values than it has"],
  ["no mark", "t.", "returns to a mark that it never set"],
  ["a memo that is empty", "h\x05.", "recalls value 5"],
  ["a list as a key", "}]K\x01s.", "a container is the key"],
  ["an odd dictionary", "}(K\x01u.", "a key without a value"],
  ["an enormous text", "X\xff\xff\xff\x7f.", "ends too early"],
  ["an enormous number of bytes", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "has the impossible size"],
  ["a broken text", "X\x01\0\0\0\xff.", "not valid UTF-8"],
  ["a storage without a tensor", "ctorch\nFloatStorage\n.", "holds a class of storages as a value"],
  [
    "a tensor without a storage",
    "ctorch._utils\n_rebuild_tensor_v2\n(NK\0))\x89NtR.",
    "has a tensor whose storage is None",
  ],
  ["an unknown device", "ctorch\ndevice\n(U\x03abctR.", "device: expected one of"],
  ["a deep nest", `${"]".repeat(5000)}${"a".repeat(4999)}.`, "nested more than 1000 deep"],
])("%s is refused", (_, pickle, message) => {
  expect(() => read(pickle)).toThrow(message);
});

test("a million values behind one another are read", () => {
  expect(read(`](${"K\x01".repeat(1e6)}e.`)).toHaveLength(1e6);
});

test("refusals are CheckpointErrors", () => {
  expect(() => read("cos\nsystem\n.")).toThrow(CheckpointError);
});
