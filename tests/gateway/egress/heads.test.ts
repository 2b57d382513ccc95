/** Request heads: what is read, what is refused and by which fault, and whom a request is for. */
import { describe, expect, test } from "vitest";
import { fromLatin1 } from "../../../gateway/egress/bytes.ts";
import { findHeadEnd } from "../../../gateway/egress/fields.ts";
import { parseAuthority, parseHost } from "../../../gateway/egress/host.ts";
import { parseRequest, requestText, resolveBound } from "../../../gateway/egress/request.ts";

/** The fault, or the text that is forwarded. @param head its lines, without the empty one. */
function outcome(head: string): string {
  const bytes = fromLatin1(`${head}\r\n\r\n`);
  const end = findHeadEnd(bytes);
  if (!end.ok) return end.fault;
  const request = parseRequest(bytes.subarray(0, end.value.next));
  if (!request.ok) return request.fault;
  const bound = resolveBound(request.value, null, 80);
  return bound.ok ? requestText(request.value, bound.value, 80) : bound.fault;
}

const HOST = "host: a.example";
const GET = `GET http://a.example/ HTTP/1.1`;

describe("hosts", () => {
  test.each([
    ["A.Example", "a.example"],
    ["a.example.", "a.example"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["127.0.0.1", "127.0.0.1"],
    ["[2001:DB8:0:0:0:0:0:1]", "2001:db8::1"],
  ])("%s is %s", (text, canonical) => {
    expect(parseHost(text)).toMatchObject({ ok: true, value: { text: canonical } });
  });

  test("an IPv4 address in an IPv6 one is that address", () => {
    const mapped = parseHost("[::ffff:127.0.0.1]");
    if (mapped.ok) expect(mapped.value.text).toBe("127.0.0.1");
  });

  test.each([
    "",
    ".",
    "a..example",
    "a.example..",
    "a b",
    "a\0.example",
    "a\r\n.example",
    "a%2eexample",
    "user@a.example",
    "bücher.example",
    "\u212aelvin.example",
    "0x7f.1",
    "2130706433",
    "017700000001",
    "127.1",
    "127.0.0.1.",
    "127.0.0.256",
    "127.0.0.01",
    "[fe80::1%eth0]",
    "[::1",
    "::1",
    "-a.example",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(127)}example`,
  ])("%j is refused", (text) => {
    expect(parseHost(text)).toEqual({ ok: false, fault: "host_invalid" });
  });

  test.each(["a.example:0", "a.example:65536", "a.example:080", "a.example:", "a.example:+80"])(
    "port of %s is refused",
    (text) => {
      expect(parseAuthority(text)).toEqual({ ok: false, fault: "port_invalid" });
    },
  );
});

describe("requests to a proxy", () => {
  test("are written anew, for the host that is judged", () => {
    const head = `GET http://A.example:8080/x?y=1 HTTP/1.1\r\nHost: a.EXAMPLE.:8080\r\nProxy-Authorization: Basic x\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nX-Kept:  v `;
    expect(outcome(head)).toBe("GET /x?y=1 HTTP/1.1\r\nhost: a.example:8080\r\nX-Kept: v\r\n\r\n");
  });

  test.each<[string, string, string]>([
    ["two hosts", `${GET}\r\n${HOST}\r\n${HOST}`, "field_repeated"],
    ["two lengths", `${GET}\r\n${HOST}\r\ncontent-length: 1\r\ncontent-length: 1`, "field_repeated"],
    [
      "length and chunks",
      `${GET}\r\n${HOST}\r\ncontent-length: 1\r\ntransfer-encoding: chunked`,
      "framing_mixed",
    ],
    ["a list of lengths", `${GET}\r\n${HOST}\r\ncontent-length: 1, 1`, "framing_mixed"],
    ["a signed length", `${GET}\r\n${HOST}\r\ncontent-length: +1`, "framing_mixed"],
    ["another coding", `${GET}\r\n${HOST}\r\ntransfer-encoding: gzip, chunked`, "framing_mixed"],
    [
      "chunks in 1.0",
      `GET http://a.example/ HTTP/1.0\r\n${HOST}\r\ntransfer-encoding: chunked`,
      "framing_mixed",
    ],
    ["a folded line", `${GET}\r\n${HOST}\r\nx: a\r\n b`, "line_invalid"],
    ["a space before the colon", `${GET}\r\nhost : a.example`, "line_invalid"],
    ["a name that is no token", `${GET}\r\n${HOST}\r\nx(y): 1`, "line_invalid"],
    ["a line feed alone", `${GET}\n${HOST}`, "line_end_invalid"],
    ["a return alone", `${GET}\r\n${HOST}\r\nx: a\rb`, "line_end_invalid"],
    ["a null", `${GET}\r\n${HOST}\r\nx: a\0b`, "line_invalid"],
    ["no host", GET, "line_invalid"],
    ["another host", `${GET}\r\nhost: b.example`, "host_differs"],
    ["another port", `${GET}\r\nhost: a.example:81`, "host_differs"],
    ["a user in the target", `GET http://u@a.example/ HTTP/1.1\r\n${HOST}`, "host_invalid"],
    ["a path alone", `GET / HTTP/1.1\r\n${HOST}`, "target_form"],
    ["TRACE", `TRACE http://a.example/ HTTP/1.1\r\n${HOST}`, "method_refused"],
    ["small letters", `get http://a.example/ HTTP/1.1\r\n${HOST}`, "method_refused"],
    ["HTTP/2", `PRI * HTTP/2.0`, "version_refused"],
    ["two spaces", `GET  http://a.example/ HTTP/1.1\r\n${HOST}`, "line_invalid"],
    ["another expectation", `${GET}\r\n${HOST}\r\nexpect: 200-ok`, "expectation_refused"],
    [
      "CONNECT with a body",
      `CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\ncontent-length: 1`,
      "framing_mixed",
    ],
    ["CONNECT for another host", `CONNECT a.example:443 HTTP/1.1\r\nhost: b.example:443`, "host_differs"],
  ])("%s: refused", (_, head, fault) => {
    expect(outcome(head)).toBe(fault);
  });

  test("a head over its limits", () => {
    const many = Array.from({ length: 200 }, (_, at) => `x${at}: 1`).join("\r\n");
    expect(outcome(`${GET}\r\n${HOST}\r\n${many}`)).toBe("head_too_large");
    expect(outcome(`${GET}\r\n${HOST}\r\nx: ${"a".repeat(20_000)}`)).toBe("line_too_long");
  });
});
