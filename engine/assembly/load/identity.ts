/** A rule's identity goes into verdicts and records as it is: it must be the canonical text of its object. */
import { is } from "../literal";

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const MAX_DIGITS: u32 = 10;

let at: usize = 0;
let end: usize = 0;

/** `{"column":n,"file":"…","id":"…","line":n}`; the text is known to be UTF-8. */
export function isIdentity(text: usize, length: u32): bool {
  at = text;
  end = text + length;
  return (
    takes('{"column":') &&
    takesInteger() &&
    takes(',"file":"') &&
    takesString() &&
    takes(',"id":"') &&
    takesString() &&
    takes(',"line":') &&
    takesInteger() &&
    takes("}") &&
    at == end
  );
}

function takes(literal: string): bool {
  const length = <u32>literal.length;
  if (length > <u32>(end - at) || !is(at, length, literal)) return false;
  at += length;
  return true;
}

/** A natural number without leading zeros. */
function takesInteger(): bool {
  const first = at;
  while (at < end && <u32>load<u8>(at) - 0x30 < 10) at++;
  const digits = <u32>(at - first);
  return digits > 0 && digits <= MAX_DIGITS && (digits == 1 || load<u8>(first) != 0x30);
}

/** Up to and with the closing quote, in the escapes of RFC 8785 section 3.2.2.2 alone. */
function takesString(): bool {
  while (at < end) {
    const byte = <u32>load<u8>(at++);
    if (byte == QUOTE) return true;
    if (byte < 0x20) return false;
    if (byte == BACKSLASH && !takesEscape()) return false;
  }
  return false;
}

function takesEscape(): bool {
  if (at >= end) return false;
  switch (load<u8>(at++)) {
    case 0x22:
    case 0x5c:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    case 0x75:
      return takesControl();
    default:
      return false;
  }
}

/** Behind `\u`: a control character that has no short escape. */
function takesControl(): bool {
  if (end - at < 4 || !is(at, 2, "00")) return false;
  const high = <u32>load<u8>(at, 2) - 0x30;
  const digit = <u32>load<u8>(at, 3);
  const low = digit - 0x30 < 10 ? digit - 0x30 : digit - 0x61 < 6 ? digit - 0x57 : 16;
  if (high > 1 || low > 15) return false;
  const control = high * 16 + low;
  at += 4;
  // \b \t \n \f \r
  return control != 8 && control != 9 && control != 10 && control != 12 && control != 13;
}
