/** Events that approve or reject an action of the acting agent. */
import { CODE_APPROVALS_FULL, CODE_SELF_APPROVAL, NONE } from "../../constants";
import { dropPastApprovals, findApproval, removePending } from "../decide/approvals";
import { deny } from "../decide/verdict";
import { DIGEST_BYTES } from "../hash/sha256";
import { equal } from "../json/bytes";
import { lengthOf, textOf } from "../json/tape";
import { integer, readInteger } from "../number/decimal";
import { agentBlob, nameOfParty, partyCount } from "../state/party";
import { addApproval, approvalAt, removeApproval } from "../state/slots";
import { eventField } from "./event";
import { FIELD_ACTION_DIGEST, FIELD_APPROVER, FIELD_EXPIRES } from "./table";

/** Of the action that the event names. */
const digest: usize = memory.data(32, 8);

export function refuseApproval(): bool {
  readDigest();
  readInteger(eventField(FIELD_EXPIRES), u64.MAX_VALUE);
  const expires = integer;
  if (isOwn()) return deny(CODE_SELF_APPROVAL);
  dropPastApprovals(agentBlob);
  const noted = findApproval(agentBlob, digest);
  if (noted != NONE) store<u64>(approvalAt(agentBlob, noted), expires, DIGEST_BYTES);
  else if (!addApproval(agentBlob, digest, expires)) return deny(CODE_APPROVALS_FULL);
  removePending(digest);
  return false;
}

export function applyRejection(): void {
  readDigest();
  const noted = findApproval(agentBlob, digest);
  if (noted != NONE) removeApproval(agentBlob, noted);
  removePending(digest);
}

/** Whether the approver is the agent or one that it acts for. */
function isOwn(): bool {
  const approver = eventField(FIELD_APPROVER);
  const length = lengthOf(approver);
  for (let party: u32 = 0; party < partyCount; party++) {
    const name = nameOfParty(party);
    if (lengthOf(name) == length && equal(textOf(name), textOf(approver), length)) return true;
  }
  return false;
}

function readDigest(): void {
  const text = textOf(eventField(FIELD_ACTION_DIGEST));
  for (let i: usize = 0; i < DIGEST_BYTES; i++) {
    store<u8>(digest + i, <u8>((valueOfDigit(text + 2 * i) << 4) | valueOfDigit(text + 2 * i + 1)));
  }
}

/** Of a lower-case hexadecimal digit. */
function valueOfDigit(at: usize): u32 {
  const byte = <u32>load<u8>(at);
  return byte < 0x61 ? byte - 0x30 : byte - 0x57;
}
