/** @file `load_file` and `save_file` of Python's `safetensors.torch`. */
import { describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { fail, namingFile } from "./fail.ts";
import { type FileLike, type FileTarget, readingFile, writingFile } from "./files.ts";
import { readHeader, readSafetensors, writeSafetensors } from "./safetensors-format.ts";
import { contiguousBytes, tensorBuilder } from "./tensors.ts";
import { changedMeanwhile } from "./write-checkpoint.ts";

/**
 * Loads the tensors of a safetensors file.
 *
 * Python: `safetensors.torch.load_file`.
 *
 * @param file - a path, a URL, the bytes, or a Blob
 * @throws CheckpointError if the file cannot be read or is not safetensors
 */
export async function loadFile(file: FileLike): Promise<Record<string, Tensor>> {
  const tensors = await readingFile("loadFile", file, (source) => readSafetensors(source, tensorBuilder("cpu")));
  return tensors as Record<string, Tensor>; // the builder makes nothing else
}

/**
 * The texts that a safetensors file carries beside its tensors.
 *
 * Python: `safe_open(file).metadata()`.
 */
export async function loadMetadata(file: FileLike): Promise<Record<string, string>> {
  return (await readingFile("loadMetadata", file, readHeader)).metadata;
}

/**
 * Saves tensors as a safetensors file. Each is written by itself and contiguous, also where tensors share their memory.
 *
 * Python: `safetensors.torch.save_file`.
 *
 * @param tensors - by name
 * @param filename - a path, a `file:` URL, or a WritableStream; without it the bytes are returned
 * @param options.metadata - texts to go with them
 * @throws CheckpointError for a dtype that the format does not have, or if the file cannot be written
 */
export function saveFile(
  tensors: Readonly<Record<string, Tensor>>,
  filename?: undefined,
  options?: SaveFileOptions,
): Promise<Uint8Array<ArrayBuffer>>;
export function saveFile(
  tensors: Readonly<Record<string, Tensor>>,
  filename: FileTarget,
  options?: SaveFileOptions,
): Promise<void>;
export async function saveFile(
  tensors: Readonly<Record<string, Tensor>>,
  filename?: FileTarget,
  { metadata }: SaveFileOptions = {},
): Promise<Uint8Array<ArrayBuffer> | undefined | void> {
  const entries = Object.entries(tensors).map(([name, tensor]) => {
    if (!(tensor instanceof Tensor))
      throw new ValueError(`saveFile: expected tensors, got ${describe(tensor)} (${name})`);
    return [name, tensor, tensor.storage.version] as const;
  });
  const write = await namingFile("saveFile", null, async () =>
    entries.map(
      ([name, tensor]) => [name, { dtype: tensor.dtype, shape: tensor.shape, bytes: contiguousBytes(tensor) }] as const,
    ),
  );
  return writingFile("saveFile", filename, async (sink) => {
    await writeSafetensors(write, metadata, sink);
    if (entries.some(([, tensor, version]) => tensor.storage.version !== version)) fail(changedMeanwhile);
  });
}

/** Options of {@link saveFile}. */
export interface SaveFileOptions {
  readonly metadata?: Readonly<Record<string, string>>;
}
