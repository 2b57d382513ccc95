/** Random well-formed documents, in both dialects and any layout, with numbered comments. */

import fc from "fast-check";

/** Stands where white space may; replaced by white space, newlines or a comment. */
const GAP = "\u0001";

const name = fc.constantFrom("a", "amount", "user_id", "x-y", "permit", "tool_2");
const pattern = fc.constantFrom(
  "a/b",
  "*",
  "stripe/*",
  "**/x",
  '"deny"',
  "mcp__fs.read",
  '"30s"',
  "a:b@1.0",
  "Bash",
);
const text = fc.constantFrom('"x"', '"a \\"q\\" \\\\ \\n"', '""', '"é😀"', '"\\u0041"');
const number = fc.constantFrom("0", "5", "-1.5", "1e3", "$2.50", "30s", "10mb", "0.000001");
const literal = fc.oneof(text, number, fc.constantFrom("true", "false"));
const path = fc.oneof(
  name.filter((word) => word !== "permit"),
  fc.constantFrom(
    "args.a.b",
    'args["odd key"][0]',
    "principal.role",
    "http.host",
    "tool",
    "args.in",
    "list[3].x",
  ),
);
const operand = fc.oneof(
  path,
  literal,
  fc.constantFrom("length(x)", "session.count(a/*, window=1h)", "time.hour"),
);

const list = fc.oneof(
  fc.array(text, { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(",")}]`),
  fc.constantFrom("[1, 2.0]", "[true]"),
);

const comparison = fc.oneof(
  fc
    .tuple(operand, fc.constantFrom("==", "!=", "<", "<=", ">", ">="), operand)
    .map((parts) => parts.join(GAP)),
  fc
    .tuple(path, fc.constantFrom("contains", "starts_with", "ends_with"), operand)
    .map((parts) => parts.join(GAP)),
  fc.tuple(path, fc.constant("in"), list).map((parts) => parts.join(GAP)),
  fc
    .tuple(path, fc.constantFrom("matches", "=~"), fc.constantFrom('"^a\\d$"', '"\\\\w+"', '"a|b"'))
    .map((parts) => parts.join(GAP)),
  fc.tuple(path, fc.constant('under "/tmp"')).map((parts) => parts.join(GAP)),
  fc.constantFrom(
    "present(args.x)",
    'purpose("p")',
    'any(list, matches "^a$")',
    "x != nil",
    "verified",
    'contains(x, "y")',
  ),
  fc.constantFrom(
    'args_array_len("a.b") > 2',
    'history_contains_within("a/b", 60)',
    "history.sequence(a/b, c)",
    "session.sum(a/b.x, window=1h) > 5",
    "deny_count_within(60) >= session.calls",
    'delegation.chain contains "x"',
  ),
);

const condition: fc.Arbitrary<string> = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    comparison,
    tie("condition").map((inner) => `(${inner})`),
    fc.tuple(fc.constantFrom("not", "!"), tie("condition")).map(([word, inner]) => `${word}${GAP}(${inner})`),
    fc
      .tuple(tie("condition"), fc.constantFrom("and", "or", "&&", "||"), tie("condition"))
      .map((parts) => parts.join(GAP)),
  ),
})).condition;

const sign = fc.constantFrom("", ":", "=");

const clauses = fc
  .tuple(
    fc.option(fc.tuple(fc.constantFrom("when", "if"), condition).map((parts) => parts.join(GAP))),
    fc.option(fc.tuple(sign, text).map(([by, value]) => `reason${by}${GAP}${value}`)),
    fc.option(fc.tuple(sign, text).map(([by, value]) => `notify${by}${GAP}${value}`)),
    fc.option(fc.constantFrom('host "*.x.com"', 'host: ["a.com", "b.com"]')),
    fc.option(fc.constantFrom("port 443", "port = [80, 443]")),
    fc.option(
      fc.constantFrom('query "q" "a*"', 'header "X" "y" header "A" "b"', "path /v1/*", "method [GET, POST]"),
    ),
  )
  .chain((parts) => fc.shuffledSubarray(parts.filter((part) => part !== null)));

const effect = fc.constantFrom("permit", "allow", "approve", "deny", "block", "reject", "deny!", "defer");

const rule = fc.tuple(effect, pattern, clauses).map(([word, tool, rest]) => [word, tool, ...rest].join(GAP));

const block = (head: string, items: fc.Arbitrary<string>) =>
  fc.array(items, { maxLength: 4 }).map((body) => `${head}${GAP}{${GAP}${body.join(GAP)}${GAP}}`);

const agentItem = fc.oneof(
  fc
    .tuple(sign, fc.constantFrom("deny", '"permit"', "defer"))
    .map(([by, word]) => `default${by}${GAP}${word}`),
  fc.tuple(sign, text).map(([by, value]) => `model${by}${GAP}${value}`),
  fc.tuple(sign, literal).map(([by, value]) => `var limit${by}${GAP}${value}`),
  block("rules", rule),
  block(
    "phase one",
    fc.oneof(rule, fc.constantFrom("tools [a/b, c]", "tools x/y z", "duration 5m", "next one")),
  ),
  block("credential c", fc.constantFrom("scope a b/*", "backend vault", 'ttl "15m"', "path secret/x/y")),
  block(
    "budget b",
    fc.constantFrom("max $5", "daily = $2000.50", "on_exceed deny", "warn_at 0.8", "tools pay/*"),
  ),
  block(
    "ambient",
    fc.constantFrom(
      "counter mails mail/*",
      "mails 50",
      'counter customers: "crm/*.id"',
      "max_data_volume 10mb",
      "on_exceed defer",
    ),
  ),
  block("session", fc.constantFrom("max_duration 8h", 'idle_timeout = "30m"', "max_calls: 5")),
  block("spawn", fc.constantFrom('allow "a-*"', "deny [x, y]", "max_children 2", "on_exceed reject")),
  block(
    "completion_gate",
    fc.constantFrom("require no_pending_approvals", 'require ["a", b]', "on_unmet defer"),
  ),
  block(
    "delegate d",
    fc.constantFrom('scope "a/*:amount<=5"', 'scope [a/b, "c:x == \\"y\\""]', "ttl 1h", "ceiling inherited"),
  ),
  block("alert", fc.constantFrom('deny "x"', 'defer ["x", "y"]', "budget_exceeded: ops")),
  fc.constantFrom(
    'redact a/* args: ["card.number", "x"]',
    'rate_limit "a/*": 5 per minute',
    "cost a/b $0.05",
    "cost a/c args.x",
  ),
);

const statement = fc.oneof(
  rule,
  block('agent "a"', agentItem),
  block("agent b", agentItem),
  block("system", fc.oneof(fc.constantFrom('version "1"', "missing_fields applies"), block("rules", rule))),
  block(
    "tool a/b",
    fc.oneof(
      fc.constant("reversible true"),
      block("args", fc.constantFrom("x string", 'y enum ["a"] required')),
    ),
  ),
  block("runtime", fc.constantFrom('listen "x"', "metrics = true", "log_level info")),
  fc.constantFrom(
    'import "packs/x.fpl@1.0.0"',
    'import "packs/y@1.2.3" as z',
    "manifest { grant a to b max 3 approval }",
  ),
);

const gap = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(" ", "  ", "\t") },
  { weight: 3, arbitrary: fc.constantFrom("\n", "\n  ", "\r\n", "\n\n\n") },
  { weight: 1, arbitrary: fc.nat(999).map((id) => ` #c${id} permit "x" {\n`) },
);

/** A document that parses. */
export const documentText: fc.Arbitrary<string> = fc
  .tuple(fc.array(statement, { minLength: 1, maxLength: 6 }), fc.infiniteStream(gap))
  .map(([statements, gaps]) => {
    const source = statements.join(GAP) + GAP;
    return source.replaceAll(GAP, () => gaps.next().value as string);
  });
