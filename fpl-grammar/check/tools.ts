/** `tool PATTERN { args { … } … }`: the closed schemas of arguments. */

import type { ArgumentDeclaration, Block } from "../ast.ts";
import { BLOCKS } from "../blocks.ts";
import { place, report } from "../diagnostics.ts";
import type { ArgumentSchema, Span, ToolSchema } from "../program.ts";
import { didYouMean } from "../suggest.ts";
import { isToolPattern } from "../tool-patterns.ts";
import type { Findings } from "./scope.ts";
import { booleanSetting, type Environment, readSettings, textSetting, textsSetting } from "./settings.ts";

const TYPES: readonly ArgumentSchema["type"][] = [
  "string",
  "integer",
  "number",
  "money",
  "boolean",
  "list",
  "object",
  "enum",
];

export function toolSchemas(
  blocks: readonly Block[],
  environment: Environment,
  findings: Findings,
): ToolSchema[] {
  const seen = new Map<string, Span>();
  return blocks.flatMap((block) => {
    const { text, span } = block.label!;
    checkPattern(text, span, findings);
    const earlier = seen.get(text);
    if (earlier !== undefined) {
      findings.diagnostics.push(
        report("F301", span, { what: "the schema of", name: text, place: place(earlier) }),
      );
      return [];
    }
    seen.set(text, span);
    const settings = readSettings(block, settingType, environment, findings);
    const metadata = {
      reversible: booleanSetting(settings, "reversible"),
      blastRadius: textSetting(settings, "blast_radius"),
      tags: textsSetting(settings, "tags") ?? [],
    };
    const inner = block.body.filter((statement) => statement.kind === "block");
    for (const second of inner.slice(1)) {
      findings.diagnostics.push(
        report("F301", second.span, { what: "block", name: "args", place: place(inner[0]!.span) }),
      );
    }
    const declared = inner[0] === undefined ? null : argumentsOf(inner[0], findings);
    return [{ pattern: text, patternSpan: span, arguments: declared, metadata, span: block.span }];
  });
}

function settingType(name: string) {
  const form = BLOCKS.tool.statements.get(name);
  return form?.form === "setting" ? form.type : null;
}

export function checkPattern(text: string, span: Span, findings: Findings): boolean {
  if (isToolPattern(text)) return true;
  findings.diagnostics.push(report("F212", span, { text }));
  return false;
}

function argumentsOf(block: Block, findings: Findings): ArgumentSchema[] {
  const seen = new Map<string, Span>();
  return block.body.flatMap((statement) => {
    if (statement.kind !== "argument") return [];
    const { name } = statement;
    const earlier = seen.get(name.text);
    if (earlier !== undefined) {
      findings.diagnostics.push(
        report("F301", name.span, { what: "argument", name: name.text, place: place(earlier) }),
      );
      return [];
    }
    seen.set(name.text, name.span);
    return argumentOf(statement, findings);
  });
}

function argumentOf(declaration: ArgumentDeclaration, findings: Findings): ArgumentSchema[] {
  const { name, required, span } = declaration;
  const type = TYPES.find((known) => known === declaration.type.text);
  if (type === undefined) {
    const list = `types are ${TYPES.map((known) => `\`${known}\``).join(", ")}`;
    const help = didYouMean(declaration.type.text, TYPES, list);
    findings.diagnostics.push(
      report("F008", declaration.type.span, { what: "type", name: declaration.type.text }, help),
    );
    return [];
  }
  const values = declaration.values.flatMap((value) => {
    if (value.kind === "string") return [value.value];
    findings.diagnostics.push(report("F205", value.span, { name: "enum", expected: "texts in quotes" }));
    return [];
  });
  if (type === "enum" && declaration.values.length === 0) {
    findings.diagnostics.push(
      report("F205", declaration.type.span, {
        name: "enum",
        expected: 'its values, such as `["usd", "eur"]`',
      }),
    );
  }
  return [{ name: name.text, type, required, values: [...new Set(values)], span }];
}
