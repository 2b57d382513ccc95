/** Parsers of the policy proxy against data: tests/vectors/egress. */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { openBundle } from "../../../examples/compiled.ts";
import { isSecretName, requestAction } from "../../../gateway/egress/action.ts";
import { addressText, parseAddress, parsePrefix, reachOf } from "../../../gateway/egress/address.ts";
import { latin1 } from "../../../gateway/egress/bytes.ts";
import { ChunkedDecoder } from "../../../gateway/egress/chunked.ts";
import { answerQuery, queryFor } from "../../../gateway/egress/dns.ts";
import { parseAuthority, parseHost } from "../../../gateway/egress/host.ts";
import { MAX_LINE_BYTES, NAME_LIVES_MS } from "../../../gateway/egress/limits.ts";
import { NameTable } from "../../../gateway/egress/names.ts";
import { parseProxyHeader } from "../../../gateway/egress/proxy-header.ts";
import { parseGreeting, parseSocksRequest } from "../../../gateway/egress/socks5.ts";
import { parseQuery } from "../../../gateway/egress/target.ts";
import { bundleOf } from "../../hosts/policies.ts";
import { bytesOf, readWhole } from "./read.ts";

function vectors<T>(name: string): T[] {
  return JSON.parse(
    readFileSync(new URL(`../../vectors/egress/${name}.json`, import.meta.url), "utf8"),
  ) as T[];
}

interface HostVector {
  text: string;
  host: string | null;
}

describe("hosts", () => {
  const all = vectors<HostVector>("hosts");
  test.each(all)("$text is $host", ({ text, host }) => {
    const read = parseHost(text);
    expect(read.ok ? read.value.text : null).toBe(host);
  });

  it("are in the spelling that the core takes", async () => {
    const core = await openBundle(bundleOf('agent "a" { default permit rules { deny rm } }'));
    for (const { host } of all) {
      if (host === null) continue;
      const action = JSON.stringify({ agent: "a", tool: "web", args: {}, http: { host } });
      expect([host, core.decide(action).effect]).toEqual([host, "permit"]);
    }
  });

  it("canonicalised twice are the same", () => {
    for (const { host } of all) {
      if (host === null) continue;
      const again = parseHost(host.includes(":") ? `[${host}]` : host);
      expect(again.ok && again.value.text).toBe(host);
    }
  });
});

test.each(["a.example:0", "a.example:65536", "a.example:080", "a.example:", "a.example:+80"])(
  "the port of %s is refused",
  (text) => {
    expect(parseAuthority(text)).toEqual({ ok: false, fault: "port_invalid" });
  },
);

interface HeadVector {
  title: string;
  head: string;
  forwards?: string;
  fault?: string;
}

describe("heads", () => {
  test.each(vectors<HeadVector>("heads"))("$title", ({ head, forwards, fault }) => {
    expect(readWhole(bytesOf(head))).toEqual(fault === undefined ? { forwards, rest: 0 } : { fault });
  });

  it("with a line over the limit are refused", () => {
    const head = `GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\nx: ${"a".repeat(MAX_LINE_BYTES)}\r\n\r\n`;
    expect(readWhole(bytesOf(head))).toEqual({ fault: "line_too_long" });
  });
});

test.each(vectors<{ text: string; host: string | null; port?: number }>("proxy-headers"))(
  "PROXY header $text",
  ({ text, host, port }) => {
    const read = parseProxyHeader(bytesOf(text));
    if (host === null) expect(read).toEqual({ ok: false, fault: "proxy_header_invalid" });
    else expect(read).toMatchObject({ ok: true, value: { host: { text: host }, port, length: text.length } });
    for (let end = 0; end < text.length && host !== null; end++)
      expect(parseProxyHeader(bytesOf(text.slice(0, end)))).toBeNull();
  },
);

describe("chunked bodies", () => {
  const cases: [string, string | null][] = [
    ["3\r\nabc\r\n0\r\n\r\n", "abc"],
    ["3\r\nabc\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n", "abc0123456789"],
    ["00000003\r\nabc\r\n0\r\n\r\n", "abc"],
    ["3;x=y\r\nabc\r\n0\r\n\r\n", null],
    ["3 \r\nabc\r\n0\r\n\r\n", null],
    ["0x3\r\nabc\r\n0\r\n\r\n", null],
    ["+3\r\nabc\r\n0\r\n\r\n", null],
    ["-1\r\n\r\n", null],
    ["\r\nabc", null],
    ["3\nabc\r\n0\r\n\r\n", null],
    ["3\r\nabcd\r\n0\r\n\r\n", null],
    ["3\r\nabc0\r\n\r\n", null],
    ["3\r\nabc\n0\r\n\r\n", null],
    ["000000003\r\nabc\r\n0\r\n\r\n", null],
    ["100000000\r\n", null],
    ["0\r\nx y: 1\r\n\r\n", null],
    ["0\r\n\n", null],
  ];
  test.each(cases)("%j", (text, data) => {
    for (const size of [1, 2, 3, 1_000]) {
      const decoder = new ChunkedDecoder();
      let got: string | null = "";
      for (let at = 0; at < text.length && got !== null; at += size) {
        const decoded = decoder.push(bytesOf(text.slice(at, at + size)));
        got = decoded.ok ? got + decoded.value.data.map((part) => latin1(part)).join("") : null;
      }
      expect(got).toBe(data);
    }
  });
});

describe("SOCKS5", () => {
  const hex = (text: string) => Uint8Array.from(text.split(" "), (digits) => Number.parseInt(digits, 16));
  it("greetings", () => {
    expect(parseGreeting(hex("05 01 00"))).toMatchObject({ value: { taken: [0], length: 3 } });
    expect(parseGreeting(hex("05 02 00"))).toBeNull();
    for (const bad of ["04 01 00", "05 00"]) expect(parseGreeting(hex(bad))).toMatchObject({ ok: false });
  });
  const cases: [string, object | null][] = [
    ["05 01 00 01 7f 00 00 01 00 50", { host: { text: "127.0.0.1" }, port: 80 }],
    ["05 01 00 03 03 61 2e 62 01 bb", { host: { text: "a.b" }, port: 443 }],
    [
      "05 01 00 04 00 00 00 00 00 00 00 00 00 00 ff ff 7f 00 00 01 00 50",
      { host: { text: "127.0.0.1" }, port: 80 },
    ],
    ["05 01 00 03 03 61 00 62 00 50", null],
    ["05 01 00 03 03 61 2e 31 00 50", null],
    ["05 01 00 03 05 5b 3a 3a 31 5d 00 50", null],
    ["05 01 00 03 00 00 50", null],
    ["05 01 00 01 7f 00 00 01 00 00", null],
    ["05 01 01 01 7f 00 00 01 00 50", null],
    ["05 03 00 01 7f 00 00 01 00 50", { reply: "command" }],
    ["05 01 00 02 7f 00 00 01 00 50", { reply: "address" }],
  ];
  test.each(cases)("request %s", (text, taken) => {
    const read = parseSocksRequest(hex(text));
    if (taken === null) expect(read).toMatchObject({ ok: false });
    else expect(read).toMatchObject({ ok: true, value: { taken } });
  });
});

describe("DNS", () => {
  const lookup = () => Uint8Array.of(198, 18, 0, 1);
  const codeOf = (message: Uint8Array) => {
    const answer = answerQuery(message, lookup);
    return answer === null ? null : [answer[3]! & 15, answer[7]];
  };
  it("gives addresses of names, and nothing else of them", () => {
    expect(codeOf(queryFor(1, "a.example"))).toEqual([0, 1]);
    for (const type of [28, 16, 65, 255, 15]) expect(codeOf(queryFor(1, "a.example", type))).toEqual([0, 0]);
    expect([...answerQuery(queryFor(1, "LocalHost"), lookup)!.slice(-4)]).toEqual([127, 0, 0, 1]);
    expect(answerQuery(queryFor(1, "a.example"), () => null)![3]! & 15).toBe(2);
  });
  it("knows no such name where it is no host's", () => {
    for (const name of ["_sip.example", "1.2", "127.1", "-a.b"])
      expect(codeOf(queryFor(1, name))).toEqual([3, 0]);
  });
  it("refuses or drops what is malformed", () => {
    const query = queryFor(1, "a.example");
    const changed = (at: number, byte: number) =>
      Uint8Array.from(query, (old, index) => (index === at ? byte : old));
    expect(codeOf(changed(2, 0x80))).toBeNull();
    expect(codeOf(query.slice(0, 11))).toBeNull();
    expect(codeOf(new Uint8Array(513))).toBeNull();
    expect(codeOf(changed(2, 0x08))).toEqual([4, 0]);
    for (const [at, byte] of [
      [5, 2],
      [5, 0],
      [7, 1],
      [12, 0xc0],
      [12, 63],
      [11, 1],
    ] as const)
      expect(codeOf(changed(at, byte))).toEqual([1, 0]);
    expect(codeOf(Uint8Array.from([...query, 0]))).toEqual([1, 0]);
    expect(codeOf(query.slice(0, -1))).toEqual([1, 0]);
    expect(codeOf(changed(query.length - 1, 3))).toEqual([4, 0]);
  });
  it("answers a query with an OPT record", () => {
    const query = Uint8Array.from([...queryFor(1, "a.example"), 0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0]);
    query[11] = 1;
    expect(codeOf(query)).toEqual([0, 1]);
  });
});

describe("the table of names", () => {
  it("gives a name one address, and an address to another only when nobody can mean the first", () => {
    const table = new NameTable(2);
    const first = table.addressFor("a", 0)!;
    const second = table.addressFor("b", 1)!;
    expect(table.addressFor("a", 2)).toEqual(first);
    expect(table.addressFor("c", 3)).toBeNull();
    const held = table.hold(second, 4)!;
    expect(held.name).toBe("b");
    expect(table.addressFor("c", 3 + NAME_LIVES_MS)).toEqual(first);
    expect(table.addressFor("d", 10 + NAME_LIVES_MS)).toBeNull();
    held.release(11 + NAME_LIVES_MS);
    held.release(11 + NAME_LIVES_MS);
    expect(table.addressFor("d", 12 + NAME_LIVES_MS)).toBeNull();
    expect(table.addressFor("d", 12 + 3 * NAME_LIVES_MS)).not.toBeNull();
    expect(table.hold(Uint8Array.of(198, 19, 0, 9), 0)).toBeNull();
    expect(table.hold(Uint8Array.of(10, 0, 0, 1), 0)).toBeNull();
  });
});

test.each([
  ["8.8.8.8", "public"],
  ["10.1.2.3", "private"],
  ["172.31.0.1", "private"],
  ["172.32.0.1", "public"],
  ["100.127.0.1", "private"],
  ["169.254.169.254", "private"],
  ["198.19.255.255", "never"],
  ["255.255.255.255", "never"],
  ["2606:4700::1", "public"],
  ["::1", "private"],
  ["::7f00:1", "private"],
  ["fdff::1", "private"],
  ["febf::1", "private"],
  ["ff02::1", "never"],
  ["64:ff9b::808:808", "public"],
  ["64:ff9b::a9fe:a9fe", "private"],
  ["2002:c0a8:1::", "private"],
])("%s is %s", (text, reach) => {
  const address = parseAddress(text)!;
  expect([addressText(address), reachOf(address)]).toEqual([text, reach]);
});

test("prefixes are addresses, perhaps with a length", () => {
  expect(parsePrefix("10.0.0.0/8").bits).toBe(8);
  expect(parsePrefix("::1").bits).toBe(128);
  for (const bad of ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "a/8", "10.0.0.0/-1"])
    expect(() => parsePrefix(bad)).toThrow(RangeError);
});

test("a query is what a form means", () => {
  expect(parseQuery("a=1&b=%C3%A9+x&c&a=2&__proto__=3&=4")).toEqual({
    ok: true,
    value: Object.assign(Object.create(null), {
      a: ["1", "2"],
      b: "é x",
      c: "",
      ["__proto__"]: "3",
      "": "4",
    }),
  });
  for (const bad of ["%", "a=%zz", "a=%C3", "%ff=1"]) expect(parseQuery(bad)).toMatchObject({ ok: false });
});

test("names of secrets", () => {
  const secrets = [
    "authorization",
    "cookie",
    "x-api-key",
    "api_key",
    "key",
    "access_token",
    "x-amz-security-token",
    "x-goog-api-key",
    "private-token",
    "sig",
    "client_secret",
    "password",
    "X-Auth",
  ];
  expect(secrets.filter((name) => !isSecretName(name))).toEqual([]);
  expect(
    ["accept", "keyboard", "q", "x-team", "monkey", "user-agent", "design"].filter(isSecretName),
  ).toEqual([]);
});

test("repeated fields are joined, and those of one call left out", () => {
  const field = (name: string, value: string) => ({ name, lower: name, value });
  const head = {
    method: "GET",
    target: { form: "origin", authority: null, path: "/", query: null },
    fields: [field("accept", "a"), field("accept", "b"), field("date", "x"), field("__proto__", "y")],
  };
  const bound = { host: { text: "a.example", address: null }, port: 80 };
  const action = requestAction({ agent: "a", session: "s" }, head as never, bound, "http");
  expect(JSON.parse(action.ok ? action.value.text : "")).toEqual(
    JSON.parse(
      '{"agent":"a","session":"s","tool":"net/request","args":{"scheme":"http"},"http":{"host":"a.example","port":80,"method":"GET","path":"/","query":{},"headers":{"accept":"a, b","__proto__":"y"}}}',
    ),
  );
});
