/** Operators reach a host that runs: the command and raw connections, against real processes. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { encodeContainer } from "../../bundles/container.ts";
import {
  type Control,
  ControlRefused,
  connectOperations,
  openControl,
  RECORDS_NAME,
  readRecords,
} from "../../hosts/node/index.ts";
import { SOCKET_NAME } from "../../hosts/node/operations/place.ts";
import { Folder } from "../cli/command.ts";
import { startHost } from "./hosts.ts";
import { bundleOf } from "./policies.ts";

const POLICY = `agent "shop" {
  budget session {
    max = $1000
  }
  rules {
    permit orders/get
    defer stripe/refund
  }
}
`;
const file = encodeContainer({ bundle: bundleOf(POLICY), envelope: null });
const isRoot = process.getuid?.() === 0;

function place(): Folder {
  const folder = new Folder();
  onTestFinished(() => folder.remove());
  folder.write("policy.fplb", file);
  folder.write("policy.fpl", POLICY);
  folder.write("other.fpl", POLICY.replace("1000", "2000"));
  mkdirSync(join(folder.path, "plane"), { mode: 0o700 });
  return folder;
}

const planeOf = (folder: Folder): string => join(folder.path, "plane");
const AT = ["--folder", "plane"];

function ran(folder: Folder, words: string[]) {
  const { status, stdout, stderr } = folder.run([...words, ...AT, "--json"]);
  return { status, stderr, value: stdout === "" ? null : JSON.parse(stdout) };
}

async function typesIn(folder: Folder): Promise<Map<number, { type: string; code: string }>> {
  const found = new Map();
  for await (const { sequence, record } of readRecords(join(planeOf(folder), RECORDS_NAME), {
    from: 0,
    to: null,
  })) {
    found.set(sequence, JSON.parse(new TextDecoder().decode(record)));
  }
  return found;
}

describe("a host under load", () => {
  test("is frozen, unfrozen and approves by the command, and the log has it", async () => {
    const folder = place();
    const host = await startHost(planeOf(folder), join(folder.path, "policy.fplb"));
    await host.line("orders/get rule_permit");
    const frozen = ran(folder, ["freeze", "policy.fpl", "shop", "--by", "ops", "--reason", "odd"]);
    expect(frozen).toMatchObject({ status: 0, value: { ok: true, code: "event_applied", via: "host" } });
    const denied = await host.line("orders/get agent_frozen");
    // Calls that were under way at that moment may stand between the two; none behind the record is permitted.
    expect(Number(denied.split(" ")[2])).toBeGreaterThan(frozen.value.sequence);
    const thawed = ran(folder, ["unfreeze", "policy.fpl", "shop", "--by", "ops"]);
    expect(thawed.value).toMatchObject({ ok: true, via: "host" });
    const deferred = await host.line("stripe/refund rule_defer");
    const rejected = ran(folder, ["reject", "policy.fpl", deferred.split(" ")[2]!, "--by", "ada"]);
    expect(rejected).toMatchObject({ status: 0, value: { ok: true, via: "host" } });
    const approved = ran(folder, ["approve", "policy.fpl", deferred.split(" ")[2]!, "--by", "ada"]);
    expect(approved).toMatchObject({ status: 0, value: { ok: true, via: "host" } });
    await host.line("stripe/refund approved");
    host.child.kill("SIGTERM");
    await host.line("closed");
    await host.ended;
    expect(existsSync(join(planeOf(folder), SOCKET_NAME))).toBe(false);

    const records = await typesIn(folder);
    expect(records.get(frozen.value.sequence)).toMatchObject({ type: "freeze", code: "event_applied" });
    expect(records.get(approved.value.sequence)).toMatchObject({ type: "approve" });
    const between = [...records].filter(([at]) => at > frozen.value.sequence && at < thawed.value.sequence);
    expect(between.length).toBeGreaterThan(0);
    expect(between.every(([, { code }]) => code === "agent_frozen")).toBe(true);
    expect(folder.run(["audit", "verify", "plane"]).status).toBe(0);
  });

  test("shows, opens and closes sessions, and revokes grants", async () => {
    const folder = place();
    const host = await startHost(planeOf(folder), join(folder.path, "policy.fplb"), 2);
    await host.line("orders/get rule_permit");
    expect(ran(folder, ["session", "open", "policy.fpl", "s-2", "--purpose", "support"]).value.via).toBe(
      "host",
    );
    const { value } = ran(folder, ["session", "ls", "policy.fpl"]);
    expect(value.sessions.map(({ session }: { session: string }) => session)).toEqual(["s-1", "s-2"]);
    expect(ran(folder, ["session", "show", "policy.fpl", "s-2"]).value.parties[0].purpose).toBe("support");
    expect(folder.run(["session", "close", "policy.fpl", "s-2", ...AT]).stdout).toContain(
      "by the running host",
    );
    expect(ran(folder, ["session", "close", "policy.fpl", "s-2"]).value.code).toBe("session_closed");
    const digest = "a".repeat(64);
    const revoke = ["delegate", "revoke", digest, "--agent", "shop", "--policy", "policy.fpl"];
    expect(ran(folder, revoke)).toMatchObject({ status: 0, value: { via: "host" } });
    const call = JSON.stringify({ agent: "shop", session: "s-1", tool: "orders/get", args: {} });
    const explained = folder.run(["explain", "policy.fpl", ...AT], call);
    expect(explained).toMatchObject({ status: 0 });
    const decided = folder.run(["decide", "policy.fpl", ...AT], call);
    expect(decided).toMatchObject({ status: 2, stdout: "" });
    expect(decided.stderr).toContain("log_locked");
  });

  test("decides by its own policy: what gives is refused under another one, what takes away is done", async () => {
    const folder = place();
    const host = await startHost(planeOf(folder), join(folder.path, "policy.fplb"), 2);
    const deferred = await host.line("stripe/refund rule_defer");
    const approval = ran(folder, ["approve", "other.fpl", deferred.split(" ")[2]!, "--by", "ada"]);
    expect(approval).toMatchObject({ status: 1, value: null });
    expect(approval.stderr).toContain("another policy");
    expect(ran(folder, ["session", "ls", "other.fpl"]).status).toBe(1);
    const frozen = ran(folder, ["freeze", "other.fpl", "shop", "--by", "ops"]);
    expect(frozen).toMatchObject({ status: 0, value: { ok: true } });
    expect(frozen.stderr).toContain("another policy");
    await host.line("orders/get agent_frozen");
    // A policy that is replaced between two requests of one connection.
    const connected = await connectOperations(planeOf(folder));
    if (!connected.ok) throw new Error(connected.message);
    connected.host.insist(connected.host.identity!.bundle);
    folder.write(
      "policy.fplb",
      encodeContainer({ bundle: bundleOf(POLICY.replace("1000", "3000")), envelope: null }),
    );
    host.child.kill("SIGHUP");
    await host.line("reloaded");
    await expect(connected.host.unfreeze({ agent: "shop" })).rejects.toMatchObject({
      code: "policy_differs",
    });
    connected.host.close();
  });

  test("that was killed leaves a socket that nobody minds", async () => {
    const folder = place();
    const host = await startHost(planeOf(folder), join(folder.path, "policy.fplb"), 2);
    await host.line("orders/get rule_permit");
    host.child.kill("SIGKILL");
    await host.ended;
    const socket = join(planeOf(folder), SOCKET_NAME);
    expect(statSync(socket).isSocket()).toBe(true);
    expect(ran(folder, ["freeze", "policy.fpl", "shop"]).value.via).toBe("folder");
    // A host that serves no operators beside the stale socket.
    const control = await controlOf(folder, false);
    const refused = ran(folder, ["unfreeze", "policy.fpl", "shop"]);
    expect(refused).toMatchObject({ status: 2, value: null });
    expect(refused.stderr).toContain("host_unreachable");
    expect(refused.stderr).toContain("operate: true");
    await control.close();
    const again = await startHost(planeOf(folder), join(folder.path, "policy.fplb"), 2);
    expect(ran(folder, ["unfreeze", "policy.fpl", "shop"]).value.via).toBe("host");
    await again.line("orders/get rule_permit");
  });
});

async function controlOf(folder: Folder, operate = true, at = planeOf(folder)): Promise<Control> {
  const control = await openControl({ policy: file, insecure: true, folder: at, operate });
  onTestFinished(() => control.close());
  return control;
}

async function refusedWith(opening: Promise<Control>): Promise<string> {
  const error = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ControlRefused)) throw new Error(`not refused: ${error}`);
  return error.code;
}

describe("the socket", () => {
  test("is its owner's alone, in a folder that is", async () => {
    const folder = place();
    const old = process.umask(0);
    const control = await controlOf(folder).finally(() => process.umask(old));
    const plane = planeOf(folder);
    expect(statSync(join(plane, SOCKET_NAME)).mode & 0o777).toBe(0o600);
    expect(readdirSync(plane).filter((name) => name.startsWith(".socket-"))).toEqual([]);
    chmodSync(plane, 0o777);
    expect(await connectOperations(plane)).toMatchObject({ ok: false, code: "socket_unusable" });
    await control.close();
    expect(await refusedWith(controlOf(folder))).toBe("socket_unusable");
    chmodSync(plane, 0o700);
    await (await controlOf(folder)).close();
  });

  test.skipIf(!isRoot)("cannot be reached by another user, nor can another user's be trusted", async () => {
    const folder = place();
    const plane = planeOf(folder);
    await controlOf(folder);
    // Everybody may look into the folders: the socket's own mode is what counts.
    for (const path of [folder.path, plane]) chmodSync(path, 0o755);
    const socket = join(plane, SOCKET_NAME);
    const program = `require("node:net").createConnection(${JSON.stringify(socket)})
      .on("connect", () => { console.log("connected"); process.exit(); }).on("error", ({ code }) => console.log(code));`;
    const asUser = (uid: number) =>
      spawnSync("setpriv", [`--reuid=${uid}`, "--clear-groups", process.execPath, "-e", program], {
        cwd: tmpdir(),
        encoding: "utf8",
      });
    expect(asUser(65_534).stdout).toBe("EACCES\n");
    expect(asUser(0).stdout).toBe("connected\n");
    chownSync(socket, 65_534, 65_534);
    expect(await connectOperations(plane)).toMatchObject({ ok: false, code: "socket_unusable" });
    // Of the folder's owner, whom root may operate: nobody listens is all that is wrong.
    chownSync(plane, 65_534, 65_534);
    expect(await connectOperations(plane)).toMatchObject({ ok: true });
    const other = place();
    chownSync(planeOf(other), 65_534, 65_534);
    expect(await refusedWith(controlOf(other))).toBe("socket_unusable");
  });

  test("takes no symbolic link, file or folder for a socket", async () => {
    const folder = place();
    const path = join(planeOf(folder), SOCKET_NAME);
    symlinkSync(join(folder.path, "elsewhere"), path);
    expect(await refusedWith(controlOf(folder))).toBe("socket_unusable");
    expect(await connectOperations(planeOf(folder))).toMatchObject({ ok: false, code: "socket_unusable" });
    expect(existsSync(join(folder.path, "elsewhere"))).toBe(false);
    renameSync(path, `${path}.old`);
    writeFileSync(path, "");
    expect(await refusedWith(controlOf(folder))).toBe("socket_unusable");
    expect(statSync(path).isFile()).toBe(true);
  });

  test("that cannot be taken away keeps nothing else open", async () => {
    const folder = place();
    const plane = planeOf(folder);
    const control = await openControl({ policy: file, insecure: true, folder: plane, operate: true });
    await control.recordIncident({ agent: "shop", id: "I-1" });
    renameSync(plane, `${plane}.moved`);
    writeFileSync(plane, "");
    await expect(control.close()).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(control.ledger.read(["agent/shop"])).rejects.toThrow("closed");
  });

  test("is there at a path that is too long for an address", async () => {
    const folder = place();
    const long = join(folder.path, "x".repeat(120));
    mkdirSync(long, { mode: 0o700 });
    const host = await startHost(long, join(folder.path, "policy.fplb"), 2);
    await host.line("orders/get rule_permit");
    const { status, stdout } = folder.run(["freeze", "policy.fpl", "shop", "--folder", long, "--json"]);
    expect([status, JSON.parse(stdout).via]).toEqual([0, "host"]);
    await host.line("orders/get agent_frozen");
  });
});

/** Answers until the connection ends. */
async function asked(plane: string, write: (socket: Socket) => void): Promise<string[]> {
  const socket = createConnection(join(plane, SOCKET_NAME));
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  socket.on("connect", () => write(socket));
  await new Promise((resolve) => socket.on("close", resolve));
  return Buffer.concat(chunks).toString().split("\n").slice(0, -1);
}

const codesOf = (lines: string[]) => lines.map((line) => JSON.parse(line).code ?? "ok");

describe("what is no request", () => {
  const MALFORMED = [
    "",
    "freeze",
    "[]",
    "null",
    "{}",
    '{"operation":"decide","with":{"agent":"shop"}}',
    '{"operation":"settle","with":{"agent":"shop","reservation":1}}',
    '{"operation":"toString"}',
    '{"operation":"__proto__"}',
    '{"operation":["freeze"]}',
    '{"operation":"freeze"}',
    '{"operation":"freeze","with":{"agent":""}}',
    '{"operation":"freeze","with":{"agent":7}}',
    '{"operation":"freeze","with":{"agent":"shop","session":"s"}}',
    '{"operation":"freeze","with":{"agent":"shop","facts":{}}}',
    '{"operation":"freeze","with":{"agent":"shop"},"more":1}',
    '{"operation":"freeze","with":{"agent":"shop"},"bundle":"x"}',
    '{"operation":"approve","with":{"agent":"shop","actionDigest":"AA","approver":"ada","expires":1}}',
    '{"operation":"closeSession","with":{"agent":"shop","session":"s","facts":{"principal":{}}}}',
    '{"operation":"closeSession","with":{"agent":"shop","session":"s","facts":{"gates":{"a":1}}}}',
    '{"operation":"read","with":{"keys":["revoked/x"]}}',
    `{"operation":"read","with":{"keys":${JSON.stringify(Array(17).fill("agent/a"))}}}`,
    '{"operation":"list","with":{"prefix":"","limit":1}}',
    '{"operation":"list","with":{"prefix":"agent/","limit":100000}}',
    '{"operation":"about","with":{"a":1}}',
  ];

  test("is an error with a code, and changes nothing", async () => {
    const folder = place();
    const control = await controlOf(folder);
    const lines = await asked(planeOf(folder), (socket) => {
      socket.write(MALFORMED.map((line) => `${line}\n`).join(""));
      socket.end(Buffer.from([0xff, 0xfe, 10]));
    });
    expect(codesOf(lines)).toEqual([...MALFORMED, "bytes"].map(() => "request_malformed"));
    const other = `{"operation":"freeze","with":{"agent":"shop"},"bundle":"${"0".repeat(64)}"}\n`;
    expect(codesOf(await asked(planeOf(folder), (socket) => socket.end(other)))).toEqual(["policy_differs"]);
    expect((await control.recordIncident({ agent: "shop", id: "I-1" })).sequence).toBe(0);
  });

  test("is refused when it is huge, one byte or all at once, and the host goes on", async () => {
    const folder = place();
    const control = await controlOf(folder);
    const plane = planeOf(folder);
    const huge = Buffer.alloc(8_000_000, "x");
    const codes = (await asked(plane, (socket) => socket.write(huge))).map((line) => JSON.parse(line).code);
    // The connection is closed while the rest is on its way, so that the answer may be lost.
    expect(["", "request_too_large"]).toContain(codes.join());
    const line = `{"operation":"freeze","with":{"agent":"shop","reason":"${"y".repeat(70_000)}"}}\n`;
    expect(["", "request_too_large"]).toContain(
      codesOf(await asked(plane, (socket) => socket.write(line))).join(),
    );
    expect((await control.recordIncident({ agent: "shop", id: "I-1" })).sequence).toBe(0);
    const freeze = '{"operation":"freeze","with":{"agent":"shop"}}\n';
    const bytes = await asked(plane, async (socket) => {
      for (const byte of Buffer.from(freeze)) socket.write(Buffer.of(byte));
      socket.end();
    });
    expect(codesOf(bytes)).toEqual(["ok"]);
  });

  test("keeps nobody waiting: slow and idle clients are let go, and too many of them", async () => {
    const folder = place();
    const control = await controlOf(folder);
    const plane = planeOf(folder);
    const startMs = performance.now();
    const drip = asked(plane, (socket) => {
      const timer = setInterval(() => socket.write("x"), 100);
      socket.on("close", () => clearInterval(timer));
    });
    const idle = Array.from({ length: 15 }, () => asked(plane, () => {}));
    await new Promise((resolve) => setTimeout(resolve, 300));
    // One more than there may be: closed at once.
    expect(await asked(plane, (socket) => socket.write('{"operation":"about"}\n'))).toEqual([]);
    expect(performance.now() - startMs).toBeLessThan(4_000);
    const shop = { agent: "shop", action: { agent: "shop", tool: "orders/get", args: {} } };
    expect((await control.decide(shop)).verdict.code).toBe("session_missing");
    await Promise.all([drip, ...idle]);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(codesOf(await asked(plane, (socket) => socket.end('{"operation":"about"}\n')))).toEqual(["ok"]);
  });

  test("does not hold up the end of the host", async () => {
    const folder = place();
    const control = await controlOf(folder);
    const idle = asked(planeOf(folder), () => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startMs = performance.now();
    await control.close();
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(await idle).toEqual([]);
    await control.close();
  });
});
