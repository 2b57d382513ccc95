/** Connections whose bytes the proxy does not read: CONNECT, SOCKS5, captured ones; and names, which are answered inside. */
import { expect, test } from "vitest";
import { queryFor } from "../../../gateway/egress/dns.ts";
import { asked, openPlace, policyFor, received, tcpOrigin } from "./place.ts";

const echo = (): Promise<number> => tcpOrigin((socket) => void socket.pipe(socket));

test("CONNECT, permitted", async () => {
  const place = await openPlace();
  const port = await echo();
  const socket = await place.bridged();
  const answer = await asked(
    socket,
    `CONNECT a.example:${port} HTTP/1.1\r\nhost: a.example:${port}\r\n\r\n`,
    "\r\n\r\n",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(await asked(socket, "ping", "ping")).toBe("ping");
  expect(place.events).toMatchObject([{ tool: "net/connect", host: "a.example", port, effect: "permit" }]);
});

test("CONNECT, denied", async () => {
  const place = await openPlace(policyFor("permit net/*", 'allow ["b.example"]'));
  const port = await echo();
  const answer = await asked(
    await place.bridged(),
    `CONNECT a.example:${port} HTTP/1.1\r\nhost: a.example:${port}\r\n\r\n`,
    /faramesh: .*\n$/,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
});

test("SOCKS5, permitted and denied", async () => {
  const port = await echo();
  const request = (name: string): string =>
    `\x05\x01\x00\x03${String.fromCharCode(name.length)}${name}${String.fromCharCode(port >> 8, port & 255)}`;
  for (const [allow, reply] of [
    ["a.example", 0],
    ["b.example", 2],
  ] as const) {
    const place = await openPlace(policyFor("permit net/*", `allow ["${allow}"]`), {
      privateAddresses: ["127.0.0.0/8"],
    });
    const socket = await place.bridged();
    expect(await asked(socket, "\x05\x01\x00", "\x05\x00")).toBe("\x05\x00");
    const answer = await asked(socket, request("a.example"), /^.{10}/s);
    expect(answer.charCodeAt(1)).toBe(reply);
    if (reply === 0) expect(await asked(socket, "ping", "ping")).toBe("ping");
  }
});

test("a captured connection of a protocol that nobody knows is judged by its address", async () => {
  const place = await openPlace();
  const port = await tcpOrigin((socket) => void socket.end("220 ready\r\n"));
  expect(await received(await place.bridged("127.0.0.1", port))).toBe("220 ready\r\n");
  expect(place.events).toMatchObject([{ tool: "net/connect", host: "127.0.0.1", port }]);
});

test("a name has an address inside, and a connection to that is one to the name", async () => {
  const place = await openPlace();
  const port = await tcpOrigin((socket) => void socket.end("220 ready\r\n"));
  const query = queryFor(7, "db.example");
  const framed = `${String.fromCharCode(query.length >> 8, query.length & 255)}${Buffer.from(query).toString("latin1")}`;
  const answer = Buffer.from(
    await asked(await place.bridged("8.8.8.8", 53), framed, /^[\s\S]{40}/),
    "latin1",
  );
  const address = [...answer.subarray(-4)].join(".");
  expect(address).toMatch(/^198\.1[89]\./);
  expect(await received(await place.bridged(address, port))).toBe("220 ready\r\n");
  expect(place.events.at(-1)).toMatchObject({ tool: "net/connect", host: "db.example", port });
});
