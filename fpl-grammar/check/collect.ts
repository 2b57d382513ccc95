/** Sorts the statements of all documents by what they declare. Order is that of the files' names, then of the text. */

import type { Block, Document, Import, Rule, Statement } from "../ast.ts";
import { place, report } from "../diagnostics.ts";
import type { Findings } from "./scope.ts";

export interface AgentSource {
  name: string;
  /** Null for an agent that only bare rules make. */
  block: Block | null;
  /** Rules outside of any agent, which belong to the agent `default`. */
  bareRules: Rule[];
  span: Statement["span"];
}

export interface Collected {
  /** Ascending by name. */
  agents: AgentSource[];
  system: Block | null;
  tools: Block[];
  deployment: Block[];
  manifests: Block[];
  imports: Import[];
}

const DEFAULT_AGENT = "default";

export function collect(documents: readonly Document[], findings: Findings): Collected {
  const output: Collected = {
    agents: [],
    system: null,
    tools: [],
    deployment: [],
    manifests: [],
    imports: [],
  };
  const agents = new Map<string, AgentSource>();
  for (const document of documents) {
    for (const statement of document.body) {
      if (statement.kind === "rule") addBareRule(agents, statement);
      else if (statement.kind === "import") output.imports.push(statement);
      else if (statement.kind === "block") addBlock(output, agents, statement, findings);
    }
  }
  output.agents = [...agents.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return output;
}

function addBareRule(agents: Map<string, AgentSource>, rule: Rule): void {
  const found = agents.get(DEFAULT_AGENT);
  if (found === undefined) {
    agents.set(DEFAULT_AGENT, { name: DEFAULT_AGENT, block: null, bareRules: [rule], span: rule.span });
  } else {
    found.bareRules.push(rule);
  }
}

function addBlock(
  output: Collected,
  agents: Map<string, AgentSource>,
  block: Block,
  findings: Findings,
): void {
  switch (block.name) {
    case "agent":
      addAgent(agents, block, findings);
      return;
    case "system":
      if (output.system === null) output.system = block;
      else twice("block", "system", block, output.system, findings);
      return;
    case "tool":
      output.tools.push(block);
      return;
    case "manifest":
      output.manifests.push(block);
      return;
    default: {
      const label = block.label?.text ?? null;
      const same = output.deployment.find(
        (other) => other.name === block.name && (other.label?.text ?? null) === label,
      );
      if (same === undefined) output.deployment.push(block);
      else twice(block.name, label ?? block.name, block, same, findings);
    }
  }
}

function addAgent(agents: Map<string, AgentSource>, block: Block, findings: Findings): void {
  const name = block.label!.text;
  const found = agents.get(name);
  if (found === undefined) agents.set(name, { name, block, bareRules: [], span: block.span });
  else if (found.block === null) agents.set(name, { ...found, block, span: block.span });
  else twice("agent", name, block, found.block, findings);
}

/** Reports a second declaration of one name. */
export function twice(
  what: string,
  name: string,
  second: Pick<Block, "span"> & { label?: Block["label"] },
  first: Pick<Block, "span">,
  findings: Findings,
): void {
  const span = second.label?.span ?? { ...second.span, length: Math.min(second.span.length, what.length) };
  findings.diagnostics.push(report("F301", span, { what, name, place: place(first.span) }));
}
