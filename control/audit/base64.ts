/** RFC 4648 section 4, padded, one spelling only. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const GROUPS = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const rest = bytes.length - index;
    const group = (bytes[index]! << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text += ALPHABET[group >>> 18]! + ALPHABET[(group >>> 12) & 63]!;
    text += rest > 1 ? ALPHABET[(group >>> 6) & 63]! : "=";
    text += rest > 2 ? ALPHABET[group & 63]! : "=";
  }
  return text;
}

/** Null for any other text, white space, missing padding and set trailing bits included. */
export function fromBase64(text: string): Uint8Array | null {
  if (!GROUPS.test(text)) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let written = 0;
  for (let index = 0; index < text.length; index += 4) {
    let group = 0;
    for (let digit = 0; digit < 4; digit++) {
      group = (group << 6) | Math.max(0, ALPHABET.indexOf(text[index + digit]!));
    }
    for (let shift = 16; shift >= 0 && written < bytes.length; shift -= 8) bytes[written++] = group >>> shift;
  }
  return toBase64(bytes) === text ? bytes : null;
}
