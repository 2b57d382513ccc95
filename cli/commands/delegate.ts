import { parsePublicKey } from "../../bundles/trust/index.ts";
import {
  CEILINGS,
  type DelegationRoot,
  decodeToken,
  type Grant,
  verifyChain,
} from "../../control/delegation/index.ts";
import { type Command, type Invocation, JSON_OUTPUT } from "../command.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse, refused } from "../errors.ts";
import { print, printJson, readBytes } from "../io.ts";
import { BY, FOLDER, INSECURE, KEY, LEDGER, REASON, TRUST } from "../options.ts";
import { printable, styleFor, table } from "../style.ts";
import { grantJson, grantRow, readTime, readTokens, refuseFault } from "./delegate-files.ts";
import { grant } from "./delegate-grant.ts";
import { revoke } from "./delegate-revoke.ts";
import { compileScope } from "./delegate-scope.ts";

function filesOf(invocation: Invocation): string[] {
  const [, ...paths] = invocation.operands;
  if (paths.length === 0)
    throw misuse(
      "FILE is missing: tokens of `faramesh delegate grant`",
      "`faramesh delegate --help` shows the usage",
    );
  return paths;
}

function rowsOf(links: readonly { grant: Grant; digest: string }[]): string {
  return table(
    links.map(({ grant, digest }) => grantRow(grant, digest).map(printable)),
    (text) => text,
  );
}

function readRoots(invocation: Invocation): DelegationRoot[] {
  const paths = invocation.values("root-key");
  if (paths.length === 0)
    throw misuse("`--root-key KEY.pub` is missing", "a chain counts from a pinned key only");
  return paths.map((path) => {
    const parsed = parsePublicKey(readBytes(path));
    if (!parsed.ok) throw refused(path, parsed.message, parsed.help);
    return { publicKey: parsed.key.publicKey, agents: null };
  });
}

/** Whether the compiled scope is what its text says; otherwise why not. */
function scopeMismatch(grant: Grant): string | null {
  const compiled = compileScope(grant);
  if (!compiled.ok) return compiled.message;
  return Buffer.compare(compiled.bundle, grant.bundle) === 0 ? null : "the compiled scope is another";
}

interface Finding {
  readonly fault: string;
  readonly message: string;
  readonly help: string;
}

async function verify(invocation: Invocation): Promise<number> {
  const tokens = readTokens(filesOf(invocation));
  const subject = {
    roots: readRoots(invocation),
    agent: invocation.value("agent"),
    nowMs: readTime(invocation),
  };
  const result = verifyChain(tokens, subject);
  const mismatch = result.ok
    ? result.links.map(({ grant }) => scopeMismatch(grant)).find((one) => one !== null)
    : null;
  const finding: Finding | null = !result.ok
    ? result
    : mismatch == null
      ? null
      : {
          fault: "scope_differs",
          message: `a compiled scope is not what this release makes of its text: ${mismatch}`,
          help: "do not go by the text; have it issued again with this release",
        };
  const style = styleFor(process.stdout);
  if (finding !== null || !result.ok) {
    const { fault, message, help } = finding!;
    if (invocation.flag("json")) await printJson({ ok: false, fault, message, help });
    else
      await print(`${style.red("✗")} ${printable(message)} (${fault})\n  ${style.cyan("help")}: ${help}\n`);
    return EXIT_FINDINGS;
  }
  const { links } = result;
  const chain = [links[0]!.grant.from, ...links.map(({ grant }) => grant.to)];
  if (invocation.flag("json")) {
    const grants = links.map(({ grant, digest, ceiling }) => ({
      ...grantJson(grant, digest),
      ceiling_in_force: ceiling,
    }));
    await printJson({ ok: true, chain, grants });
  } else {
    await print(
      `${style.green("✓")} ${printable(chain.join(" -> "))}: ceiling ${links.at(-1)!.ceiling}\n${rowsOf(links)}`,
    );
  }
  return EXIT_OK;
}

async function show(invocation: Invocation): Promise<number> {
  const paths = filesOf(invocation);
  const links = readTokens(paths).map((text) => {
    const token = decodeToken(text);
    if (!token.ok) throw refuseFault(paths[0]!, token);
    return token;
  });
  if (invocation.flag("json")) {
    await printJson(
      links.map(({ grant, digest, keyId }) => ({ ...grantJson(grant, digest), signer: keyId })),
    );
  } else await print(`not verified: \`faramesh delegate verify\` does\n${rowsOf(links)}`);
  return EXIT_OK;
}

const ACTIONS = { grant, verify, revoke, show } as const;

export const delegate: Command = {
  name: "delegate",
  summary: "grant, verify and revoke delegations",
  description: `grant signs a token by which one agent lets another act in its name: the policy's own \`delegate\` block must allow it, and what
the token says can only narrow it. It writes the whole chain, one token a line, the first grant first.
verify checks a chain offline, from pinned keys alone; show prints tokens without verifying them.
revoke takes the last grant of a file back, in a control plane's folder: every call that stands on it is denied from then on.`,
  operands: [
    {
      name: "ACTION",
      minimum: 1,
      maximum: 1,
      choices: Object.keys(ACTIONS),
      help: "grant, verify, revoke or show",
    },
    {
      name: "FILE",
      minimum: 0,
      maximum: 8,
      help: "verify, show: files of tokens, the first grant first; revoke: one file, or a digest",
    },
  ],
  options: [
    { name: "policy", value: "SRC", help: "grant: policy file or folder; revoke: bundle too" },
    { name: "from", value: "AGENT", help: "grant: who grants" },
    { name: "to", value: "AGENT", help: "grant: who may act" },
    { name: "scope", value: "SCOPE", multiple: true, help: "grant: PATTERN or PATTERN:CONDITION" },
    { name: "ttl", value: "DURATION", help: "grant: how long, such as 15m" },
    {
      name: "ceiling",
      value: "EFFECT",
      choices: CEILINGS,
      help: "grant: the most that comes of it (inherited)",
    },
    { name: "depth", value: "N", help: "grant: how many further grants may follow (0)" },
    { name: "holder", value: "KEY.pub", help: "grant: the delegate's key, for a depth over 0" },
    { name: "parent", value: "FILE", help: "grant: the chain by which the grantor itself acts" },
    { ...KEY, multiple: false, help: "grant: the key of a first grant, or the grantor's own" },
    { name: "output", short: "o", value: "FILE", help: "grant: write the chain there (standard output)" },
    { name: "root-key", value: "KEY.pub", multiple: true, help: "verify: a pinned key of first grants" },
    {
      name: "agent",
      short: "a",
      value: "NAME",
      help: "verify: who wants to act on the chain; revoke: the grantor",
    },
    { name: "at", value: "TIME", help: "verify: at that time (now)" },
    FOLDER,
    LEDGER,
    BY,
    REASON,
    TRUST,
    INSECURE,
    JSON_OUTPUT,
  ],
  examples: [
    {
      command:
        'faramesh delegate grant --policy policy.fpl --from lead --to clerk --scope "payments/refund:amount <= 50" --ttl 15m --key keys/root.key -o clerk.chain',
      text: "lead lets clerk refund up to 50 for a quarter of an hour",
    },
    { command: "faramesh delegate verify clerk.chain --root-key keys/root.pub", text: "check it, anywhere" },
    {
      command: "faramesh delegate revoke clerk.chain --policy policy.fpl --folder plane --by ops",
      text: "take it back",
    },
    { command: "faramesh delegate show clerk.chain --json", text: "what it says" },
  ],
  exits: {
    ok: "granted, revoked, or the chain verifies",
    findings: "the policy does not allow it, or a token was refused",
  },
  run(invocation) {
    const action = invocation.operands[0] as keyof typeof ACTIONS;
    return ACTIONS[action](invocation);
  },
};
