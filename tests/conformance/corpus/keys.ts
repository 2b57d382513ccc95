/** Whose blobs a call is about, as keys of the corpus. */
import { partiesOf } from "../system.ts";

/** Two blobs a party, the actor's first; null where there is no session. Null for texts from which nobody could tell. */
export function keysOf(
  kind: "action" | "event",
  text: Uint8Array,
  facts: Uint8Array,
): (string | null)[] | null {
  const parties = partiesOf(kind, text, facts);
  if (parties === null) return null;
  const { names, session } = parties;
  return names.flatMap((name) => [
    JSON.stringify([name]),
    session === null ? null : JSON.stringify([name, session]),
  ]);
}
