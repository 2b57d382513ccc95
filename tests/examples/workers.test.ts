/** The example for Workers as somebody tries it before deploying: `wrangler dev --local`, on loopback, with nothing sent or fetched elsewhere. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { printTrustFile } from "../../bundles/trust/index.ts";
import { fileOf, keyOf, refundPolicy } from "../hosts/policies.ts";
import { temporaryFolder } from "../hosts/records.ts";
import { startOrigin } from "../policy/origin-server.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const START_LIMIT_MS = 90_000;
const TOKEN = "a-token-of-the-example";
const OPERATOR_TOKEN = "an-operators-token-of-the-example";
const YEAR_MS = 366 * 24 * 3_600_000;
const key = keyOf(1);

/** By now: the example reads the machine's clock. */
function trustText(): string {
  const { name, publicKey } = key;
  const validity = { notBeforeMs: Date.now() - YEAR_MS, notAfterMs: Date.now() + YEAR_MS };
  const keys = [{ name, publicKey, ...validity }];
  return new TextDecoder().decode(printTrustFile({ threshold: 1, minimumSequence: 0, keys }));
}

const OFFLINE = {
  CI: "true",
  NO_COLOR: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** The address on which the example is served. */
function startExample(args: readonly string[], folder: string): Promise<string> {
  const child = spawn(
    process.execPath,
    [WRANGLER, "dev", "--local", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0", ...args],
    {
      cwd: join(ROOT, "examples/workers"),
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        XDG_CONFIG_HOME: folder,
        WRANGLER_LOG_PATH: folder,
        ...OFFLINE,
      },
      stdio: ["ignore", "pipe", "pipe"],
      // Ended with the processes that it started.
      detached: true,
    },
  );
  onTestFinished(() => {
    if (child.pid === undefined || child.exitCode !== null) return;
    process.kill(-child.pid, "SIGTERM");
    return new Promise<void>((resolve) => child.on("close", () => resolve()));
  });
  return new Promise((resolve, reject) => {
    let output = "";
    const late = setTimeout(() => reject(new Error(`not ready: ${output}`)), START_LIMIT_MS);
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      const ready = /Ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(output);
      if (ready === null) return;
      clearTimeout(late);
      resolve(ready[1]!);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("close", (code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
}

test("decides, reports, refuses and records under wrangler dev", async () => {
  const folder = temporaryFolder();
  const origin = await startOrigin(fileOf(refundPolicy(100), 1, key));
  const secrets = { TRUST: trustText(), TOKEN, OPERATOR_TOKEN, SALT_KEY: "07".repeat(32) };
  const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(folder, "secrets.env"), lines.join(""));
  const address = await startExample(
    ["--var", `BUNDLE:${origin.address}`, "--env-file", join(folder, "secrets.env"), "--persist-to", folder],
    folder,
  );
  const ask = async (path: string, body?: string, token = TOKEN): Promise<[number, string]> => {
    const post = body === undefined ? {} : { method: "POST", body };
    const response = await fetch(address + path, { ...post, headers: { authorization: `Bearer ${token}` } });
    return [response.status, await response.text()];
  };
  const action = '{"agent":"shop","tool":"stripe/refund","args":{"amount":20}}';
  const [status, text] = await ask("/v1/decide?agent=shop", action);
  expect([status, JSON.parse(text)]).toMatchObject([
    200,
    { effect: "permit", code: "rule_permit", sequence: 0 },
  ]);
  expect((await ask("/v1/decide?agent=shop", action, `${TOKEN}x`))[0]).toBe(401);
  expect(await ask("/healthz")).toEqual([200, '{"status":"ok"}']);
  const [, policy] = await ask("/v1/policy");
  expect(JSON.parse(policy)).toMatchObject({ identity: { sequence: 1, signed: true }, staleSinceMs: null });
  const [, records] = await ask("/v1/records", undefined, OPERATOR_TOKEN);
  expect(records.split("\n")).toHaveLength(2);
});
