/** Reading the documentation: its files, its fenced snippets, its links. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Snippet {
  /** Relative to the project. */
  page: string;
  /** Of the opening fence, from 1. */
  line: number;
  language: string;
  /** The words after the language. */
  tags: string[];
  text: string;
}

/** Files whose snippets are checked: the top-level pages, and all of docs and the READMEs of packs and examples. */
export function pages(): string[] {
  const found = ["README.md", "SECURITY.md"];
  for (const folder of ["docs", "bundles/packs", "examples"]) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith(".md")) {
        found.push(relative(ROOT, join(entry.parentPath, entry.name)));
      }
    }
  }
  return found.sort();
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

/** Every fenced block of a page. Throws when a fence does not close. */
export function snippets(page: string): Snippet[] {
  const found: Snippet[] = [];
  let open: Snippet | null = null;
  for (const [index, line] of readPage(page).split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (fence === null) {
      if (open !== null) open.text += `${line}\n`;
    } else if (open === null) {
      const [language = "", ...tags] = fence[1]!.trim().split(/\s+/);
      open = { page, line: index + 1, language, tags, text: "" };
    } else if (fence[1] === "") {
      found.push(open);
      open = null;
    } else {
      throw new Error(`${page}:${index + 1}: a fence opens inside of a snippet`);
    }
  }
  if (open !== null) throw new Error(`${page}:${open.line}: the fence does not close`);
  return found;
}

export interface Link {
  page: string;
  line: number;
  target: string;
}

/** Links of a page that stay in the project; snippets and inline code are left out. */
export function links(page: string): Link[] {
  const found: Link[] = [];
  let fenced = false;
  for (const [index, line] of readPage(page).split("\n").entries()) {
    if (line.startsWith("```")) fenced = !fenced;
    if (fenced) continue;
    for (const match of line.replaceAll(/`[^`]*`/g, "code").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (!/^[a-z]+:/.test(match[1]!)) found.push({ page, line: index + 1, target: match[1]! });
    }
  }
  return found;
}

/** Anchors of a page's headings, as common Markdown renderers make them. */
export function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const match of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = match[1]!.replaceAll(/`|\[|\]\([^)]*\)/g, "").toLowerCase();
    found.add(
      plain
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    );
  }
  return found;
}

/** A table cell's text: a bar would end it. */
export function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
