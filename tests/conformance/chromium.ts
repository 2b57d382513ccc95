/** A real Chromium on pages that are served on the loopback address, under a strict content security policy. */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

const PLACES = [process.env.CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser"];
/** Null: what needs it is skipped, which in the tests is a failure in CI. */
export const CHROMIUM = PLACES.find((place) => place !== "" && existsSync(place)) ?? null;

export const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** No inline script, no `eval`, nothing from elsewhere; WebAssembly may be compiled. */
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const TYPES: Record<string, string> = {
  html: "text/html",
  mjs: "text/javascript",
  js: "text/javascript",
  wasm: "application/wasm",
};
const TIME_LIMIT_MS = 300_000;

export interface Site {
  /** Of its root, with the last `/`. */
  readonly address: string;
  /** Files by their paths below the root. May change. */
  readonly files: Map<string, Uint8Array | string>;
  /** Opens a page, and gives what it says to the console first; it says to `console.error` when it fails, which rejects. */
  hear(page: string): Promise<string>;
  close(): Promise<void>;
}

export async function openSite(files: Map<string, Uint8Array | string>): Promise<Site> {
  const server = createServer((request, response) => {
    const path = decodeURI(new URL(request.url ?? "/", "http://localhost").pathname).slice(1);
    const file = files.get(path);
    const type = TYPES[path.split(".").at(-1)!] ?? "application/octet-stream";
    response.setHeader("content-security-policy", POLICY);
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": type }).end(file);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const profile = mkdtempSync(join(tmpdir(), "faramesh-chromium-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM!, args: FLAGS });
  return {
    address,
    files,
    hear: (page) => hear(context, `${address}${page}`),
    async close() {
      await context.close();
      server.closeAllConnections();
      server.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

async function hear(context: BrowserContext, address: string): Promise<string> {
  const page = await context.newPage();
  try {
    return await new Promise((resolve, reject) => {
      const late = () => reject(new Error(`${address} says nothing`));
      setTimeout(late, TIME_LIMIT_MS).unref();
      page.on("pageerror", reject);
      page.on("console", (message) => {
        // A file that is not there is no failure of the page.
        if (message.type() !== "error") resolve(message.text());
        else if (!message.text().includes("404")) reject(new Error(message.text()));
      });
      page.goto(address).catch(reject);
    });
  } finally {
    await page.close();
  }
}

/** A page that runs one module. */
export const pageOf = (module: string): string =>
  `<!doctype html><meta charset="utf-8"><script type="module" src="${module}"></script>`;
