import { NO_HOST_FACTS, readCall, skipSpace } from "../calls.ts";
import { type Command, JSON_OUTPUT } from "../command.ts";
import { decideTraced, isRefusedInput } from "../core.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse } from "../errors.ts";
import { print, printJson, readBytes } from "../io.ts";
import { AGENT, INSECURE, NOW, TRUST } from "../options.ts";
import { openPolicy } from "../policy.ts";
import { explanationJson, explanationText } from "../report/explanation.ts";
import { styleFor } from "../style.ts";

/** Over what the core accepts for action and facts together, so that it is the core that refuses a call that is too large. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;

export const explain: Command = {
  name: "explain",
  summary: "show why a call gets its verdict",
  description: `Shows each step of the decision, each rule that was tried, each condition with the values it saw, and where the decision fell.
The call has the form of a line of \`faramesh decide\`, but may span lines. Redacted values are not shown.`,
  operands: [
    { name: "POLICY", minimum: 1, maximum: 1, help: "policy file or folder, or bundle" },
    { name: "CALL", minimum: 0, maximum: 1, help: "file with one call, or - for standard input (-)" },
  ],
  options: [AGENT, TRUST, INSECURE, NOW, JSON_OUTPUT],
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
    const trust = invocation.value("trust");
    const opened = await openPolicy(path, { trust, insecure: invocation.flag("insecure") });
    const text = readBytes(callPath ?? "-", MAX_CALL_BYTES);
    if (skipSpace(text, 0) === text.length)
      throw misuse("there is no call to explain", "give one as JSON, on standard input or in a file");
    const host = {
      ...NO_HOST_FACTS,
      agent: invocation.value("agent"),
      time: invocation.flag("now") ? Date.now() : null,
    };
    const explanation = decideTraced(opened.core, opened.ir, readCall(text, host));
    if (invocation.flag("json")) await printJson(explanationJson(explanation));
    else {
      const width = Math.min(process.stdout.columns ?? 100, 160);
      await print(explanationText(explanation, opened.display, width, styleFor(process.stdout)));
    }
    return isRefusedInput(explanation.verdict) ? EXIT_FINDINGS : EXIT_OK;
  },
};
