/** Random and damaged bytes in random pieces: nothing throws, the pieces change nothing, and what is accepted is read alike by Node's own parser. */

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { ChunkedDecoder } from "../../../gateway/egress/chunked.ts";
import { parseClientHello } from "../../../gateway/egress/client-hello.ts";
import { answerQuery, queryFor } from "../../../gateway/egress/dns.ts";
import { parseHost } from "../../../gateway/egress/host.ts";
import { parseProxyHeader } from "../../../gateway/egress/proxy-header.ts";
import { parseResponse } from "../../../gateway/egress/response.ts";
import { sniff } from "../../../gateway/egress/sniff.ts";
import { parseGreeting, parsePassword, parseSocksRequest } from "../../../gateway/egress/socks5.ts";
import { helloFor } from "./hello.ts";
import { bytesOf, readInPieces, readWhole } from "./read.ts";

const seed = Number(process.env.EGRESS_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.EGRESS_ROUNDS ?? 20_000);
console.log(`EGRESS_SEED=${seed}`);

/** Mulberry32. */
function generator(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const heads = (
  JSON.parse(readFileSync(new URL("../../vectors/egress/heads.json", import.meta.url), "utf8")) as {
    head: string;
  }[]
).map(({ head }) => bytesOf(head));
const TELLING = bytesOf("\r\n\t :,;/\\%@[]?#*0x_-.\x00\x7f\x80\xff");
const WORDS = [
  "\r\n",
  "\r\n\r\n",
  "host: b.example\r\n",
  "content-length: 5\r\n",
  "transfer-encoding: chunked\r\n",
  " HTTP/1.1",
  "http://",
  "0\r\n\r\n",
].map(bytesOf);

function damaged(random: (below: number) => number, from: Uint8Array): Uint8Array {
  const bytes = [...from];
  for (let count = random(4); count >= 0; count--) {
    const at = random(bytes.length + 1);
    const kind = random(5);
    if (kind === 0) bytes.splice(at, 1);
    else if (kind === 1) bytes.splice(at, 0, TELLING[random(TELLING.length)]!);
    else if (kind === 2) bytes.splice(at, 1, random(256));
    else if (kind === 3) bytes.splice(at, 0, ...WORDS[random(WORDS.length)]!);
    else bytes.splice(at, random(8), ...bytes.slice(random(bytes.length + 1)).slice(0, random(12)));
  }
  return Uint8Array.from(bytes);
}

function pieces(random: (below: number) => number, length: number): number[] {
  const ends: number[] = [];
  for (let at = 0; at < length; ) {
    at = Math.min(length, at + 1 + random(random(4) === 0 ? 200 : 9));
    ends.push(at);
  }
  return ends;
}

/** A parser that asks for more: the first answer that is one. */
function first<T>(
  parse: (bytes: Uint8Array) => T | null,
  bytes: Uint8Array,
  ends: readonly number[],
): T | null {
  for (const end of ends) {
    const read = parse(bytes.subarray(0, end));
    if (read !== null) return read;
  }
  return null;
}

interface Understood {
  method: string | undefined;
  url: string | undefined;
  host: string | undefined;
  headers: string[];
}

/** What Node's server makes of a request, or null when it refuses it. */
function nodeReads(text: string): Promise<Understood | null> {
  return new Promise((resolve) => {
    const server = createServer({ insecureHTTPParser: false });
    const take = ({ method, url, headers, rawHeaders }: IncomingMessage): void =>
      resolve({ method, url, host: headers.host, headers: rawHeaders });
    server.on("request", take);
    server.on("upgrade", take);
    server.on("clientError", () => resolve(null));
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    server.emit("connection", socket);
    socket.push(Buffer.from(text, "latin1"));
  });
}

test("heads", { timeout: 300_000 }, async () => {
  const random = generator(seed);
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = damaged(random, heads[random(heads.length)]!);
    const whole = readWhole(bytes);
    expect(readInPieces(bytes, pieces(random, bytes.length)), `round ${round}`).toEqual(whole);
    if (whole === null || "fault" in whole) continue;
    const { forwards } = whole;
    if (forwards.startsWith("CONNECT")) continue;
    accepted += 1;
    const lines = forwards.split("\r\n");
    const [method, url] = lines[0]!.split(" ");
    const headers = lines.slice(1, -2).flatMap((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    });
    // Node knows a list of methods; another one is no difference of reading.
    if (!/^(?:GET|POST|OPTIONS|HEAD|PUT)$/.test(method!)) continue;
    expect(await nodeReads(forwards), `round ${round}: ${JSON.stringify(forwards)}`).toEqual({
      method,
      url,
      host: headers[1],
      headers,
    });
  }
  expect(accepted).toBeGreaterThan(ROUNDS / 100);
});

test("all other parsers", { timeout: 300_000 }, () => {
  const random = generator(seed + 1);
  const samples = {
    hello: helloFor("a.example"),
    proxy: bytesOf("PROXY TCP4 10.0.0.1 93.184.216.34 40000 443\r\n"),
    socks: bytesOf("\x05\x01\x00\x03\x09a.example\x01\xbb"),
    greeting: bytesOf("\x05\x02\x00\x02"),
    password: bytesOf("\x01\x01a\x02bc"),
    dns: queryFor(1, "a.example"),
    chunked: bytesOf("3\r\nabc\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\nrest"),
    response: bytesOf("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nx: y\r\n\r\n"),
  };
  const parsers: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [samples.hello, parseClientHello],
    [samples.proxy, parseProxyHeader],
    [samples.greeting, parseGreeting],
    [samples.password, parsePassword],
    [heads[0]!, sniff],
  ];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [sample, parse] of parsers) {
      const bytes = damaged(random, sample);
      const ends = pieces(random, bytes.length);
      expect(first(parse, bytes, ends), `round ${round} ${parse.name}`).toEqual(
        first(parse, bytes, [bytes.length]),
      );
    }
    parseSocksRequest(damaged(random, samples.socks));
    parseResponse(damaged(random, samples.response), "GET");
    const answer = answerQuery(damaged(random, samples.dns), () => Uint8Array.of(198, 18, 0, 1));
    expect(answer === null || answer.length <= 512 + 16).toBe(true);
    const text = String.fromCharCode(...damaged(random, bytesOf("a.example:80")));
    const host = parseHost(text);
    if (host.ok) expect(host.value.text).toMatch(/^[a-z0-9.:-]+$/);
    expectSameBody(random, damaged(random, samples.chunked), round);
  }
});

function decodeIn(bytes: Uint8Array, ends: readonly number[]): unknown {
  const decoder = new ChunkedDecoder();
  const data: number[] = [];
  let from = 0;
  for (const end of ends) {
    const decoded = decoder.push(bytes.subarray(from, end));
    if (!decoded.ok) return "fault";
    for (const part of decoded.value.data) data.push(...part);
    if (decoded.value.end !== null) return { data, end: from + decoded.value.end };
    from = end;
  }
  return { data, end: null };
}

function expectSameBody(random: (below: number) => number, bytes: Uint8Array, round: number): void {
  const inPieces = decodeIn(bytes, pieces(random, bytes.length));
  expect(inPieces, `round ${round}`).toEqual(decodeIn(bytes, [bytes.length]));
}
