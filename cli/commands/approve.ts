import { LogFailure } from "../../hosts/node/log/index.ts";
import { durationOption } from "../arguments.ts";
import { type Command, type Invocation, JSON_OUTPUT } from "../command.ts";
import { misuse, refused } from "../errors.ts";
import { AGENT, FOLDER, INSECURE, LEDGER, REASON, TRUST } from "../options.ts";
import { type Plane, reportEvent, withPlane } from "../plane.ts";
import { durationText } from "../state/amounts.ts";
import { asCommandError } from "./audit-source.ts";

const HOUR_MS = 3_600_000;
const MAX_APPROVAL_MS = 366 * 24 * HOUR_MS;

/** Which call is answered. */
interface Answered {
  agent: string;
  session: string | null;
  chain: string[];
  actionDigest: string;
}

interface DeferredRecord {
  type: string;
  effect: string;
  action_digest: string;
  action: { agent: string; session?: string | null } | null;
  inputs: { delegation?: { chain: string[] } | null } | null;
}

/** The call of a record of the log: agent, session, grantors and digest come from there. */
async function fromRecord({ place, recordAt }: Plane, sequence: number): Promise<Answered> {
  let record: Uint8Array | null;
  try {
    record = await recordAt(sequence);
  } catch (error) {
    if (error instanceof LogFailure) throw asCommandError(place, error);
    throw error;
  }
  const found = record === null ? null : (JSON.parse(new TextDecoder().decode(record)) as DeferredRecord);
  if (found === null)
    throw refused(place, `there is no record ${sequence}`, "`faramesh audit ls` lists the records");
  const { type, effect, action, action_digest: actionDigest, inputs } = found;
  if (type !== "decision" || effect !== "defer" || action === null) {
    const what = type === "decision" ? `a ${effect}` : `an event, ${type}`;
    throw refused(
      place,
      `record ${sequence} is ${what}, no deferred call`,
      "`faramesh audit ls --effect defer` lists those",
    );
  }
  const chain = inputs?.delegation?.chain ?? [];
  return { agent: action.agent, session: action.session ?? null, chain, actionDigest };
}

async function answered(call: string, plane: Plane, invocation: Invocation): Promise<Answered> {
  if (/^\d{1,15}$/.test(call)) {
    for (const name of ["agent", "session"]) {
      if (invocation.value(name) !== null)
        throw misuse(`\`--${name}\` goes with a digest`, "the record has it");
    }
    return fromRecord(plane, Number(call));
  }
  if (!/^[0-9a-f]{64}$/.test(call)) {
    throw misuse(
      `no call is named \`${call}\``,
      "its record's sequence number, or the 64 digits of `action_digest`",
    );
  }
  const agent = invocation.value("agent");
  if (agent === null) throw misuse("`--agent` is missing", "with a digest, say whose call it is");
  return { agent, session: invocation.value("session"), chain: [], actionDigest: call };
}

function approverOf(invocation: Invocation): string {
  const by = invocation.value("by");
  if (by === null) throw misuse("`--by` is missing", "say who answers: `--by NAME`");
  return by;
}

const OPERANDS: Command["operands"] = [
  { name: "POLICY", minimum: 1, maximum: 1, help: "bundle, or policy file or folder" },
  {
    name: "CALL",
    minimum: 1,
    maximum: 1,
    help: "sequence number of the deferred call's record, or its action's digest",
  },
];
const OPTIONS: Command["options"] = [
  FOLDER,
  LEDGER,
  { name: "by", value: "WHO", required: true, help: "who answers; never the agent itself" },
  REASON,
  { ...AGENT, help: "with a digest: whose call it is" },
  { name: "session", value: "ID", help: "with a digest: the call's session" },
];
const LAST: Command["options"] = [TRUST, INSECURE, JSON_OUTPUT];

function answer(
  invocation: Invocation,
  narrows: boolean,
  act: (plane: Plane, call: Answered, approver: string) => Promise<number>,
): Promise<number> {
  const [policy, call] = invocation.operands as [string, string];
  const approver = approverOf(invocation);
  return withPlane(policy, invocation, { create: false, narrows }, async (plane) =>
    act(plane, await answered(call, plane, invocation), approver),
  );
}

export const approve: Command = {
  name: "approve",
  summary: "let a deferred call through, once",
  description: `The next call of exactly that action by that agent passes where it would be deferred; once, and before the approval expires. All else is judged anew then:
a rule, a budget or a frozen agent may still deny it.`,
  operands: OPERANDS,
  options: [
    ...OPTIONS,
    { name: "for", value: "DURATION", help: "how long it holds, such as 30m or 24h (1h)" },
    ...LAST,
  ],
  examples: [
    {
      command: "faramesh approve policy.fpl 17 --folder plane --by ada --for 15m",
      text: "one that `faramesh audit ls plane/records --effect defer` lists",
    },
    {
      command: "faramesh approve policy.fpl 17 --ledger env:LEDGER --by ada",
      text: "the same, where records are in a database",
    },
  ],
  exits: {
    ok: "the approval is noted",
    findings: "the event was refused, or there is no such deferred call",
  },
  run: (invocation) => {
    const forMs = durationOption(invocation, "for", HOUR_MS, MAX_APPROVAL_MS);
    return answer(invocation, false, async (plane, call, approver) => {
      const reason = invocation.value("reason") ?? undefined;
      const approved = await plane.control.approve({
        ...call,
        approver,
        reason,
        expires: Date.now() + forMs,
      });
      const done = `the call is approved by ${approver} for ${durationText(forMs)}, once`;
      return reportEvent(approved, plane, invocation, done);
    });
  },
};

export const reject: Command = {
  name: "reject",
  summary: "refuse a deferred call",
  description:
    "The call no longer waits, and an approval of it that was not used is gone. Asked again, it is deferred again.",
  operands: OPERANDS,
  options: [...OPTIONS, ...LAST],
  examples: [
    {
      command: 'faramesh reject policy.fpl 17 --folder plane --by ada --reason "not our customer"',
      text: "say no",
    },
  ],
  exits: { ok: "the call is rejected", findings: "the event was refused, or there is no such deferred call" },
  run: (invocation) =>
    answer(invocation, true, async (plane, call, approver) => {
      const reason = invocation.value("reason") ?? undefined;
      const rejected = await plane.control.reject({ ...call, approver, reason });
      return reportEvent(rejected, plane, invocation, `the call is rejected by ${approver}`);
    }),
};
