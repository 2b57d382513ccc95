/** What people see, word for word: a change of output is a change of these files. */
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Folder, type Ran, ROOT } from "./command.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const POLICY = `agent "shop" {
  default deny

  selector risk { source "https://risk.example.com" on_timeout defer }
  redact stripe/refund args ["card"]
  egress { allow ["api.example.com"] }

  rules {
    deny! shell/* reason "this agent has no shell"
    permit stripe/refund when amount > 0 and amount <= $100
    permit stripe/refund when purpose("goodwill") and principal.role in ["lead", "manager"] and amount <= 500
    defer stripe/refund notify "finance" reason "a refund over $100 needs a person"
    deny orders/delete when not (args.order matches "^O-[0-9]+$") or selectors.risk.score >= 0.8
    permit orders/delete
    permit http/get
  }
}
`;
const CASES = `case "a small refund"
  action {"agent": "shop", "tool": "stripe/refund", "args": {"amount": 20}}
  expect permit rule 10

case "a large refund"
  action {"agent": "shop", "tool": "stripe/refund", "args": {"amount": 640}}
  expect permit

case "a shell"
  action {"agent": "shop", "tool": "shell/run", "args": {}}
  expect deny code rule_deny
`;
folder.write("policy.fpl", POLICY);
folder.write("policy.cases", CASES);
folder.write(
  "broken.fpl",
  'agent "shop" {\n  rules {\n\tpremit orders/get\n    permit orders/get when amount >> 5\n    permit größe/数 when cmd matches "ls|cat"\n  }\n  bugdet day { max $5 }\n}\n',
);
folder.write(
  "older.fpl",
  '# who\nagent shop {\n  default deny\n  rules { allow orders/get when amount<=$5 && !flag reason: "small" # tail\n  }\n}\n',
);

/** Status, standard output and standard error as one text. */
function shown({ status, stdout, stderr }: Ran): string {
  return `exit ${status}\n--- stdout\n${stdout}--- stderr\n${stderr}`;
}

const explanations: string[] = [];

async function golden(name: string, ran: Ran): Promise<void> {
  if (name.startsWith("explain") && name !== "explain-colour") explanations.push(shown(ran));
  await expect(shown(ran)).toMatchFileSnapshot(join(ROOT, "tests/cli/golden", `${name}.txt`));
}

function call(
  tool: string,
  args: unknown,
  facts: Record<string, unknown> = {},
  http: unknown = undefined,
): string {
  return JSON.stringify({ action: { agent: "shop", tool, args, http }, ...facts });
}

const EXPLAINED: [name: string, call: string][] = [
  ["explain-permit", call("stripe/refund", { amount: 20, card: "4111111111111111" })],
  [
    "explain-defer",
    call("stripe/refund", { amount: 640 }, { purpose: "goodwill", principal: { role: "lead" } }),
  ],
  ["explain-missing", call("stripe/refund", {})],
  ["explain-wrong-type", call("orders/delete", { order: 7 }, { selectors: { risk: { score: 0.1 } } })],
  ["explain-held", call("orders/delete", { order: "O-1" }, { unavailable: { risk: "timeout" } })],
  ["explain-always", call("shell/run", { command: "ls \u001b[31m" })],
  ["explain-egress", call("http/get", {}, {}, { host: "evil.example.net", method: "GET", path: "/" })],
  ["explain-refused", '{"agent": "shop", "tool": "t", "tool": "u"}'],
  ["explain-stranger", '{"agent": "eve", "tool": "t", "args": {}}'],
];

describe("golden output", () => {
  it.each([
    ["check-ok", ["check", "policy.fpl"]],
    ["check-broken", ["check", "broken.fpl"]],
    ["check-broken-json", ["check", "--json", "broken.fpl"]],
    ["check-strict", ["check", "--strict", "broken.fpl"]],
    ["fmt", ["fmt", "older.fpl"]],
    ["fmt-check", ["fmt", "--check", "policy.fpl", "older.fpl"]],
    ["fmt-broken", ["fmt", "broken.fpl"]],
    ["test", ["test", "policy.fpl", "--coverage"]],
    ["test-colour", ["test", "policy.fpl", "--coverage", "--color", "always"]],
    ["codes", ["codes", "default_deny", "rule_permit"]],
    ["help", ["--help"]],
    ["help-decide", ["decide", "--help"]],
  ])("%s", async (name, words) => {
    await golden(name, folder.run(words));
  });

  it.each(EXPLAINED)("%s", async (name, input) => {
    await golden(name, folder.run(["explain", "policy.fpl"], input));
  });

  it("explain in colour, and as JSON", async () => {
    await golden(
      "explain-colour",
      folder.run(["explain", "policy.fpl", "--color", "always"], EXPLAINED[1]![1]),
    );
    await golden("explain-json", folder.run(["explain", "policy.fpl", "--json"], EXPLAINED[0]![1]));
  });

  it("decide as a table and as lines", async () => {
    const calls = `${EXPLAINED.map(([, input]) => input).join("\n")}\n`;
    await golden("decide-table", folder.run(["decide", "policy.fpl", "--table"], calls));
    await golden("decide-lines", folder.run(["decide", "policy.fpl"], calls));
  });

  it("no redacted value and no control character is shown", () => {
    expect(explanations.length).toBeGreaterThan(EXPLAINED.length);
    for (const text of explanations) {
      expect(text).not.toContain("4111");
      expect(text).not.toContain("\u001b");
    }
  });
});
