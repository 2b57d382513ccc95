/** Writes hosts/go/internal/tables/tables.go: `node cli/run.mjs tests/hosts/go/write-tables.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../docs/pages.ts";
import { printTables, TABLES } from "./tables.ts";

writeFileSync(join(ROOT, TABLES), printTables());
