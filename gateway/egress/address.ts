/** IP addresses: their one spelling, and where they lead. */

/** 4 or 16 bytes. */
export type Address = Uint8Array;

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
/** RFC 6052: the well-known prefix of translators; IPv4 behind it. */
const TRANSLATED = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
const COMPATIBLE = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

function starts(address: Address, prefix: readonly number[]): boolean {
  return prefix.every((byte, at) => address[at] === byte);
}

/** Four decimal parts of 0 to 255 without leading zeros; null for anything else. */
export function parseIpv4(text: string): Address | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const parts = match.slice(1);
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith("0")))) return null;
  return Uint8Array.from(parts, Number);
}

function parseGroups(text: string): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [at, part] of parts.entries()) {
    if (part.includes(".")) {
      const ipv4 = at === parts.length - 1 ? parseIpv4(part) : null;
      if (ipv4 === null) return null;
      groups.push((ipv4[0]! << 8) | ipv4[1]!, (ipv4[2]! << 8) | ipv4[3]!);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

/** RFC 4291 section 2.2, without a zone. An address within `::ffff:0:0/96` is the IPv4 one. Null for anything else. */
export function parseIpv6(text: string): Address | null {
  if (text.length > 45) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const before = parseGroups(halves[0]!);
  const after = halves.length === 2 ? parseGroups(halves[1]!) : [];
  if (before === null || after === null) return null;
  if (halves.length === 2 && halves[0]!.includes(".")) return null;
  const missing = 8 - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...before, ...Array<number>(missing).fill(0), ...after];
  const bytes = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
  return starts(bytes, MAPPED) ? bytes.subarray(12) : bytes;
}

export function parseAddress(text: string): Address | null {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** The longest run of two or more zero groups, the first of equals. RFC 5952 section 4.2. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let at = 0; at < groups.length; at++) {
    let end = at;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - at > best.length) best = { start: at, length: end - at };
    at = Math.max(at, end - 1);
  }
  return best;
}

/** As the core wants a host that is an address: dotted, or RFC 5952 all in hexadecimal. */
export function addressText(address: Address): string {
  if (address.length === 4) return address.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => (address[at * 2]! << 8) | address[at * 2 + 1]!);
  const { start, length } = longestZeros(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (start === -1) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** The IPv4 address that an IPv6 one carries and that its packets may end at: translators, 6to4, compatible; null for others. */
export function embeddedIpv4(address: Address): Address | null {
  if (address.length === 4) return null;
  if (starts(address, TRANSLATED)) return address.slice(12);
  // RFC 3056 section 2.
  if (address[0] === 0x20 && address[1] === 0x02) return address.slice(2, 6);
  // RFC 4291 section 2.5.5.1; `::` and `::1` are none.
  const isCompatible = starts(address, COMPATIBLE) && (address[12] !== 0 || address[13] !== 0);
  return isCompatible ? address.slice(12) : null;
}

/**
 * `public`: a name may lead there. `never`: is dialled for nobody. `private`: a name leads there only when the address itself is permitted too.
 */
export type Reach = "public" | "private" | "never";

/** Prefixes of RFC 6890 and its registries: first bytes, bits, reach. */
const IPV4_REACH: readonly (readonly [readonly number[], number, Reach])[] = [
  [[0], 8, "never"],
  [[10], 8, "private"],
  [[100, 64], 10, "private"],
  [[127], 8, "private"],
  [[169, 254], 16, "private"],
  [[172, 16], 12, "private"],
  [[192, 0, 0], 24, "private"],
  [[192, 168], 16, "private"],
  // The addresses that stand for names here.
  [[198, 18], 15, "never"],
  [[224], 4, "never"],
  [[240], 4, "never"],
];

const IPV6_REACH: readonly (readonly [readonly number[], number, Reach])[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 128, "never"],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 128, "private"],
  // RFC 8215: translators of a network's own.
  [[0, 0x64, 0xff, 0x9b, 0, 1], 48, "private"],
  // RFC 4380: the tunnel's server and the client's port are within.
  [[0x20, 0x01, 0, 0], 32, "never"],
  [[0xfc], 7, "private"],
  [[0xfe, 0x80], 10, "private"],
  [[0xfe, 0xc0], 10, "private"],
  [[0xff], 8, "never"],
];

/** Whether the address is within the prefix. */
export function isWithin(address: Address, prefix: ArrayLike<number>, bits: number): boolean {
  for (let at = 0, left = bits; left > 0; at++, left -= 8) {
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    if (((address[at]! ^ prefix[at]!) & mask) !== 0) return false;
  }
  return true;
}

export function reachOf(address: Address): Reach {
  const table = address.length === 4 ? IPV4_REACH : IPV6_REACH;
  for (const [prefix, bits, reach] of table) {
    if (isWithin(address, prefix, bits)) return reach;
  }
  const inner = embeddedIpv4(address);
  return inner === null ? "public" : reachOf(inner);
}

export interface Prefix {
  readonly address: Address;
  readonly bits: number;
}

/** `ADDRESS` or `ADDRESS/BITS`. @throws RangeError */
export function parsePrefix(text: string): Prefix {
  const [base = "", length, ...rest] = text.split("/");
  const address = parseAddress(base);
  const bits =
    length === undefined ? (address?.length ?? 0) * 8 : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (address === null || rest.length > 0 || bits < 0 || bits > address.length * 8)
    throw new RangeError(`\`${text}\`: an address, or one with \`/\` and the length of its prefix`);
  return { address, bits };
}

export function isIn(address: Address, prefixes: readonly Prefix[]): boolean {
  return prefixes.some(
    (prefix) => prefix.address.length === address.length && isWithin(address, prefix.address, prefix.bits),
  );
}
