/** Vectors from `enforcement` to profiles: tests/vectors/enforcement.profiles says their form. */
import { readFileSync } from "node:fs";
import { manifestOf } from "../../bundles/load.ts";
import { compileSources } from "../../examples/compiled.ts";
import {
  type Mode,
  type Observe,
  type Profile,
  profileOf,
  type SandboxRefusal,
  settingsIn,
} from "../../hosts/node/sandbox/index.ts";
import type { PathKind } from "../../hosts/node/sandbox/roots.ts";

export interface ProfileVector {
  readonly title: string;
  readonly machine: readonly (readonly [word: string, value: string])[];
  readonly policy: string;
  readonly expected: { readonly kind: "profile" | "refused"; readonly text: string };
}

const FILE = new URL("../vectors/enforcement.profiles", import.meta.url);

function vectorOf(block: string): ProfileVector {
  const [head, policy, expected] = block.split(/^--- /m);
  const [title, ...lines] = head!.trimEnd().split("\n");
  const [, kind, text] = /^(profile|refused)\n(.*)$/s.exec(expected ?? "") ?? [];
  if (!policy?.startsWith("policy\n") || kind === undefined || text === undefined)
    throw new Error(`\`${title}\` expects nothing`);
  const machine = lines.map((line) => {
    const [word, ...rest] = line.split(" ");
    return [word!, rest.join(" ")] as const;
  });
  return {
    title: title!,
    machine,
    policy: policy.slice(7),
    expected: { kind: kind as "profile", text: text.trimEnd() },
  };
}

export function profileVectors(): ProfileVector[] {
  const text = readFileSync(FILE, "utf8").replace(/^#.*\n/gm, "");
  return text.split(/^=== /m).slice(1).map(vectorOf);
}

/** The manifest that a compiled policy has. */
export function manifestWith(inside: string): string {
  const text = `agent "x" {\n${inside}\n}\n`;
  const { bundle, diagnostics } = compileSources([{ name: "policy.fpl", text }]);
  if (bundle === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return manifestOf({ bundle });
}

export function profileFor({
  machine,
  policy,
}: Pick<ProfileVector, "machine" | "policy">): Profile | SandboxRefusal {
  const all = (word: string) => machine.filter(([one]) => one === word).map(([, value]) => value);
  const one = (word: string, otherwise: string) => all(word)[0] ?? otherwise;
  const kinds = new Map<string, PathKind>();
  for (const kind of ["folder", "file", "link"] as const) for (const path of all(kind)) kinds.set(path, kind);
  const [uid, gid] = one("user", "").split(" ").map(Number);
  return profileOf({
    settings: settingsIn(manifestWith(policy), "x"),
    mode: one("mode", "full") as Mode,
    place: { home: one("home", "/home/ada"), directory: one("directory", "/home/ada/app") },
    added: { read: all("read"), write: all("write") },
    hidden: all("hidden"),
    kept: all("kept"),
    user: uid && gid ? { uid, gid } : null,
    observe: (all("observe")[0] as Observe | undefined) ?? null,
    kindOf: (path) => kinds.get(path) ?? "missing",
  });
}
