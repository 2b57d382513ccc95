/** What the stages that build agents and the system share. */

import type { ToolSchema } from "../program.ts";
import type { Imports } from "./imports.ts";
import type { PatternIndex } from "./pattern-index.ts";
import type { Findings } from "./scope.ts";
import type { Environment } from "./settings.ts";

export interface Surroundings {
  findings: Findings;
  environment: Environment;
  imports: Imports;
  schemas: PatternIndex<ToolSchema>;
  /** Declared agents. */
  agents: ReadonlySet<string>;
  /** Declared providers. */
  providers: ReadonlySet<string>;
}
