/** Bytes as text and back: one byte, one character. */

/** Below what a call can take as arguments. */
const PIECE = 4_096;

export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  for (let at = start; at < end; at += PIECE) {
    text += String.fromCharCode.apply(
      null,
      bytes.subarray(at, Math.min(at + PIECE, end)) as unknown as number[],
    );
  }
  return text;
}

/** @param text characters below U+0100; others are a programmer's error. */
export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0xff) throw new RangeError("text: a character is no byte");
    bytes[at] = code;
  }
  return bytes;
}

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
