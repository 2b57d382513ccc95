/** The Decision Provenance Record of the last verdict. engine/ABI.md "The record", LANGUAGE section 7. */
import { CODE_SALT_MISSING, EFFECT_DENY, NONE } from "../../constants";
import { factSalt, factTime, factTimeMs } from "../decide/facts";
import { commitEvent, commitState } from "../decide/commit";
import { actionStage, factsStage, isEvent, STAGE_ACCEPTED } from "../decide/inputs";
import { eventType } from "../event/event";
import { typeName } from "../event/table";
import { decideBy, setNotices } from "../decide/verdict";
import { begin, DIGEST_BYTES, finish, update } from "../hash/sha256";
import { writeLiteral } from "../literal";
import { BUNDLE_HEX, ENGINE, HASH, PREVIOUS, RECORD, TAG } from "../memory";
import { putAgent, putCode, putDetail, putEffect, putReason, putRule } from "./fields";
import { digestAction, putActionDigest, putInputs, putPlainAction, putRedactedAction } from "./inputs";
import { putObligations } from "./obligations";
import { mustRedact, redactAction } from "./redact";
import { digestState, putState } from "./state";
import { beginWriting, put, putDigits, putHex, putInteger, putName, written } from "./writer";

const BLOCK_BYTES: u32 = 64;
/** The host hashes records itself. */
let isHashedOutside: bool = false;
const DIGITS: u32 = 2 * DIGEST_BYTES;

export let recordLength: u32 = 0;

export function layTag(): void {
  const end = writeLiteral("faramesh/record/v2", TAG);
  memory.fill(end, 0, TAG + DIGEST_BYTES - end);
}

export function hashOutside(outside: bool): void {
  isHashedOutside = outside;
}

/** To HASH: of the tag, the previous hash and a record. */
export function chainHash(record: usize, length: u32): void {
  begin();
  update(TAG, BLOCK_BYTES);
  update(record, length);
  finish(HASH);
}

/** Writes the record of the verdict at RECORD and, unless the host does that, its hash at HASH. Want of a salt makes another verdict of it. */
export function writeRecord(sequence: u64, hasPolicy: bool, signed: bool): void {
  const isAccepted = hasPolicy && actionStage == STAGE_ACCEPTED && factsStage == STAGE_ACCEPTED;
  const isRedacted = isAccepted && mustRedact();
  const isShown = isAccepted && (!isRedacted || factSalt != 0);
  if (!isShown && isRedacted) {
    decideBy(CODE_SALT_MISSING, EFFECT_DENY, NONE);
    setNotices(0);
  }
  // The verdict is final.
  if (isEvent) commitEvent();
  else commitState(sequence);
  digestAction();
  if (isRedacted && isShown) redactAction();
  digestState();
  beginWriting(RECORD);
  put('{"action":');
  if (!isShown) put("null");
  else if (isRedacted) putRedactedAction();
  else putPlainAction();
  put(',"action_digest":');
  putActionDigest();
  putVerdictAndInputs(hasPolicy);
  putEnd(sequence, signed);
  recordLength = <u32>(written() - RECORD);
  if (!isHashedOutside) chainHash(RECORD, recordLength);
}

function putVerdictAndInputs(hasPolicy: bool): void {
  put(',"agent":');
  putAgent();
  put(',"bundle":');
  if (hasPolicy) putDigits(BUNDLE_HEX, DIGITS);
  else put("null");
  put(',"code":');
  putCode();
  put(',"detail":');
  putDetail();
  put(',"effect":');
  putEffect();
  put(',"engine":');
  putHex(ENGINE, DIGEST_BYTES);
  put(",");
  putInputs();
  put(',"obligations":');
  putObligations();
}

function putEnd(sequence: u64, signed: bool): void {
  put(',"previous":');
  putHex(PREVIOUS, DIGEST_BYTES);
  put(',"reason":');
  putReason();
  put(',"rule":');
  putRule();
  put(',"sequence":');
  putInteger(sequence);
  if (signed) put(',"signed":true');
  else put(',"signed":false');
  putState();
  put(',"time":');
  if (factTime != 0 && factsStage == STAGE_ACCEPTED) putInteger(factTimeMs);
  else put("null");
  put(',"type":');
  if (isEvent) putName(typeName(eventType));
  else put('"decision"');
  put(',"version":2}');
}
