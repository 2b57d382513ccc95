/**
 * The closed table of blocks: which statements each may hold, under which first word, and of which type a setting's value is.
 * The statement splitter, the checks, the printer and the reference pages all read this one table.
 */

import type { BlockName } from "./ast.ts";

/** `fraction` is 0 to 1, `count` an integer or a size. */
export type SimpleType =
  | "text"
  | "name"
  | "texts"
  | "boolean"
  | "integer"
  | "fraction"
  | "money"
  | "duration"
  | "size"
  | "count";

/** What a setting takes. `effect` and `choice` list what is allowed. */
export type ValueType =
  | { kind: SimpleType }
  | { kind: "effect"; allowed: readonly ("deny" | "defer" | "permit")[] }
  | { kind: "choice"; allowed: readonly string[] };

export type LabelUse = "none" | "required" | "optional";

/** The grammar's start symbol for a statement, and what its first word adds. */
export type Form =
  /** `means`: the name that an older word stands for. */
  | { form: "setting"; type: ValueType; means?: string }
  | { form: "block"; block: BlockName; label: LabelUse }
  | {
      form:
        | "rule"
        | "import"
        | "include"
        | "patterns"
        | "variable"
        | "redact"
        | "rate_limit"
        | "cost"
        | "grant"
        | "orchestrator"
        | "counter"
        | "argument";
    };

export interface BlockTable {
  /** For messages: "in an agent". */
  title: string;
  /** What a statement's first word is called when it is unknown. */
  word: string;
  statements: ReadonlyMap<string, Form>;
  /** The form of a statement that begins with any other name; null: an unknown word is an error. */
  other: Form | null;
}

const setting = (type: ValueType): Form => ({ form: "setting", type });
const simple = (kind: SimpleType): Form => setting({ kind });
const choice = (...allowed: string[]): Form => setting({ kind: "choice", allowed });
const block = (name: BlockName, label: LabelUse = "none"): Form => ({ form: "block", block: name, label });
const effect = (...allowed: ("deny" | "defer" | "permit")[]): Form => setting({ kind: "effect", allowed });

const text = simple("text");
const name = simple("name");
const texts = simple("texts");
const boolean = simple("boolean");
const integer = simple("integer");
const money = simple("money");
const duration = simple("duration");
const size = simple("size");
const count = simple("count");
const older = (means: string, type: ValueType): Form => ({ form: "setting", type, means });
const rule: Form = { form: "rule" };
const patterns: Form = { form: "patterns" };

/** Words of the effects, and the effect each means. `deny!` is a token of its own. */
export const EFFECT_WORDS = {
  permit: "permit",
  allow: "permit",
  approve: "permit",
  deny: "deny",
  block: "deny",
  reject: "deny",
  "deny!": "deny!",
  defer: "defer",
} as const;

const RULES = Object.fromEntries(Object.keys(EFFECT_WORDS).map((word) => [word, rule]));

function table(
  title: string,
  word: string,
  statements: Record<string, Form>,
  other: Form | null = null,
): BlockTable {
  return { title, word, statements: new Map(Object.entries(statements)), other };
}

const ON_EXCEED = choice("deny", "defer", "audit");

export const DOCUMENT: BlockTable = table("a document", "effect or block", {
  ...RULES,
  import: { form: "import" },
  agent: block("agent", "required"),
  system: block("system"),
  runtime: block("runtime"),
  provider: block("provider", "required"),
  identity: block("identity", "optional"),
  trust: block("trust", "optional"),
  manifest: block("manifest", "optional"),
  tool: block("tool", "required"),
});

const AGENT: BlockTable = table("an agent", "setting or block", {
  default: effect("deny", "defer", "permit"),
  model: text,
  framework: text,
  version: text,
  var: { form: "variable" },
  rules: block("rules"),
  phase: block("phase", "required"),
  budget: block("budget", "required"),
  rate_limit: { form: "rate_limit" },
  redact: { form: "redact" },
  egress: block("egress"),
  model_policy: block("model_policy"),
  session: block("session"),
  spawn: block("spawn"),
  completion_gate: block("completion_gate"),
  enforcement: block("enforcement"),
  alert: block("alert"),
  delegate: block("delegate", "required"),
  ambient: block("ambient"),
  selector: block("selector", "required"),
  credential: block("credential", "required"),
  cost: { form: "cost" },
  identity: block("identity"),
});

const IDENTITY: BlockTable = table("`identity`", "setting", {
  kind: choice("spiffe", "oidc", "ed25519"),
  issuer: text,
  audience: texts,
  jwks_url: text,
  trust_domain: text,
  algorithms: texts,
  max_age: duration,
});

/** `identity` inside an agent: the facts it demands of the principal. */
export const AGENT_IDENTITY: BlockTable = table("an agent's `identity`", "setting", {
  require_verified: boolean,
  methods: texts,
});

export const BLOCKS: Record<BlockName, BlockTable> = {
  agent: AGENT,
  system: table("`system`", "setting or block", {
    version: text,
    on_policy_load_failure: choice("deny_all"),
    max_output_bytes: count,
    utc_offset: text,
    missing_fields: choice("applies", "skips"),
    rules: block("rules"),
  }),
  runtime: table("`runtime`", "setting", {
    listen: text,
    store: text,
    records: text,
    checkpoint_every: integer,
    checkpoint_interval: duration,
    bundle_poll: duration,
    approval_timeout: duration,
    metrics: boolean,
    otlp_endpoint: text,
    log_level: choice("debug", "info", "warn", "error"),
  }),
  provider: table("`provider`", "setting", {
    kind: choice("local", "vault", "openbao", "aws_sts", "gcp_sts", "azure", "oauth"),
    address: text,
    namespace: text,
    mount: text,
    role: text,
    region: text,
    audience: text,
    scopes: texts,
    timeout: duration,
  }),
  identity: IDENTITY,
  trust: table("`trust`", "setting", {
    keys: texts,
    threshold: integer,
    minimum_sequence: integer,
    require_signature: boolean,
  }),
  manifest: table("`manifest`", "statement", {
    orchestrator: { form: "orchestrator" },
    grant: { form: "grant" },
  }),
  tool: table("`tool`", "setting or block", {
    args: block("args"),
    reversible: boolean,
    blast_radius: name,
    tags: texts,
  }),
  rules: table("`rules`", "effect", { ...RULES, include: { form: "include" } }),
  phase: table("a phase", "effect or setting", {
    ...RULES,
    rules: block("rules"),
    tools: patterns,
    duration,
    next: name,
  }),
  budget: table("a budget", "setting", {
    max: money,
    daily: money,
    max_calls: integer,
    max_tokens: integer,
    warn_at: simple("fraction"),
    on_exceed: ON_EXCEED,
    tools: patterns,
    window: duration,
  }),
  egress: table("`egress`", "setting", { allow: texts, deny: texts }),
  model_policy: table("`model_policy`", "setting", { allow: texts, deny: texts }),
  session: table("`session`", "setting", {
    max_duration: duration,
    idle_timeout: duration,
    max_calls: integer,
  }),
  spawn: table("`spawn`", "setting", {
    allow: texts,
    deny: texts,
    max_children: integer,
    max_depth: integer,
    on_exceed: effect("deny", "defer"),
  }),
  completion_gate: table("`completion_gate`", "setting", {
    require: texts,
    on_unmet: effect("deny", "defer"),
  }),
  enforcement: table("`enforcement`", "setting", {
    mode: choice("auto", "full", "restricted", "root"),
    layers: texts,
    network: choice("none", "proxy"),
    intercept: texts,
    private_addresses: texts,
    read: texts,
    write: texts,
    deny: texts,
    protect: texts,
    unprotected: texts,
    unix_sockets: texts,
    local_sockets: boolean,
    environment: texts,
    max_memory: size,
    max_processes: integer,
    max_cpu_time: duration,
  }),
  alert: table("`alert`", "event", {
    permit: texts,
    allow: older("permit", { kind: "texts" }),
    approve: older("permit", { kind: "texts" }),
    deny: texts,
    block: older("deny", { kind: "texts" }),
    reject: older("deny", { kind: "texts" }),
    defer: texts,
    budget_warning: texts,
    budget_exceeded: texts,
    rate_exceeded: texts,
  }),
  delegate: table("`delegate`", "setting", { scope: texts, ttl: duration, ceiling: text }),
  ambient: table(
    "`ambient`",
    "setting",
    {
      counter: { form: "counter" },
      max_customers_per_day: integer,
      max_data_volume: size,
      max_calls_per_day: integer,
      on_exceed: ON_EXCEED,
    },
    count,
  ),
  selector: table("a selector", "setting", {
    source: text,
    cache: duration,
    on_unavailable: effect("deny", "defer"),
    on_timeout: effect("deny", "defer"),
  }),
  credential: table("a credential", "setting", {
    scope: patterns,
    backend: name,
    path: text,
    ttl: duration,
    max_scope: text,
  }),
  args: table("`args`", "argument", {}, { form: "argument" }),
};

/** The table of a block; `identity` differs inside an agent. */
export function tableOf(block: BlockName, insideAgent: boolean): BlockTable {
  return block === "identity" && insideAgent ? AGENT_IDENTITY : BLOCKS[block];
}

/** The layers that `enforcement { layers [...] }` may ask for. */
export const ENFORCEMENT_LAYERS = [
  "landlock",
  "seccomp",
  "namespaces",
  "cgroup",
  "proxy",
  "capture",
  "ebpf",
] as const;

/**
 * What is read-only at the top of every writable root unless `enforcement { unprotected [...] }` names it: files by which others are made to run code
 * later, outside. The same list as hosts/node/sandbox/protected.ts.
 */
export const PROTECTED_NAMES = [
  ".git/hooks",
  ".git/config",
  ".gitconfig",
  ".envrc",
  ".vscode",
  ".idea",
  ".mcp.json",
  ".claude",
  ".cursor",
  ".ssh",
  ".profile",
  ".bashrc",
  ".bash_profile",
  ".bash_login",
  ".bash_logout",
  ".zshrc",
  ".zshenv",
  ".zprofile",
  ".zlogin",
] as const;
