import { RECORD_TYPES } from "../../control/audit/fields.ts";
import { CODES } from "../../engine/binding/codes.ts";
import type { Invocation, OptionSpec } from "../command.ts";
import { misuse, nearest } from "../errors.ts";
import { type AuditRow, agentOf, sessionOf, toolOf } from "../report/audit.ts";

const EFFECTS = ["permit", "defer", "deny"] as const;
const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const WHICH = "ls, stats, export: only";

export const FILTERS: OptionSpec[] = [
  {
    name: "effect",
    value: "EFFECT",
    multiple: true,
    choices: EFFECTS,
    help: `${WHICH} permit, defer or deny`,
  },
  { name: "code", value: "CODE", multiple: true, help: `${WHICH} this code (\`faramesh codes\`)` },
  { name: "agent", short: "a", value: "NAME", multiple: true, help: `${WHICH} calls of this agent` },
  { name: "tool", value: "NAME", multiple: true, help: `${WHICH} this tool; * stands for any characters` },
  { name: "session", value: "ID", multiple: true, help: `${WHICH} this session` },
  {
    name: "type",
    value: "TYPE",
    multiple: true,
    choices: RECORD_TYPES,
    help: `${WHICH} decisions, or events of this type`,
  },
  {
    name: "since",
    value: "TIME",
    help: `${WHICH} from this time on: 2027-01-31T08:00:00Z, or 30m, 24h, 7d ago`,
  },
  { name: "until", value: "TIME", help: `${WHICH} what is before this time` },
];

/** Unix milliseconds. */
function readTime(name: string, text: string | null): number | null {
  if (text === null) return null;
  const ago = /^(\d{1,6})([smhdw])$/.exec(text);
  if (ago !== null) return Date.now() - Number(ago[1]) * UNITS[ago[2]!]!;
  const isInstant = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/.test(text);
  const time = isInstant ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw misuse(`\`--${name}\` cannot be \`${text}\``, "a time like 2027-01-31T08:00:00Z, or 30m, 24h, 7d");
  }
  return time;
}

function readCodes(codes: readonly string[]): readonly string[] {
  const names = CODES.map(({ name }) => name as string);
  for (const code of codes) {
    if (names.includes(code)) continue;
    const near = nearest(code, names);
    throw misuse(
      `\`--code\` cannot be \`${code}\``,
      near === null ? "`faramesh codes` lists the codes" : `did you mean \`${near}\`?`,
    );
  }
  return codes;
}

function wildcard(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

function isOneOf(values: readonly string[], value: string | null): boolean {
  return values.length === 0 || (value !== null && values.includes(value));
}

/** Whether a record is one of those that the filters ask for. A record without a time is before and after nothing. */
export function readFilter(invocation: Invocation): (row: AuditRow) => boolean {
  const effects = invocation.values("effect");
  const agents = invocation.values("agent");
  const codes = readCodes(invocation.values("code"));
  const sessions = invocation.values("session");
  const types = invocation.values("type");
  const tools = invocation.values("tool").map(wildcard);
  const since = readTime("since", invocation.value("since"));
  const until = readTime("until", invocation.value("until"));
  return (row) => {
    const { effect, code, type, time } = row.record;
    if (!isOneOf(effects, effect) || !isOneOf(codes, code) || !isOneOf(types, type)) return false;
    if (!isOneOf(agents, agentOf(row)) || !isOneOf(sessions, sessionOf(row))) return false;
    if (tools.length > 0 && !tools.some((tool) => tool.test(toolOf(row) ?? ""))) return false;
    if (since !== null && (time === null || time < since)) return false;
    return until === null || (time !== null && time < until);
  };
}
