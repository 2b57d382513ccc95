/** `faramesh run` with the real launcher, proxy and log. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { RunPlace, whyNot } from "./place.ts";

const why = whyNot();
const START = "rules { permit sandbox/start }";
const ALONE = `enforcement { network none write ["."] }\n${START}`;

function place(inside: string): RunPlace {
  const made = new RunPlace();
  made.policy(inside);
  return made;
}

describe.skipIf(why !== null)(`a run${why === null ? "" : `: ${why}`}`, () => {
  it("has the command's own streams and status, and its start on record before it", () => {
    const at = place(ALONE);
    const ran = at.run([], ["sh", "-c", "cat; echo err >&2; exit 7"], "hello\n");
    expect(ran).toEqual({ status: 7, stdout: "hello\n", stderr: "err\n" });
    const [start, ...others] = at.actions();
    expect(others).toEqual([]);
    const shell = createHash("sha256")
      .update(readFileSync(realpathSync("/bin/sh")))
      .digest("hex");
    expect(start).toMatchObject({ tool: "sandbox/start", effect: "permit" });
    expect(start!.args).toMatchObject({
      command: ["sh", "-c", "cat; echo err >&2; exit 7"],
      digest: shell,
      mode: "full",
    });
    expect(start!.args.layers).toEqual(expect.arrayContaining(["seccomp", "landlock", "mount", "tree"]));
    for (const name of ["profile", "launcher"]) expect(start!.args[name]).toMatch(/^[0-9a-f]{64}$/);
    expect(at.endings()).toEqual(["exit 7"]);
  });

  it("gives the same action for the same start, whatever the run's own places are", () => {
    const at = place(`enforcement { write ["."] }\n${START}`);
    at.run(["--session", "s"], ["true"]);
    at.run(["--session", "t"], ["true"]);
    const [first, second] = at.actions();
    expect(first!.args).toEqual(second!.args);
  });

  it("keeps to the roots", () => {
    const at = place(ALONE);
    at.write("home/secret", "s");
    const script = `echo a > made; cat ${at.home}/secret ${at.plane}/salt.key; ls ${at.path}; echo b > ${at.path}/out; echo c > .bashrc; mkdir -p .git/hooks; echo $SECRET_TOKEN`;
    const ran = at.run([], ["sh", "-c", script]);
    expect(at.read("work/made")).toBe("a\n");
    expect(ran.stdout).not.toContain("s3cret");
    expect(ran.stdout).not.toContain("salt");
    expect(readdirSync(at.work)).toEqual(["made"]);
    expect(existsSync(join(at.path, "out"))).toBe(false);
  });

  it("keeps the policy and the plane away also inside a writable root", () => {
    const at = place(`enforcement { network none write [".."] }`.replace("..", `${"/var/tmp"}`) + START);
    const policy = join(at.path, "policy.fpl");
    const before = at.read("policy.fpl");
    const ran = at.run(
      [],
      [
        "sh",
        "-c",
        `echo x > ${policy}; rm -f ${policy}; mv ${policy} ${policy}2; ls ${at.plane}; echo y > ${at.path}/free`,
      ],
    );
    expect(ran.status).toBe(0);
    expect(at.read("policy.fpl")).toBe(before);
    expect(at.read("free")).toBe("y\n");
    expect(ran.stdout).not.toContain("records");
  });

  it("starts nothing that is not permitted, and says the rule", () => {
    const at = place('enforcement { network none write ["."] }\nrules { permit a/b }');
    const ran = at.run([], ["touch", "made"]);
    expect(ran.status).toBe(125);
    expect(ran.stderr).toContain("permit sandbox/start");
    expect(existsSync(join(at.work, "made"))).toBe(false);
    expect(at.actions()).toMatchObject([{ tool: "sandbox/start", effect: "deny" }]);
  });

  it("can be judged by what is started and under what", () => {
    const at = place(`enforcement { network none write ["."] }
      rules {
        deny! sandbox/start if args.observe == "learn"
        permit sandbox/start if args.mode == "full" and command[0] == "true"
      }`);
    expect(at.run([], ["true"]).status).toBe(0);
    expect(at.run([], ["id"]).status).toBe(125);
    expect(at.run(["--learn"], ["true"]).status).toBe(125);
  });

  it("waits for an approval, and then starts just that", () => {
    const at = place(
      'enforcement { network none write ["."] }\nrules { defer sandbox/start reason "ask ada" }',
    );
    const first = at.run(["--session", "s-1"], ["touch", "made"]);
    expect(first.status).toBe(125);
    const [, digest] = /faramesh approve \S+ ([0-9a-f]{64})/.exec(first.stderr) ?? [];
    const policy = join(at.path, "policy.fpl");
    const approved = at.faramesh([
      "approve",
      policy,
      digest!,
      "--folder",
      at.plane,
      "--by",
      "ada",
      "--session",
      "s-1",
      "--agent",
      "x",
    ]);
    expect(approved.status, approved.stderr).toBe(0);
    expect(at.run(["--session", "s-1"], ["touch", "other"]).status).toBe(125);
    expect(at.run(["--session", "s-1"], ["touch", "made"]).status).toBe(0);
    expect(existsSync(join(at.work, "made"))).toBe(true);
    expect(existsSync(join(at.work, "other"))).toBe(false);
  });

  it("starts nothing where nothing can be recorded", () => {
    const at = place(ALONE);
    at.write("plane/records/x", "");
    at.write("blocked", "");
    const policy = join(at.path, "policy.fpl");
    const ran = at.faramesh([
      "run",
      "--policy",
      policy,
      "--folder",
      join(at.path, "blocked"),
      "--",
      "touch",
      "made",
    ]);
    expect(ran.status).toBe(125);
    expect(existsSync(join(at.work, "made"))).toBe(false);
  });

  it("refuses what the launcher or the machine refuses, and does not go without it", () => {
    const at = place(`enforcement { network none read ["./link"] }\n${START}`);
    symlinkSync(at.home, join(at.work, "link"));
    expect(at.run([], ["true"])).toMatchObject({ status: 125 });
    at.policy(`enforcement { mode restricted deny ["./x"] }\n${START}`);
    expect(at.run([], ["true"]).stderr).toContain("mode `restricted` cannot keep");
    at.policy(`enforcement { network none environment ["LD_PRELOAD"] }\n${START}`);
    expect(at.run([], ["true"])).toMatchObject({ status: 125 });
  });

  it("refuses what the proxy cannot keep", () => {
    const at = place(`enforcement { intercept ["api.example.com"] }\n${START}`);
    const ran = at.run([], ["true"]);
    expect(ran.status).toBe(125);
    expect(ran.stderr).toContain("the policy proxy cannot be opened");
    expect(at.faramesh(["doctor", "--policy", join(at.path, "policy.fpl")])).toMatchObject({ status: 1 });
  });

  it("keeps a database in a writable root from the command, and the lock of the policy's imports as it is", () => {
    const at = place(ALONE);
    const policy = at.write("work/policy.fpl", at.read("policy.fpl"));
    at.write("work/fpl.lock", '{"version":1,"imports":[]}\n');
    const look =
      "cat plane.db plane.db-wal; echo x > plane.db; echo x >> plane.db-wal; echo x >> fpl.lock; echo x >> policy.fpl";
    const words = [
      "run",
      "--policy",
      policy,
      "--ledger",
      "sqlite:plane.db",
      "--write",
      ".",
      "--",
      "sh",
      "-c",
      look,
    ];
    const ran = at.faramesh(words);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toContain("cat: plane.db: Permission denied");
    expect(ran.stderr).toContain("cannot create plane.db: ");
    expect(ran.stderr).toContain("fpl.lock: Read-only file system");
    expect(ran.stderr).toContain("policy.fpl: Read-only file system");
    expect(at.faramesh(["freeze", policy, "x", "--ledger", "sqlite:plane.db"]).status).toBe(0);
  });

  it("has the statuses of a shell for what is not there", () => {
    const at = place(ALONE);
    expect(at.run([], ["no-such-command"])).toMatchObject({ status: 127 });
    at.write("work/plain", "x");
    expect(at.run([], ["./plain"])).toMatchObject({ status: 126 });
    at.write("home/bin/tool", "#!/bin/sh\n");
    const far = at.run([], [join(at.home, "bin/tool")]);
    expect(far.status).toBe(126);
    expect(at.run([], ["sh", "-c", "kill -KILL $$"]).status).toBe(137);
  });

  it("records what options open", () => {
    const at = place(ALONE);
    at.write("more/a", "seen\n");
    const more = join(at.path, "more");
    const ran = at.run(["--read", more], ["cat", `${more}/a`]);
    expect(ran.stdout).toBe("seen\n");
    expect(at.actions()[0]!.args.added).toEqual([`read ${more}`]);
  });

  it("passes signals on, and its own end ends the command", async () => {
    const at = place(ALONE);
    const script = "trap 'echo got; exit 9' TERM; echo up; while :; do sleep 0.05; done";
    const signalled = at.start(["sh", "-c", script]);
    await new Promise((resolve) => signalled.stdout.once("data", resolve));
    signalled.kill("SIGTERM");
    expect(await new Promise((resolve) => signalled.once("exit", (...how) => resolve(how)))).toEqual([
      9,
      null,
    ]);
    const killed = at.start([
      "sh",
      "-c",
      "echo x > beats; echo up; while :; do echo x >> beats; sleep 0.05; done",
    ]);
    await new Promise((resolve) => killed.stdout.once("data", resolve));
    killed.kill("SIGKILL");
    // A loaded machine takes its time; what goes on beats every 50 ms.
    const beats = [-1];
    for (let tries = 0; tries < 10 && at.read("work/beats").length !== beats.at(-1); tries++) {
      beats.push(at.read("work/beats").length);
      await wait(1_000);
    }
    expect(at.read("work/beats").length).toBe(beats.at(-1));
  });
});

async function origin(): Promise<number> {
  const server = createServer((request, response) => response.end(`${request.method} ${request.url}\n`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** The origin answers in this process, so the run must not block it. */
async function ended(at: RunPlace, command: readonly string[]) {
  const child = at.start(command);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const status = await new Promise((resolve) => child.once("close", resolve));
  return { status, stdout, stderr };
}

const FETCH = `const { request } = require("node:http");
const [, , port, method, path] = process.argv;
const headers = { host: "127.0.0.1:" + port };
request({ host: "127.0.0.1", port: 3128, method, headers, path: "http://127.0.0.1:" + port + path }, (response) => {
  console.log(String(response.statusCode));
  response.pipe(process.stdout);
}).end();`;

describe.skipIf(why !== null)("the network of a run", () => {
  it("is judged, recorded and told", async () => {
    const port = await origin();
    const at = place(`enforcement { write ["."] private_addresses ["127.0.0.1"] }
      egress { allow ["127.0.0.1:${port}"] }
      rules { permit sandbox/start permit net/request method GET }`);
    at.write("work/fetch.cjs", FETCH);
    const node = realpathSync(process.execPath);
    const got = await ended(at, [node, "fetch.cjs", String(port), "GET", "/a"]);
    expect(got).toMatchObject({ status: 0, stdout: "200\nGET /a\n" });
    expect(got.stderr).toContain("network: 1 permitted, 0 denied");
    const posted = await ended(at, [node, "fetch.cjs", String(port), "POST", "/b"]);
    expect(posted.stdout).toMatch(/^403\n/);
    expect(posted.stderr).toContain(`127.0.0.1:${port}  default_deny`);
    expect(at.actions().map(({ tool, effect }) => `${tool} ${effect}`)).toEqual([
      "sandbox/start permit",
      "net/request permit",
      "sandbox/start permit",
      "net/request deny",
    ]);
  });

  it("is none with `network = none`", async () => {
    const port = await origin();
    const at = place(ALONE);
    const script = `require("node:net").connect(${port}, "127.0.0.1").on("error", (e) => console.log("no"))`;
    const got = await ended(at, [realpathSync(process.execPath), "-e", script]);
    expect(got.stdout).not.toContain("200");
    expect(at.actions().length).toBe(1);
  });
});
