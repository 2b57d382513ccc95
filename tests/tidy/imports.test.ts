/** Who may import whom: the table of the architecture, as a test. */
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, readSources } from "./sources.ts";

interface Room {
  /** Folder prefix; the longest that fits a file is its room. */
  folder: string;
  /** Folder or file prefixes inside the project that it may import, besides itself. `*` is anything. */
  may: string[];
  packages: string[];
  runtime: boolean;
}

const CONSTANTS = "engine/constants.ts";
const ROOMS: Room[] = [
  { folder: "engine/assembly/", may: [CONSTANTS.replace(".ts", "")], packages: [], runtime: false },
  { folder: "engine/wit/adapter/", may: [CONSTANTS.replace(".ts", "")], packages: [], runtime: false },
  { folder: "engine/binding/", may: [CONSTANTS], packages: ["@assemblyscript/loader"], runtime: false },
  { folder: "fpl-grammar/", may: [], packages: ["nearley", "moo"], runtime: false },
  {
    folder: "bundles/compile/",
    may: ["fpl-grammar/", "bundles/format/", CONSTANTS],
    packages: ["@noble/hashes"],
    runtime: false,
  },
  { folder: "bundles/format/", may: [CONSTANTS], packages: ["@noble/hashes"], runtime: false },
  {
    folder: "bundles/trust/",
    may: ["bundles/format/", CONSTANTS],
    packages: ["@noble/hashes", "@noble/ed25519"],
    runtime: false,
  },
  {
    folder: "bundles/",
    may: ["bundles/format/", "bundles/trust/", CONSTANTS],
    packages: ["@noble/hashes", "@noble/ed25519"],
    runtime: false,
  },
  {
    folder: "control/audit/",
    may: ["control/ports.ts", "control/action.ts", "engine/binding/", "bundles/trust/bytes.ts"],
    packages: ["@noble/hashes"],
    runtime: false,
  },
  { folder: "control/", may: ["control/stages/", "engine/binding/"], packages: [], runtime: false },
  {
    folder: "control/stages/",
    may: ["control/call.ts", "control/keys.ts", "control/ports.ts", "engine/binding/", CONSTANTS],
    packages: [],
    runtime: false,
  },
  {
    folder: "control/ledger/",
    may: ["control/keys.ts", "control/ports.ts", "control/stores/check.ts"],
    packages: [],
    runtime: false,
  },
  {
    folder: "control/delegation/",
    may: ["control/ports.ts", "engine/binding/", "bundles/trust/", CONSTANTS],
    packages: [],
    runtime: false,
  },
  {
    folder: "control/identity/",
    may: ["control/ports.ts", "bundles/trust/"],
    packages: ["jose", "@noble/hashes"],
    runtime: false,
  },
  {
    folder: "control/policy/",
    may: ["control/call.ts", "control/ports.ts", "engine/binding/", "bundles/load.ts", "bundles/trust/"],
    packages: [],
    runtime: false,
  },
  {
    folder: "control/stores/",
    may: ["control/ports.ts", "control/ledger/batch.ts"],
    packages: [],
    runtime: false,
  },
  {
    folder: "hosts/node/",
    may: [
      "gateway/",
      "control/",
      "engine/binding/",
      "bundles/load.ts",
      "bundles/container.ts",
      "bundles/trust/",
      CONSTANTS,
    ],
    packages: ["@noble/hashes", "libsql", "pg"],
    runtime: true,
  },
  {
    folder: "hosts/deno/",
    may: ["control/policy/", "engine/binding/", "bundles/trust/"],
    packages: [],
    runtime: false,
  },
  {
    folder: "hosts/browser/",
    may: ["control/policy/", "engine/binding/", "bundles/trust/"],
    packages: [],
    runtime: false,
  },
  {
    folder: "hosts/workers/",
    may: [
      "gateway/",
      "control/",
      "engine/binding/",
      "bundles/load.ts",
      "bundles/container.ts",
      "bundles/trust/",
      CONSTANTS,
    ],
    packages: ["@noble/hashes", "libsql", "pg"],
    runtime: true,
  },
  { folder: "hosts/workers/", may: ["gateway/", "control/"], packages: [], runtime: true },
  { folder: "hosts/component/", may: ["engine/binding/", CONSTANTS], packages: [], runtime: true },
  {
    folder: "hosts/python/",
    may: ["engine/binding/", "bundles/trust/", CONSTANTS],
    packages: [],
    runtime: true,
  },
  {
    folder: "cli/",
    may: ["fpl-grammar/", "bundles/", "engine/", "control/", "gateway/", "hosts/"],
    packages: ["@noble/hashes", "@noble/ed25519", "esbuild"],
    runtime: true,
  },
  { folder: "tests/", may: ["*"], packages: ["*"], runtime: true },
  { folder: "bench/", may: ["*"], packages: ["*"], runtime: true },
  { folder: "examples/", may: ["*"], packages: ["*"], runtime: true },
];

function roomOf(path: string): Room | undefined {
  return ROOMS.filter((room) => path.startsWith(room.folder)).sort(
    (a, b) => b.folder.length - a.folder.length,
  )[0];
}

function mayImport(room: Room, from: string, specifier: string): boolean {
  if (specifier.startsWith("node:")) return room.runtime;
  if (!specifier.startsWith(".")) {
    if (room.packages.includes("*")) return true;
    return room.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  }
  const target = posix.join(posix.dirname(from), specifier);
  if (target.startsWith(room.folder) && roomOf(target) === room) return true;
  return room.may.some((prefix) => prefix === "*" || target.startsWith(prefix));
}

describe("the import table", () => {
  const sources = readSources(
    /^(engine|fpl-grammar|bundles|control|gateway|hosts|cli)\/.*\.(ts|mjs)$/,
  ).filter((source) => !source.path.endsWith(".mjs"));

  it("has a room for every source file", () => {
    const homeless = sources.filter(
      (source) =>
        roomOf(source.path) === undefined && source.path !== CONSTANTS && !source.path.endsWith(".d.ts"),
    );
    expect(homeless.map((source) => source.path)).toEqual([]);
  });

  it("is kept by every import", () => {
    const broken: string[] = [];
    for (const source of sources) {
      const room = roomOf(source.path);
      if (room === undefined) continue;
      for (const specifier of importsOf(source)) {
        if (!mayImport(room, source.path, specifier)) broken.push(`${source.path} imports ${specifier}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("lets nobody import tests, bench or examples", () => {
    const broken = sources.flatMap((source) =>
      importsOf(source)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => posix.join(posix.dirname(source.path), specifier))
        .filter((target) => /^(tests|bench|examples)\//.test(target))
        .map((target) => `${source.path} imports ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it("has no import in a circle", () => {
    const edges = new Map<string, string[]>();
    for (const source of sources) {
      edges.set(
        source.path,
        importsOf(source)
          .filter((specifier) => specifier.startsWith("."))
          .map((specifier) => posix.join(posix.dirname(source.path), specifier))
          .map((target) => (target.endsWith(".ts") || target.endsWith(".mjs") ? target : `${target}.ts`)),
      );
    }
    expect(findCircle(edges)).toEqual([]);
  });
});

/** The paths of one circle, or nothing. Depth-first search with three colours. */
function findCircle(edges: Map<string, string[]>): string[] {
  const state = new Map<string, "open" | "done">();
  const trail: string[] = [];
  const visit = (path: string): string[] => {
    if (state.get(path) === "done") return [];
    if (state.get(path) === "open") return [...trail.slice(trail.indexOf(path)), path];
    state.set(path, "open");
    trail.push(path);
    for (const target of edges.get(path) ?? []) {
      const circle = visit(target);
      if (circle.length > 0) return circle;
    }
    trail.pop();
    state.set(path, "done");
    return [];
  };
  for (const path of edges.keys()) {
    const circle = visit(path);
    if (circle.length > 0) return circle;
  }
  return [];
}
