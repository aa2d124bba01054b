/** @file The one way in which reading and writing checkpoints goes wrong. */
import { CheckpointError } from "../core/errors.ts";

/** Throws a CheckpointError. The file's name is put before the text where it is known, in {@link namingFile}. */
export function fail(message: string): never {
  throw new CheckpointError(message);
}

/**
 * Runs `work` and puts `op` and the name of the file, if there is one, before the text of its errors. The file is at fault for
 * whatever it throws, so that every error comes out as a CheckpointError.
 */
export async function namingFile<T>(op: string, name: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new CheckpointError(`${op}: ${name === null ? "" : `${name}: `}${text}`, { cause: error });
  }
}
