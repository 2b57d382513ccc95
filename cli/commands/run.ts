import { type Command, JSON_OUTPUT } from "../command.ts";
import { AGENT, FOLDER, INSECURE, LEDGER, TRUST } from "../options.ts";
import { runCommand } from "../sandbox/run.ts";

export const POLICY_OPTION = {
  name: "policy",
  short: "p",
  value: "POLICY",
  help: "bundle, or policy file or folder",
};

export const run: Command = {
  name: "run",
  summary: "run a command in a sandbox, its start and its network judged by a policy",
  description: `Starts COMMAND under the launcher with what the agent's \`enforcement\` block allows; each connection and request goes through the policy's
rules and into the log. The start itself is an action, \`sandbox/start\`: without a permit on record nothing runs.
Standard input, output and error are the command's own, and so is the exit status. What is said about the run comes on standard error, after it.
Needs Linux; elsewhere only the proxy is in force, which is no boundary, and a policy that asks for layers is refused.`,
  operands: [
    { name: "COMMAND", minimum: 0, maximum: 65_536, help: "behind `--`: what to run, with its arguments" },
  ],
  options: [
    { ...POLICY_OPTION, required: true },
    { ...AGENT, help: "whose policy it is (the only one that it can be)" },
    {
      ...FOLDER,
      help: "folder of the control plane: log and state (faramesh/AGENT in XDG_STATE_HOME, or in ~/.local/state)",
    },
    LEDGER,
    {
      name: "session",
      value: "ID",
      help: "the session; one that is open is used, and stays open (a new one)",
    },
    {
      name: "directory",
      value: "DIR",
      help: "where the command starts, `./` of the policy (the present one)",
    },
    {
      name: "mode",
      value: "MODE",
      choices: ["auto", "full", "restricted", "root"],
      help: "where the policy leaves it open: auto, full, restricted, root",
    },
    {
      name: "user",
      value: "UID:GID",
      help: "mode root: who the command is (who called sudo, or whose the folder is)",
    },
    { name: "read", value: "PATH", multiple: true, help: "let it be read too; recorded" },
    { name: "write", value: "PATH", multiple: true, help: "let it be written too; recorded" },
    { name: "learn", help: "enforce nothing of the file system, watch, and propose a policy; recorded" },
    { name: "explain", help: "watch, and say what was stopped, by which setting, and what to add; recorded" },
    { name: "why", value: "PATH", help: "run nothing: say what is allowed at this path, and why" },
    { name: "report", value: "FILE", help: "write what became of the run as JSON" },
    { ...JSON_OUTPUT, help: "the same as one line on standard error" },
    { name: "quiet", short: "q", help: "say nothing of a run that was started" },
    TRUST,
    INSECURE,
  ],
  examples: [
    { command: "faramesh run --policy policy.fplb --trust trust.json -- npm test", text: "run it" },
    { command: "faramesh run --policy policy.fpl --learn -- npm test", text: "what would its policy be?" },
    { command: "faramesh run --policy policy.fpl --why ~/.ssh/config", text: "may it read that?" },
  ],
  exits: {
    ok: "the command ended with 0; else its own status, or 125: nothing was started, 126: it cannot be executed, 127: there is none",
    findings: "--why: neither read nor written",
  },
  run: (invocation) => runCommand(invocation, process.platform),
};
