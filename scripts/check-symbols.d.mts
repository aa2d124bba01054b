/** What is wrong with the native engine's objects as built; empty if nothing. */
export function checkSymbols(): string[];
