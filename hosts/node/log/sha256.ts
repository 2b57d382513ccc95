import { hash } from "node:crypto";
import type { Sha256 } from "../../../control/audit/hash.ts";

/** Node's own. As text it costs half of what a new array does: about 1 µs for 1 kB. */
export const NATIVE_SHA256: Sha256 = {
  hex: (message) => hash("sha256", message, "hex"),
  bytes: (message) => Uint8Array.from(Buffer.from(hash("sha256", message, "hex"), "hex")),
};
