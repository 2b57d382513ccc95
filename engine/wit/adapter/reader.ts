/**
 * Reads the core's own canonical JSON, once from its start to its end. Strings are decoded where they stand, so the text is gone
 * afterwards. What is not as the core writes it traps: no verdict comes of it.
 */
const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const OPEN_LIST: u8 = 0x5b;
const BACKSLASH: u8 = 0x5c;
const CLOSE_LIST: u8 = 0x5d;
const NULL: u8 = 0x6e;
const OPEN_OBJECT: u8 = 0x7b;
const CLOSE_OBJECT: u8 = 0x7d;

let at: usize = 0;
let end: usize = 0;

export function beginReading(text: usize, bytes: u32): void {
  at = text;
  end = text + bytes;
}

/** The closing brace is the text's last byte. */
export function endReading(): void {
  take(CLOSE_OBJECT);
  if (at != end) unreachable();
}

/** The byte that many bytes on. */
export function ahead(bytes: usize): u8 {
  if (at + bytes >= end) unreachable();
  return load<u8>(at + bytes);
}

export function take(byte: u8): void {
  if (ahead(0) != byte) unreachable();
  at++;
}

/** `{"name":` or `,"name":` of a field whose name has that many bytes. Which field stands where is fixed. */
export function takeName(bytes: usize): void {
  if (ahead(1) != QUOTE || ahead(bytes + 2) != QUOTE || ahead(bytes + 3) != COLON) unreachable();
  at += bytes + 4;
}

export function takesNull(): bool {
  if (ahead(0) != NULL) return false;
  at += 4;
  return true;
}

/** A natural number. */
export function takeInteger(): u64 {
  if (<u32>ahead(0) - 0x30 > 9) unreachable();
  let value: u64 = 0;
  while (<u32>ahead(0) - 0x30 < 10) value = value * 10 + load<u8>(at++) - 0x30;
  return value;
}

/** Pointer and length of the decoded string to `into`. */
export function takeString(into: usize): void {
  take(QUOTE);
  const first = at;
  let out = at;
  while (true) {
    const byte = ahead(0);
    at++;
    if (byte == QUOTE) break;
    store<u8>(out++, byte == BACKSLASH ? takeEscape() : byte);
  }
  store<u32>(into, <u32>first);
  store<u32>(into, <u32>(out - first), 4);
}

/** RFC 8785 section 3.2.2.2: control characters and the two that must be escaped. */
function takeEscape(): u8 {
  const byte = ahead(0);
  at++;
  switch (byte) {
    case 0x62:
      return 8;
    case 0x74:
      return 9;
    case 0x6e:
      return 10;
    case 0x66:
      return 12;
    case 0x72:
      return 13;
    case 0x75: {
      const high = ahead(2) - 0x30;
      const digit = ahead(3);
      at += 4;
      return high * 16 + (digit < 0x3a ? digit - 0x30 : digit - 0x57);
    }
    default:
      return byte;
  }
}

/** Pointer and length of a string, list or object as it stands to `into`. */
export function takeRaw(into: usize): void {
  const first = at;
  skipValue();
  store<u32>(into, <u32>first);
  store<u32>(into, <u32>(at - first), 4);
}

/** Elements of the list that begins here; the reader stays. */
export function countItems(): u32 {
  if (ahead(0) != OPEN_LIST) unreachable();
  if (ahead(1) == CLOSE_LIST) return 0;
  const first = at;
  const commas = skipValue();
  at = first;
  return commas + 1;
}

/** Behind a string, list or object; the commas between its items. */
function skipValue(): u32 {
  let depth: u32 = 0;
  let commas: u32 = 0;
  do {
    const byte = ahead(0);
    at++;
    if (byte == QUOTE) skipString();
    else if (byte == OPEN_LIST || byte == OPEN_OBJECT) depth++;
    else if (byte == CLOSE_LIST || byte == CLOSE_OBJECT) depth--;
    else if (byte == COMMA && depth == 1) commas++;
  } while (depth > 0);
  return commas;
}

function skipString(): void {
  while (true) {
    const byte = ahead(0);
    at++;
    if (byte == QUOTE) return;
    if (byte == BACKSLASH) at++;
  }
}
