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
    if (tries++ >= MAX_TRIES || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  let size: number;
  do {
    size = sizeOf(best);
    shrinkPolicy(() => best, improve);
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

function shrinkBytes(field: "action" | "facts", best: () => Case, improve: Improve): void {
  for (let length = best()[field].length; length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at < best()[field].length; ) {
      const smaller = splice(best()[field], at, at + length, new Uint8Array());
      if (!improve({ ...best(), [field]: smaller })) at += length;
    }
  }
}
