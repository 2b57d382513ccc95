/** The fields of RFC 9421 and RFC 9530 that signed requests need: one spelling of each, without escapes, one signature. */
import { fromBase64 } from "../../bundles/trust/bytes.ts";

export interface SignatureInput {
  readonly label: string;
  /** As signed: the inner list with its parameters. */
  readonly text: string;
  readonly components: readonly string[];
  /** Seconds. */
  readonly created: number | null;
  readonly expires: number | null;
  readonly nonce: string | null;
  readonly keyId: string | null;
  readonly algorithm: string | null;
}

const KEY = "[a-z*][a-z0-9_.*-]*";
const TEXT = '"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*"';
const MEMBER = new RegExp(`^(${KEY})=(\\((${TEXT}(?: ${TEXT})*)?\\)((?:;${KEY}=(?:[0-9]{1,15}|${TEXT}))*))$`);
const PARAMETER = new RegExp(`;(${KEY})=([0-9]{1,15}|${TEXT})`, "g");
const NUMBERS = ["created", "expires"];
const TEXTS = ["nonce", "keyid", "alg", "tag"];

/** RFC 9421 section 4.1, with one member. Null for anything else. */
export function parseSignatureInput(field: string): SignatureInput | null {
  const [, label, text, list = "", tail = ""] = MEMBER.exec(field) ?? [];
  if (label === undefined || text === undefined) return null;
  const components = [...list.matchAll(new RegExp(TEXT, "g"))].map(([quoted]) => quoted.slice(1, -1));
  if (new Set(components).size !== components.length) return null;
  const numbers = new Map<string, number>();
  const texts = new Map<string, string>();
  for (const [, name = "", value = ""] of tail.matchAll(PARAMETER)) {
    const isText = value.startsWith('"');
    if (!(isText ? TEXTS : NUMBERS).includes(name) || numbers.has(name) || texts.has(name)) return null;
    if (isText) texts.set(name, value.slice(1, -1));
    else numbers.set(name, Number(value));
  }
  return {
    label,
    text,
    components,
    created: numbers.get("created") ?? null,
    expires: numbers.get("expires") ?? null,
    nonce: texts.get("nonce") ?? null,
    keyId: texts.get("keyid") ?? null,
    algorithm: texts.get("alg") ?? null,
  };
}

const BYTES = /^:([A-Za-z0-9+/]*={0,2}):$/;

/** `LABEL=:BASE64:`, one member of that label. Null for anything else. */
export function parseSignature(field: string, label: string): Uint8Array | null {
  if (!field.startsWith(`${label}=`)) return null;
  const text = BYTES.exec(field.slice(label.length + 1))?.[1];
  return text === undefined ? null : fromBase64(text);
}

/** RFC 9530 section 2: digests by algorithm. Null for a malformed field. */
export function parseContentDigest(field: string): Map<string, Uint8Array> | null {
  const digests = new Map<string, Uint8Array>();
  for (const member of field.split(/[ \t]*,[ \t]*/)) {
    const [, name, value] = /^([a-z0-9-]+)=(:[^:]*:)$/.exec(member) ?? [];
    const text = value === undefined ? undefined : BYTES.exec(value)?.[1];
    const bytes = text === undefined ? null : fromBase64(text);
    if (name === undefined || bytes === null || digests.has(name)) return null;
    digests.set(name, bytes);
  }
  return digests;
}
