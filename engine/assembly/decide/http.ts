/** The `http` facet: closed fields, each in the one form that rules and egress lists are written for. engine/ABI.md. */
import { CODE_HTTP_FACET_INVALID } from "../../constants";
import {
  firstOf,
  KIND_NUMBER,
  KIND_OBJECT,
  KIND_STRING,
  kindOf,
  lengthOf,
  nextOf,
  textOf,
  valueOf,
} from "../json/tape";
import { is } from "../literal";
import { integer, readInteger } from "../number/decimal";
import { isHost } from "./host";
import { earlier, isAbsentOr, orAbsent } from "./members";
import { DETAIL_FIELD, denyField, denyWith } from "./verdict";

const MAX_PORT: u64 = 65535;
const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;
const PERCENT: u32 = 0x25;
const DELETE: u32 = 0x7f;
const BACKSLASH: u32 = 0x5c;
const QUESTION: u32 = 0x3f;
const FRAGMENT: u32 = 0x23;
const SEMICOLON: u32 = 0x3b;
/** No byte's value, and unreserved in no sense. */
const NO_BYTE: u32 = 0x100;

/** Tape nodes, 0 when absent. */
export let facetHost: usize = 0;
export let facetPort: usize = 0;
let facetMethod: usize = 0;
let facetPath: usize = 0;
let facetQuery: usize = 0;
let facetHeaders: usize = 0;

/** Whether the facet was refused. */
export function refuseFacet(facet: usize): bool {
  facetHost = 0;
  facetPort = 0;
  facetMethod = 0;
  facetPath = 0;
  facetQuery = 0;
  facetHeaders = 0;
  const end = nextOf(facet);
  let unknown: usize = 0;
  for (let key = firstOf(facet); key < end; key = nextOf(valueOf(key))) {
    if (!takeField(textOf(key), lengthOf(key), orAbsent(valueOf(key)))) unknown = earlier(unknown, key);
  }
  if (unknown != 0)
    return denyWith(CODE_HTTP_FACET_INVALID, DETAIL_FIELD, textOf(unknown), lengthOf(unknown));
  return (
    refuseUnless(facetHost == 0 || isHostNode(facetHost), "host") ||
    refuseUnless(facetPort == 0 || isPort(facetPort), "port") ||
    refuseUnless(facetMethod == 0 || isMethod(facetMethod), "method") ||
    refuseUnless(facetPath == 0 || isRequestPath(facetPath), "path") ||
    refuseUnless(isAbsentOr(facetQuery, KIND_OBJECT), "query") ||
    refuseUnless(facetHeaders == 0 || areHeaders(facetHeaders), "headers")
  );
}

function takeField(name: usize, length: u32, node: usize): bool {
  if (is(name, length, "host")) facetHost = node;
  else if (is(name, length, "port")) facetPort = node;
  else if (is(name, length, "method")) facetMethod = node;
  else if (is(name, length, "path")) facetPath = node;
  else if (is(name, length, "query")) facetQuery = node;
  else if (is(name, length, "headers")) facetHeaders = node;
  else return false;
  return true;
}

function refuseUnless(valid: bool, name: string): bool {
  return valid ? false : denyField(CODE_HTTP_FACET_INVALID, name);
}

function isHostNode(node: usize): bool {
  return kindOf(node) == KIND_STRING && isHost(textOf(node), lengthOf(node));
}

function isPort(node: usize): bool {
  return kindOf(node) == KIND_NUMBER && readInteger(node, MAX_PORT) && integer != 0;
}

function isUpper(byte: u32): bool {
  return byte - 0x41 < 26;
}

function isMethod(node: usize): bool {
  if (kindOf(node) != KIND_STRING || lengthOf(node) == 0) return false;
  const text = textOf(node);
  for (let i: usize = 0; i < lengthOf(node); i++) {
    if (!isUpper(load<u8>(text + i))) return false;
  }
  return true;
}

function isUnreserved(byte: u32): bool {
  return (byte | 0x20) - 0x61 < 26 || byte - 0x30 < 10 || byte == 0x2d || byte == DOT || byte == 0x5f || byte == 0x7e;
}

function hexValue(digit: u32): u32 {
  return digit - 0x30 < 10 ? digit - 0x30 : (digit | 0x20) - 0x61 < 6 ? (digit | 0x20) - 0x57 : NO_BYTE;
}

/** What `%` and the two digits at `at` stand for, or NO_BYTE. */
function encodedByte(at: usize, end: usize): u32 {
  if (end - at < 3) return NO_BYTE;
  const high = hexValue(load<u8>(at, 1));
  const low = hexValue(load<u8>(at, 2));
  return high == NO_BYTE || low == NO_BYTE ? NO_BYTE : (high << 4) | low;
}

/**
 * From a slash, in the one spelling that clients and servers take for the same path: no control characters, backslashes, query or
 * fragment, no needless percent-encoding (RFC 3986 section 6.2.2.2), no segments `.` and `..`; there an encoded slash or
 * backslash ends a segment too, and a semicolon its name.
 */
function isRequestPath(node: usize): bool {
  if (kindOf(node) != KIND_STRING || lengthOf(node) == 0) return false;
  let at = textOf(node);
  const end = at + lengthOf(node);
  if (load<u8>(at) != SLASH) return false;
  let dots: u32 = 0;
  let others: u32 = 1;
  for (; at < end; at++) {
    let byte = <u32>load<u8>(at);
    if (byte < 0x20 || byte == DELETE || byte == BACKSLASH || byte == QUESTION || byte == FRAGMENT) return false;
    if (byte == PERCENT) {
      const encoded = encodedByte(at, end);
      if (isUnreserved(encoded)) return false;
      if (encoded == SLASH || encoded == BACKSLASH) {
        byte = SLASH;
        at += 2;
      }
    }
    if (byte == SLASH || byte == SEMICOLON) {
      if (others == 0 && (dots == 1 || dots == 2)) return false;
      dots = 0;
      others = byte == SLASH ? 0 : 1;
    } else if (byte == DOT) {
      dots++;
    } else others++;
  }
  return others != 0 || (dots != 1 && dots != 2);
}

/** Names in lower case. */
function areHeaders(node: usize): bool {
  if (kindOf(node) != KIND_OBJECT) return false;
  const end = nextOf(node);
  for (let key = firstOf(node); key < end; key = nextOf(valueOf(key))) {
    const text = textOf(key);
    for (let i: usize = 0; i < lengthOf(key); i++) {
      if (isUpper(load<u8>(text + i))) return false;
    }
  }
  return true;
}
