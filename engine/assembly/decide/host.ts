/** Hosts of the `http` facet: lower-case labels joined by dots, or an IP address, IPv6 without brackets; each address in one spelling. */

const DOT: u32 = 0x2e;
const HYPHEN: u32 = 0x2d;
const COLON: u32 = 0x3a;
const ZERO: u32 = 0x30;
const LETTER_X: u32 = 0x78;
const GROUPS: u32 = 8;
const MAX_GROUP_DIGITS: u32 = 4;
/** `::ffff:` before the two groups of an IPv4 address: the zero groups that `::` stands for, and its first bytes, little-endian. */
const MAPPED_ZEROS: u32 = 5;
const MAPPED_START: u32 = 0x66663a3a;
const MAPPED_REST: u32 = 0x3a6666;
const MAPPED_BYTES: usize = 7;

export function isHost(text: usize, length: u32): bool {
  const end = text + length;
  if (!isName(text, end)) return isIpv6(text, end);
  return !endsInNumber(text, end) || isIpv4(text, end);
}

function isDigit(byte: u32): bool {
  return byte - ZERO < 10;
}

/** Labels of `[a-z0-9-]`, none of them empty. An IPv4 address is one too. */
function isName(at: usize, end: usize): bool {
  let previous = DOT;
  for (; at < end; at++) {
    const byte = <u32>load<u8>(at);
    const isLabel = isDigit(byte) || byte - 0x61 < 26 || byte == HYPHEN;
    if (!isLabel && (byte != DOT || previous == DOT)) return false;
    previous = byte;
  }
  return previous != DOT;
}

/** Whether a resolver takes the name for an IPv4 address: its last label is all digits, or begins with `0x`. */
function endsInNumber(at: usize, end: usize): bool {
  let label = end;
  let isNumber = true;
  while (label > at && load<u8>(label - 1) != DOT) isNumber = isDigit(load<u8>(--label)) && isNumber;
  return isNumber || (end - label >= 2 && load<u8>(label) == ZERO && load<u8>(label, 1) == LETTER_X);
}

/**
 * RFC 4291 section 2.2 as RFC 5952 writes it: no leading zeros, `::` for the longest run of two or more zero groups, the first of
 * equals. All eight groups in hexadecimal, and no address that stands for an IPv4 one (`::ffff:0:0/96`).
 */
function isIpv6(at: usize, end: usize): bool {
  const isMapped = startsMapped(at, end);
  let groups: u32 = 0;
  let zeros: u32 = 0;
  let zerosBefore: u32 = 0;
  let zerosAfter: u32 = 0;
  let hasGap = false;
  let followsGap = false;
  if (end - at >= 2 && load<u16>(at) == <u16>((COLON << 8) | COLON)) {
    hasGap = followsGap = true;
    at += 2;
  }
  while (at < end) {
    const digits = hexDigits(at, end);
    const isZero = load<u8>(at) == ZERO;
    if (digits == 0 || digits > MAX_GROUP_DIGITS || ++groups > GROUPS) return false;
    if (isZero && (digits > 1 || followsGap)) return false;
    followsGap = false;
    zeros = isZero ? zeros + 1 : 0;
    if (hasGap) zerosAfter = max(zerosAfter, zeros);
    else zerosBefore = max(zerosBefore, zeros);
    at += digits;
    if (at == end) break;
    if (load<u8>(at++) != COLON || at == end) return false;
    if (load<u8>(at) == COLON) {
      if (hasGap || zeros != 0) return false;
      hasGap = followsGap = true;
      at++;
    }
  }
  if (!hasGap) return groups == GROUPS && zerosBefore < 2;
  const gap = GROUPS - groups;
  return gap >= 2 && zerosBefore < gap && zerosAfter <= gap && !(isMapped && gap == MAPPED_ZEROS);
}

function startsMapped(at: usize, end: usize): bool {
  if (end - at < MAPPED_BYTES) return false;
  return load<u32>(at) == MAPPED_START && (load<u32>(at, 3) >> 8) == MAPPED_REST;
}

function hexDigits(at: usize, end: usize): u32 {
  let count: u32 = 0;
  for (; at < end && count <= MAX_GROUP_DIGITS; at++, count++) {
    const byte = <u32>load<u8>(at);
    if (!isDigit(byte) && byte - 0x61 >= 6) break;
  }
  return count;
}

/** Four numbers below 256 without leading zeros. */
function isIpv4(at: usize, end: usize): bool {
  for (let part = 0; part < 4; part++) {
    let value: u32 = 0;
    const first = at;
    while (at < end && isDigit(load<u8>(at)) && value < 256) value = value * 10 + load<u8>(at++) - 0x30;
    if (at == first || value > 255 || (at - first > 1 && load<u8>(first) == 0x30)) return false;
    if (part == 3) return at == end;
    if (at == end || load<u8>(at++) != DOT) return false;
  }
  return false;
}
