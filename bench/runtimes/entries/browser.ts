/** `node ENTRY FOLDER PAGE`: the page's script in Chromium, in a profile of its own, with the folder served on the loopback address. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { chromium } from "playwright-core";
import { CHROMIUM, FLAGS } from "../../../tests/conformance/chromium.ts";
import type { Figures } from "../figures.ts";

const [folder, script] = process.argv.slice(2) as [string, string];
const HTML = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.mjs"></script>';

function answer(name: string): { type: string; body: string | Uint8Array } {
  if (name === "") return { type: "text/html", body: HTML };
  if (name === "page.mjs") return { type: "text/javascript", body: readFileSync(script) };
  return { type: "application/octet-stream", body: readFileSync(`${folder}/${name}`) };
}

const server = createServer(({ url = "/" }, response) => {
  const { type, body } = answer(basename(url));
  response.writeHead(200, { "content-type": type }).end(body);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({ executablePath: CHROMIUM!, args: FLAGS });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const figures = await page.evaluate(() => (globalThis as unknown as { figures: Promise<Figures> }).figures);
  console.log(JSON.stringify({ ...figures, version: `Chromium ${browser.version()}` }));
} finally {
  await browser.close();
  server.close();
}
