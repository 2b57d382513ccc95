/** By keyboard, to a screen reader, in light and dark, on a phone. */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM, NEEDED, openSite, type Site, textOf, verdictIs, write } from "./browser.ts";

/** Who has the focus, through shadow roots: an id, or the editor's label. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let at: Element | null = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (at === document.body) return "";
    return at?.id || at?.getAttribute("aria-label") || at?.textContent || "";
  });
}

/** Whether something is drawn around what has the focus. */
function focusShows(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    for (
      let at: Element | null = document.activeElement;
      at !== null;
      at = at.shadowRoot?.activeElement ?? null
    ) {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
      if (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2) return true;
      if (boxShadow.includes("inset")) return true;
    }
    return false;
  });
}

/** Texts whose contrast to what they stand on is below WCAG 2.2's AA (1.4.3): 4.5, and 3 for large ones. */
function lowContrast(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Color = [number, number, number, number];
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
    const known = new Map<string, Color>();
    const parse = (text: string): Color => {
      const before = known.get(text);
      if (before !== undefined) return before;
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
      const color: Color = [red, green, blue, alpha / 255];
      known.set(text, color);
      return color;
    };
    const luminance = (color: Color): number => {
      const [red, green, blue] = color.slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    const parentOf = (at: Element): Element | null =>
      at.parentElement ??
      (at.getRootNode() instanceof ShadowRoot ? (at.getRootNode() as ShadowRoot).host : null);
    const ground = (at: Element): Color => {
      for (let up: Element | null = at; up !== null; up = parentOf(up)) {
        const color = parse(getComputedStyle(up).backgroundColor);
        if (color[3] > 0.99) return color;
      }
      return [255, 255, 255, 1];
    };
    const found: string[] = [];
    const visit = (root: Document | ShadowRoot): void => {
      for (const at of root.querySelectorAll("*")) {
        if (at.shadowRoot !== null) visit(at.shadowRoot);
        const own = [...at.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== "");
        if (
          !own ||
          !at.checkVisibility({ visibilityProperty: true }) ||
          at.closest(".spoken, .skip, :disabled, option")
        )
          continue;
        const style = getComputedStyle(at);
        const [light, dark] = [luminance(parse(style.color)), luminance(ground(at))].sort((a, b) => b - a);
        const ratio = (light! + 0.05) / (dark! + 0.05);
        const size = Number.parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (isLarge ? 3 : 4.5))
          found.push(`${ratio.toFixed(2)} ${at.tagName} ${at.className} ${at.textContent?.slice(0, 30)}`);
      }
    };
    visit(document);
    return [...new Set(found)];
  });
}

describe.skipIf(CHROMIUM === null)(NEEDED, () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => site?.close());

  it("Tab goes through everything in the order in which it stands, and shows where it is", async () => {
    const { page } = await site.visit();
    const order: string[] = [];
    for (let count = 0; count < 40; count++) {
      await page.keyboard.press("Tab");
      const name = await focused(page);
      if (order.includes(name) || name === "") break;
      order.push(name);
      expect(`${name}: ${await focusShows(page)}`).toBe(`${name}: true`);
    }
    const wanted = [
      "To the verdict",
      "example",
      "share",
      "theme",
      "keys-open",
      "Policy, in FPL",
      "tab-call",
      "Action, as JSON",
      "Facts, as JSON, may be empty",
      "policy.fpl:28",
      "copy-trace",
    ];
    expect(order.filter((name) => wanted.includes(name))).toEqual(wanted);
    await page.close();
  });

  it("a policy is written, mended and its verdict read without a mouse", async () => {
    const { page } = await site.visit();
    await page.keyboard.press("Alt+1");
    expect(await focused(page)).toBe("Policy, in FPL");
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText('agent "a" {\n  rules {\n    permti x/y\n  }\n}\n');
    await page.waitForSelector("#problems li.error");
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("F8");
    await page.keyboard.press("Control+Delete");
    await page.keyboard.press("Escape");
    await page.keyboard.insertText("permit");
    await page.keyboard.press("Alt+2");
    expect(await focused(page)).toBe("Action, as JSON");
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText('{"agent": "a", "tool": "x/y", "args": {}}');
    await verdictIs(page, "permit", "rule_permit");
    await page.keyboard.press("Control+Enter");
    expect(await focused(page)).toBe("verdict-title");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("Policy, in FPL");
    await page.keyboard.press("Alt+4");
    expect(await focused(page)).toBe("tab-cases");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#panel-bundle").isVisible()).toBe(true);
    expect(await textOf(page, "#listing")).toContain("permit x/y");
    await page.keyboard.press("Home");
    expect(await focused(page)).toBe("tab-call");
    await page.focus("#keys-open");
    await page.keyboard.press("Enter");
    expect(await page.locator("#keys").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.locator("#keys").isVisible()).toBe(false);
    expect(await focused(page)).toBe("keys-open");
    await page.close();
  });

  it("offers what can stand at a place", async () => {
    const { page } = await site.visit();
    await write(page, "policy", 'agent "a" {\n  rules {\n    permit x/y if args.b == 1\n  }\n}\n');
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.keyboard.type("inc");
    await page.waitForSelector("#policy .cm-tooltip-autocomplete");
    expect(await page.locator("#policy .cm-tooltip-autocomplete li").allTextContents()).toContain("include");
    await page.close();
  });

  it("everything that acts has a name, and no id stands twice", async () => {
    const { page, context } = await site.visit();
    const session = await context.newCDPSession(page);
    const acting = [
      "button",
      "combobox",
      "textbox",
      "tab",
      "tabpanel",
      "link",
      "dialog",
      "region",
      "list",
      "tablist",
    ];
    for (const tab of ["call", "cases", "bundle"]) {
      await page.click(`#tab-${tab}`);
      const { nodes } = await session.send("Accessibility.getFullAXTree");
      const roles = nodes
        .filter(({ ignored }) => !ignored)
        .map(({ role, name }) => ({ role: String(role?.value), name: String(name?.value ?? "") }));
      expect(roles.filter(({ role, name }) => acting.slice(0, 8).includes(role) && name === "")).toEqual([]);
      expect(roles.filter(({ role }) => role === "textbox").length).toBeGreaterThan(0);
    }
    const twice = await page.evaluate(() => {
      const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
      const broken = [...document.querySelectorAll("[aria-labelledby], [aria-controls], label[for]")].filter(
        (at) =>
          ["aria-labelledby", "aria-controls", "for"].some(
            (name) => at.hasAttribute(name) && !ids.includes(at.getAttribute(name)!),
          ),
      );
      return [
        ...ids.filter((id, index) => ids.indexOf(id) !== index),
        ...broken.map(({ outerHTML }) => outerHTML.slice(0, 80)),
      ];
    });
    expect(twice).toEqual([]);
    expect(await page.getAttribute("html", "lang")).toBe("en");
    expect(await page.getAttribute("#spoken", "aria-live")).toBe("polite");
    expect(await page.getAttribute("#policy-state", "role")).toBe("status");
    await page.close();
  });

  it.each(["light", "dark"] as const)("%s: every text stands out from its ground", async (scheme) => {
    const { page } = await site.visit({ scheme });
    const seen = async (name: string) => {
      const picture = await page.screenshot({ path: join(site.folder, `${scheme}-${name}.png`) });
      expect(picture.length).toBeGreaterThan(10_000);
      expect(await lowContrast(page)).toEqual([]);
    };
    await seen("defer");
    for (const tab of ["cases", "bundle", "call"]) {
      await page.click(`#tab-${tab}`);
      await page.waitForTimeout(200);
      await seen(tab);
    }
    await write(page, "action", '{"agent": "support", "tool": "shell/run", "args": {"a": [1, true, null]}}');
    await page.waitForSelector("#verdict[data-effect=deny]");
    await seen("deny");
    await write(
      page,
      "policy",
      'agent "a" {\n  rulse {\n    permit x if amount matches "a|b" # c\n  }\n  rules { permit y/* if a.b == "\\n" }\n}\n',
    );
    await page.waitForSelector("#problems li");
    await seen("error");
    await page.close();
  });

  it("the button for colours goes round, and the choice outlives the page", async () => {
    const { page } = await site.visit({ scheme: "light" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.click("#theme");
    expect(await page.getAttribute("#theme", "aria-label")).toBe("Colours: light");
    await page.click("#theme");
    expect(await page.getAttribute("#theme", "aria-label")).toBe("Colours: dark");
    expect(await ground()).not.toBe(light);
    await page.reload();
    await page.waitForSelector("html[data-ready]");
    expect(await ground()).not.toBe(light);
    await page.click("#theme");
    expect(await ground()).toBe(light);
    await page.close();
  });

  it.each([360, 768, 1024])("%d pixels wide: nothing is cut off", async (width) => {
    const { page } = await site.visit({ width, height: 800 });
    for (const tab of ["call", "cases", "bundle"]) {
      await page.click(`#tab-${tab}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(over).toBeLessThanOrEqual(0);
    }
    await page.screenshot({ path: join(site.folder, `${width}.png`), fullPage: true });
    await page.close();
  });
});
