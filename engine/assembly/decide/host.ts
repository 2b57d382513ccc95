/** Hosts of the `http` facet: lower-case labels joined by dots, or an IP address, IPv6 without brackets. */

const DOT: u32 = 0x2e;
const HYPHEN: u32 = 0x2d;
const COLON: u32 = 0x3a;
const GROUPS: u32 = 8;
const MAX_GROUP_DIGITS: u32 = 4;

export function isHost(text: usize, length: u32): bool {
  return isName(text, text + length) || isIpv6(text, text + length);
}

function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
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

/** RFC 4291 section 2.2: eight groups, `::` once for one or more groups of zeros, the last two maybe as an IPv4 address. */
function isIpv6(at: usize, end: usize): bool {
  let groups: u32 = 0;
  let hasGap = false;
  if (end - at >= 2 && load<u8>(at) == COLON) {
    if (load<u8>(at, 1) != COLON) return false;
    hasGap = true;
    at += 2;
  }
  while (at < end) {
    const digits = hexDigits(at, end);
    if (at + digits < end && load<u8>(at + digits) == DOT) {
      return isIpv4(at, end) && isCount(groups + 2, hasGap);
    }
    if (digits == 0 || digits > MAX_GROUP_DIGITS || ++groups > GROUPS) return false;
    at += digits;
    if (at == end) break;
    if (load<u8>(at) != COLON) return false;
    at++;
    if (at < end && load<u8>(at) == COLON) {
      if (hasGap) return false;
      hasGap = true;
      at++;
    } else if (at == end) return false;
  }
  return isCount(groups, hasGap);
}

function isCount(groups: u32, hasGap: bool): bool {
  return hasGap ? groups < GROUPS : groups == GROUPS;
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
