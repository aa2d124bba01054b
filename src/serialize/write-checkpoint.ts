/** @file Writes checkpoints as `torch.save` does since PyTorch 1.6. */
import { bestCrc32 } from "./crc32.ts";
import { fail } from "./fail.ts";
import { pickle } from "./pickler.ts";
import type { DescribeTensor } from "./spec.ts";
import { type Sink, ZipWriter } from "./zip-writer.ts";

/**
 * Takes down what there is to be written, and returns what writes it to a sink, piece by piece. Tensors that share a storage
 * share it in the file, and a view brings its whole storage along, as in PyTorch.
 *
 * @throws CheckpointError for values that cannot be saved; when writing, if a tensor was changed since
 */
export function checkpointWriter(value: unknown, describe: DescribeTensor): (sink: Sink) => Promise<void> {
  const { bytes, storages } = pickle(value, describe);
  const versions = storages.map(({ version }) => version?.());
  return async (sink) => {
    const zip = new ZipWriter(sink, bestCrc32());
    const text = new TextEncoder();
    await zip.add("archive/data.pkl", bytes);
    await zip.add("archive/byteorder", text.encode("little"));
    for (const [name, storage] of storages.entries()) {
      await zip.add(`archive/data/${name}`, storage.bytes);
      if (storage.version?.() !== versions[name]) fail(changedMeanwhile);
    }
    await zip.add("archive/version", text.encode("3\n"));
    await zip.finish();
  };
}

export const changedMeanwhile = "a tensor was changed while it was being saved: await save before going on";
