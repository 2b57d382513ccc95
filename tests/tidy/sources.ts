/** The project's own source files, as the structure tests read them. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

export interface Source {
  /** Relative to the root, `/` as separator. */
  path: string;
  text: string;
  lines: string[];
}

export const root = new URL("../../", import.meta.url);

/** Tracked and new files alike, so that a file is judged before it is committed. */
export function listFiles(): string[] {
  const output = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  return output.split("\n").filter((path) => path !== "" && existsSync(new URL(path, root)));
}

export function readSource(path: string): Source {
  const text = readFileSync(new URL(path, root), "utf8");
  return { path, text, lines: text.split("\n") };
}

export function readSources(pattern: RegExp): Source[] {
  return listFiles()
    .filter((path) => pattern.test(path))
    .map(readSource);
}

/** Source text without comments; string contents stay, so that import paths can be read. */
export function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, literal) => literal ?? " ",
  );
}

/** Every module that a source imports or re-exports, as written. */
export function importsOf(source: Source): string[] {
  const code = withoutComments(source.text);
  const found: string[] = [];
  const statement = /^(?:import|export)\s(?:[^"';]*?\sfrom\s*)?["']([^"']+)["']/gm;
  for (const match of code.matchAll(statement)) found.push(match[1]!);
  for (const match of code.matchAll(/\bimport\s*\(\s*["']([^"']+)["']\s*\)/g)) found.push(match[1]!);
  return found;
}
