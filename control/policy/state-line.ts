/**
 * The newest bundle of one policy that was used, as every host keeps it.
 * One line in one encoding: {"digest":"<64 hex digits>","sequence":7,"version":1}
 */
import type { HighestSequence } from "../../bundles/trust/index.ts";
import { type PolicyRefusal, policyRefusal } from "./refusals.ts";

const LINE = /^\{"digest":"([0-9a-f]{64})","sequence":(0|[1-9][0-9]{0,15}),"version":1\}\n$/;

/** Refused with `state_malformed`. @param name of where it is kept, for people. */
export function parseStateLine(
  text: string,
  name: string,
): { ok: true; highest: HighestSequence } | PolicyRefusal {
  const fields = LINE.exec(text);
  const sequence = Number(fields?.[2]);
  if (fields === null || !Number.isSafeInteger(sequence)) return policyRefusal("state_malformed", name);
  return { ok: true, highest: { sequence, digest: fields[1]! } };
}

export function stateLine({ sequence, digest }: HighestSequence): string {
  return `{"digest":"${digest}","sequence":${sequence},"version":1}\n`;
}
