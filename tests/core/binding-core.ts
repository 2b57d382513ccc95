/** The built core behind its binding, and policies in it, for the tests of this folder. */
import type { Ir } from "../../bundles/format/ir.ts";
import { type Core, instantiate } from "../../engine/binding/index.ts";
import { compiled } from "../conformance/policy.ts";
import { builtCore } from "./json-core.ts";

export const FIRST = new Uint8Array(32);

/** A core with the policy of that text loaded, unsigned. */
export async function coreWith(policy: string): Promise<Core> {
  const core = await instantiate(builtCore());
  const loaded = core.load(compiled(policy).bundle, { signed: false });
  if (!loaded.ok) throw new Error(`the core refuses the bundle: ${loaded.code}`);
  return core;
}

/** The intermediate representation of a policy, to be changed freely. */
export function irOf(policy: string): Ir {
  return structuredClone(compiled(policy).ir);
}

/** JSON text of an action; `fields` over the defaults. */
export function action(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ agent: "a", tool: "t", args: {}, ...fields });
}

/** A small generator of numbers (xorshift32), so that a failure repeats. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A policy that uses every table of a bundle. */
export const EVERYTHING = `
system { rules { deny! vault/* if args.force  deny net/** if http.port != 443 } }
tool mail/send { args { to string required  cc list  kind enum ["a", "b"]  amount money  count integer  x object  y boolean  n number } }
agent "a" {
  default defer
  identity { require_verified true  methods ["oidc", "mtls"] }
  model_policy { allow ["gpt-*"] deny ["gpt-bad*"] }
  egress { allow ["*.example.com:443", "localhost"] deny ["bad.example.com"] }
  selector risk { source "https://risk" on_unavailable defer on_timeout deny }
  redact mail/* args ["to", "x.secret", "cc[0]"]
  credential mailer { scope mail/send  backend vault  path "secret/mail"  ttl 5m }
  alert { deny "sec"  permit "log" }
  rules {
    permit mail/send when to ends_with "@example.com" && amount <= $10.50 && !(kind in ["b"]) notify: "ops" reason: "small"
    deny mail/** when note matches "^x[0-9]+" or present(args.z) reason: "no"
    defer db/*/read if length(args.rows) > 3 or args.rows contains "id" or args.rows == 2
    permit fs/read if args.path under "/data" and time.hour >= 8 and session.purpose == "work"
    deny! shell/* if any(args.cmd, matches "rm") || args.cmd starts_with "rm"
    permit risky/call if selectors.risk.score < 0.5
  }
  phase plan { permit plan/* }
  phase act { permit act/one  deny act/* if principal.tier == "low" }
}
agent "default" { default deny  rules { permit ping } }
agent "s" {
  default defer
  cost pay/* args.amount
  cost llm/* $0.02
  budget session { max = $500 warn_at = 0.8 }
  budget daily { max = $2000 max_calls = 300 on_exceed = defer }
  budget models { window = 1h max = $5 max_tokens = 200000 tools llm/* on_exceed = audit }
  rate_limit pay/* 3 per minute
  ambient { max_data_volume = 1mb  counter customers crm/*.customer  max_customers_per_day = 2  on_exceed = defer }
  session { max_duration = 8h  idle_timeout = 30m  max_calls = 200 }
  spawn { allow = ["worker-*"] deny = ["worker-root"] max_children = 2 max_depth = 2 on_exceed = defer }
  completion_gate { require = ["no_pending_approvals", "budget_under_limit", "done"] on_unmet = defer }
  alert { budget_warning = ["ops"] budget_exceeded = ["ops", "finance"] rate_exceeded = ["sec"] }
  delegate worker { scope "pay/*:amount < 50" ttl 1h }
  rules {
    deny pay/big when session.sum(pay/*.amount, window=1h) > 100 or session.calls > 100 or session.cost > 50.5
    deny pay/odd if history.contains(crm/look, within=5m) and not history.sequence(crm/look, llm/ask)
    deny pay/even if session.count(pay/*, window=10m) == 2 or delegation.depth > 1 or session.age > 3600
    permit pay/*  permit llm/*  permit crm/*  permit agent/spawn
  }
  phase one { duration 10m next two  permit one/* }
  phase two { permit two/* }
}
agent "worker" { default permit }
`;

/** What happens to the agents of EVERYTHING that remember, in this order: a text, its facts, and the names of its parties. */
export const HAPPENINGS: readonly { event: boolean; text: string; facts: string; chain: string[] }[] = [
  {
    event: true,
    text: '{"type":"session_open","agent":"s","session":"x","purpose":"p"}',
    facts: '{"time":1700000000000}',
    chain: [],
  },
  ...["pay/small", "pay/odd", "pay/big", "llm/ask", "crm/look", "agent/spawn", "else"].map((tool, i) => ({
    event: false,
    text: action({
      agent: "s",
      tool,
      session: "x",
      args: { amount: 12.5 + i, customer: `c${i}`, type: "worker-1" },
    }),
    facts: `{"time":${1700000000000 + i * 700},"cost":{"money":"0.25","tokens":10}}`,
    chain: [],
  })),
  {
    event: false,
    text: action({ agent: "worker", tool: "pay/even", session: "x", args: { amount: 1 } }),
    facts: `{"time":1700000300000,"delegation":{"chain":["s"],"grants":[{"digest":"${"a".repeat(64)}","effect":"permit","expires":1700000400000,"granted":1700000000000}]}}`,
    chain: ["s"],
  },
  {
    event: true,
    text: '{"type":"settle","agent":"s","session":"x","reservation":1,"money":1,"bytes":5}',
    facts: '{"time":1700001000000}',
    chain: [],
  },
  {
    event: true,
    text: '{"type":"session_close","agent":"s","session":"x"}',
    facts: '{"time":1700002000000,"gates":{"done":true}}',
    chain: [],
  },
];

/** Actions and facts that reach its parts. */
export const SAMPLES: readonly [string, string][] = [
  [
    action({
      tool: "mail/send",
      args: { to: "x@example.com", amount: 3, kind: "a", x: { secret: 1 }, cc: [1] },
    }),
    '{"principal":{"verified":true,"method":"oidc"},"model":"gpt-4","salt":"0123456789abcdef","time":1700000000000}',
  ],
  [
    action({ tool: "mail/x", args: { note: "x12", to: 7 } }),
    '{"principal":{"verified":true,"method":"mtls"},"model":"gpt-4"}',
  ],
  [
    action({ tool: "db/x/read", args: { rows: ["id", 1, null] } }),
    '{"principal":{"verified":true,"method":"oidc"},"model":"gpt-1"}',
  ],
  [
    action({ tool: "fs/read", args: { path: "/data/../data/./x" }, session: "s" }),
    '{"principal":{"verified":true,"method":"oidc"},"model":"gpt-1","purpose":"work","time":1699999999999,"phase":"act"}',
  ],
  [
    action({ tool: "shell/run", args: { cmd: ["ls", "rm"] } }),
    '{"principal":{"verified":true,"method":"oidc"},"model":"gpt-1"}',
  ],
  [
    action({ tool: "risky/call", http: { host: "a.example.com", port: 443, path: "/a", method: "GET" } }),
    '{"principal":{"verified":true,"method":"oidc"},"model":"gpt-1","selectors":{"risk":{"score":0.25}}}',
  ],
  [
    action({ tool: "risky/call" }),
    '{"principal":{"verified":true,"method":"oidc"},"model":"gpt-1","unavailable":{"risk":"timeout"}}',
  ],
  [
    action({ tool: "act/one" }),
    '{"principal":{"verified":true,"method":"oidc"},"model":"gpt-1","phase":"act"}',
  ],
  [action({ agent: "other", tool: "ping" }), "{}"],
  [
    action({ tool: "vault/open", args: { force: true } }),
    '{"principal":{"verified":true,"method":"oidc"},"model":"gpt-1"}',
  ],
];
