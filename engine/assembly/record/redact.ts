/** Values that a record shows as salted commitments. engine/ABI.md "The record". */
import { NONE } from "../../constants";
import { actionArgs } from "../decide/action";
import { factSalt } from "../decide/facts";
import { redactedNode } from "../evaluate/paths";
import { writeHex } from "../hash/hex";
import { begin, DIGEST_BYTES, finish, update } from "../hash/sha256";
import { write } from "../json/canonical";
import { lengthOf, NODE_BYTES, nextOf, replace, textOf } from "../json/tape";
import { writeLiteral } from "../literal";
import { CANONICAL, CANONICAL_LIMIT, COMMITMENT, OUTPUT, RECORD, WORK } from "../memory";
import { beginRedactions, nextRedaction, putPath } from "./obligations";
import { beginWriting, written } from "./writer";

/** On a node's kind: its value is to be replaced. The kinds leave this bit free. */
const FLAG_REDACT: u32 = 0x80000000;
/** A domain tag, padded with zeros. */
const TAG_BYTES: u32 = 32;
const LENGTH_BYTES: u32 = 4;
/** `{"redacted":"` 64 digits `"}`, with room to copy in steps of 16 bytes. */
const SHOWN_BYTES: u32 = 96;

/** Whether an argument that must be redacted is there. */
export function mustRedact(): bool {
  beginRedactions();
  for (let path = nextRedaction(); path != NONE; path = nextRedaction()) {
    if (redactedNode(path) != 0) return true;
  }
  return false;
}

/** Puts commitments in the place of values on the action's tape. The action's digest must have been taken, the salt be there. */
export function redactAction(): void {
  flagNodes();
  keepOutermost();
  let shown = OUTPUT;
  beginRedactions();
  for (let path = nextRedaction(); path != NONE; path = nextRedaction()) {
    const node = redactedNode(path);
    if (node == 0 || !isFlagged(node)) continue;
    store<u32>(node, load<u32>(node) & ~FLAG_REDACT);
    const end = writeShown(path, node, shown);
    replace(node, shown, <u32>(end - shown));
    shown += SHOWN_BYTES;
  }
}

function isFlagged(node: usize): bool {
  return (load<u32>(node) & FLAG_REDACT) != 0;
}

function flagNodes(): void {
  beginRedactions();
  for (let path = nextRedaction(); path != NONE; path = nextRedaction()) {
    const node = redactedNode(path);
    if (node != 0) store<u32>(node, load<u32>(node) | FLAG_REDACT);
  }
}

/** What lies within a value that is replaced as a whole is part of its commitment. */
function keepOutermost(): void {
  const end = nextOf(actionArgs);
  let within: usize = 0;
  for (let node = actionArgs; node < end; node += NODE_BYTES) {
    if (!isFlagged(node)) continue;
    if (node < within) store<u32>(node, load<u32>(node) & ~FLAG_REDACT);
    else within = nextOf(node);
  }
}

/** Writes what stands in the value's place; the address behind it. */
function writeShown(path: u32, node: usize, out: usize): usize {
  out = writeLiteral('{"redacted":"', out);
  commit(path, node);
  out = writeHex(COMMITMENT, DIGEST_BYTES, out);
  return writeLiteral('"}', out);
}

/** The value's commitment, to COMMITMENT. */
function commit(path: u32, node: usize): void {
  begin();
  const end = writeLiteral("faramesh/redact/v1", COMMITMENT);
  memory.fill(end, 0, COMMITMENT + TAG_BYTES - end);
  update(COMMITMENT, TAG_BYTES);
  updateCounted(textOf(factSalt), lengthOf(factSalt));
  // The record is not begun yet, and has room for the longest path.
  beginWriting(RECORD);
  putPath(path);
  updateCounted(RECORD, <u32>(written() - RECORD));
  const valueEnd = write(node, CANONICAL, CANONICAL_LIMIT, WORK);
  update(CANONICAL, <u32>(valueEnd - CANONICAL));
  finish(COMMITMENT);
}

/** The length, little-endian, and the bytes. */
function updateCounted(bytes: usize, length: u32): void {
  store<u32>(WORK, length);
  update(WORK, LENGTH_BYTES);
  update(bytes, length);
}
