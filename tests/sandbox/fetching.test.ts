/** `git clone` and `npm install` inside, from servers on loopback, through the policy proxy, in every mode: with proxy variables and without. */
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { RequestListener } from "node:http";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { EgressOptions } from "../../hosts/node/egress/index.ts";
import { httpOrigin, openPlace, PROXY_PORT, policyFor } from "../hosts/egress/place.ts";
import { buildLauncher } from "./launcher.ts";

const LAUNCHER = process.platform === "linux" ? buildLauncher() : null;
const MODES = process.getuid?.() === 0 ? ["full", "restricted", "root"] : ["full", "restricted"];
const TOKEN = "cd".repeat(32);
const IDENTITY = {
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@b",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@b",
};

function folderFor(what: string): string {
  const folder = mkdtempSync(`/var/tmp/faramesh-${what}-`);
  chmodSync(folder, 0o777);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A bare repository with one commit, served by `git http-backend` (git-http-backend(1)). */
function gitServer(): Promise<number> {
  const folder = folderFor("git");
  const options = { cwd: folder, env: { ...process.env, ...IDENTITY }, stdio: "ignore" as const };
  execFileSync("git", ["init", "-q", "work"], options);
  writeFileSync(join(folder, "work/readme"), "cloned through the proxy\n");
  for (const words of ["-C work add readme", "-C work commit -qm first", "clone -q --bare work served.git"])
    execFileSync("git", words.split(" "), options);
  return httpOrigin((request, response) => {
    const [path, query = ""] = request.url!.split("?");
    const env = {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      REQUEST_METHOD: request.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: request.headers["git-protocol"]?.toString() ?? "",
    };
    const backend = spawn("git", ["http-backend"], { env, stdio: ["pipe", "pipe", "ignore"] });
    request.pipe(backend.stdin);
    backend.stdin.on("error", () => {});
    const parts: Buffer[] = [];
    backend.stdout.on("data", (part: Buffer) => void parts.push(part));
    backend.on("close", () => answer(Buffer.concat(parts), response));
  });
}

/** The headers of CGI, an empty line, and the body. */
function answer(all: Buffer, response: Parameters<RequestListener>[1]): void {
  const end = all.indexOf("\r\n\r\n");
  for (const line of all.subarray(0, end).toString("latin1").split("\r\n")) {
    const at = line.indexOf(":");
    const [name, value] = [line.slice(0, at), line.slice(at + 1).trim()];
    if (name === "Status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(all.subarray(end + 4));
}

/** A registry with one package, `hello-inside`. */
function registry(): Promise<number> {
  const folder = folderFor("registry");
  mkdirSync(join(folder, "package"));
  const manifest = { name: "hello-inside", version: "1.0.0", main: "index.js" };
  writeFileSync(join(folder, "package/package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package/index.js"), 'module.exports = "installed through the proxy";\n');
  execFileSync("tar", ["czf", "package.tgz", "package"], { cwd: folder });
  const tarball = readFileSync(join(folder, "package.tgz"));
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  return httpOrigin((request, response) => {
    if (request.url === "/hello-inside/-/hello-inside-1.0.0.tgz") return void response.end(tarball);
    if (request.url !== "/hello-inside") return void response.writeHead(404).end("{}");
    const dist = {
      integrity,
      tarball: `http://${request.headers.host}/hello-inside/-/hello-inside-1.0.0.tgz`,
    };
    const body = {
      name: "hello-inside",
      "dist-tags": { latest: "1.0.0" },
      versions: { "1.0.0": { ...manifest, dist } },
    };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
}

interface Ran {
  status: number | null;
  output: string;
}

async function open(mode: string, policy?: string) {
  const listen: Partial<EgressOptions> = mode === "restricted" ? { listen: { port: 0, token: TOKEN } } : {};
  const place = await openPlace(policy, listen);
  const folder = folderFor("fetching");
  const node = dirname(dirname(realpathSync(process.execPath)));
  const lines = [
    "faramesh-sandbox 1",
    `mode ${mode}`,
    "network proxy",
    ...(mode === "restricted"
      ? [`bridge-tcp ${place.server.port} ${TOKEN}`, `set HOME=${folder}`, `set TMPDIR=${folder}`]
      : [`bridge ${place.path}`, `proxy-port ${PROXY_PORT}`, "home /home/agent"]),
    "system",
    ...(node.startsWith("/usr") ? [] : [`read ${node}`]),
    `write ${folder}`,
    `directory ${folder}`,
    ...(mode === "root" ? ["user 65534 65534"] : []),
  ];
  const profile = join(folderFor("profile"), "profile");
  writeFileSync(profile, `${lines.join("\n")}\n`);
  return { place, run: (script: string) => runInside(profile, folder, script) };
}

function runInside(profile: string, cwd: string, script: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(LAUNCHER!, ["--profile", profile, "--", "/bin/bash", "-c", script], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
      timeout: 60_000,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part) => {
        output += part;
      });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}

/** Modes with a network of their own resolve names inside. In `restricted` a program speaks to the address, which the launcher dials. */
const hostFor = (mode: string) => (mode === "restricted" ? "127.0.0.1" : "server.example");
const VARIABLES = `http_proxy=http://127.0.0.1:${PROXY_PORT}`;
const CASES = MODES.flatMap((mode) =>
  mode === "restricted"
    ? [[mode, ""]]
    : [
        [mode, VARIABLES],
        [mode, ""],
      ],
) as [string, string][];

describe.skipIf(LAUNCHER === null).each(CASES)("mode %s, %s", (mode, variables) => {
  test("git clone over HTTP", async () => {
    const { place, run } = await open(mode);
    const port = await gitServer();
    const url = `http://${hostFor(mode)}:${port}/served.git`;
    const { status, output } = await run(`${variables} git clone -q ${url} cloned && cat cloned/readme`);
    expect({ status, output }).toEqual({ status: 0, output: "cloned through the proxy\n" });
    const paths = place.events.flatMap((event) => (event.kind === "decision" ? [event.path] : []));
    expect(paths).toContain("/served.git/git-upload-pack");
    expect((await place.records()).length).toBeGreaterThanOrEqual(2);
  });

  test("npm install", async () => {
    const { place, run } = await open(mode);
    const port = await registry();
    const url = `http://${hostFor(mode)}:${port}/`;
    const script = `echo '{"name":"x","version":"1.0.0"}' > package.json && ${variables} npm install --silent --no-audit --no-fund --registry=${url} hello-inside && node -p 'require("hello-inside")'`;
    const { status, output } = await run(script);
    expect(output).toContain("installed through the proxy");
    expect(status).toBe(0);
    expect(place.events.length).toBeGreaterThanOrEqual(2);
  });

  test("an allowlist without the host, and an empty one, let neither through", async () => {
    for (const egress of ['allow ["other.example"]', "allow []"]) {
      const { place, run } = await open(mode, policyFor("permit net/*", egress));
      const port = await gitServer();
      const { status, output } = await run(
        `${variables} git clone -q http://${hostFor(mode)}:${port}/served.git cloned`,
      );
      expect(status, output).not.toBe(0);
      expect(place.events.length, output).toBeGreaterThan(0);
      expect(place.events.every((event) => event.kind === "fault" || event.effect !== "permit")).toBe(true);
    }
  });
});
