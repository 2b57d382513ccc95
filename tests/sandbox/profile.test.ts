/** Settings and machine to profile: vectors, and what must hold for every one. */
import { describe, expect, it } from "vitest";
import { PROTECTED_NAMES as OF_THE_LANGUAGE } from "../../fpl-grammar/blocks.ts";
import {
  answer,
  PROTECTED_NAMES,
  type Profile,
  profileText,
  settingsIn,
} from "../../hosts/node/sandbox/index.ts";
import { egressLines } from "../../hosts/node/sandbox/profile.ts";
import { manifestWith, profileFor, profileVectors } from "./profiles.ts";

const vectors = profileVectors();

describe("profiles", () => {
  it.each(vectors.map((one) => [one.title, one] as const))("%s", (_, one) => {
    const profile = profileFor(one);
    if (one.expected.kind === "refused") {
      expect(profile.ok ? profile.text : profile.message.slice(0, one.expected.text.length)).toBe(
        one.expected.text,
      );
    } else expect(profile.ok ? profile.text.trimEnd() : profile.message).toBe(one.expected.text);
  });

  it("the launcher's text begins with what is recorded, and what differs from run to run comes behind", () => {
    const one = vectors.find(({ title }) => title === "all that is left out")!;
    const profile = profileFor(one) as Profile;
    const place = { bridge: { path: "/tmp/r/bridge.sock" }, authorities: "/tmp/r/ca.pem", scratch: null };
    const text = profileText(profile, place);
    expect(text.startsWith(profile.text)).toBe(true);
    expect(text.slice(profile.text.length)).toMatch(
      /^# of this run\nbridge \/tmp\/r\/bridge.sock\nread \/tmp\/r\/ca.pem\nset NODE_EXTRA_CA_CERTS=/,
    );
    expect(profile.text).not.toContain("bridge /");
  });

  it("no field but `*` ones is given twice, and no path", () => {
    const many = ["require", "egress", "read", "write", "deny", "protect", "socket", "env", "set"];
    for (const one of vectors) {
      const profile = profileFor(one);
      if (!profile.ok) continue;
      const lines = profile.text.trimEnd().split("\n").slice(1);
      const once = lines.map((line) => line.split(" ")[0]!).filter((field) => !many.includes(field));
      expect(new Set(once).size, one.title).toBe(once.length);
      const paths = lines
        .filter((line) => /^(read|write|deny|protect) /.test(line))
        .map((line) => line.replace(/^\w+ /, ""));
      expect(new Set(paths).size, one.title).toBe(paths.length);
    }
  });

  it("protects what the language says it does", () => {
    expect(PROTECTED_NAMES).toEqual([...OF_THE_LANGUAGE]);
  });

  it("gives the second layer the addresses among the hosts, and the stand-ins of names", () => {
    expect(egressLines(["api.example.com:443", "10.0.0.1", "10.0.0.2:80", "[::1]:80", "*.10.0.0.1"])).toEqual(
      ["198.18.0.0/15", "10.0.0.1", "10.0.0.2 80", "::1 80"],
    );
    expect(egressLines(["*"])).toContain("0.0.0.0/0");
  });
});

describe("answers", () => {
  const inside =
    'enforcement { read ["/opt/tools"] write ["."] deny ["./secrets"] protect ["./lock"] unix_sockets ["/run/db.sock"] }';
  const machine = [["folder", "/home/ada/app"]] as const;
  const profile = profileFor({ machine, policy: inside }) as Profile;
  const settings = settingsIn(manifestWith(inside), "x");

  it.each([
    ["/home/ada/app/a", "write", true, "in the writable root"],
    ["/home/ada/app/secrets/a", "read", false, "is closed (deny)"],
    ["/home/ada/app/lock", "read", true, "in the readable root"],
    ["/home/ada/app/lock", "write", false, "is read-only (protect)"],
    ["/home/ada/app/.git/hooks/post-commit", "write", false, "is protected by default"],
    ["/opt/tools/x", "read", true, "in the readable root"],
    ["/opt/tools/x", "write", false, "which is only readable"],
    ["/home/ada/.ssh/config", "read", false, "the home is private"],
    ["/home/ada/.ssh/config", "write", false, "private home"],
    ["/srv/x", "read", false, "outside the readable roots"],
    ["/srv/x", "write", false, "outside the writable roots"],
    ["/usr/bin/env", "start", true, "the system is readable"],
    ["/usr/bin/env", "write", false, "the system is read-only"],
    ["/etc/shadow", "read", false, "secrets of the machine"],
    ["/tmp/x", "write", true, "is private"],
    ["/opt", "read", true, "on the way"],
    ["/run/db.sock", "socket", true, "it is named"],
    ["/run/docker.sock", "socket", false, "not named"],
  ] as const)("%s: %s", (path, access, allowed, why) => {
    const said = answer(profile, settings, path, access);
    expect(said.why).toContain(why);
    expect(said.allowed).toBe(allowed);
    if (!allowed) expect(said.why).toBe(said.why.split("\n")[0]);
  });
});
