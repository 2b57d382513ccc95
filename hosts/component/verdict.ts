/** Verdicts of the component as those of the binding, their fields in canonical order. */
import type { Detail, RuleIdentity, Verdict } from "../../engine/binding/index.ts";
import { CODES } from "../../engine/binding/index.ts";
import type { WitVerdict } from "./decisions.ts";

/** Throws Error for a code that is not in the table, or has another effect there: a core that cannot be trusted. */
export function verdictOf({ effect, code, agent, rule, reason, detail, obligations }: WitVerdict): Verdict {
  const known = CODES.find(({ name }) => name === code);
  if (known === undefined || known.effect !== effect)
    throw new Error("the verdict is not in the table of codes");
  return {
    agent: agent ?? null,
    code: known.name as Verdict["code"],
    detail: detail === undefined ? null : ({ [detail.tag]: detail.val } as unknown as Detail),
    effect,
    obligations: {
      credentials: obligations.credentials.map((json) => JSON.parse(json)),
      notify: [...obligations.notify],
      redact: obligations.redact.map((path) => path.map(({ val }) => val)),
    },
    reason: reason ?? null,
    rule: rule === undefined ? null : identityOf(rule),
  };
}

function identityOf({ column, file, id, line }: NonNullable<WitVerdict["rule"]>): RuleIdentity {
  return { column: Number(column), file, id, line: Number(line) };
}

/** A deny that this host came to. */
export function trapVerdict(): Verdict {
  const obligations = { credentials: [], notify: [], redact: [] };
  return {
    agent: null,
    code: "engine_trap",
    detail: null,
    effect: "deny",
    obligations,
    reason: null,
    rule: null,
  };
}
