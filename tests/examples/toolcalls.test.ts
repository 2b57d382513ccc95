/** Real tool calls of many shapes: each has a canonical form, and each is decided. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compileSources, openBundle } from "../../examples/compiled.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PATH = join(
  process.env.FARAMESH_DATA ?? join(ROOT, "..", "shared", "data"),
  "toolcalls",
  "calls.jsonl",
);
const CALLS = 1911;

const POLICY = `
agent "caller" {
  default defer

  rules {
    permit *get* when not present(args.password)
    deny *delete* reason "nothing is deleted"
    deny * when amount > 1000
  }
}
`;

describe.skipIf(!existsSync(PATH))("the recorded tool calls (skipped where the data is absent)", () => {
  it("all canonicalise, twice to the same bytes, and all get a verdict", async () => {
    const { bundle } = compileSources([{ name: "policy.fpl", text: POLICY }]);
    const core = await openBundle(bundle!);
    const counts = { permit: 0, deny: 0, defer: 0 };
    const codes = new Map<string, number>();
    const lines = readFileSync(PATH, "utf8").trimEnd().split("\n");
    expect(lines.length).toBe(CALLS);
    for (const line of lines) {
      const { tool, args } = JSON.parse(line) as { tool: string; args: Record<string, unknown> };
      const text = JSON.stringify({ agent: "caller", tool, args });
      const canonical = core.canonicalize(text);
      if (!canonical.ok) throw new Error(`${line.slice(0, 200)}: ${canonical.code}`);
      expect(core.canonicalize(canonical.bytes)).toEqual(canonical);
      const verdict = core.decide(text);
      counts[verdict.effect] += 1;
      codes.set(verdict.code, (codes.get(verdict.code) ?? 0) + 1);
    }
    // None of these tool names has a character outside of the accepted ones.
    expect(codes.get("tool_name_invalid") ?? 0).toBe(0);
    expect([...codes.keys()].sort()).toEqual(["default_defer", "rule_deny", "rule_permit"]);
    expect(counts.permit + counts.deny + counts.defer).toBe(CALLS);
    for (const effect of ["permit", "deny", "defer"] as const) expect(counts[effect]).toBeGreaterThan(0);
  });
});
