/** Bytes both ways, as fast as the slower side takes them. */
import type { ByteStream } from "./stream.ts";

/** Copies until the source ends. @returns bytes copied; rejects with Gone when either side breaks. */
async function copy(from: ByteStream, to: ByteStream, count: (bytes: number) => void): Promise<void> {
  for (;;) {
    const chunk = await from.next();
    if (chunk === null) break;
    count(chunk.length);
    await to.write(chunk);
  }
  to.end();
}

/** Until both sides have ended, or one broke: then both are ended. @returns bytes both ways. */
export async function relay(one: ByteStream, other: ByteStream): Promise<number> {
  let total = 0;
  const count = (bytes: number): void => {
    total += bytes;
  };
  const broken = (): void => {
    one.destroy();
    other.destroy();
  };
  await Promise.all([copy(one, other, count).catch(broken), copy(other, one, count).catch(broken)]);
  return total;
}
