/** The tool patterns of one scope (the system, or one agent) and what each brings in. */

import type { Span } from "../../fpl-grammar/program.ts";
import type { IrPattern } from "../format/ir.ts";
import type { Build } from "./build.ts";
import { type Form, parseToolPattern } from "./tool-pattern.ts";

export class Scope {
  private readonly build: Build;
  private readonly selected = new Map<string, IrPattern[]>();
  /** By exact name, and by the glob's key. */
  private readonly entries = new Map<string, IrPattern>();
  /** In order of first use. Ids of each pattern are unsorted and may repeat until `finish`. */
  readonly patterns: { form: Form; pattern: IrPattern }[] = [];

  constructor(build: Build) {
    this.build = build;
  }

  /** The patterns that stand for a tool pattern; none, and a diagnostic, when it is not one. */
  select(text: string, span: Span): IrPattern[] {
    let patterns = this.selected.get(text);
    if (patterns === undefined) {
      const forms = parseToolPattern(text);
      if ("error" in forms) {
        this.build.error("F912", forms.error, forms.help, span);
        return [];
      }
      patterns = forms.map((form) => this.entry(form));
      this.selected.set(text, patterns);
    }
    return patterns;
  }

  namePhase(text: string, span: Span, phase: number): void {
    for (const pattern of this.select(text, span)) pattern.phases.push(phase);
  }

  private entry(form: Form): IrPattern {
    const key = form.kind === "exact" ? form.name : form.kind === "glob" ? form.key : "*";
    let pattern = this.entries.get(key);
    if (pattern === undefined) {
      pattern = {
        selectors: [],
        phases: [],
        always: [],
        rules: [],
        redacts: [],
        credentials: [],
        schemas: [],
        meters: [],
        costs: [],
      };
      this.entries.set(key, pattern);
      this.patterns.push({ form, pattern });
    }
    return pattern;
  }
}
