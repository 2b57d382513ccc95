/**
 * Signed notes, as C2SP signed-note has them: a text that ends in a line break, an empty line, and signature lines
 *
 *   — NAME base64(4-byte key id || signature)
 *
 * Two kinds of signatures: Ed25519 over the text (type 0x01), and a witness's cosignature/v1 of C2SP tlog-cosignature (type 0x04),
 * over "cosignature/v1\ntime SECONDS\n" || text, which carries the time as 8 bytes before the signature.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import { fromBase64, toBase64 } from "../../bundles/trust/bytes.ts";
import { PORTABLE_SHA256 } from "./hash.ts";

export type KeyKind = "ed25519" | "cosignature";
const TYPES: Record<KeyKind, number> = { ed25519: 0x01, cosignature: 0x04 };
const KEY_ID_BYTES = 4;
const PUBLIC_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TIME_BYTES = 8;
const MAX_SIGNATURES = 100;
export const MAX_NOTE_BYTES = 65_536;

/** As bundles/trust does it, strictly; handed in, so that no key material is handled here. */
export interface Ed25519 {
  sign(message: Uint8Array, seed: Uint8Array): Uint8Array;
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Whose signature counts. */
export interface NoteKey {
  kind: KeyKind;
  name: string;
  /** 32 bytes. */
  publicKey: Uint8Array;
}

export interface NoteSigner extends NoteKey {
  /** 32 secret bytes. */
  seed: Uint8Array;
}

export interface NoteSignature {
  name: string;
  /** 8 hexadecimal digits. */
  keyId: string;
  /** What follows the key id. */
  bytes: Uint8Array;
}

export interface Note {
  /** Ends in a line break. */
  text: string;
  signatures: NoteSignature[];
}

const encoder = new TextEncoder();

/** Not empty, without white space or `+`. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= 256 && !/[\p{White_Space}\p{Cc}+]/u.test(name);
}

/** First 4 bytes of SHA-256(name || 0x0A || type || public key), as hexadecimal digits. */
export function keyIdOf({ kind, name, publicKey }: NoteKey): string {
  const head = encoder.encode(`${name}\n`);
  const message = new Uint8Array(head.length + 1 + publicKey.length);
  message.set(head);
  message[head.length] = TYPES[kind];
  message.set(publicKey, head.length + 1);
  return PORTABLE_SHA256.hex(message).slice(0, 2 * KEY_ID_BYTES);
}

/** `NAME+KEYID+base64(type || public key)`, as other tools take it. */
export function printVerifierKey(key: NoteKey): string {
  const bytes = new Uint8Array(1 + PUBLIC_BYTES);
  bytes[0] = TYPES[key.kind];
  bytes.set(key.publicKey, 1);
  return `${key.name}+${keyIdOf(key)}+${toBase64(bytes)}`;
}

/** Null for what is no verifier key of a known type, or has not the key id that follows from it. */
export function parseVerifierKey(text: string): NoteKey | null {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const bytes = match === null ? null : fromBase64(match[3]!);
  if (match === null || bytes === null || bytes.length !== 1 + PUBLIC_BYTES) return null;
  const kind = (Object.keys(TYPES) as KeyKind[]).find((one) => TYPES[one] === bytes[0]);
  const name = match[1]!;
  if (kind === undefined || !isKeyName(name)) return null;
  const key: NoteKey = { kind, name, publicKey: bytes.slice(1) };
  return keyIdOf(key) === match[2] ? key : null;
}

function lineOf({ name, keyId, bytes }: NoteSignature): string {
  const whole = new Uint8Array(KEY_ID_BYTES + bytes.length);
  for (let index = 0; index < KEY_ID_BYTES; index++) {
    whole[index] = Number.parseInt(keyId.slice(2 * index, 2 * index + 2), 16);
  }
  whole.set(bytes, KEY_ID_BYTES);
  return `— ${name} ${toBase64(whole)}\n`;
}

export function printNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(lineOf).join("")}`;
}

function parseSignature(line: string): NoteSignature | null {
  const match = /^— (\S+) (\S+)$/u.exec(line);
  const bytes = match === null ? null : fromBase64(match[2]!);
  if (match === null || bytes === null || bytes.length <= KEY_ID_BYTES || !isKeyName(match[1]!)) return null;
  return {
    name: match[1]!,
    keyId: bytesToHex(bytes.subarray(0, KEY_ID_BYTES)),
    bytes: bytes.slice(KEY_ID_BYTES),
  };
}

/** Null for what is no note in exactly this form. */
export function parseNote(note: string): Note | null {
  const split = note.lastIndexOf("\n\n");
  if (note.length > MAX_NOTE_BYTES || split < 0 || !note.endsWith("\n")) return null;
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split("\n");
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note) || lines.length > MAX_SIGNATURES) return null;
  const signatures = lines.map(parseSignature);
  return signatures.every((signature) => signature !== null) ? { text, signatures } : null;
}

function cosigned(text: string, seconds: number): Uint8Array {
  return encoder.encode(`cosignature/v1\ntime ${seconds}\n${text}`);
}

function secondsOf(bytes: Uint8Array): number {
  return bytes.subarray(0, TIME_BYTES).reduce((value, byte) => value * 256 + byte, 0);
}

/**
 * A signature of the text by that key.
 * @param seconds Unix time of a cosignature; not used by the other kind.
 */
export function signText(text: string, signer: NoteSigner, seconds: number, ed25519: Ed25519): NoteSignature {
  const named = { name: signer.name, keyId: keyIdOf(signer) };
  if (signer.kind === "ed25519") return { ...named, bytes: ed25519.sign(encoder.encode(text), signer.seed) };
  if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError("seconds must be a whole number");
  const bytes = new Uint8Array(TIME_BYTES + SIGNATURE_BYTES);
  for (let index = TIME_BYTES - 1, rest = seconds; index >= 0; index--, rest = Math.floor(rest / 256)) {
    bytes[index] = rest % 256;
  }
  bytes.set(ed25519.sign(cosigned(text, seconds), signer.seed), TIME_BYTES);
  return { ...named, bytes };
}

export type SignatureState = "valid" | "invalid" | "missing";

/** Whether the note carries that key's signature; one that does not verify makes it `invalid`, whatever else is there. */
export function signatureState(note: Note, key: NoteKey, ed25519: Ed25519): SignatureState {
  const keyId = keyIdOf(key);
  const mine = note.signatures.filter((one) => one.name === key.name && one.keyId === keyId);
  if (mine.length === 0) return "missing";
  return mine.every((one) => isValid(note.text, one.bytes, key, ed25519)) ? "valid" : "invalid";
}

function isValid(text: string, bytes: Uint8Array, key: NoteKey, ed25519: Ed25519): boolean {
  if (key.kind === "ed25519") return ed25519.verify(bytes, encoder.encode(text), key.publicKey);
  if (bytes.length !== TIME_BYTES + SIGNATURE_BYTES) return false;
  const seconds = secondsOf(bytes);
  if (!Number.isSafeInteger(seconds)) return false;
  return ed25519.verify(bytes.subarray(TIME_BYTES), cosigned(text, seconds), key.publicKey);
}

/** Unix time that a cosignature of that key states; null without one. */
export function cosignedAt(note: Note, key: NoteKey): number | null {
  const keyId = keyIdOf(key);
  const mine = note.signatures.find((one) => one.name === key.name && one.keyId === keyId);
  return key.kind !== "cosignature" || mine === undefined ? null : secondsOf(mine.bytes);
}
