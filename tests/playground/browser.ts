/** A real Chromium on the built page, which is served on the loopback address. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { build } from "../../examples/playground/build.mjs";
import { serve } from "../../examples/playground/serve.mjs";
import { CHROMIUM, FLAGS } from "../conformance/chromium.ts";

export { CHROMIUM };
export const NEEDED = "with a Chromium (Debian: chromium)";

export interface Visit {
  page: Page;
  context: BrowserContext;
  address: string;
  /** What the console said in anger, and what the content security policy refused. */
  complaints: string[];
  /** Addresses of everything that was asked for. */
  requests: string[];
}

export interface Site {
  folder: string;
  address: string;
  /** A fresh page. `fragment` with its `#`. */
  visit(options?: {
    fragment?: string;
    scheme?: "light" | "dark";
    width?: number;
    height?: number;
  }): Promise<Visit>;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "faramesh-playground-"));
  await build(join(folder, "page"));
  const { address, close } = await serve(join(folder, "page"));
  const context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: CHROMIUM!,
    args: FLAGS,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  return {
    folder,
    address,
    async visit({ fragment = "", scheme = "light", width = 1440, height = 1000 } = {}) {
      const page = await context.newPage();
      const complaints: string[] = [];
      const requests: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => requests.push(request.url()));
      await page.addInitScript(() => {
        addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
          console.error(`refused: ${violatedDirective} ${blockedURI}`);
        });
      });
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(address + fragment);
      await page.waitForSelector("html[data-ready]", { timeout: 60_000 });
      return { page, context, address, complaints, requests };
    },
    async close() {
      await context.close();
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Types a text into an editor in the place of what is there. */
export async function write(page: Page, editor: "policy" | "action" | "facts" | "cases", text: string) {
  await page.locator(`#${editor} .cm-content`).click();
  await page.keyboard.press("Control+A");
  if (text === "") await page.keyboard.press("Delete");
  else await page.keyboard.insertText(text);
}

/** `permit rule_permit`, once it is that. */
export async function verdictIs(page: Page, effect: string, code: string): Promise<void> {
  await page.waitForFunction(
    ([wantedEffect, wantedCode]) => {
      const badge = document.querySelector("#verdict-body .badge");
      const shown = ["strong", "code"].map((name) => badge?.querySelector(name)?.textContent);
      return shown[0] === wantedEffect && shown[1] === wantedCode;
    },
    [effect, code],
    { timeout: 20_000 },
  );
}

export async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? "";
}
