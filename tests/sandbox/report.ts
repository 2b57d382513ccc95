/**
 * `npm run sandbox:report [-- --json] [-- --write]`: every probe under the launcher's modes, bubblewrap and sandbox-runtime, side by side. `--write` puts the table into
 * docs/operations/sandbox-matrix.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { ROOT } from "../docs/pages.ts";
import { exceptionOf } from "./exceptions.ts";
import { type Column, listProbes, type Probe, runColumn } from "./matrix.ts";
import { CONTROL, SANDBOXES, type Sandbox, type User } from "./sandboxes.ts";

const PAGE = join(ROOT, "docs/operations/sandbox-matrix.md");
const MARK = "<!-- written by `npm run sandbox:report -- --write` -->";

interface Run {
  sandbox: Sandbox;
  columns: Column[];
}

async function runAll(): Promise<Run[]> {
  const runs: Run[] = [];
  for (const sandbox of [CONTROL, ...SANDBOXES]) {
    const missing = sandbox.missing();
    if (missing !== null) {
      console.error(`${sandbox.name}: ${missing}`);
      continue;
    }
    const columns: Column[] = [];
    for (const user of sandbox.users) {
      console.error(`${sandbox.name} as ${user} …`);
      columns.push(await runColumn(sandbox, user));
    }
    runs.push({ sandbox, columns });
  }
  return runs;
}

/** Only where the control as the same user gets through is a stop the sandbox's merit. */
function counts(control: Run, name: string, user: User): boolean {
  return control.columns.find((one) => one.user === user)?.results.get(name)?.outcome === "through";
}

/** `open` names the users for whom it is, when it is not so for all. */
function cell(run: Run, control: Run, name: string): string {
  /* In mode root the command is an ordinary user's, started by root. */
  const tried = run.columns.filter(
    ({ user }) =>
      counts(control, name, user) ||
      (run.sandbox.commandUser !== undefined && counts(control, name, "ordinary")),
  );
  if (tried.length === 0) return "–";
  const open = tried.filter(({ results }) => results.get(name)?.outcome === "through");
  if (tried.some(({ results }) => !results.has(name))) return "did not start";
  if (open.length === 0) return "stopped";
  const noted = open.every(({ user }) => exceptionOf(name, run.sandbox.name, user) !== undefined);
  const who = open.length < run.columns.length ? ` as ${open.map(({ user }) => user).join(", ")}` : "";
  return `**open**${who}${noted ? " ¹" : ""}`;
}

function line(cells: string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(runs: Run[], probes: Probe[]): string {
  const [control, ...others] = runs as [Run, ...Run[]];
  const names = others.map(({ sandbox }) => sandbox.name);
  const groups = [...new Set(probes.map(({ group }) => group))];
  const rows = groups.flatMap((group) =>
    probes
      .filter((probe) => probe.group === group)
      .map(({ name }) => line([group, `\`${name}\``, ...others.map((run) => cell(run, control, name))])),
  );
  const total = others.map((run) => {
    const cells = probes.map(({ name }) => cell(run, control, name));
    const open = cells.filter((one) => one.startsWith("**")).length;
    return `${open} of ${cells.filter((one) => one !== "–").length} open`;
  });
  const head = ["group", "probe", ...names];
  return [line(head), line(head.map(() => "---")), ...rows, line(["", "all", ...total])].join("\n");
}

function reasons(runs: Run[], probes: Probe[]): string[] {
  const found = new Map<string, string[]>();
  for (const { sandbox, columns } of runs)
    for (const { user, results } of columns)
      for (const { name } of probes) {
        const exception = exceptionOf(name, sandbox.name, user);
        if (exception === undefined || results.get(name)?.outcome !== "through") continue;
        const names = found.get(exception.why) ?? [];
        if (!names.includes(name)) names.push(name);
        found.set(exception.why, names);
      }
  return [...found].map(([why, names]) => `- ${names.map((name) => `\`${name}\``).join(", ")}: ${why}.`);
}

function untried(control: Run, probes: Probe[]): string[] {
  return probes
    .filter(({ name }) => !control.columns.some(({ user }) => counts(control, name, user)))
    .map(({ name }) => {
      const result = control.columns.map(({ results }) => results.get(name)).find((one) => one !== undefined);
      return `- \`${name}\`: ${result?.why ?? "no answer"}.`;
    });
}

function render(runs: Run[], probes: Probe[]): string {
  const shown = runs.slice(1);
  return [
    `Kernel ${release()}, ${process.arch}.`,
    "",
    ...shown.map(({ sandbox }) => `- **${sandbox.name}** ${sandbox.version()}: ${sandbox.recipe}.`),
    "",
    "`stopped`: the attempt failed, and the same attempt gets through without a sandbox. **open**: it got through. –: without a sandbox it fails here too.",
    "",
    table(runs, probes),
    "",
    "¹ Said beforehand:",
    "",
    ...reasons(runs, probes),
    "",
    "Not tried, since this machine stops them without a sandbox too:",
    "",
    ...untried(runs[0]!, probes),
    "",
  ].join("\n");
}

function asJson(runs: Run[], probes: Probe[]): string {
  return JSON.stringify(
    {
      kernel: release(),
      architecture: process.arch,
      sandboxes: runs.map(({ sandbox, columns }) => ({
        name: sandbox.name,
        version: sandbox.version(),
        recipe: sandbox.recipe,
        columns: columns.map(({ user, results }) => ({ user, results: Object.fromEntries(results) })),
      })),
      probes,
    },
    null,
    2,
  );
}

const probes = listProbes();
const runs = await runAll();
if (process.argv.includes("--json")) console.log(asJson(runs, probes));
else if (process.argv.includes("--write")) {
  const page = readFileSync(PAGE, "utf8");
  const at = page.indexOf(MARK);
  if (at === -1) throw new Error(`${PAGE}: expected the line ${MARK}`);
  writeFileSync(PAGE, `${page.slice(0, at)}${MARK}\n\n${render(runs, probes)}`);
} else console.log(render(runs, probes));
