import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { printPrivateKey, printTrustFile, TRUST_REFUSALS } from "../../bundles/trust/index.ts";
import { LEDGER_REFUSALS } from "../../control/ledger/open.ts";
import { HOST_REFUSALS } from "../../hosts/node/refusals.ts";
import { fileOf, keyOf, refundPolicy, trustIn } from "./policies.ts";
import { temporaryFolder } from "./records.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function pageText(page: string): string {
  return readFileSync(join(root, "docs", page), "utf8");
}

function codesIn(page: string, heading: string): string[] {
  const text = pageText(page);
  const section = text.slice(text.indexOf(`\n## ${heading}\n`));
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code!))
    .sort();
}

test("the pages name every refusal of trust and host, and no other", () => {
  expect(codesIn("operations/signing-and-keys.md", "Refusals")).toEqual(Object.keys(TRUST_REFUSALS).sort());
  const ofHost = [...Object.keys(HOST_REFUSALS), ...Object.keys(LEDGER_REFUSALS)];
  expect(codesIn("core/node.md", "Refusals of this host")).toEqual(ofHost.sort());
});

interface Page {
  readonly path: string;
  /** Runs beside the snippets, signed. */
  readonly policy: string;
  /** What each snippet prints, in the order of the page. */
  readonly printed: readonly string[];
  /** What a snippet needs behind it to show what it does. */
  readonly called: Readonly<Record<number, string>>;
}

const PAGES: readonly Page[] = [
  {
    path: "core/node.md",
    policy: refundPolicy(100),
    printed: [
      "run the call of record 0\n",
      "",
      "deny default_deny null undefined undefined null\n",
      "default_deny\n0\n",
      "true null\n",
      "policy 7 signed by [ 'key-1' ]\n",
    ],
    called: {
      2: `for (const tool of ["orders/get", "orders/put"]) await mayRun(JSON.stringify({ agent: "shop", tool, args: {} }), "m");`,
      5: `process.kill(process.pid, "SIGHUP"); setTimeout(() => {}, 500);`,
    },
  },
  {
    path: "core/control.md",
    policy: "",
    printed: [
      "permit rule_permit 1\nevent_applied\nsession_exhausted\nevent_applied\n",
      "defer\npermit approved\ndefer rule_defer\n",
      "identity_invalid\nrule_permit\n",
      "permit\n",
    ],
    called: {},
  },
  {
    path: "core/egress.md",
    policy: "",
    printed: ["GET 127.0.0.1 permit rule_permit\n200\nDELETE 127.0.0.1 deny rule_deny\n403\n"],
    called: {},
  },
  {
    path: "operations/running.md",
    policy: refundPolicy(100),
    printed: ["rule_permit\nevent_applied\nagent_frozen\n", "1 null\n"],
    called: {},
  },
];

function snippetsOf(path: string, language: string): string[] {
  const fence = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g");
  return [...pageText(path).matchAll(fence)].map(([, text]) => text!);
}

test.each(PAGES)("the snippets of $path run", ({ path, policy, printed, called }) => {
  const snippets = snippetsOf(path, "ts");
  expect(snippets.length).toBe(printed.length);
  const folder = temporaryFolder();
  const key = keyOf(1);
  const trust = trustIn(key);
  Object.assign(trust.keys[0]!, { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 600_000 });
  writeFileSync(join(folder, "trust.json"), printTrustFile(trust));
  writeFileSync(join(folder, "policy.fplb"), fileOf(policy || snippetsOf(path, "fpl")[0]!, 7, key));
  writeFileSync(join(folder, "shop-log.key"), printPrivateKey(keyOf(2)));
  const built = mkdtempSync(join(root, "node_modules", ".snippets-"));
  onTestFinished(() => rmSync(built, { recursive: true, force: true }));
  for (const [index, text] of snippets.entries()) {
    const source = join(built, `${index}.ts`);
    const library = JSON.stringify(join(root, "hosts/node/index.ts"));
    writeFileSync(source, `${text.replace('"faramesh"', library)}\n${called[index] ?? ""}`);
    const run = [join(root, "cli/run.mjs"), source];
    const { stdout, stderr, status } = spawnSync(process.execPath, run, { cwd: folder, encoding: "utf8" });
    expect(stdout + stderr, `snippet ${index}`).toBe(printed[index]);
    expect(status).toBe(0);
  }
});
