/** The words that generated policies and actions share, chosen so that they nearly meet. */
import type { Random } from "./random.ts";

export const TOOLS = [
  "pay",
  "ls",
  "fs/read",
  "fs/write",
  "fs/read/all",
  "a/b",
  "a/b/c",
  "a/x/c",
  "a",
  "x@1.0:y+z-w",
];
export const AGENTS = ["a", "b", "default", "agent-c"];
export const FIELDS = ["amount", "currency", "cmd", "ok", "items", "path", "host", "port", "to"];
/** Argument paths as policies write them; steps as actions build them. */
export const ARGUMENTS: readonly { text: string; steps: (string | number)[] }[] = [
  ...FIELDS.map((name) => ({ text: `args.${name}`, steps: [name] })),
  { text: "amount", steps: ["amount"] },
  { text: "currency", steps: ["currency"] },
  { text: "cmd", steps: ["cmd"] },
  { text: "items", steps: ["items"] },
  { text: "host", steps: ["host"] },
  { text: "port", steps: ["port"] },
  { text: "path", steps: ["path"] },
  { text: "args.card.number", steps: ["card", "number"] },
  { text: "args.card.name", steps: ["card", "name"] },
  { text: "args.items[0]", steps: ["items", 0] },
  { text: "args.items[1].id", steps: ["items", 1, "id"] },
  { text: 'args["odd key"]', steps: ["odd key"] },
];

export const STRINGS = [
  "EUR",
  "eur",
  "",
  "a",
  "ab",
  "abc",
  "rm -rf /",
  "git status",
  "/srv/data",
  "/srv/data/a.env",
  "/srv/../etc/passwd",
  "x@example.com",
  "api.example.com",
  "é",
  "Grüße",
  "😀",
  "\uffee\ud800\udc00",
  'quote"back\\slash',
  "line\nbreak\ttab",
  "501",
  "true",
];

/** As a policy writes them. */
export const NUMBERS = [
  "0",
  "1",
  "2",
  "3",
  "10",
  "443",
  "500",
  "500.000001",
  "0.1",
  "0.3",
  "1e3",
  "1e21",
  "9007199254740992",
  "0.000001",
  "1234567890123456.5",
  "12345678901234568",
];

export const PATTERNS = [
  "^/srv/",
  "rm",
  "^[a-z]+$",
  "\\.env$",
  "^(git|ls) ?",
  "[A-Z]{3}",
  "a.c",
  "^\\w+@\\w+\\.com$",
  "é|ß",
  "(?i)eur",
  "\\d+",
  "^$",
  "x*y?",
];
export const NAME_GLOBS = ["gpt-*", "gpt-5", "*", "claude-*-mini", "*o*"];
export const MODELS = ["gpt-5", "gpt-", "claude-4-mini", "llama", "GPT-5", ""];
export const HOST_GLOBS = ["*.example.com", "api.example.com", "*", "10.0.0.*", "db.internal"];
/** An address with colons stands in brackets. */
export const EGRESS_HOSTS = [...HOST_GLOBS, "[::1]", "[2001:db8::*]"];
export const HOSTS = [
  "api.example.com",
  "x.api.example.com",
  "example.com",
  "10.0.0.7",
  "db.internal",
  "evil.net",
  "::1",
  "2001:db8::1",
];
export const PATH_GLOBS = ["/v1/*", "/v1/**", "/", "**/admin", "/v*/x"];
export const PATHS = ["/v1/a", "/v1/a/b", "/", "/v2/x", "/v1/", "/x/admin", "/v1/é"];
export const PORTS = [80, 443, 22, 65535];
export const METHODS = ["GET", "POST", "DELETE"];
export const DIRECTORIES = ["/srv/data", "/", "/srv/./x/../data/", "/etc"];
export const FILE_PATHS = [
  "/srv/data",
  "/srv/data/a",
  "/srv/database",
  "/srv/data/../../etc",
  "srv/data",
  "/",
  "/etc/passwd",
  "/srv//data/./a",
  "/srv/./data/a",
  "/./srv/data",
  "/srv/x/../data/a",
  "/srv/data/..",
  "/a\0b",
];
export const PHASES = ["plan", "act", "done"];
export const SELECTORS = ["risk", "stock", "quota"];
export const PURPOSES = ["support", "refunds"];
export const METHODS_OF_IDENTITY = ["oidc", "mtls"];
export const TARGETS = ["ops", "finance", "audit", "ops-é"];
export const REDACTIONS = ["card.number", "card", "cmd", "items[0]", "to", "amount"];

/** A tool pattern near one of the tools. */
export function toolPattern(random: Random, tools: readonly string[]): string {
  if (random.chance(0.12)) return random.pick(["*", "**"]);
  const segments = random.pick(tools).split("/");
  if (random.chance(0.5)) return segments.join("/");
  const changed = segments.map((segment) => {
    if (!random.chance(0.45)) return segment;
    const cut = random.below(segment.length + 1);
    return random.pick([
      "*",
      "**",
      `${segment.slice(0, cut)}*`,
      `*${segment.slice(cut)}`,
      `${segment.slice(0, cut)}*${segment.slice(cut + 1)}`,
    ]);
  });
  if (random.chance(0.2)) changed.push(random.pick(["*", "**", "c"]));
  return changed.join("/");
}
