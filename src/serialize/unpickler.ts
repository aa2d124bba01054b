/**
 * @file Python's unpickler without the part that runs code: the stack machine of pickle.py, where a class or function is
 * only ever one that the host knows.
 */
import { type ByteReader, decodeLatin1, decodeUtf8 } from "./byte-reader.ts";
import { fail } from "./fail.ts";
import { op } from "./opcodes.ts";
import { PyDict, PyGlobal, PyHost, PyInternal, PyList, PySet, PyTuple, type PyValue } from "./python-objects.ts";

/** What a pickle can ask of its surroundings. */
export interface UnpicklerHost {
  /** The class, function or constant of this name; throws for those that are not known. */
  find(module: string, name: string): PyValue;
  /** What a persistent id stands for: storages are kept outside of the pickle. */
  persistentLoad(id: PyValue): PyValue;
}

const newestProtocol = 5;

/**
 * Reads one pickle from the reader's position on, and leaves the reader behind it.
 *
 * @throws CheckpointError for anything that is not a pickle of known things
 */
export function unpickle(reader: ByteReader, host: UnpicklerHost): PyValue {
  return new Unpickler(reader, host).load();
}

/** For pickles of plain numbers and texts. */
export const plainHost: UnpicklerHost = {
  find: (module, name) => fail(`names ${module}.${name} where only plain values are expected`),
  persistentLoad: () => fail("has a persistent id where only plain values are expected"),
};

class Unpickler {
  private readonly reader: ByteReader;
  private readonly host: UnpicklerHost;
  private stack: PyValue[] = [];
  /** Stacks that lie below a mark. */
  private readonly marks: PyValue[][] = [];
  private readonly memo = new Map<number, PyValue>();

  constructor(reader: ByteReader, host: UnpicklerHost) {
    this.reader = reader;
    this.host = host;
  }

  load(): PyValue {
    for (;;) {
      const code = this.reader.uint8();
      if (code === op.STOP) {
        if (this.marks.length > 0 || this.stack.length !== 1) fail("a pickle stops in the middle of a value");
        return this.pop();
      }
      this.step(code);
    }
  }

  private step(code: number): void {
    const value = this.value(code);
    if (value === undefined) this.act(code);
    else this.stack.push(value);
  }

  /** What the opcodes push that make one value; `undefined` for all others. */
  private value(code: number): PyValue | undefined {
    const { reader } = this;
    switch (code) {
      case op.NONE:
        return null;
      case op.NEWTRUE:
        return true;
      case op.NEWFALSE:
        return false;
      case op.INT:
        return parseInt10(decodeLatin1(reader.line()));
      case op.LONG:
        return parseDecimal(decodeLatin1(reader.line()).replace(/L$/, ""));
      case op.BININT:
        return reader.int32();
      case op.BININT1:
        return reader.uint8();
      case op.BININT2:
        return reader.uint16();
      case op.LONG1:
        return parseLong(reader.bytes(reader.uint8()));
      case op.LONG4:
        return parseLong(reader.bytes(this.size32()));
      case op.FLOAT:
        return parseFloat64(decodeLatin1(reader.line()));
      case op.BINFLOAT:
        return reader.float64BigEndian();

      case op.STRING:
        return parseQuoted(decodeLatin1(reader.line()));
      case op.BINSTRING:
        return decodeUtf8(reader.bytes(this.size32()));
      case op.UNICODE:
        return parseRawUnicode(decodeLatin1(reader.line()));
      case op.BINUNICODE:
        return decodeUtf8(reader.bytes(reader.uint32()));
      case op.SHORT_BINSTRING:
      case op.SHORT_BINUNICODE:
        return decodeUtf8(reader.bytes(reader.uint8()));
      case op.BINUNICODE8:
        return decodeUtf8(reader.bytes(reader.count64()));
      case op.BINBYTES:
        return reader.bytes(reader.uint32()).slice();
      case op.SHORT_BINBYTES:
        return reader.bytes(reader.uint8()).slice();
      case op.BINBYTES8:
      case op.BYTEARRAY8:
        return reader.bytes(reader.count64()).slice();

      case op.EMPTY_TUPLE:
        return new PyTuple([]);
      case op.TUPLE1:
        return new PyTuple(this.popMany(1));
      case op.TUPLE2:
        return new PyTuple(this.popMany(2));
      case op.TUPLE3:
        return new PyTuple(this.popMany(3));
      case op.TUPLE:
        return new PyTuple(this.popMark());
      case op.EMPTY_LIST:
        return new PyList();
      case op.LIST:
        return new PyList(this.popMark());
      case op.EMPTY_DICT:
        return new PyDict();
      case op.DICT:
        return this.setItems(new PyDict(), this.popMark());
      case op.EMPTY_SET:
        return new PySet();
      case op.FROZENSET:
        return new PySet(this.popMark());

      case op.DUP:
        return this.top();
      case op.GET:
        return this.recall(memoIndex(decodeLatin1(reader.line())));
      case op.BINGET:
        return this.recall(reader.uint8());
      case op.LONG_BINGET:
        return this.recall(reader.uint32());

      case op.PERSID:
        return this.host.persistentLoad(decodeLatin1(reader.line()));
      case op.BINPERSID:
        return this.host.persistentLoad(this.pop());
      case op.GLOBAL: {
        const module = decodeUtf8(reader.line());
        return this.host.find(module, decodeUtf8(reader.line()));
      }
      case op.STACK_GLOBAL: {
        const [module, name] = this.popMany(2);
        if (typeof module !== "string" || typeof name !== "string") fail("names a class by something that is no text");
        return this.host.find(module, name);
      }
      case op.REDUCE:
      case op.NEWOBJ: {
        const [callee, args] = this.popMany(2);
        if (!(callee instanceof PyGlobal && callee.call)) fail(`calls ${describe(callee)}`);
        if (!(args instanceof PyTuple)) fail(`calls ${callee.path} without a tuple of arguments`);
        return callee.call(args.items);
      }
      default:
        return undefined;
    }
  }

  /** The opcodes that change what is there. */
  private act(code: number): void {
    const { reader } = this;
    switch (code) {
      case op.PROTO: {
        const protocol = reader.uint8();
        if (protocol > newestProtocol) fail(`has pickle protocol ${protocol}, newer than ${newestProtocol}`);
        break;
      }
      case op.FRAME:
        reader.count64(); // a hint for buffering
        break;

      case op.MARK:
        this.marks.push(this.stack);
        this.stack = [];
        break;
      case op.POP:
        if (this.stack.length > 0) this.stack.pop();
        else this.popMark();
        break;
      case op.POP_MARK:
        this.popMark();
        break;

      case op.APPEND:
        this.append(this.popMany(1));
        break;
      case op.APPENDS:
        this.append(this.popMark());
        break;
      case op.SETITEM: {
        const item = this.popMany(2);
        this.setItems(this.top(), item);
        break;
      }
      case op.SETITEMS: {
        const items = this.popMark();
        this.setItems(this.top(), items);
        break;
      }
      case op.ADDITEMS:
        this.addItems(this.popMark());
        break;

      case op.PUT:
        this.remember(memoIndex(decodeLatin1(reader.line())));
        break;
      case op.BINPUT:
        this.remember(reader.uint8());
        break;
      case op.LONG_BINPUT:
        this.remember(reader.uint32());
        break;
      case op.MEMOIZE:
        this.remember(this.memo.size);
        break;

      case op.BUILD: {
        const state = this.pop();
        // Attributes of an OrderedDict, such as the `_metadata` of a state_dict, have no place in an object of ours.
        const target = this.top();
        if (!(target instanceof PyDict)) fail(`sets the state of ${describe(target)}`);
        if (!(state instanceof PyDict || state instanceof PyTuple)) fail("sets a state that is no dictionary");
        break;
      }
      default:
        fail(`has the opcode 0x${code.toString(16).padStart(2, "0")}, which is unknown or not for data`);
    }
  }

  private pop(): PyValue {
    const value = this.stack.pop();
    if (value === undefined) fail("a pickle takes more values than it has");
    return value;
  }

  private popMany(count: number): PyValue[] {
    if (this.stack.length < count) fail("a pickle takes more values than it has");
    return this.stack.splice(this.stack.length - count);
  }

  private popMark(): PyValue[] {
    const items = this.stack;
    const below = this.marks.pop();
    if (below === undefined) fail("a pickle returns to a mark that it never set");
    this.stack = below;
    return items;
  }

  private top(): PyValue {
    const value = this.stack.at(-1);
    if (value === undefined) fail("a pickle looks at a value that is not there");
    return value;
  }

  private recall(index: number): PyValue {
    const value = this.memo.get(index);
    if (value === undefined) fail(`recalls value ${index}, which it never stored`);
    return value;
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
  }

  private append(items: readonly PyValue[]): void {
    const list = this.top();
    if (!(list instanceof PyList)) fail(`appends to ${describe(list)}`);
    for (const item of items) list.items.push(item);
  }

  private setItems(dict: PyValue, items: readonly PyValue[]): PyValue {
    if (!(dict instanceof PyDict)) fail(`sets items of ${describe(dict)}`);
    if (items.length % 2 !== 0) fail("a dictionary has a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i] as PyValue, items[i + 1] as PyValue);
    return dict;
  }

  private addItems(items: readonly PyValue[]): void {
    const set = this.top();
    if (!(set instanceof PySet)) fail(`adds items to ${describe(set)}`);
    for (const item of items) set.items.add(item);
  }

  /** A signed 32-bit size, as the oldest opcodes have it. */
  private size32(): number {
    const size = this.reader.int32();
    if (size < 0) fail(`has the impossible size ${size}`);
    return size;
  }
}

/** Says in an error what a value is. */
export function describe(value: PyValue | undefined): string {
  if (value instanceof PyGlobal) return value.path;
  if (value instanceof PyInternal) return value.what;
  if (value instanceof PyTuple) return "a tuple";
  if (value instanceof PyList) return "a list";
  if (value instanceof PyDict) return "a dictionary";
  if (value instanceof PySet) return "a set";
  if (value instanceof PyHost) return "a finished value";
  if (value instanceof Uint8Array) return "bytes";
  return value === null ? "None" : `a ${typeof value}`;
}

/** Python's ints are numbers here while they are safe integers, and bigints beyond. */
function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** As many digits as Python reads by default: converting text to an integer takes time that grows with their square. */
const maxDigits = 4300;

function parseDecimal(text: string): number | bigint {
  if (!/^[+-]?\d+$/.test(text) || text.length > maxDigits) fail("has an integer that cannot be read");
  return integer(BigInt(text.replace(/^\+/, "")));
}

/** Protocol 0 writes booleans as the ints `00` and `01`. */
function parseInt10(text: string): number | bigint | boolean {
  if (text === "00" || text === "01") return text === "01";
  return parseDecimal(text);
}

/** Two's complement, least significant byte first. */
function parseLong(bytes: Uint8Array): number | bigint {
  if (bytes.length > maxDigits / 2) fail(`has an integer of ${bytes.length} bytes`);
  if (bytes.length === 0) return 0;
  const hex = Array.from(bytes.toReversed(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return integer(BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)));
}

function parseFloat64(text: string): number {
  const special = { inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY, nan: Number.NaN }[text];
  if (special !== undefined) return special;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) fail("has a float that cannot be read");
  return Number(text);
}

function memoIndex(text: string): number {
  if (!/^\d{1,15}$/.test(text)) fail("stores a value under something that is no number");
  return Number(text);
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", '"': '"' };

/** A protocol-0 string: Python 2's repr of it. */
function parseQuoted(text: string): string {
  const [, quote, body] = /^(['"])(.*)\1$/s.exec(text) ?? [];
  if (quote === undefined || body === undefined) fail("has a text without quotes");
  const latin1 = body.replace(/\\(?:x([0-9a-f]{2})|(.))/gis, (_, hex: string | undefined, char: string) =>
    hex === undefined
      ? (escapes[char] ?? fail("has a text with an unknown escape"))
      : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeUtf8(Uint8Array.from(latin1, (char) => char.charCodeAt(0)));
}

/** A protocol-0 unicode text: `\uXXXX` and `\UXXXXXXXX` are escapes, all else is Latin-1. */
function parseRawUnicode(text: string): string {
  return text.replace(
    /\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi,
    (_, short: string | undefined, long: string | undefined) => {
      const code = Number.parseInt(short ?? long ?? "", 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : fail("has a text with an impossible character");
    },
  );
}
