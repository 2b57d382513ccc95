/** The lines of the corpus (README.md), for any runtime. */
import { fromBase64 } from "../../../bundles/trust/bytes.ts";

/** A text, or pieces that stand so many times, one after another. */
export type Folded = string | readonly (readonly [piece: string, times: number])[];

interface Titled {
  /** For people. */
  title?: string;
}

export interface Header extends Titled {
  kind: "header";
  corpus: 2;
  /** SHA-256 of the core, hex. */
  core: string;
  /** Lines `decide`, `event` and `plain`. */
  decisions: number;
  /** Lines `open` and `load` that are refused. */
  refusals: number;
  /** SHA-256 over what all lines give, hex. */
  result: string;
}

export interface TrustLine extends Titled {
  kind: "trust";
  id: string;
  file: string;
}

export interface BundleLine extends Titled {
  kind: "bundle";
  id: string;
  /** Base64 of a `.fplb` file. */
  bytes: string;
}

export interface OpenLine extends Titled {
  kind: "open" | "load";
  bundle: string;
  /** Null: opened without signatures. */
  trust: string | null;
  /** Unix milliseconds. */
  now: number;
  highest: { sequence: number; digest: string } | null;
  /** `ok`, or the code of the refusal. */
  expect: string;
  /** The core's own code; beside `bundle_refused` only. */
  coreCode?: string;
  /** Of the first record; only of `open`. */
  sequence?: number;
}

export interface CallLine extends Titled {
  kind: "decide" | "event" | "plain";
  text?: Folded;
  bytes?: string;
  facts?: Folded;
  factsBytes?: string;
  /** Keys of the blobs of the state; null: a blob that is always empty. */
  state?: (string | null)[];
  code: string;
  /** First 16 hexadecimal digits of the record's hash. */
  hash?: string;
}

export type Line = Header | TrustLine | BundleLine | OpenLine | CallLine;

const encoder = new TextEncoder();

/** Throws Error for what is no base64. */
export function bytesOfBase64(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes === null) throw new Error(`\`${text.slice(0, 40)}\` is no base64`);
  return bytes;
}

/** The bytes of a text that a line gives in one of its forms; undefined when it gives none. */
export function bytesOf(text: Folded | undefined, base64: string | undefined): Uint8Array | undefined {
  if (base64 !== undefined) return bytesOfBase64(base64);
  if (text === undefined) return undefined;
  const whole = typeof text === "string" ? text : text.map(([piece, times]) => piece.repeat(times)).join("");
  return encoder.encode(whole);
}
