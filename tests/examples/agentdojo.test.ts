import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  type Call,
  countAttacks,
  countBenign,
  dataFolder,
  type Trace,
} from "../../examples/agentdojo/counts.ts";
import { report } from "../../examples/agentdojo/report.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const absent = !existsSync(dataFolder(ROOT));

function trace(...calls: [string, Call["origin"]][]): Trace {
  return { suite: "slack", calls: calls.map(([tool, origin]) => ({ tool, args: {}, origin })) };
}

/** A tool is named for its effect. */
const judge = (call: Call) => call.tool as "permit" | "deny" | "defer";

describe("counting", () => {
  it("counts benign tasks by their worst call", () => {
    const traces = [
      trace(["permit", null]),
      trace(["permit", null], ["defer", null]),
      trace(["defer", null], ["deny", null]),
    ];
    expect(countBenign(traces, judge)).toEqual({ tasks: 3, whole: 1, deferred: 1, broken: 1 });
  });

  it("counts attack pairs by the attacker's calls alone", () => {
    const traces = [
      trace(["deny", "user"], ["permit", "injection"]),
      trace(["permit", "user"], ["deny", "injection"], ["deny", "injection"]),
      trace(["permit", "user"], ["defer", "injection"]),
      trace(["deny", "injection"], ["defer", "injection"]),
      trace(["permit", "injection"], ["deny", "injection"]),
    ];
    expect(countAttacks(traces, judge)).toEqual({
      pairs: 5,
      allDenied: 1,
      allDeferred: 1,
      deniedAndDeferred: 1,
      partly: 1,
      through: 1,
      calls: { permit: 2, deny: 4, defer: 2 },
    });
  });

  it("refuses a pair without an attacker", () => {
    expect(() => countAttacks([trace(["permit", "user"])], judge)).toThrow(/without any attacker call/);
  });
});

describe("the replay", () => {
  it.skipIf(absent)("gives the tables that the README shows (skipped where the data is absent)", async () => {
    const readme = readFileSync(join(ROOT, "examples", "agentdojo", "README.md"), "utf8");
    expect(plainTables(readme)).toContain(plainTables(await report(ROOT)));
  });
});

/** Tables without the padding of their cells. */
function plainTables(text: string): string {
  return text.replaceAll(/ *\| */g, "|").replaceAll(/-{3,}/g, "---");
}
