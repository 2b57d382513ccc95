/**
 * The tape: a parsed JSON text as nodes of 16 bytes in document order.
 *
 *   0 u32 kind (KIND_*, and FLAG_UNESCAPED for strings)
 *   4 u32 text    string: its UTF-8 content; number: its canonical text (RFC 8785)
 *   8 u32 length  bytes of the text; of a list its elements, of an object its members
 *  12 u32 next    address of the node after this subtree
 *
 * A container's children follow it; an object's are key, value, key, value, in source order. A node is named by its address;
 * 0 is no node. Text lies in the input where it can, otherwise in the parser's scratch.
 */
import { equal } from "./bytes";

export const NODE_BYTES: usize = 16;

export const KIND_NULL: u32 = 0;
export const KIND_FALSE: u32 = 1;
export const KIND_TRUE: u32 = 2;
export const KIND_NUMBER: u32 = 3;
export const KIND_STRING: u32 = 4;
export const KIND_LIST: u32 = 5;
export const KIND_OBJECT: u32 = 6;
/** Canonical bytes in place of a value, put there by `replace`; never made by the parser. */
export const KIND_CANONICAL: u32 = 7;
export const KIND_MASK: u32 = 7;
/** A string that was written with escapes: its content may need escapes again. */
export const FLAG_UNESCAPED: u32 = 8;

// @ts-ignore: decorator
@inline
export function kindOf(node: usize): u32 {
  return load<u32>(node) & KIND_MASK;
}

/** Address of a string's content or a number's canonical text. */
// @ts-ignore: decorator
@inline
export function textOf(node: usize): usize {
  return load<u32>(node, 4);
}

/** Bytes of a string or number; elements of a list; members of an object. */
// @ts-ignore: decorator
@inline
export function lengthOf(node: usize): u32 {
  return load<u32>(node, 8);
}

/** The node after this one and all it holds: the next sibling, or the parent's end. */
// @ts-ignore: decorator
@inline
export function nextOf(node: usize): usize {
  return load<u32>(node, 12);
}

/** First key of an object or first element of a list; meaningless when `lengthOf` is 0. */
// @ts-ignore: decorator
@inline
export function firstOf(container: usize): usize {
  return container + NODE_BYTES;
}

/** The value of a key node. */
// @ts-ignore: decorator
@inline
export function valueOf(key: usize): usize {
  return key + NODE_BYTES;
}

/** Value of the object's member of that name (UTF-8, unescaped), or 0. */
export function member(object: usize, name: usize, length: u32): usize {
  const end = nextOf(object);
  let key = firstOf(object);
  while (key < end) {
    if (lengthOf(key) == length && equal(textOf(key), name, length)) return valueOf(key);
    key = nextOf(valueOf(key));
  }
  return 0;
}

/** Element of the list at that index, or 0. */
export function element(list: usize, index: u32): usize {
  if (index >= lengthOf(list)) return 0;
  let node = firstOf(list);
  for (; index > 0; index--) node = nextOf(node);
  return node;
}

/** Makes `write` put these canonical bytes in the place of the node's value. The tape below it is skipped from then on. */
export function replace(node: usize, bytes: usize, length: u32): void {
  store<u32>(node, KIND_CANONICAL);
  store<u32>(node, <u32>bytes, 4);
  store<u32>(node, length, 8);
}
