/**
 * `npm run conformance [-- --json] [-- --host NAME ...] [-- --require all]`: the corpus on every host in `hosts/`, each of which must give
 * the same. Exit 1 on a difference or a failure, and on a skipped host when all are required, as with CI=true.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { HostReport } from "./corpus/report.ts";
import { CORPUS_FILE, disagreement, type Host, headerOf, ROOT } from "./host.ts";

const FOLDER = join(ROOT, "tests/conformance/hosts");
/** Of a digest in the table; `--json` has them whole. */
const SHOWN_DIGITS = 16;

interface Row {
  host: string;
  outcome: "equal" | "different" | "failed" | "skipped";
  report: HostReport | null;
  /** Why it is not equal; empty when it is. */
  why: string;
  ms: number;
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    host: { type: "string", multiple: true },
    require: { type: "string" },
  },
});
const header = headerOf(readFileSync(CORPUS_FILE, "utf8"));
const allRequired = values.require === "all" || process.env.CI === "true";

/** The names of the hosts, those of Node first. */
function names(): string[] {
  const all = readdirSync(FOLDER)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length));
  const unknown = values.host?.find((name) => !all.includes(name));
  if (unknown !== undefined || (values.require !== undefined && values.require !== "all")) {
    console.error(
      unknown === undefined
        ? `--require wants \`all\`, not \`${values.require}\``
        : `there is no host \`${unknown}\`; there are ${all.join(", ")}`,
    );
    process.exit(2);
  }
  const rank = (name: string): string => `${name.startsWith("node") ? 0 : 1} ${name}`;
  return all
    .filter((name) => values.host?.includes(name) ?? true)
    .sort((left, right) => (rank(left) < rank(right) ? -1 : 1));
}

/** That of hosts/bundle.mjs, which cannot itself be bundled. */
type Bundle = (entry: string, out: string, options: object) => Promise<string>;
const { bundle } = (await import(pathToFileURL(join(ROOT, "hosts/bundle.mjs")).href)) as { bundle: Bundle };

async function hostNamed(name: string): Promise<Host> {
  const out = join(ROOT, "node_modules/.cache/faramesh", `conformance-host-${name}.mjs`);
  const url = await bundle(join(FOLDER, `${name}.ts`), out, { packages: "external", sourcemap: "inline" });
  return ((await import(url)) as { default: Host }).default;
}

async function rowOf(name: string): Promise<Row> {
  const started = performance.now();
  const row = (outcome: Row["outcome"], why: string, report: HostReport | null = null): Row => ({
    host: name,
    outcome,
    report,
    why,
    ms: Math.round(performance.now() - started),
  });
  try {
    const host = await hostNamed(name);
    const found = await host.run();
    if ("skipped" in found) return row("skipped", found.skipped);
    const why = disagreement(found, header);
    return why === null ? row("equal", "", found) : row("different", why, found);
  } catch (error) {
    return row("failed", error instanceof Error ? error.message : String(error));
  }
}

const TITLES = ["host", "version", "core", "result", "decisions", "refusals", "seconds", ""];

function cells({ host, outcome, report, why, ms }: Row): string[] {
  const seconds = (ms / 1000).toFixed(1);
  if (report === null) return [host, "", "", "", "", "", "", `${outcome}: ${why}`];
  const { version, core, result, decisions, refusals } = report;
  const short = (digest: string): string => digest.slice(0, SHOWN_DIGITS);
  const last = outcome === "equal" ? "equal" : `${outcome}: ${why}`;
  return [host, version, short(core), short(result), `${decisions}`, `${refusals}`, seconds, last];
}

function table(rows: readonly string[][]): string {
  const widths = TITLES.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const rows: Row[] = [];
for (const name of names()) rows.push(await rowOf(name));
if (values.json) for (const row of rows) console.log(JSON.stringify(row));
else {
  console.log(`corpus ${header.corpus}: core ${header.core}`);
  console.log(`          result ${header.result}\n`);
  console.log(table([TITLES, ...rows.map(cells)]));
}
const bad = rows.filter(
  ({ outcome }) => outcome === "different" || outcome === "failed" || (outcome === "skipped" && allRequired),
);
if (bad.length > 0) console.error(`not as the corpus says: ${bad.map(({ host }) => host).join(", ")}`);
process.exitCode = bad.length === 0 ? 0 : 1;
