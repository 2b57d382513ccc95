/** ClientHellos made by hand. */
import { fromLatin1 } from "../../../gateway/egress/bytes.ts";

function u16(number: number): number[] {
  return [number >> 8, number & 0xff];
}

function sized(bytes: readonly number[]): number[] {
  return [...u16(bytes.length), ...bytes];
}

export function extension(type: number, bytes: readonly number[]): number[] {
  return [...u16(type), ...sized(bytes)];
}

export function serverName(name: string): number[] {
  return extension(0, sized([0, ...sized([...fromLatin1(name)])]));
}

/** The handshake message. */
export function message(extensions: readonly number[] | null): number[] {
  const start = [3, 3, ...Array<number>(32).fill(7), 0, ...sized([0x13, 0x01]), 1, 0];
  const body = extensions === null ? start : [...start, ...sized(extensions)];
  return [1, 0, ...u16(body.length), ...body];
}

/** In records of at most `size` bytes. */
export function records(bytes: readonly number[], size = 16_384): Uint8Array {
  const all: number[] = [];
  for (let at = 0; at < bytes.length; at += size) all.push(22, 3, 1, ...sized(bytes.slice(at, at + size)));
  return Uint8Array.from(all);
}

export function helloFor(name: string): Uint8Array {
  return records(message([...extension(43, [2, 3, 4]), ...serverName(name)]));
}
