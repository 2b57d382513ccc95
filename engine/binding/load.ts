/** Why the core refuses a bundle. */
import {
  LOAD_BAD_CODE,
  LOAD_BAD_DFA,
  LOAD_BAD_LENGTH,
  LOAD_BAD_MAGIC,
  LOAD_BAD_REFERENCE,
  LOAD_BAD_SECTION,
  LOAD_BAD_STRING,
  LOAD_BAD_VERSION,
  LOAD_TOO_LARGE,
} from "../constants.ts";

const REASONS = [
  { status: LOAD_BAD_MAGIC, code: "bad_magic", text: "these bytes are no bundle" },
  { status: LOAD_BAD_VERSION, code: "bad_version", text: "the bundle is of another format or ABI version" },
  { status: LOAD_BAD_LENGTH, code: "bad_length", text: "the bundle is cut short or has bytes after its end" },
  { status: LOAD_BAD_SECTION, code: "bad_section", text: "a section has a wrong place, size or form" },
  { status: LOAD_BAD_STRING, code: "bad_string", text: "a text is not UTF-8, out of order or not canonical" },
  {
    status: LOAD_BAD_REFERENCE,
    code: "bad_reference",
    text: "an entry points to something that is not there",
  },
  { status: LOAD_BAD_CODE, code: "bad_code", text: "a condition's code is malformed" },
  { status: LOAD_BAD_DFA, code: "bad_dfa", text: "an automaton is malformed" },
  { status: LOAD_TOO_LARGE, code: "too_large", text: "the bundle or one of its parts exceeds a limit" },
] as const;

export type LoadRefusalCode = (typeof REASONS)[number]["code"] | "engine_trap";

/**
 * `digest`: the bundle's SHA-256, 32 bytes, as records have it in `bundle`.
 * After a refusal no policy is loaded, and every decision is a deny with `no_policy`.
 */
export type LoadResult =
  | { readonly ok: true; readonly digest: Uint8Array }
  | { readonly ok: false; readonly code: LoadRefusalCode; readonly message: string };

export const LOAD_TRAPPED: LoadResult = {
  ok: false,
  code: "engine_trap",
  message: "the engine failed while it read the bundle",
};

/** Of a status other than LOAD_OK. */
export function loadRefusal(status: number): LoadResult {
  const reason = REASONS.find((one) => one.status === status);
  if (reason === undefined) return LOAD_TRAPPED;
  return { ok: false, code: reason.code, message: reason.text };
}
