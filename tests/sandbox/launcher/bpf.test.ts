/** The connect and sendmsg hooks of mode root. All of it in the launcher's own empty network: what is let through ends at the bridge, where nobody answers. */
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ABSENT, IS_ROOT, makeFolder, NOBODY, run, writeProfile } from "./launcher.ts";

const WHY = ABSENT || (IS_ROOT ? "" : "only root attaches programs to a cgroup");

/** Lines `KIND ADDRESS PORT`; after each `ok`, or the error's number. Datagrams that are not for port 53 go nowhere inside, with the same error as the hooks give. */
const CLIENT = `use Socket; use Socket qw(inet_pton pack_sockaddr_in6 AF_INET6);
for (@ARGV) {
  my ($kind, $host, $port) = split / /;
  my $six = $host =~ /:/;
  my $to = $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $host)) : sockaddr_in($port, inet_aton($host));
  socket(my $s, $six ? AF_INET6 : AF_INET, $kind eq "connect" ? SOCK_STREAM : SOCK_DGRAM, 0) or die $!;
  my $done = $kind eq "connect" ? connect($s, $to) : defined send($s, "x", 0, $to);
  print "$kind $host $port ", ($done ? "ok" : $! + 0), "\\n";
}`;

describe.skipIf(WHY !== "")(`the hooks of egress${WHY && ` (skipped: ${WHY})`}`, () => {
  let folder = "";
  let bridge: Server;
  beforeAll(async () => {
    folder = makeFolder();
    bridge = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => bridge.listen(join(folder, "bridge"), resolve));
  });
  afterAll(() => {
    bridge.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function attempt(egress: string[], attempts: string[], more: string[] = []) {
    const profile = writeProfile(folder, [
      "mode root",
      `user ${NOBODY} ${NOBODY}`,
      "network proxy",
      `bridge ${folder}/bridge`,
      "proxy-port 3128",
      "system",
      "require bpf",
      ...egress.map((entry) => `egress ${entry}`),
      ...more,
    ]);
    const path = join(folder, "report");
    const fd = openSync(path, "w");
    const ran = run(
      folder,
      null,
      ["--profile", profile, "--report", "3", "--", "/usr/bin/perl", "-e", CLIENT, ...attempts],
      { stdio: ["ignore", "pipe", "pipe", fd] },
    );
    closeSync(fd);
    const [, ended] = readFileSync(path, "utf8").trim().split("\n");
    expect([ran.status, ran.stderr]).toEqual([0, ""]);
    const denied = ran.stdout.split("\n").filter((line) => line.endsWith(" 1"));
    return { denied: denied.map((line) => line.slice(0, -2)), ended: JSON.parse(ended!) };
  }

  test("every entry counts, however prefixes and ports lie; all else is denied, and counted", () => {
    const allowed = [
      "connect 10.0.0.1 1",
      "connect 10.1.0.1 81",
      "connect 10.1.0.1 82",
      "send 10.3.0.1 53",
      "send 10.2.255.1 53",
      "connect ::ffff:10.1.0.1 82",
      "connect 127.0.0.1 3128",
      "send 127.0.0.1 9",
    ];
    const denied = [
      "connect 10.1.0.1 83",
      "connect 10.3.0.1 81",
      "connect ::ffff:10.1.0.1 83",
      "send ::ffff:10.1.0.1 83",
      "send 10.1.0.1 83",
      "connect 11.0.0.1 82",
      "connect fd00:1::1 90",
      "send fd00::1 91",
    ];
    const egress = [
      "10.0.0.1",
      "10.1.0.0/16 81",
      "10.0.0.0/8 82",
      "fd00::/64 90",
      "::ffff:a02:0/112",
      "10.3.0.0/16 53",
    ];
    const { denied: found, ended } = attempt(egress, [...allowed, ...denied]);
    expect(found).toEqual(denied);
    expect([ended.connects, ended.sends]).toEqual([
      { allowed: 5, denied: 5 },
      { allowed: 3, denied: 3 },
    ]);
  });

  test("::/0 is no word about version 4", () => {
    expect(attempt(["::/0 90"], ["connect 10.0.0.1 90", "connect ::ffff:10.0.0.1 90"]).denied).toHaveLength(
      2,
    );
  });

  test("a thousand entries", () => {
    const egress = Array.from(
      { length: 1024 },
      (_, at) => `10.${at >> 8}.${at & 255}.1 ${at === 0 ? 53 : 443}`,
    );
    const { denied } = attempt(egress, [
      "connect 10.3.255.1 443",
      "connect 10.4.0.1 443",
      "send 10.0.0.1 53",
    ]);
    expect(denied).toEqual(["connect 10.4.0.1 443"]);
  });

  test("together with limits, which have their own hierarchy where version 2 has no controllers", () => {
    const { denied } = attempt(
      ["10.0.0.1"],
      ["connect 10.0.0.2 1"],
      ["memory 67108864", "processes 32", "require cgroup"],
    );
    expect(denied).toEqual(["connect 10.0.0.2 1"]);
  });
});
