/** `import` and `include`: an imported document's rules, put in place where they are included. */

import type { Block, Document, Import, Include, Rule, Statement } from "../ast.ts";
import { hasErrors, place, report } from "../diagnostics.ts";
import { parse } from "../parse.ts";
import type { SourceFile } from "../program.ts";
import { didYouMean } from "../suggest.ts";
import type { Findings } from "./scope.ts";

/** A document named by an import, resolved, and verified where it must be, by the caller. */
export interface ImportedSource {
  path: string;
  version: string;
  file: SourceFile;
}

/** A rule at its final place, and the variables it may use. */
export interface PlacedRule {
  rule: Rule;
  /** The document's own, for a rule that was included. Null: those of the including block. */
  variables: readonly Statement[] | null;
}

const EXACT_VERSION =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

interface Module {
  declaration: Import;
  document: Document | null;
  used: boolean;
}

/** All imports of one compilation, by importing file and name. */
export class Imports {
  readonly #available: readonly ImportedSource[];
  readonly #findings: Findings;
  /** File to name to module. */
  readonly #modules = new Map<string, Map<string, Module>>();
  readonly #parsed = new Map<string, Document | null>();
  readonly #including: string[] = [];

  constructor(available: readonly ImportedSource[], findings: Findings) {
    this.#available = available;
    this.#findings = findings;
  }

  /** The files of every import that was resolved. */
  files(): SourceFile[] {
    return this.#available.map(({ file }) => file).filter((file) => this.#parsed.has(file.name));
  }

  declare(file: string, imports: readonly Import[]): void {
    const modules = new Map<string, Module>();
    this.#modules.set(file, modules);
    for (const declaration of imports) {
      const { name, target } = declaration;
      const earlier = modules.get(name);
      if (earlier === undefined) {
        modules.set(name, { declaration, document: this.#resolve(declaration), used: false });
      } else {
        const values = { what: "import", name, place: place(earlier.declaration.span) };
        this.#findings.diagnostics.push(report("F301", target.span, values));
      }
    }
  }

  /** Reports imports that were declared and never included. */
  finish(): void {
    for (const modules of this.#modules.values()) {
      for (const { declaration, document, used } of modules.values()) {
        if (used || document === null) continue;
        this.#findings.diagnostics.push(report("F607", declaration.span, { name: declaration.name }));
      }
    }
  }

  /** The rules of `statements` in order, with what they include in its place. */
  place(statements: readonly Statement[], variables: readonly Statement[] | null = null): PlacedRule[] {
    const output: PlacedRule[] = [];
    for (const statement of statements) {
      if (statement.kind === "rule") output.push({ rule: statement, variables });
      else if (statement.kind === "include")
        for (const placed of this.#include(statement)) output.push(placed);
    }
    return output;
  }

  #include(include: Include): PlacedRule[] {
    const { text, span } = include.name;
    const modules = this.#modules.get(span.file);
    const module = modules?.get(text);
    if (module === undefined) {
      const help = didYouMean(text, modules?.keys() ?? [], null);
      this.#findings.diagnostics.push(report("F604", span, { name: text }, help ?? undefined));
      return [];
    }
    module.used = true;
    if (module.document === null) return [];
    const { file } = module.document;
    if (this.#including.includes(file)) {
      this.#findings.diagnostics.push(report("F606", span, { name: text }));
      return [];
    }
    this.#including.push(file);
    const placed = this.#rulesOf(module.document, include);
    this.#including.pop();
    return placed;
  }

  /** Bare rules, and those of the agent `default`; anything else is refused, since it would not apply. */
  #rulesOf(document: Document, include: Include): PlacedRule[] {
    const output: PlacedRule[] = [];
    for (const statement of document.body) {
      if (statement.kind === "rule") output.push({ rule: statement, variables: [] });
      else if (
        statement.kind === "block" &&
        statement.name === "agent" &&
        statement.label?.text === "default"
      ) {
        for (const placed of this.#rulesOfDefault(statement, include)) output.push(placed);
      } else if (statement.kind !== "import") {
        this.#refuse(include, statement.kind === "block" ? statement.name : statement.kind);
      }
    }
    return output;
  }

  #rulesOfDefault(agent: Block, include: Include): PlacedRule[] {
    const variables = agent.body.filter((statement) => statement.kind === "variable");
    return agent.body.flatMap((statement) => {
      if (statement.kind === "block" && statement.name === "rules")
        return this.place(statement.body, variables);
      if (statement.kind !== "variable")
        this.#refuse(include, statement.kind === "setting" ? statement.name.text : statement.kind);
      return [];
    });
  }

  #refuse(include: Include, construct: string): void {
    this.#findings.diagnostics.push(
      report("F605", include.name.span, { name: include.name.text, construct }),
    );
  }

  /** The document, or null after an error. */
  #resolve(declaration: Import): Document | null {
    const { path, version, target } = declaration;
    if (version === "") {
      this.#findings.diagnostics.push(report("F601", target.span, { path }));
      return null;
    }
    if (!EXACT_VERSION.test(version)) {
      this.#findings.diagnostics.push(report("F602", target.span, { version }));
      return null;
    }
    const source = this.#available.find((other) => other.path === path && other.version === version);
    if (source === undefined) {
      this.#findings.diagnostics.push(report("F603", target.span, { path, version }));
      return null;
    }
    const parsed = this.#parsed.get(source.file.name);
    if (parsed !== undefined) return parsed;
    const { document, diagnostics } = parse(source.file);
    this.#parsed.set(source.file.name, document);
    this.#findings.diagnostics.push(...diagnostics);
    if (document === null || hasErrors(diagnostics)) {
      this.#findings.diagnostics.push(report("F608", target.span, { name: declaration.name }));
      return null;
    }
    this.declare(
      source.file.name,
      document.body.filter((statement) => statement.kind === "import"),
    );
    return document;
  }
}
