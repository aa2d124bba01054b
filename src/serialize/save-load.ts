/** @file `torch.save` and `torch.load`. */
import { Device, type DeviceLike } from "../core/device.ts";
import { describe, ValueError } from "../core/errors.ts";
import { namingFile } from "./fail.ts";
import { type FileLike, type FileTarget, readingFile, writingFile } from "./files.ts";
import { readCheckpoint } from "./read-checkpoint.ts";
import { describeTensor, type MapLocation, tensorBuilder } from "./tensors.ts";
import { checkpointWriter } from "./write-checkpoint.ts";

/** Options of {@link load}. */
export interface LoadOptions {
  /** Where to put tensors that were saved on other devices. */
  readonly mapLocation?: MapLocation | null;
  /** Always true: code in a file is never run. */
  readonly weightsOnly?: boolean;
}

/**
 * Saves a value in PyTorch's own format, so that Python reads it with `torch.load`. The file is written anew beside the old
 * one and takes its place once it is whole.
 *
 * PyTorch: `torch.save`.
 *
 * Differs: asynchronous; without a file it returns the bytes. Arrays are lists and frozen arrays tuples, objects are
 * dictionaries (an OrderedDict if all values are tensors), and so are Maps, whose keys need not be texts. Whole modules
 * cannot be saved, only their `stateDict()`.
 *
 * @param obj - tensors, numbers, bigints, booleans, texts, `null`, bytes, dtypes, devices, `{ re, im }`, and arrays, objects,
 *   Maps and Sets of them; tensors that share memory still do after loading
 * @param f - a path, a `file:` URL, or a WritableStream, which is left open
 * @returns the bytes if there is no `f`
 * @throws CheckpointError if `obj` holds something else, naming where, or the file cannot be written
 * @example
 * await torch.save(new nn.Linear(2, 1).stateDict(), "model.pt");
 */
export function save(obj: unknown): Promise<Uint8Array<ArrayBuffer>>;
export function save(obj: unknown, f: FileTarget): Promise<void>;
export async function save(obj: unknown, f?: FileTarget): Promise<Uint8Array<ArrayBuffer> | undefined | void> {
  const write = await namingFile("save", null, async () => checkpointWriter(obj, describeTensor));
  return writingFile("save", f, write);
}

/**
 * Loads what `torch.save` has saved, here or in Python, in any of PyTorch's formats. Code in a file is never run: a file that
 * holds more than tensors, containers and plain values is refused.
 *
 * PyTorch: `torch.load`.
 *
 * Differs: asynchronous. Dictionaries become objects without a prototype, or Maps where a key is not a text; lists become
 * arrays, tuples frozen arrays, and integers beyond 2^53 bigints. A function as `mapLocation` takes the location alone.
 *
 * @param f - a path, a URL, the bytes, or a Blob
 * @param mapLocation - where to put tensors that were saved on other devices: a device, one for each location, or a function
 * @param options.weightsOnly - may only be true
 * @throws CheckpointError if the file cannot be read, is damaged, or holds something else
 * @example
 * const model = new nn.Linear(2, 1);
 * await torch.save(model.stateDict(), "model.pt");
 * model.loadStateDict(await torch.load("model.pt", { mapLocation: "cpu" })) // <All keys matched successfully>
 */
export function load<T = unknown>(f: FileLike, options?: LoadOptions): Promise<T>;
export function load<T = unknown>(f: FileLike, mapLocation: MapLocation | null, options?: LoadOptions): Promise<T>;
export async function load<T = unknown>(
  f: FileLike,
  second?: LoadOptions | MapLocation | null,
  third?: LoadOptions,
): Promise<T> {
  const isLocation =
    typeof second !== "object" || second instanceof Device || (second !== null && isDeviceTable(second));
  const options = isLocation ? third : (second ?? third);
  for (const name of Object.keys(options ?? {}))
    if (name !== "mapLocation" && name !== "weightsOnly")
      throw new ValueError(`load: unknown option ${describe(name)}; it knows mapLocation, weightsOnly`);
  const { mapLocation, weightsOnly = true } = (options ?? {}) as LoadOptions;
  if (isLocation && second !== undefined && mapLocation !== undefined)
    throw new ValueError("load: mapLocation is given twice");
  if (weightsOnly !== true)
    throw new ValueError(`load: expected weightsOnly: true, got ${describe(weightsOnly)}: code in a file is never run`);
  const location = (isLocation ? second : undefined) ?? mapLocation ?? undefined;
  // What a file holds is the caller's knowledge, as in Python; T only spares a cast.
  return (await readingFile("load", f, (source) => readCheckpoint(source, tensorBuilder(location)))) as T;
}

/** Whether an object says where locations go (`{ "cuda:0": "cpu" }`), rather than being options. */
function isDeviceTable(value: object): value is Readonly<Record<string, DeviceLike>> {
  const entries = Object.entries(value);
  return (
    entries.length > 0 &&
    entries.every(([key, item]) => /^[a-z]+(:\d+)?$/.test(key) && (typeof item === "string" || item instanceof Device))
  );
}
