import type { Command, Invocation } from "../command.ts";
import { JSON_OUTPUT } from "../command.ts";
import { Coverage, type CoverageReport } from "../coverage.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse } from "../errors.ts";
import { writeFile } from "../files.ts";
import { Progress, placeName, print, printJson } from "../io.ts";
import { TRUST } from "../options.ts";
import { type Opened, openPolicy } from "../policy.ts";
import { coverageText } from "../report/coverage.ts";
import { explanationJson, explanationText } from "../report/explanation.ts";
import { junitXml } from "../report/junit.ts";
import { printable, type Style, styleFor } from "../style.ts";
import { findSuites, readSuite, runCase, type Suite, type SuiteOutcome } from "../suite.ts";

interface Tested {
  opened: Opened;
  coverage: Coverage;
}

interface Run {
  suites: SuiteOutcome[];
  policies: Map<string, Tested>;
}

async function runAll(suites: Suite[], trust: string | null): Promise<Run> {
  const progress = new Progress("running cases");
  const run: Run = { suites: [], policies: new Map() };
  let done = 0;
  for (const { casesPath, policyPath } of suites) {
    const cases = readSuite(casesPath);
    let tested = run.policies.get(policyPath);
    if (tested === undefined) {
      const opened = await openPolicy(policyPath, { trust, insecure: false });
      tested = { opened, coverage: new Coverage(opened.ir) };
      run.policies.set(policyPath, tested);
    }
    const { opened, coverage } = tested;
    const outcomes = cases.map((one) => {
      progress.update(++done);
      return runCase(opened, one, coverage);
    });
    run.suites.push({ file: casesPath, policy: policyPath, outcomes });
  }
  progress.end();
  return run;
}

async function printSuites(run: Run, style: Style): Promise<void> {
  const width = Math.min(process.stdout.columns ?? 100, 160) - 4;
  for (const { file, policy, outcomes } of run.suites) {
    const failed = outcomes.filter(({ ok }) => !ok);
    const counts =
      failed.length === 0 ? `${outcomes.length} passed` : `${failed.length} of ${outcomes.length} failed`;
    await print(
      `${failed.length === 0 ? style.green("✓") : style.red("✗")} ${placeName(file)}  ${style.dim(counts)}\n`,
    );
    const { display } = run.policies.get(policy)!.opened;
    for (const { title, line, problem, explanation } of failed) {
      const detail =
        explanation === null
          ? ""
          : explanationText(explanation, display, width, style).replace(/^(?=.)/gm, "    ");
      await print(
        `\n  ${style.red("✗")} ${style.bold(printable(title))}  ${style.dim(`${placeName(file)}:${line}`)}\n    ${printable(problem)}\n\n${detail}`,
      );
    }
  }
}

function percentOption(invocation: Invocation): number | null {
  const text = invocation.value("threshold");
  if (text === null) return null;
  const value = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(value >= 0 && value <= 100))
    throw misuse(`\`--threshold\` cannot be \`${text}\``, "a percentage from 0 to 100");
  return value;
}

function below(report: CoverageReport, threshold: number | null): boolean {
  const { rules, conditions, limits } = report;
  return threshold !== null && [rules, conditions, limits].some(({ percent }) => percent < threshold);
}

function jsonOf(
  run: Run,
  reports: [string, CoverageReport][],
  threshold: number | null,
  passed: number,
  failed: number,
) {
  return {
    suites: run.suites.map(({ file, policy, outcomes }) => ({
      file,
      policy,
      cases: outcomes.map(({ title, line, ok, problem, expected, actual, explanation, steps }) => ({
        title,
        line,
        ok,
        problem: ok ? null : problem,
        expected,
        actual,
        explanation: ok || explanation === null ? null : explanationJson(explanation),
        steps: steps.map((step) => ({
          line: step.line,
          kind: step.kind,
          ok: step.problem === "",
          expected: step.expected,
          actual: step.actual,
        })),
      })),
    })),
    coverage: reports.map(([policy, report]) => ({ policy, ok: !below(report, threshold), ...report })),
    summary: { cases: passed + failed, passed, failed, threshold },
  };
}

export const test: Command = {
  name: "test",
  summary: "run the test cases of a policy, with coverage",
  description: `Cases stand beside the policy: X.cases tests X.fpl, or the folder's policy when there is no X.fpl. They run through the compiled
policy in the real core. A case is written so, with \`facts\`, \`code\` and \`rule\` optional and # for comments:

  case "a small refund is permitted"
    action {"agent": "support", "tool": "stripe/refund", "args": {"amount": 20}}
    facts  {"purpose": "support"}
    expect permit code rule_permit rule 12

A case may have several steps, on one state that begins empty:

  case "the second refund is over the budget"
    session "s-1" purpose "support"
    action {"agent": "support", "tool": "stripe/refund", "args": {"amount": 90}}
    expect permit
    after 10m
    action {"agent": "support", "tool": "stripe/refund", "args": {"amount": 90}}
    expect deny code budget_exceeded

Between actions: session "ID" [purpose "P"] [phase "NAME"], at TIME, after DURATION, approve ["WHO"] [for DURATION], reject ["WHO"],
settle [{"money": 3}], refund, freeze, unfreeze, child_exit, phase "NAME", close [gates {…}]. They are about the call before them, and
must be applied unless an \`expect\` right behind them says otherwise.

Coverage counts the rules that some case made apply, for each condition whether cases showed it true and false, and the limits that some
case went over.`,
  operands: [
    {
      name: "PATH",
      minimum: 1,
      maximum: 1000,
      help: "policy with its cases beside it, cases file, or folder with all *.cases in it",
    },
  ],
  options: [
    { name: "coverage", short: "c", help: "show which rules and conditions no case exercised" },
    {
      name: "threshold",
      value: "PERCENT",
      help: "fail when rules, conditions or limits of a policy are covered less (implies --coverage)",
    },
    { name: "junit", value: "FILE", help: "write the outcomes as JUnit XML too" },
    JSON_OUTPUT,
    { ...TRUST, help: "trust file for imports whose lock names a signer" },
  ],
  examples: [
    { command: "faramesh test policy.fpl", text: "run policy.cases" },
    { command: "faramesh test policies/ --threshold 90 --junit report.xml", text: "in a pipeline" },
  ],
  exits: {
    ok: "all cases passed, and the threshold was reached",
    findings: "a case failed or is malformed, or coverage is below the threshold",
  },
  async run(invocation) {
    const threshold = percentOption(invocation);
    const suites = new Map(invocation.operands.flatMap(findSuites).map((suite) => [suite.casesPath, suite]));
    const run = await runAll([...suites.values()], invocation.value("trust"));
    const outcomes = run.suites.flatMap((suite) => suite.outcomes);
    const failed = outcomes.filter(({ ok }) => !ok).length;
    const reports = [...run.policies].map(([policy, { coverage }]): [string, CoverageReport] => [
      policy,
      coverage.report(),
    ]);
    const low = reports.filter(([, report]) => below(report, threshold));
    const junit = invocation.value("junit");
    if (junit !== null) await writeFile(junit, junitXml(run.suites));
    if (invocation.flag("json")) {
      await printJson(jsonOf(run, reports, threshold, outcomes.length - failed, failed));
    } else {
      const style = styleFor(process.stdout);
      await printSuites(run, style);
      if (invocation.flag("coverage") || threshold !== null) {
        for (const [policy, report] of reports) {
          await print(
            `\n${coverageText(policy, report, run.policies.get(policy)!.opened.display, threshold, style)}`,
          );
        }
      }
      const counts = `${outcomes.length - failed} passed, ${failed} failed`;
      const note =
        low.length === 0
          ? ""
          : `, coverage of ${low.map(([policy]) => policy).join(", ")} below ${threshold} %`;
      await print(
        `\n${(failed === 0 && low.length === 0 ? style.green : style.red)(style.bold(counts + note))}\n`,
      );
    }
    return failed === 0 && low.length === 0 ? EXIT_OK : EXIT_FINDINGS;
  },
};
