/** The origin that is a file. Whoever replaces it does so by renaming. */
import { type BundleOrigin, MAX_FILE_BYTES } from "./origin.ts";
import { errorLine, policyRefusal } from "./refusals.ts";

export interface FilePorts<Place> {
  /** `tag` tells one state of the file from another. */
  look(path: Place): Promise<{ tag: string; bytes: number }>;
  read(path: Place): Promise<Uint8Array>;
}

export function fileOrigin<Place extends string | URL>(path: Place, files: FilePorts<Place>): BundleOrigin {
  const name = String(path);
  return {
    name,
    async get(tag) {
      try {
        const found = await files.look(path);
        if (found.tag === tag) return { kind: "unchanged" };
        if (found.bytes > MAX_FILE_BYTES) {
          return {
            kind: "refused",
            refusal: policyRefusal("origin_too_large", `${name}: ${found.bytes} bytes`),
          };
        }
        return { kind: "file", file: await files.read(path), tag: found.tag };
      } catch (error) {
        return { kind: "refused", refusal: policyRefusal("file_unreadable", errorLine(error)) };
      }
    },
  };
}
