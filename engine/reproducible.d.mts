/** What the module must not hold (imports, floating point, unbounded memory), as lines for a reader; empty when it is well. */
export function findFaults(wasm: Uint8Array<ArrayBuffer>): string[];
