/** The inputs in a record: the action with its redactions, the facts without their salt, and the digests of both. */
import { MAX_INPUT_BYTES } from "../../constants";
import { factSalt } from "../decide/facts";
import {
  actionBytes,
  actionRoot,
  actionStage,
  factsBytes,
  factsRoot,
  factsStage,
  STAGE_ACCEPTED,
  STAGE_CANONICAL,
  STAGE_RAW,
} from "../decide/inputs";
import { DIGEST_BYTES, digest } from "../hash/sha256";
import { write } from "../json/canonical";
import { firstOf, lengthOf, nextOf, textOf, valueOf } from "../json/tape";
import { is } from "../literal";
import {
  ACTION_DIGEST,
  ACTION_TEXT,
  CANONICAL,
  CANONICAL_LIMIT,
  FACTS_TEXT,
  INPUTS_DIGEST,
  WORK,
} from "../memory";
import { closeObject, put, putHex, putJson, putName, putNode, written } from "./writer";

/** Bytes of the canonical action at CANONICAL, until something else is written there. */
let canonicalActionBytes: u32 = 0;

/** To ACTION_DIGEST: of the canonical action, or of its raw text. */
export function digestAction(): void {
  if (actionStage == STAGE_RAW) {
    if (isHandedOver(actionBytes)) digest(ACTION_TEXT, actionBytes, ACTION_DIGEST);
    return;
  }
  canonicalActionBytes = <u32>(write(actionRoot, CANONICAL, CANONICAL_LIMIT, WORK) - CANONICAL);
  digest(CANONICAL, canonicalActionBytes, ACTION_DIGEST);
}

/** A text that was too large, or that the host could not write down, has no digest. */
function isHandedOver(bytes: u32): bool {
  return bytes <= MAX_INPUT_BYTES;
}

export function putActionDigest(): void {
  if (isHandedOver(actionBytes)) putHex(ACTION_DIGEST, DIGEST_BYTES);
  else put("null");
}

/** The action as its digest saw it. */
export function putPlainAction(): void {
  putJson(CANONICAL, canonicalActionBytes);
}

/** The action from its tape, on which values may have been replaced. */
export function putRedactedAction(): void {
  putNode(actionRoot);
}

/** SHA-256 of `{}`. */
const EMPTY_DIGEST: string = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/** `"inputs":` and `"inputs_digest":` with their values, which share one canonical text when there is no salt. */
export function putInputs(): void {
  put('"inputs":');
  if (actionStage == STAGE_ACCEPTED && factsStage == STAGE_ACCEPTED) {
    putAcceptedFacts();
    return;
  }
  put('null,"inputs_digest":');
  if (!isHandedOver(factsBytes)) {
    put("null");
    return;
  }
  if (factsStage == STAGE_CANONICAL) digestCanonicalFacts();
  else digest(FACTS_TEXT, factsBytes, INPUTS_DIGEST);
  putHex(INPUTS_DIGEST, DIGEST_BYTES);
}

function putAcceptedFacts(): void {
  if (factsRoot == 0) {
    put('{},"inputs_digest":');
    putName(EMPTY_DIGEST);
    return;
  }
  const start = written();
  // A salt that is null counts as absent: it is neither shown nor digested.
  if (factNode("salt") != 0) putUnsaltedFacts();
  else putNode(factsRoot);
  if (factSalt != 0) digestCanonicalFacts();
  else digest(start, <u32>(written() - start), INPUTS_DIGEST);
  put(',"inputs_digest":');
  putHex(INPUTS_DIGEST, DIGEST_BYTES);
}

function digestCanonicalFacts(): void {
  const end = write(factsRoot, CANONICAL, CANONICAL_LIMIT, WORK);
  digest(CANONICAL, <u32>(end - CANONICAL), INPUTS_DIGEST);
}

/** The closed list of fields, in canonical order, but for the salt. Each leaves a comma, the last of them for the bracket. */
function putUnsaltedFacts(): void {
  put("{");
  const from = written();
  putFact("agent");
  putFact("causes");
  putFact("cost");
  putFact("delegation");
  putFact("gates");
  putFact("model");
  putFact("parent");
  putFact("phase");
  putFact("principal");
  putFact("purpose");
  putFact("selectors");
  putFact("time");
  putFact("unavailable");
  closeObject(from);
}

function putFact(name: string): void {
  const node = factNode(name);
  if (node == 0) return;
  putName(name);
  put(":");
  putNode(node);
  put(",");
}

/** The value of that field, also null, or 0. */
function factNode(name: string): usize {
  const end = nextOf(factsRoot);
  for (let key = firstOf(factsRoot); key < end; key = nextOf(valueOf(key))) {
    if (is(textOf(key), lengthOf(key), name)) return valueOf(key);
  }
  return 0;
}
