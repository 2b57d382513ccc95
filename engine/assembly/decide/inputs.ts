/** Step 0: the two texts, parsed and checked. The first fault decides: engine/ABI.md "Refusals". */
import {
  CODE_CANONICAL_TOO_LARGE,
  CODE_FACTS_INVALID,
  CODE_INPUT_TOO_LARGE,
  MAX_CANONICAL_BYTES,
  MAX_INPUT_BYTES,
} from "../../constants";
import { forgetEvent, refuseEvent } from "../event/event";
import { write } from "../json/canonical";
import { errorOffset, parse, scratchEnd, tapeEnd } from "../json/parse";
import { ACTION_TEXT, CANONICAL, CANONICAL_LIMIT, FACTS_TEXT, PARSE_SCRATCH, TAPE, WORK } from "../memory";
import { forgetAction, refuseAction } from "./action";
import { forgetFacts, refuseFacts } from "./facts";
import { DETAIL_OFFSET, deny, denyWith } from "./verdict";

/** A canonical text is less than six times its source: the worst is `1e20,`, 22 bytes for 5. Shorter sources need no measuring. */
const ALWAYS_FITS: u32 = MAX_CANONICAL_BYTES / 6;

/** How far a text has come. */
export const STAGE_RAW: u32 = 0;
/** It has a canonical form. */
export const STAGE_CANONICAL: u32 = 1;
/** It is an action, or these are facts. */
export const STAGE_ACCEPTED: u32 = 2;

export let actionStage: u32 = STAGE_RAW;
export let factsStage: u32 = STAGE_RAW;
export let actionBytes: u32 = 0;
export let factsBytes: u32 = 0;
/** Roots of the tapes; that of the facts is 0 when there is no text. */
export let actionRoot: usize = 0;
export let factsRoot: usize = 0;

/** Whether the first text is an event instead of an action. */
export let isEvent: bool = false;

/** Whether an input was refused. */
export function refuseInputs(newActionBytes: u32, newFactsBytes: u32): bool {
  takeTexts(newActionBytes, newFactsBytes, false);
  return refuseActionText() || refuseFactsText();
}

/** The same with an event in the place of the action. */
export function refuseEventInputs(eventBytes: u32, newFactsBytes: u32): bool {
  takeTexts(eventBytes, newFactsBytes, true);
  return refuseActionText() || refuseFactsText();
}

/** Forgets the last inputs. A count over MAX_INPUT_BYTES is a text that is not there. */
export function takeTexts(newActionBytes: u32, newFactsBytes: u32, ofEvent: bool): void {
  actionStage = STAGE_RAW;
  factsStage = STAGE_RAW;
  actionBytes = newActionBytes;
  factsBytes = newFactsBytes;
  actionRoot = 0;
  factsRoot = 0;
  if (isEvent) forgetEvent();
  isEvent = ofEvent;
  forgetAction();
  forgetFacts();
}

function refuseActionText(): bool {
  if (actionBytes > MAX_INPUT_BYTES) return deny(CODE_INPUT_TOO_LARGE);
  const fault = parse(ACTION_TEXT, actionBytes, TAPE, PARSE_SCRATCH);
  if (fault != 0) return denyWith(fault, DETAIL_OFFSET, errorOffset, 0);
  if (!hasCanonicalForm(TAPE, actionBytes)) return deny(CODE_CANONICAL_TOO_LARGE);
  actionRoot = TAPE;
  actionStage = STAGE_CANONICAL;
  if (isEvent ? refuseEvent(TAPE) : refuseAction(TAPE)) return true;
  actionStage = STAGE_ACCEPTED;
  return false;
}

function refuseFactsText(): bool {
  if (factsBytes != 0) {
    if (factsBytes > MAX_INPUT_BYTES) return deny(CODE_FACTS_INVALID);
    const root = tapeEnd;
    if (parse(FACTS_TEXT, factsBytes, root, scratchEnd) != 0) {
      return denyWith(CODE_FACTS_INVALID, DETAIL_OFFSET, errorOffset, 0);
    }
    if (!hasCanonicalForm(root, factsBytes)) return deny(CODE_FACTS_INVALID);
    factsRoot = root;
    factsStage = STAGE_CANONICAL;
    if (refuseFacts(root)) return true;
  }
  factsStage = STAGE_ACCEPTED;
  return false;
}

function hasCanonicalForm(root: usize, bytes: u32): bool {
  return bytes <= ALWAYS_FITS || write(root, CANONICAL, CANONICAL_LIMIT, WORK) != 0;
}
