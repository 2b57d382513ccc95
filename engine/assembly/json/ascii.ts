/** ASCII codes used by the readers and writers of JSON. */
export const SPACE: u32 = 0x20;
export const QUOTE: u32 = 0x22;
export const PLUS: u32 = 0x2b;
export const COMMA: u32 = 0x2c;
export const MINUS: u32 = 0x2d;
export const POINT: u32 = 0x2e;
export const SLASH: u32 = 0x2f;
export const ZERO: u32 = 0x30;
export const COLON: u32 = 0x3a;
export const OPEN_LIST: u32 = 0x5b;
export const BACKSLASH: u32 = 0x5c;
export const CLOSE_LIST: u32 = 0x5d;
export const LOWER_E: u32 = 0x65;
export const LOWER_F: u32 = 0x66;
export const LOWER_N: u32 = 0x6e;
export const LOWER_T: u32 = 0x74;
export const LOWER_U: u32 = 0x75;
export const OPEN_OBJECT: u32 = 0x7b;
export const CLOSE_OBJECT: u32 = 0x7d;

/** Sets the bit that makes an ASCII letter lower case. */
export const LOWER_BIT: u32 = 0x20;

// Four letters read as one little-endian u32.
export const WORD_NULL: u32 = 0x6c6c756e;
export const WORD_TRUE: u32 = 0x65757274;
/** `alse`, behind an `f`. */
export const WORD_ALSE: u32 = 0x65736c61;
/** `fals`, before an `e`. */
export const WORD_FALS: u32 = 0x736c6166;

// @ts-ignore: decorator
@inline
export function isDigit(byte: u32): bool {
  return byte - ZERO < 10;
}
