/** Compiles fpl.ne to generated/grammar.js, with a type declaration. The same source gives the same bytes. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const nearley = require("nearley");
const compile = require("nearley/lib/compile.js");
const generate = require("nearley/lib/generate.js");
const lint = require("nearley/lib/lint.js");
const notation = require("nearley/lib/nearley-language-bootstrapped.js");
const { version } = require("nearley/package.json");

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const parser = new nearley.Parser(nearley.Grammar.fromCompiled(notation));
parser.feed(readFileSync(here("fpl.ne"), "utf8"));
if (parser.results.length === 0) throw new Error("fpl.ne: unexpected end");
const compiled = compile(parser.results[0], { version });
lint(compiled, { out: { write: (text) => fail(text) }, version });

const declaration = `import type { CompiledRules } from "nearley";
declare const grammar: CompiledRules;
export default grammar;
`;

mkdirSync(here("generated"), { recursive: true });
write("generated/grammar.js", generate(compiled, "grammar"));
write("generated/grammar.d.ts", declaration);

function fail(text) {
  throw new Error(`fpl.ne: ${text}`);
}

function write(name, text) {
  const temporary = here(`${name}.${process.pid}.tmp`);
  writeFileSync(temporary, text);
  renameSync(temporary, here(name));
}
