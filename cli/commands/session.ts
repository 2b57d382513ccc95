import { isDelegation } from "../../bundles/compile/listing-state.ts";
import { type Command, type Invocation, JSON_OUTPUT } from "../command.ts";
import { EXIT_OK, misuse, nearest, refused } from "../errors.ts";
import { print, printJson } from "../io.ts";
import { AGENT, FOLDER, INSECURE, LEDGER, REASON, TRUST } from "../options.ts";
import { type Plane, reportEvent, withPlane } from "../plane.ts";
import { sessionJson, sessionTable, sessionText } from "../report/session.ts";
import { partyOf, type SessionParty, sessionParties } from "../state/parties.ts";
import { type SessionView, sessionView } from "../state/session-view.ts";
import { styleFor } from "../style.ts";

const ACTIONS = ["open", "show", "close", "ls", "phase"] as const;
/** Words behind the policy. */
const WORDS: Record<(typeof ACTIONS)[number], number> = { open: 1, show: 1, close: 1, ls: 0, phase: 2 };
const USAGE = "`faramesh session --help` shows the usage";

/** Whom a command is about: as said, or the only one that it can be. */
function agentFor(
  invocation: Invocation,
  { opened: { ir } }: Plane,
  parties: readonly SessionParty[],
): string {
  const named = invocation.value("agent");
  if (named !== null) return named;
  if (parties.length === 1) return parties[0]!.agent;
  const agents = ir.agents.filter((agent) => !isDelegation(agent)).map(({ name }) => ir.strings[name]!);
  if (parties.length === 0 && agents.length === 1 && agents[0] !== "default") return agents[0]!;
  const known = parties.length > 0 ? parties.map(({ agent }) => agent) : agents;
  throw misuse("`--agent` is missing", `which one of ${known.join(", ")}? Name it with \`--agent NAME\``);
}

async function viewOf({ control, opened }: Plane, party: SessionParty): Promise<SessionView | null> {
  const { agent, session } = await partyOf(control.ledger, party.agent, party.session);
  if (session === null) return null;
  return sessionView(opened.ir, party, { agent, session }, Date.now());
}

async function show(plane: Plane, session: string, invocation: Invocation): Promise<number> {
  const wanted = invocation.value("agent");
  const all = await sessionParties(plane.control.ledger, session);
  const parties = all.filter(({ agent }) => wanted === null || agent === wanted);
  if (parties.length === 0) throw await unknownSession(plane, session);
  const views: SessionView[] = [];
  for (const party of parties) {
    const view = await viewOf(plane, party);
    if (view === null)
      throw refused(
        plane.place,
        `the state of session \`${session}\` is damaged`,
        "build the state again from the log",
      );
    views.push(view);
  }
  if (invocation.flag("json")) await printJson({ session, parties: views.map(sessionJson) });
  else {
    const style = styleFor(process.stdout);
    await print(views.map((view) => sessionText(view, style)).join("\n"));
  }
  return EXIT_OK;
}

async function unknownSession({ control, place }: Plane, session: string) {
  const names = [...new Set((await sessionParties(control.ledger, null)).map((one) => one.session))];
  const near = nearest(session, names);
  const help = near === null ? "`faramesh session ls` lists the sessions" : `did you mean \`${near}\`?`;
  return refused(place, `there is no session \`${session}\``, help);
}

async function list(plane: Plane, invocation: Invocation): Promise<number> {
  const parties = await sessionParties(plane.control.ledger, null);
  const rows = [];
  for (const party of parties) {
    const view = await viewOf(plane, party);
    rows.push({ ...party, view, standing: view?.standing ?? null });
  }
  if (invocation.flag("json")) {
    await printJson({ sessions: rows.map(({ view }) => (view === null ? null : sessionJson(view))) });
  } else await print(sessionTable(rows, Date.now(), styleFor(process.stdout)));
  return EXIT_OK;
}

function gatesOf(invocation: Invocation): { gates: Record<string, boolean> } | undefined {
  const names = invocation.values("gate");
  return names.length === 0 ? undefined : { gates: Object.fromEntries(names.map((name) => [name, true])) };
}

async function change(
  action: "open" | "close" | "phase",
  plane: Plane,
  [session, phase]: readonly string[],
  invocation: Invocation,
): Promise<number> {
  const { control } = plane;
  const parties = action === "open" ? [] : await sessionParties(control.ledger, session!);
  const agent = agentFor(invocation, plane, parties);
  if (action === "open") {
    const purpose = invocation.value("purpose") ?? undefined;
    const first = invocation.value("phase") ?? undefined;
    const opened = await control.openSession({ agent, session: session!, purpose, phase: first });
    return reportEvent(opened, plane, invocation, `session ${session} of ${agent} is open`);
  }
  if (action === "phase") {
    const changed = await control.setPhase({ agent, session: session!, phase: phase! });
    return reportEvent(changed, plane, invocation, `session ${session} of ${agent} is in phase ${phase}`);
  }
  const reason = invocation.value("reason") ?? undefined;
  const closed = await control.closeSession({ agent, session: session!, reason, facts: gatesOf(invocation) });
  return reportEvent(closed, plane, invocation, `session ${session} of ${agent} is closed`);
}

export const session: Command = {
  name: "session",
  summary: "open, show and close sessions of a control plane",
  description: `  open POLICY SESSION          begins a session; its purpose and phase are the host's to say, never the agent's
  show POLICY SESSION          purpose, phase, age, calls, cost, every limit, open reservations, approvals
  phase POLICY SESSION PHASE   puts it into another phase
  close POLICY SESSION         ends it, where the policy's completion gate is met
  ls POLICY                    all sessions

The folder is what \`faramesh decide --folder\` and \`openControl\` of the library keep. While a host that was
opened with \`operate\` runs, it does what is asked. What changes anything is an event in the log.`,
  operands: [
    { name: "ACTION", minimum: 1, maximum: 1, choices: ACTIONS, help: "what to do" },
    { name: "POLICY", minimum: 1, maximum: 1, help: "bundle, or policy file or folder" },
    { name: "SESSION", minimum: 0, maximum: 1, help: "the session's id" },
    { name: "PHASE", minimum: 0, maximum: 1, help: "phase: which one" },
  ],
  options: [
    FOLDER,
    LEDGER,
    { ...AGENT, help: "whose session it is (the only one that it can be)" },
    { name: "purpose", value: "TEXT", help: "open: what the session is for" },
    { name: "phase", value: "NAME", help: "open: the phase to begin in (the first one declared)" },
    {
      name: "gate",
      value: "NAME",
      multiple: true,
      help: "close: a fact of the completion gate that is true",
    },
    { ...REASON, help: "close: why, for the record" },
    TRUST,
    INSECURE,
    JSON_OUTPUT,
  ],
  examples: [
    {
      command: "faramesh session open policy.fpl s-1 --folder plane --purpose support",
      text: "begin a session",
    },
    { command: "faramesh session show policy.fpl s-1 --folder plane", text: "what is left of its budgets?" },
    { command: "faramesh session close policy.fpl s-1 --folder plane --gate tests_passed", text: "end it" },
  ],
  exits: {
    ok: "done",
    findings: "the event was refused, there is no such session, or the policy was refused",
  },
  async run(invocation) {
    const [action, policy, ...words] = invocation.operands as [(typeof ACTIONS)[number], string, ...string[]];
    const expected = WORDS[action];
    if (words.length > expected) throw misuse(`unexpected \`${words[expected]}\``, USAGE);
    if (words.length < expected) {
      const order = ["POLICY", "SESSION", "PHASE"].slice(0, expected + 1).join(" ");
      throw misuse(
        `${words.length === 0 ? "SESSION" : "PHASE"} is missing`,
        `the order is \`faramesh session ${action} ${order}\`; ${USAGE}`,
      );
    }
    return withPlane(policy, invocation, { create: action === "open" }, (plane) => {
      if (action === "ls") return list(plane, invocation);
      if (action === "show") return show(plane, words[0]!, invocation);
      return change(action, plane, words, invocation);
    });
  },
};
