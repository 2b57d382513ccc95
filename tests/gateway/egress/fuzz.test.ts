/** Random and mutated bytes: nothing throws, cutting changes nothing, and what is accepted means the same to Node's own parser. */
import { createServer, METHODS as NODE_METHODS } from "node:http";
import { type AddressInfo, connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromLatin1 } from "../../../gateway/egress/bytes.ts";
import { parseClientHello } from "../../../gateway/egress/client-hello.ts";
import { answerQuery, queryFor } from "../../../gateway/egress/dns.ts";
import { FAULTS } from "../../../gateway/egress/faults.ts";
import { findHeadEnd } from "../../../gateway/egress/fields.ts";
import { parseProxyHeader } from "../../../gateway/egress/proxy-header.ts";
import { parseRequest, requestText, resolveBound } from "../../../gateway/egress/request.ts";
import { sniff } from "../../../gateway/egress/sniff.ts";
import { parseGreeting, parsePassword, parseSocksRequest } from "../../../gateway/egress/socks5.ts";

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() & 0x7fffffff);
const RUNS = 3_000;
const settings = { seed: SEED, numRuns: RUNS };
console.log(`egress fuzz: FUZZ_SEED=${SEED}`);

/** Node refuses others, and answers CONNECT in another way. */
const METHODS = NODE_METHODS.filter((method) => method !== "CONNECT");

const PARTS = [
  "GET http://a.example/x?q=1 HTTP/1.1\r\n",
  "POST http://a.example:8080/ HTTP/1.1\r\n",
  "CONNECT a.example:443 HTTP/1.1\r\n",
  "Host: a.example\r\n",
  "host: a.example:8080\r\n",
  "host: a.example:443\r\n",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close, x-hop\r\n",
  "X-Hop: 1\r\n",
  'X-Kept: a, b;c="d"\r\n',
  "Accept: */*\r\n",
  " folded\r\n",
  "\r\n",
];

/** A plausible head with up to three bytes changed. */
const heads = fc
  .tuple(
    fc.constantFrom(PARTS[0]!, PARTS[1]!, PARTS[2]!),
    fc.array(fc.constantFrom(...PARTS.slice(3)), { maxLength: 8 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
  )
  .map(([first, rest, changes]) => {
    const bytes = fromLatin1(`${first}${rest.join("")}\r\n`);
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return bytes;
  });

/** Mostly well-formed ones, with at most one byte changed. */
const goodHeads = fc
  .tuple(
    fc.uniqueArray(
      fc.constantFrom(PARTS[8]!, PARTS[9]!, PARTS[10]!, PARTS[11]!, "x-other:1\r\n", "Range: bytes=0-\r\n"),
    ),
    fc.option(fc.tuple(fc.nat(), fc.nat(255))),
  )
  .map(([rest, change]) => {
    const bytes = fromLatin1(`${PARTS[0]}${PARTS[3]}${rest.join("")}\r\n`);
    if (change !== null) bytes[change[0] % bytes.length] = change[1];
    return bytes;
  });

const bytesOf = fc.uint8Array({ maxLength: 600 });

function demandKnown(outcome: { ok: boolean; fault?: string } | null): void {
  if (outcome !== null && !outcome.ok) expect(Object.keys(FAULTS)).toContain(outcome.fault);
}

test("nothing throws, and a refusal is of the table", () => {
  const any = fc.oneof(heads, bytesOf);
  fc.assert(
    fc.property(any, (bytes) => {
      demandKnown(parseProxyHeader(bytes));
      demandKnown(parseClientHello(bytes));
      demandKnown(parseGreeting(bytes));
      demandKnown(parsePassword(bytes));
      demandKnown(parseSocksRequest(bytes));
      demandKnown(parseRequest(bytes));
      demandKnown(findHeadEnd(bytes));
      if (bytes.length > 0) sniff(bytes);
      answerQuery(bytes, () => Uint8Array.of(198, 18, 0, 1));
    }),
    settings,
  );
});

test("a head ends at the same place however it is cut", () => {
  fc.assert(
    fc.property(heads, fc.nat(), (bytes, cut) => {
      const whole = findHeadEnd(bytes);
      const part = findHeadEnd(bytes.subarray(0, cut % (bytes.length + 1)));
      if (part.ok && part.value.end >= 0) expect(part).toEqual(whole);
      if (!part.ok) expect(whole.ok).toBe(false);
    }),
    settings,
  );
});

test("a changed query of DNS is answered for its own name, or not at all", () => {
  fc.assert(
    fc.property(
      fc.nat(65_535),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
      (id, changes) => {
        const query = queryFor(id, "a.example");
        for (const [at, byte] of changes) query[at % query.length] = byte;
        const answer = answerQuery(query, () => Uint8Array.of(198, 18, 0, 1));
        if (answer === null) return;
        expect(answer.subarray(0, 2)).toEqual(query.subarray(0, 2));
        expect(answer.length).toBeLessThan(1_024);
      },
    ),
    settings,
  );
});

let port = 0;
const server = createServer((request, response) => {
  const fields = request.rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name.toLowerCase(), request.rawHeaders[at + 1]]] : [],
  );
  request.resume();
  response.end(JSON.stringify({ method: request.method, url: request.url, fields }));
});
server.on("clientError", (_, socket) => socket.end("HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n"));
beforeAll(() =>
  new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)).then(() => {
    port = (server.address() as AddressInfo).port;
  }),
);
afterAll(() => server.closeAllConnections());
afterAll(() => void server.close());

function ask(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(text, "latin1"));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("what is forwarded, Node reads as it was judged", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(goodHeads, async (bytes) => {
      const end = findHeadEnd(bytes);
      if (!end.ok || end.value.next < 0 || end.value.next > bytes.length) return;
      const request = parseRequest(bytes.subarray(0, end.value.next));
      if (!request.ok || !METHODS.includes(request.value.method) || request.value.isUpgrade) return;
      const bound = resolveBound(request.value, null, 80);
      if (!bound.ok || request.value.framing.kind !== "none") return;
      accepted += 1;
      const text = requestText(request.value, bound.value, 80);
      const answer = await ask(text.replace(/\r\n\r\n$/, "\r\nconnection: close\r\n\r\n"));
      const seen = JSON.parse(
        answer.slice(answer.indexOf("\r\n\r\n") + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, ""),
      );
      const { path, query } = request.value.target;
      expect(seen.method).toBe(request.value.method);
      expect(seen.url).toBe(query === null ? path : `${path}?${query}`);
      const wanted = request.value.fields.map(({ lower, value }) => [lower, value]);
      expect(seen.fields.slice(1, -1)).toEqual(wanted);
    }),
    { seed: SEED, numRuns: 600 },
  );
  expect(accepted).toBeGreaterThan(100);
}, 60_000);
