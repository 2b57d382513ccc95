import { NO_HOST_FACTS, readCall, skipSpace } from "../calls.ts";
import { type Command, type Invocation, JSON_OUTPUT } from "../command.ts";
import { isRefusedInput } from "../core.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse } from "../errors.ts";
import { print, printJson, readBytes } from "../io.ts";
import { keptIn } from "../keeping.ts";
import { AGENT, FOLDER, INSECURE, LEDGER, NOW, TRUST } from "../options.ts";
import { withPlane } from "../plane.ts";
import { type Opened, openPolicy } from "../policy.ts";
import { explanationJson, explanationText } from "../report/explanation.ts";
import { styleFor } from "../style.ts";
import { Trial, type TrialState } from "../trial.ts";

/** Over what the core accepts for action and facts together, so that it is the core that refuses a call that is too large. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;

export const explain: Command = {
  name: "explain",
  summary: "show why a call gets its verdict",
  description: `Shows each step of the decision, each rule that was tried, each condition with the values it saw, and where the decision fell.
The call has the form of a line of \`faramesh decide\`, but may span lines. Redacted values are not shown.
A policy that remembers calls is asked on a fresh state, in which the call's session has just been opened; with --folder or --ledger on the state that is there,
which stays as it is.`,
  operands: [
    { name: "POLICY", minimum: 1, maximum: 1, help: "policy file or folder, or bundle" },
    { name: "CALL", minimum: 0, maximum: 1, help: "file with one call, or - for standard input (-)" },
  ],
  options: [
    {
      ...FOLDER,
      help: "explain on the state of this control plane, without recording anything",
    },
    LEDGER,
    AGENT,
    TRUST,
    INSECURE,
    NOW,
    JSON_OUTPUT,
  ],
  examples: [
    {
      command: `echo '{"agent":"payments","tool":"payments/refund","args":{"amount":900}}' | faramesh explain policy.fpl`,
      text: "why is this refused?",
    },
    {
      command: "faramesh explain policy.fplb call.json --trust trust.json --json",
      text: "from a bundle, for a program",
    },
  ],
  exits: {
    ok: "the verdict was explained",
    findings: "the call was refused as malformed, or the policy or bundle was refused",
  },
  async run(invocation) {
    const [path, callPath] = invocation.operands as [string, string | undefined];
    const text = readBytes(callPath ?? "-", MAX_CALL_BYTES);
    if (skipSpace(text, 0) === text.length)
      throw misuse("there is no call to explain", "give one as JSON, on standard input or in a file");
    if (keptIn(invocation) !== null) {
      return withPlane(path, invocation, { create: false }, ({ control, opened }) =>
        explainCall(opened, new Trial(opened, control.ledger), text, invocation),
      );
    }
    const trust = invocation.value("trust");
    const opened = await openPolicy(path, { trust, insecure: invocation.flag("insecure") });
    return explainCall(opened, new Trial(opened), text, invocation);
  },
};

const STATES: Readonly<Record<TrialState, string>> = {
  none: "",
  fresh: "on a fresh state: nothing was counted before this call",
  folder: "on the state of the folder, which stays as it is",
};

async function explainCall(
  opened: Opened,
  trial: Trial,
  text: Uint8Array,
  invocation: Invocation,
): Promise<number> {
  const host = {
    ...NO_HOST_FACTS,
    agent: invocation.value("agent"),
    time: invocation.flag("now") ? Date.now() : null,
  };
  const explanation = await trial.explain(readCall(text, host));
  if (invocation.flag("json")) await printJson({ ...explanationJson(explanation), state: trial.state });
  else {
    const style = styleFor(process.stdout);
    const width = Math.min(process.stdout.columns ?? 100, 160);
    const note = STATES[trial.state];
    await print(explanationText(explanation, opened.display, width, style));
    if (note !== "") await print(`\n  ${style.dim(note)}\n`);
  }
  return isRefusedInput(explanation.verdict) ? EXIT_FINDINGS : EXIT_OK;
}
