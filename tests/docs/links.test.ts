import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchors, links, pages, ROOT, readPage } from "./pages.ts";

describe("links between pages", () => {
  it.each(pages())("%s", (page) => {
    const broken = links(page).filter(({ target }) => !resolves(page, target));
    expect(broken.map(({ line, target }) => `${page}:${line}: ${target}`)).toEqual([]);
  });

  it("finds a broken link and a broken anchor", () => {
    expect(resolves("README.md", "docs/none.md")).toBe(false);
    expect(resolves("README.md", "SECURITY.md#no-such-heading")).toBe(false);
    expect(resolves("README.md", "SECURITY.md#what-is-a-boundary")).toBe(true);
  });

  it("every page of docs is reached from its index", () => {
    const index = new Set(links("docs/README.md").map(({ target }) => join("docs", target)));
    const missing = pages().filter(
      (page) => page.startsWith("docs/") && !index.has(page) && page !== "docs/README.md",
    );
    expect(missing).toEqual([]);
  });
});

function resolves(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, file))) return false;
  if (anchor === undefined) return true;
  if (statSync(join(ROOT, file)).isDirectory()) return false;
  return anchors(path === "" ? readPage(page) : readFileSync(join(ROOT, file), "utf8")).has(anchor);
}
