import { type Command, JSON_OUTPUT } from "../command.ts";
import { diagnosticCodes } from "../diagnostic-codes.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse } from "../errors.ts";
import { placeName, print, printJson } from "../io.ts";
import { TRUST } from "../options.ts";
import { type Compiled, compilePath, readTrust } from "../policy.ts";
import { countFindings, findingJson, findingText } from "../report/diagnostics.ts";
import { styleFor, table } from "../style.ts";

async function listCodes(json: boolean): Promise<number> {
  const codes = diagnosticCodes();
  if (json) {
    await printJson({ codes });
    return EXIT_OK;
  }
  const style = styleFor(process.stdout);
  const paint = (text: string, _: number, column: number) => (column === 0 ? style.cyan(text) : text);
  await print(
    table(
      codes.map(({ code, severity, message }) => [code, severity, message]),
      paint,
    ),
  );
  return EXIT_OK;
}

async function printText(policies: Compiled[]): Promise<void> {
  const style = styleFor(process.stdout);
  for (const { sources, findings, program } of policies) {
    for (const finding of findings) await print(`${findingText(finding, style)}\n`);
    const files = sources.files.length === 1 ? "" : ` in ${sources.files.length} files`;
    const size = program === null ? "" : `, ${describe(program)}${files}`;
    const failed = findings.some(({ diagnostic }) => diagnostic.severity === "error");
    const mark = failed ? style.red("✗") : style.green("✓");
    await print(`${mark} ${placeName(sources.path)}: ${countFindings(findings)}${size}\n`);
  }
}

function describe(program: NonNullable<Compiled["program"]>): string {
  const rules = program.agents.reduce(
    (sum, agent) =>
      sum + agent.rules.length + agent.phases.reduce((inner, phase) => inner + phase.rules.length, 0),
    program.system.rules.length,
  );
  const agents = program.agents.length;
  return `${rules} rule${rules === 1 ? "" : "s"} for ${agents} agent${agents === 1 ? "" : "s"}`;
}

export const check: Command = {
  name: "check",
  summary: "find the errors of a policy",
  description:
    "Each PATH is one policy: a file, a folder with all *.fpl files in it, or - for standard input.\nIt is parsed, checked and compiled; nothing is written.",
  operands: [{ name: "PATH", minimum: 0, maximum: 1000, help: "policy file, folder, or -" }],
  options: [
    JSON_OUTPUT,
    { name: "strict", help: "warnings count as findings too" },
    { name: "codes", help: "list the codes of all diagnostics instead" },
    TRUST,
  ],
  examples: [
    { command: "faramesh check policies/", text: "check every policy file of a folder, together" },
    { command: "faramesh check --strict --json payments.fpl", text: "for an editor or a pipeline" },
    { command: "git show HEAD:payments.fpl | faramesh check -", text: "check what was committed" },
  ],
  exits: { ok: "no error", findings: "at least one error (with --strict: or warning)" },
  async run(invocation) {
    const json = invocation.flag("json");
    if (invocation.flag("codes")) return listCodes(json);
    if (invocation.operands.length === 0) {
      throw misuse("PATH is missing: policy file, folder, or -", "`faramesh check --help` shows the usage");
    }
    const trust = readTrust(invocation.value("trust"));
    const policies = invocation.operands.map((path) => compilePath(path, trust));
    const findings = policies.flatMap((policy) => policy.findings);
    if (json) await printJson({ diagnostics: findings.map(findingJson) });
    else await printText(policies);
    const counts = invocation.flag("strict") ? ["error", "warning"] : ["error"];
    return findings.some(({ diagnostic }) => counts.includes(diagnostic.severity)) ? EXIT_FINDINGS : EXIT_OK;
  },
};
