/** @file What goes wrong with the files of data sets. */
import { TorchError } from "../../core/errors.ts";

/** `missing`: not there; `corrupt`: there, but not what it should be; `download`: no mirror gave it. */
export type DatasetProblem = "missing" | "corrupt" | "download";

/** A file of a data set cannot be had or read; the text names it. */
export class DatasetError extends TorchError {
  static {
    // As for the errors of the core: minifiers cannot change it.
    Object.defineProperty(DatasetError.prototype, "name", { value: "DatasetError", configurable: true });
  }

  readonly problem: DatasetProblem;

  constructor(problem: DatasetProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}
