/** From a program inside, through the launcher's bridge and the policy proxy, to a server on loopback: in every mode. */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { EgressOptions } from "../../hosts/node/egress/index.ts";
import {
  httpOrigin,
  openPlace,
  type Place,
  PROXY_PORT,
  policyFor,
  tcpOrigin,
} from "../hosts/egress/place.ts";
import { buildLauncher } from "./launcher.ts";

const LAUNCHER = process.platform === "linux" ? buildLauncher() : null;
const MODES = process.getuid?.() === 0 ? ["full", "restricted", "root"] : ["full", "restricted"];
const TOKEN = "ab".repeat(32);

interface Inside {
  readonly status: number | null;
  readonly output: string;
  readonly layers: readonly string[];
}

interface Network {
  readonly place: Place;
  readonly mode: string;
  run(script: string): Promise<Inside>;
}

async function open(mode: string, policy?: string): Promise<Network> {
  const listen: Partial<EgressOptions> = mode === "restricted" ? { listen: { port: 0, token: TOKEN } } : {};
  const place = await openPlace(policy, listen);
  const folder = mkdtempSync("/var/tmp/faramesh-egress-");
  chmodSync(folder, 0o777);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const bridge =
    mode === "restricted"
      ? `bridge-tcp ${place.server.port} ${TOKEN}`
      : `bridge ${place.path}\nproxy-port ${PROXY_PORT}`;
  const user = mode === "root" ? "\nuser 65534 65534" : "";
  const profile = join(folder, "profile");
  writeFileSync(
    profile,
    `faramesh-sandbox 1\nmode ${mode}\nnetwork proxy\n${bridge}\nsystem\nwrite ${folder}\ndirectory ${folder}${user}\n`,
  );
  return { place, mode, run: (script) => runInside(profile, script) };
}

function runInside(profile: string, script: string): Promise<Inside> {
  return new Promise((resolve, reject) => {
    const child = spawn(LAUNCHER!, ["--profile", profile, "--report", "3", "--", "/bin/bash", "-c", script], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      timeout: 30_000,
    });
    let output = "";
    let report = "";
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (chunk) => {
        output += chunk;
      });
    child.stdio[3]!.on("data", (chunk) => {
      report += chunk;
    });
    child.on("error", reject);
    child.on("close", (status) => {
      const [line = ""] = report.split("\n");
      resolve({ status, output, layers: line === "" ? [] : JSON.parse(line).layers });
    });
  });
}

describe.skipIf(LAUNCHER === null).each(MODES)("mode %s", (mode) => {
  test("a program that knows no proxy is judged, and recorded, before it is let through", async () => {
    const { place, run } = await open(mode);
    const port = await httpOrigin((_, response) => response.end("hello\n"));
    const { output, layers } = await run(`curl -sS --noproxy '*' --max-time 10 http://127.0.0.1:${port}/x`);
    // Loopback inside is the command's own, where it has a network of its own.
    if (mode === "restricted") expect(output).toBe("hello\n");
    else expect(output).toContain("127.0.0.1");
    expect(layers).toContain("network");
    expect(layers).toContain("bridge");
    expect(await place.records()).toHaveLength(mode === "restricted" ? 1 : 0);
  });

  test("a name, by a program that knows no proxy", async () => {
    const { place, run } = await open(mode);
    const port = await httpOrigin((_, response) => response.end("hello\n"));
    const resolving = mode === "restricted" ? "RES_OPTIONS=use-vc " : "";
    const { output } = await run(
      `${resolving}curl -sS --noproxy '*' --max-time 10 http://db.example:${port}/x`,
    );
    expect(output).toBe("hello\n");
    expect(place.events.at(-1)).toMatchObject({ tool: "net/request", host: "db.example", port, path: "/x" });
  });

  test("what the policy does not let through", async () => {
    const { run } = await open(mode, policyFor("permit net/*", 'allow ["other.example"]'));
    let asked = 0;
    const port = await httpOrigin((_, response) => {
      asked += 1;
      response.end("hello\n");
    });
    const target = mode === "restricted" ? `127.0.0.2:${port}` : `203.0.113.5:${port}`;
    const { output } = await run(
      `curl -sS --noproxy '*' --max-time 10 http://${target}/; exec 3<>/dev/tcp/${target.replace(":", "/")} && head -c 5 <&3`,
    );
    expect(output).not.toContain("hello");
    expect(output).toContain("faramesh: ");
    expect(asked).toBe(0);
  });

  test("a server that speaks first", async () => {
    const { run } = await open(mode);
    const port = await tcpOrigin((socket) => void socket.end("220 ready\r\n"));
    const resolving = mode === "restricted" ? "127.0.0.1" : "mail.example";
    expect((await run(`exec 3<>/dev/tcp/${resolving}/${port}; cat <&3`)).output).toBe("220 ready\r\n");
  });

  test("a proxy that is gone lets nothing through", async () => {
    const { place, run } = await open(mode);
    const port = await httpOrigin((_, response) => response.end("hello\n"));
    await place.server.close();
    const target = mode === "restricted" ? "127.0.0.1" : "203.0.113.5";
    const { output } = await run(`curl -sS --noproxy '*' --max-time 5 http://${target}:${port}/`);
    expect(output).not.toContain("hello");
  });
});

describe.skipIf(LAUNCHER === null).each(MODES.filter((mode) => mode !== "restricted"))("mode %s", (mode) => {
  test("a program that knows the proxy", async () => {
    const { place, run } = await open(mode);
    const port = await httpOrigin((_, response) => response.end("hello\n"));
    const { output } = await run(
      `http_proxy=http://127.0.0.1:${PROXY_PORT} curl -sS --max-time 10 http://db.example:${port}/x`,
    );
    expect(output).toBe("hello\n");
    expect(place.events).toMatchObject([{ tool: "net/request", host: "db.example", effect: "permit" }]);
  });
});
