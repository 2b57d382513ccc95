/** Makes a failing case small: whole blocks and lines of the policy, then runs of bytes of action and facts. */
import { blockEnd } from "./blocks.ts";
import type { Case } from "./case.ts";
import { splice } from "./damage.ts";

const MAX_TRIES = 4000;

/** `fails` says whether a smaller case still fails in the same way. */
export function shrink(found: Case, fails: (candidate: Case) => boolean): Case {
  let best = found;
  let tries = 0;
  const improve = (candidate: Case): boolean => {
    if (sizeOf(candidate) >= sizeOf(best) || tries++ >= MAX_TRIES || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  let size: number;
  do {
    size = sizeOf(best);
    shrinkPolicy(() => best, improve);
    for (const field of ["facts", "action"] as const) shrinkMembers(field, () => best, improve);
    shrinkBytes("facts", () => best, improve);
    shrinkBytes("action", () => best, improve);
  } while (sizeOf(best) < size && tries < MAX_TRIES);
  return best;
}

const sizeOf = ({ policy, action, facts }: Case): number => policy.length + action.length + facts.length;

type Improve = (candidate: Case) => boolean;

function shrinkPolicy(best: () => Case, improve: Improve): void {
  for (let line = 0; line < best().policy.split("\n").length; ) {
    const lines = best().policy.split("\n");
    const kept = [...lines.slice(0, line), ...lines.slice(blockEnd(lines, line))];
    if (!improve({ ...best(), policy: kept.join("\n") })) line++;
  }
  for (const simpler of [/ notify "[^"]*"/, / reason:? "[^"]*"/]) {
    improve({ ...best(), policy: best().policy.replace(simpler, "") });
  }
}

/** Where the text is JSON: whole members and elements, and values by what is simpler. */
function shrinkMembers(field: "action" | "facts", best: () => Case, improve: Improve): void {
  for (let at = 0; ; at++) {
    const candidates = withoutNode(Buffer.from(best()[field]).toString(), at);
    if (candidates === null) return;
    if (candidates.some((text) => improve({ ...best(), [field]: new TextEncoder().encode(text) }))) at--;
  }
}

/** The texts without the node of that number, in document order, or with it simpler; null when there is no such node. */
function withoutNode(text: string, wanted: number): string[] | null {
  let count = 0;
  let found = false;
  const edit = (replacement: unknown): string | null => {
    count = 0;
    found = false;
    try {
      return JSON.stringify(
        JSON.parse(text, (_, value) => {
          if (count++ !== wanted) return value;
          found = true;
          return replacement;
        }),
      );
    } catch {
      return null;
    }
  };
  const texts = [undefined, 0, ""].map(edit);
  if (!found) return null;
  return texts.filter((one): one is string => typeof one === "string" && one.length < text.length);
}

function shrinkBytes(field: "action" | "facts", best: () => Case, improve: Improve): void {
  for (let length = best()[field].length; length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at < best()[field].length; ) {
      const smaller = splice(best()[field], at, at + length, new Uint8Array());
      if (!improve({ ...best(), [field]: smaller })) at += length;
    }
  }
}
