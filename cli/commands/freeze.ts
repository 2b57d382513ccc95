import { type Command, JSON_OUTPUT } from "../command.ts";
import { BY, FOLDER, INSECURE, LEDGER, REASON, TRUST } from "../options.ts";
import { reportEvent, withPlane } from "../plane.ts";

const OPERANDS: Command["operands"] = [
  { name: "POLICY", minimum: 1, maximum: 1, help: "bundle, or policy file or folder" },
  { name: "AGENT", minimum: 1, maximum: 1, help: "name of the agent" },
];
const OPTIONS: Command["options"] = [FOLDER, LEDGER, REASON, BY, TRUST, INSECURE, JSON_OUTPUT];

function command(
  name: "freeze" | "unfreeze",
  done: string,
): Pick<Command, "name" | "operands" | "options" | "run"> {
  return {
    name,
    operands: OPERANDS,
    options: OPTIONS,
    run: (invocation) => {
      const [policy, agent] = invocation.operands as [string, string];
      const reason = invocation.value("reason") ?? undefined;
      const by = invocation.value("by") ?? undefined;
      return withPlane(policy, invocation, { create: false, narrows: name === "freeze" }, async (plane) =>
        reportEvent(await plane.control[name]({ agent, reason, by }), plane, invocation, `${agent} ${done}`),
      );
    },
  };
}

export const freeze: Command = {
  ...command("freeze", "is frozen: every call of it is denied"),
  summary: "deny every call of an agent, from now on",
  description: `Every further decision of the agent is a deny with \`agent_frozen\`, also where it has delegated. The state remembers it until \`faramesh unfreeze\`.
A host that runs with \`operate\` is asked to do it, and its next decision knows; it does so even when the policy named here is another than its own, with a warning.`,
  examples: [
    {
      command: 'faramesh freeze policy.fpl support --folder plane --by ops --reason "odd mails"',
      text: "stop it now",
    },
  ],
  exits: { ok: "the agent is frozen", findings: "the event or the policy was refused" },
};

export const unfreeze: Command = {
  ...command("unfreeze", "is no longer frozen"),
  summary: "let a frozen agent call again",
  description: "Takes `faramesh freeze` back. What was counted goes on where it was.",
  examples: [
    { command: "faramesh unfreeze policy.fpl support --folder plane --by ops", text: "let it go on" },
  ],
  exits: { ok: "the agent may call again", findings: "the event or the policy was refused" },
};
