/** @file Node's own modules, without an import of them: a bundler for browsers would look for the files and fail. */

/** Whether there are files: on Node, and where its interfaces are. */
export const isNode = (): boolean => typeof process !== "undefined" && process.versions?.node !== undefined;

/** A module of Node's own; only where `isNode()`. */
export const builtin: NodeJS.Process["getBuiltinModule"] = (id: string) => process.getBuiltinModule(id);
