/** `delegate grant`: a grant that the policy allows, signed. */
import { randomBytes } from "node:crypto";
import { keyIdOf, publicKeyOf } from "../../bundles/trust/ed25519.ts";
import { formatInstant, parsePublicKey } from "../../bundles/trust/index.ts";
import { CEILINGS, type Ceiling, decodeToken } from "../../control/delegation/index.ts";
import { issueGrant } from "../../control/delegation/issue.ts";
import { MAX_DELEGATION_DEPTH } from "../../engine/constants.ts";
import type { Delegate, Program } from "../../fpl-grammar/program.ts";
import { wholeNumber } from "../arguments.ts";
import type { Invocation } from "../command.ts";
import { EXIT_OK, misuse, refused } from "../errors.ts";
import { createFile } from "../files.ts";
import { print, printError, printJson, readBytes } from "../io.ts";
import { compileOrFail, readTrust } from "../policy.ts";
import { readPrivateKeys } from "../signing.ts";
import { printable } from "../style.ts";
import { durationText, readDuration, readTokens, refuseFault } from "./delegate-files.ts";
import { compileScope } from "./delegate-scope.ts";

const TOKEN_MODE = 0o600;
const ID_BYTES = 16;

function needed(invocation: Invocation, name: string, value: string): string {
  const text = invocation.value(name);
  if (text === null)
    throw misuse(`\`--${name} ${value}\` is missing`, "`faramesh delegate --help` has an example");
  return text;
}

/** The block by which the policy lets the grantor grant to the delegate. Throws CommandError when there is none, or it gives less time. */
function blockFor(path: string, program: Program, from: string, to: string, ttlMs: number): Delegate {
  const served = (name: string) => program.agents.find((agent) => agent.name === name);
  const grantor = served(from) ?? served("default");
  if (grantor === undefined)
    throw refused(path, `no agent \`${from}\` is declared`, "name the grantor as the policy does");
  const block = grantor.delegates.find((delegate) => delegate.to === to);
  if (block === undefined) {
    throw refused(
      path,
      `the policy does not let \`${from}\` delegate to \`${to}\``,
      `write \`delegate "${to}" { scope = [...] }\` into agent "${grantor.name}"; every call on this grant would be denied`,
    );
  }
  if (block.rules.length === 0) {
    throw refused(
      path,
      `the policy's \`delegate "${to}"\` of "${grantor.name}" has no scope`,
      "write one: without it nothing is granted",
    );
  }
  if (block.ttlMs !== null && ttlMs > block.ttlMs) {
    const longest = durationText(block.ttlMs);
    throw refused(
      path,
      `the policy lets a grant of \`${from}\` to \`${to}\` live ${longest} at most`,
      `\`--ttl ${longest}\``,
    );
  }
  return block;
}

function holderOf(invocation: Invocation, depth: number): Uint8Array | null {
  const path = invocation.value("holder");
  if (depth === 0) {
    if (path === null) return null;
    throw misuse(
      "`--holder` is for a delegate that may grant further",
      "give `--depth N` too, or leave it away",
    );
  }
  if (path === null) {
    throw misuse(
      "`--holder KEY.pub` is missing: the delegate's key, which signs the next grant",
      "`faramesh keygen` makes one",
    );
  }
  const parsed = parsePublicKey(readBytes(path));
  if (!parsed.ok) throw refused(path, parsed.message, parsed.help);
  return parsed.key.publicKey;
}

function ceilingOption(invocation: Invocation): Ceiling {
  const text = invocation.value("ceiling") ?? "inherited";
  return CEILINGS.find((ceiling) => ceiling === text)!;
}

function signerOf(invocation: Invocation): Uint8Array {
  const [key, ...more] = readPrivateKeys(invocation.values("key"));
  if (key === undefined || more.length > 0) throw misuse("give one `--key KEY`", "one key signs a grant");
  return key.seed;
}

/** What the grant's time and ceiling come to beside the policy's own block. */
function permission(block: Delegate): { ttl: string | null; ceiling: string; scopes: number } {
  return {
    ttl: block.ttlMs === null ? null : durationText(block.ttlMs),
    ceiling: block.rules[0]!.effect,
    scopes: block.rules.length,
  };
}

export async function grant(invocation: Invocation): Promise<number> {
  const policy = needed(invocation, "policy", "SRC");
  const [from, to] = [needed(invocation, "from", "AGENT"), needed(invocation, "to", "AGENT")];
  const ttlMs = readDuration("ttl", needed(invocation, "ttl", "DURATION"));
  const scope = invocation.values("scope");
  if (scope.length === 0)
    throw misuse("`--scope PATTERN[:CONDITION]` is missing", "without a scope nothing is granted");
  if (policy.endsWith(".fplb"))
    throw misuse("a grant is checked against the policy's sources", "name the `.fpl` file or folder");
  const depth = wholeNumber("depth", invocation.value("depth") ?? "0", 0, MAX_DELEGATION_DEPTH - 1);
  const [seed, ceiling, holder] = [
    signerOf(invocation),
    ceilingOption(invocation),
    holderOf(invocation, depth),
  ];
  const parentPath = invocation.value("parent");
  const parents = parentPath === null ? [] : readTokens([parentPath]);
  const { program } = compileOrFail(policy, readTrust(invocation.value("trust")));
  const block = blockFor(policy, program, from, to, ttlMs);
  const compiled = compileScope({ from, to, scope, ceiling });
  if (!compiled.ok) throw refused("--scope", compiled.message, compiled.help);
  const granted = beginOf(parents, Date.now());
  const id = randomBytes(ID_BYTES).toString("hex");
  const time = { granted, expires: granted + ttlMs };
  const issued = issueGrant({
    seed,
    parents,
    id,
    from,
    to,
    scope,
    bundle: compiled.bundle,
    ...time,
    ceiling,
    depth,
    holder,
  });
  if (!issued.ok) throw refuseFault(parentPath ?? "the grant", issued);
  const chain = `${[...parents, issued.token].join("\n")}\n`;
  const output = invocation.value("output");
  if (output !== null) await createFile(output, chain, TOKEN_MODE);
  const { digest } = issued;
  if (invocation.flag("json")) {
    const facts = { from, to, scope, ceiling, depth, ...time, signer: keyIdOf(publicKeyOf(seed)) };
    await printJson({ digest, ...facts, policy: permission(block), tokens: [...parents, issued.token] });
    return EXIT_OK;
  }
  const allows = permission(block);
  const told = [
    `${policy} lets ${from} delegate to ${to}: ${allows.scopes} scope${allows.scopes === 1 ? "" : "s"}, ${allows.ttl === null ? "any time" : `at most ${allows.ttl}`}, ceiling ${allows.ceiling}`,
    `${from} -> ${to}: ${scope.join(", ")}; ceiling ${ceiling}, until ${formatInstant(time.expires)}`,
    `grant ${digest}`,
  ];
  const report = `${told.map(printable).join("\n")}\n`;
  if (output === null) {
    printError(report);
    await print(chain);
  } else await print(`${report}${output}  ${parents.length + 1} token${parents.length === 0 ? "" : "s"}\n`);
  return EXIT_OK;
}

/** Not before the grant that it stands on, whose issuer's clock may be a little ahead. */
function beginOf(parents: readonly string[], nowMs: number): number {
  const last = parents.length === 0 ? null : decodeToken(parents.at(-1)!);
  return last?.ok === true ? Math.max(nowMs, last.grant.granted) : nowMs;
}
