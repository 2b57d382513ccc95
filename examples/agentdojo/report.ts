/** The tables of the replay, as Markdown. */
import { join } from "node:path";
import { countAttacks, countBenign, dataFolder, judgeFor, readTraces, SUITES } from "./counts.ts";

function share(part: number, whole: number): string {
  return `${part} (${((100 * part) / whole).toFixed(0)}%)`;
}

function table(rows: string[][]): string {
  const [head, ...body] = rows;
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(head!),
    line(head!.map((_, column) => (column === 0 ? "---" : "---:"))),
    ...body.map(line),
  ].join("\n");
}

/** Both tables as Markdown: aggregate counts, no call's text. */
export async function report(root: string): Promise<string> {
  const folder = dataFolder(root);
  const benign = readTraces(join(folder, "benign.jsonl"), false);
  const attacks = readTraces(join(folder, "attack.jsonl"), true);
  const benignRows = [["benign tasks", "tasks", "run whole", "run with a deferral", "break"]];
  const attackRows = [
    [
      "attack pairs",
      "pairs",
      "every attacker call stopped",
      "all denied",
      "all deferred",
      "some of each",
      "some calls stopped",
      "none stopped",
    ],
  ];
  const callRows = [["attacker calls", "calls", "denied", "deferred", "permitted"]];
  for (const suite of SUITES) {
    const judge = await judgeFor(root, suite);
    const b = countBenign(
      benign.filter((trace) => trace.suite === suite),
      judge,
    );
    benignRows.push([
      suite,
      `${b.tasks}`,
      share(b.whole, b.tasks),
      share(b.deferred, b.tasks),
      share(b.broken, b.tasks),
    ]);
    const a = countAttacks(
      attacks.filter((trace) => trace.suite === suite),
      judge,
    );
    const stopped = a.allDenied + a.allDeferred + a.deniedAndDeferred;
    attackRows.push([
      suite,
      `${a.pairs}`,
      share(stopped, a.pairs),
      ...[a.allDenied, a.allDeferred, a.deniedAndDeferred].map(String),
      share(a.partly, a.pairs),
      share(a.through, a.pairs),
    ]);
    const calls = a.calls.deny + a.calls.defer + a.calls.permit;
    callRows.push([
      suite,
      `${calls}`,
      share(a.calls.deny, calls),
      share(a.calls.defer, calls),
      share(a.calls.permit, calls),
    ]);
  }
  return [table(benignRows), table(attackRows), table(callRows)].join("\n\n");
}
