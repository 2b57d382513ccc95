import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Case, type Expectation, parseCases } from "./cases.ts";
import { CODE_NAMES, type Verdict } from "./core.ts";
import type { Coverage } from "./coverage.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, misuse } from "./errors.ts";
import { cannotRead, readBytes } from "./io.ts";
import type { Opened } from "./policy.ts";
import { explanationText } from "./report/explanation.ts";
import { CaseRun, type StepOutcome } from "./run-case.ts";
import { findFiles } from "./sources.ts";
import { makeStyle } from "./style.ts";
import type { Explanation } from "./trace.ts";

/** A cases file and the policy that it tests. */
export interface Suite {
  casesPath: string;
  policyPath: string;
}

export interface CaseOutcome {
  title: string;
  line: number;
  ok: boolean;
  /** One line: what was expected and what came; empty when it came. */
  problem: string;
  /** The explanation as plain text; empty when `ok`. */
  detail: string;
  /** Of the last action that was decided. */
  explanation: Explanation | null;
  /** Of the last step that ran: the one that failed, if any. */
  expected: Expectation;
  actual: Verdict;
  steps: StepOutcome[];
}

export interface SuiteOutcome {
  file: string;
  policy: string;
  outcomes: CaseOutcome[];
}

/** The suites of a path: a folder with all `*.cases` below it, a policy with its cases beside it, or a cases file. Throws CommandError. */
export function findSuites(path: string): Suite[] {
  let folder = false;
  try {
    folder = statSync(path).isDirectory();
  } catch (error) {
    throw cannotRead(path, error);
  }
  const help = "`faramesh test --help` shows how cases are written";
  if (folder) {
    const names = findFiles(path, ".cases");
    if (names.length === 0)
      throw new CommandError(EXIT_MISUSE, "there are no test cases: no file ends in `.cases`", {
        place: path,
        help,
      });
    return names.map((name) => suiteOf(join(path, name)));
  }
  if (path.endsWith(".cases")) return [suiteOf(path)];
  const casesPath = `${path.replace(/\.fpl$/, "")}.cases`;
  if (!path.endsWith(".fpl"))
    throw misuse(
      `\`${path}\` is neither a policy, nor a cases file, nor a folder`,
      "name NAME.fpl, NAME.cases or a folder",
    );
  if (!existsSync(casesPath))
    throw new CommandError(EXIT_MISUSE, `it has no test cases: there is no \`${casesPath}\``, {
      place: path,
      help,
    });
  return [{ casesPath, policyPath: path }];
}

/** `X.cases` tests `X.fpl`; where there is none, the policy of the folder. */
function suiteOf(casesPath: string): Suite {
  const sibling = join(dirname(casesPath), `${basename(casesPath, ".cases")}.fpl`);
  return { casesPath, policyPath: existsSync(sibling) ? sibling : dirname(casesPath) };
}

/** Throws CommandError with every malformed case. */
export function readSuite(path: string): Case[] {
  const { cases, errors } = parseCases(readBytes(path), CODE_NAMES);
  if (errors.length > 0) {
    const [first, ...rest] = errors;
    const more = rest
      .map((error) => `\n  ${path}:${error.line}:${error.column}: ${error.message}\n    ${error.help}`)
      .join("");
    throw new CommandError(EXIT_FINDINGS, first!.message, {
      place: `${path}:${first!.line}:${first!.column}`,
      help: `${first!.help}${more}`,
    });
  }
  if (cases.length === 0) {
    throw new CommandError(EXIT_FINDINGS, "it holds no case", {
      place: path,
      help: 'write one: case "TITLE" action {…} expect permit',
    });
  }
  return cases;
}

export function runCase(opened: Opened, one: Case, coverage: Coverage): CaseOutcome {
  const steps = new CaseRun(opened, one).run(one);
  for (const { explanation } of steps) if (explanation !== null) coverage.add(explanation);
  const last = steps.at(-1)!;
  const plain = makeStyle(false);
  const shown = steps.findLast((step) => step.explanation !== null)?.explanation ?? null;
  const detail =
    last.problem === "" || last.explanation === null
      ? ""
      : explanationText(last.explanation, opened.display, 100, plain);
  return {
    title: one.title,
    line: one.line,
    ok: last.problem === "",
    problem: problemText(one, last),
    detail,
    explanation: last.explanation ?? shown,
    expected: last.expected,
    actual: last.actual,
    steps,
  };
}

/** With the place of the step, where there are several. */
function problemText({ steps }: Case, { problem, kind, line }: StepOutcome): string {
  if (problem === "" || steps.length === 1) return problem;
  return `line ${line}: ${kind === "action" ? "" : `${kind}: `}${problem}`;
}
