import type { Command } from "./command.ts";

/** Every command with its one line; a command's module is read only when it is asked for. */
export interface Entry {
  name: string;
  summary: string;
  group: "write" | "ship" | "run" | "operate" | "more";
  load: () => Promise<Command>;
}

export const ENTRIES: readonly Entry[] = [
  {
    name: "init",
    summary: "write a starting policy with its test cases",
    group: "write",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "check",
    summary: "find the errors of a policy",
    group: "write",
    load: async () => (await import("./commands/check.ts")).check,
  },
  {
    name: "fmt",
    summary: "print a policy in its canonical form",
    group: "write",
    load: async () => (await import("./commands/fmt.ts")).fmt,
  },
  {
    name: "test",
    summary: "run the test cases of a policy, with coverage",
    group: "write",
    load: async () => (await import("./commands/test.ts")).test,
  },
  {
    name: "lock",
    summary: "pin the imports of a policy by digest",
    group: "ship",
    load: async () => (await import("./commands/lock.ts")).lock,
  },
  {
    name: "build",
    summary: "compile a policy into a bundle",
    group: "ship",
    load: async () => (await import("./commands/build.ts")).build,
  },
  {
    name: "keygen",
    summary: "make a signing key",
    group: "ship",
    load: async () => (await import("./commands/keygen.ts")).keygen,
  },
  {
    name: "trust",
    summary: "write a trust file: whose signatures count",
    group: "ship",
    load: async () => (await import("./commands/trust.ts")).trust,
  },
  {
    name: "sign",
    summary: "sign a bundle",
    group: "ship",
    load: async () => (await import("./commands/sign.ts")).sign,
  },
  {
    name: "verify",
    summary: "verify the signatures of a bundle",
    group: "ship",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "inspect",
    summary: "show what is in a bundle",
    group: "ship",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  {
    name: "decide",
    summary: "decide calls, one line each",
    group: "run",
    load: async () => (await import("./commands/decide.ts")).decide,
  },
  {
    name: "explain",
    summary: "show why a call gets its verdict",
    group: "run",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  {
    name: "run",
    summary: "run a command in a sandbox, its start and its network judged by a policy",
    group: "run",
    load: async () => (await import("./commands/run.ts")).run,
  },
  {
    name: "doctor",
    summary: "say what sandbox this machine can enforce",
    group: "operate",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "session",
    summary: "open, show and close sessions of a control plane",
    group: "operate",
    load: async () => (await import("./commands/session.ts")).session,
  },
  {
    name: "approve",
    summary: "let a deferred call through, once",
    group: "operate",
    load: async () => (await import("./commands/approve.ts")).approve,
  },
  {
    name: "reject",
    summary: "refuse a deferred call",
    group: "operate",
    load: async () => (await import("./commands/approve.ts")).reject,
  },
  {
    name: "freeze",
    summary: "deny every call of an agent, from now on",
    group: "operate",
    load: async () => (await import("./commands/freeze.ts")).freeze,
  },
  {
    name: "unfreeze",
    summary: "let a frozen agent call again",
    group: "operate",
    load: async () => (await import("./commands/freeze.ts")).unfreeze,
  },
  {
    name: "rebuild",
    summary: "make the state of a control plane anew from its records",
    group: "operate",
    load: async () => (await import("./commands/rebuild.ts")).rebuild,
  },
  {
    name: "replay",
    summary: "decide the records of a log again, or with another policy",
    group: "operate",
    load: async () => (await import("./commands/replay.ts")).replay,
  },
  {
    name: "audit",
    summary: "verify, search, export and prove the log of records",
    group: "run",
    load: async () => (await import("./commands/audit.ts")).audit,
  },
  {
    name: "delegate",
    summary: "grant, verify and revoke delegations",
    group: "run",
    load: async () => (await import("./commands/delegate.ts")).delegate,
  },
  {
    name: "codes",
    summary: "list the verdict codes, their meaning and the next step",
    group: "more",
    load: async () => (await import("./commands/codes.ts")).codes,
  },
  {
    name: "completion",
    summary: "print the completion script of a shell",
    group: "more",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
];

export const GROUPS: readonly { key: Entry["group"]; title: string }[] = [
  { key: "write", title: "Write a policy" },
  { key: "ship", title: "Ship it" },
  { key: "run", title: "Decide and understand" },
  { key: "operate", title: "Operate and prove" },
  { key: "more", title: "More" },
];
