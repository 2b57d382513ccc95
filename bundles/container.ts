/**
 * The `.fplb` file: one bundle and the envelope over it, integers little-endian.
 *
 *   0 u8[4] "FPLB" · 4 u32 version 1 · 8 u32 bundle length · 12 u32 envelope length (0 = unsigned)
 *   16 bundle bytes (engine/constants.ts) · envelope bytes (trust/envelope.ts) · end of file
 */
import { MAX_BUNDLE_BYTES } from "../engine/constants.ts";
import { MAX_ENVELOPE_BYTES } from "./trust/envelope.ts";
import { outcome, refuse, type TrustRefusal } from "./trust/errors.ts";

export const CONTAINER_VERSION = 1;
export const CONTAINER_HEADER_BYTES = 16;
const MAGIC = 0x424c5046; // "FPLB" read as u32le

export interface Container {
  bundle: Uint8Array;
  /** Null when the file is unsigned. */
  envelope: Uint8Array | null;
}

/** @throws RangeError when a part is over its limit or the envelope is empty. */
export function encodeContainer(container: Container): Uint8Array {
  const { bundle } = container;
  const envelope = container.envelope ?? new Uint8Array(0);
  if (bundle.length > MAX_BUNDLE_BYTES)
    throw new RangeError(`bundle must be at most ${MAX_BUNDLE_BYTES} bytes`);
  if (envelope.length > MAX_ENVELOPE_BYTES) {
    throw new RangeError(`envelope must be at most ${MAX_ENVELOPE_BYTES} bytes`);
  }
  if (container.envelope?.length === 0)
    throw new RangeError("envelope must not be empty; null means unsigned");
  const file = new Uint8Array(CONTAINER_HEADER_BYTES + bundle.length + envelope.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, CONTAINER_VERSION, true);
  view.setUint32(8, bundle.length, true);
  view.setUint32(12, envelope.length, true);
  file.set(bundle, CONTAINER_HEADER_BYTES);
  file.set(envelope, CONTAINER_HEADER_BYTES + bundle.length);
  return file;
}

/** The parts are views into `file`. Codes: those that begin with `container_`. */
export function decodeContainer(file: Uint8Array): ({ ok: true } & Container) | TrustRefusal {
  return outcome(() => {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    if (file.length >= 4 && view.getUint32(0, true) !== MAGIC) refuse("container_bad_magic");
    if (file.length < CONTAINER_HEADER_BYTES) {
      refuse("container_truncated", `${file.length} bytes, the header has ${CONTAINER_HEADER_BYTES}`);
    }
    const version = view.getUint32(4, true);
    if (version !== CONTAINER_VERSION) refuse("container_bad_version", String(version));
    const bundleLength = view.getUint32(8, true);
    const envelopeLength = view.getUint32(12, true);
    if (bundleLength > MAX_BUNDLE_BYTES) refuse("container_too_large", `bundle of ${bundleLength} bytes`);
    if (envelopeLength > MAX_ENVELOPE_BYTES)
      refuse("container_too_large", `envelope of ${envelopeLength} bytes`);
    const bundleEnd = CONTAINER_HEADER_BYTES + bundleLength;
    const end = bundleEnd + envelopeLength;
    if (file.length < end) refuse("container_truncated", `${file.length} bytes, the header says ${end}`);
    if (file.length > end) refuse("container_trailing_bytes", `${file.length} bytes, the header says ${end}`);
    const bundle = file.subarray(CONTAINER_HEADER_BYTES, bundleEnd);
    return { bundle, envelope: envelopeLength === 0 ? null : file.subarray(bundleEnd) };
  });
}
