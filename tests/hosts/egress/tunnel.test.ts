/** CONNECT, SOCKS5 and captured connections: judged as connections, and what is seen in them must be for their host. */
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { ACCESS_DENIED } from "../../../gateway/egress/client-hello.ts";
import { queryFor } from "../../../gateway/egress/dns.ts";
import { asked, httpOrigin, openPlace, type Place, policyFor, received, tcpOrigin } from "./place.ts";

const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";
const ALERT = Buffer.from(ACCESS_DENIED).toString("latin1");

function echo(): Promise<number> {
  return tcpOrigin((socket) => socket.pipe(socket));
}

function connectText(host: string): string {
  return `CONNECT ${host} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
}

/** The bytes of a real ClientHello. */
function hello(servername: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    tcpOrigin((socket) => socket.once("data", resolve)).then((port) => {
      connectTls({ host: "127.0.0.1", port, servername, rejectUnauthorized: false }).on("error", () => {});
    }, reject);
  });
}

async function addressFor(place: Place, name: string): Promise<string> {
  const socket = await place.bridged("10.0.0.2", 53);
  const query = queryFor(7, name);
  const answer = received(socket, /[\s\S]{16}/);
  socket.write(Buffer.from([0, query.length, ...query]));
  return [...Buffer.from(await answer, "latin1").subarray(-4)].join(".");
}

function socksName(name: string, port: number): string {
  return `\x05\x01\x00\x03${String.fromCharCode(name.length)}${name}${String.fromCharCode(port >> 8, port & 0xff)}`;
}

describe("CONNECT", () => {
  test("is a tunnel behind its permit", async () => {
    const place = await openPlace();
    const port = await echo();
    const socket = await place.bridged();
    expect(await asked(socket, connectText(`a.example:${port}`), "\r\n\r\n")).toBe(ESTABLISHED);
    expect(await asked(socket, "\x00hello", "hello")).toBe("\x00hello");
    expect(await place.records()).toMatchObject([
      { action: { tool: "net/connect", args: { via: "connect" }, http: { host: "a.example", port } } },
    ]);
  });

  test("is 403 without", async () => {
    const place = await openPlace(policyFor("permit net/request"));
    expect(await asked(await place.bridged(), connectText("a.example:443"))).toMatch(/^HTTP\/1\.1 403 /);
  });

  test("is 502 where nothing listens", async () => {
    const place = await openPlace();
    expect(await asked(await place.bridged(), connectText("a.example:1"))).toMatch(/^HTTP\/1\.1 502 /);
  });

  test("lets a server speak first", async () => {
    const place = await openPlace();
    const port = await tcpOrigin((socket) => {
      socket.write("220 ready\r\n");
      socket.on("data", () => socket.end("221 bye\r\n"));
    });
    const socket = await place.bridged();
    expect(await asked(socket, connectText(`a.example:${port}`), "ready\r\n")).toBe(
      `${ESTABLISHED}220 ready\r\n`,
    );
    expect(await asked(socket, "QUIT\r\n")).toBe("221 bye\r\n");
  });

  test.each([
    ["the same server name", "a.example", true],
    ["in capitals", "A.Example", true],
    ["another server name", "b.example", false],
  ])("with %s in its handshake", async (_, name, passes) => {
    const place = await openPlace();
    const port = await echo();
    const socket = await place.bridged();
    await asked(socket, connectText(`a.example:${port}`), "\r\n\r\n");
    const bytes = (await hello(name)).toString("latin1");
    for (const part of [bytes.slice(0, 3), bytes.slice(3, 60), bytes.slice(60)]) socket.write(part, "latin1");
    const text = await received(socket, passes ? bytes : undefined);
    expect(text).toBe(passes ? bytes : ALERT);
  });

  test("with HTTP within: each request is judged, and is for its host", async () => {
    const place = await openPlace(policyFor('deny net/request path "/no"\n    permit net/*'));
    const port = await httpOrigin((request, response) => response.end(`path ${request.url};`));
    const host = `a.example:${port}`;
    const socket = await place.bridged();
    await asked(socket, connectText(host), "\r\n\r\n");
    expect(await asked(socket, `GET /yes HTTP/1.1\r\nhost: ${host}\r\n\r\n`, ";")).toContain("path /yes;");
    expect(await asked(socket, `GET /no HTTP/1.1\r\nhost: ${host}\r\n\r\n`, "permit it\n")).toContain("403");
    expect(await asked(socket, `GET / HTTP/1.1\r\nhost: b.example\r\n\r\n`)).toContain("421 Misdirected");
  });

  test("refuses HTTP/2 without TLS", async () => {
    const place = await openPlace();
    const port = await echo();
    const socket = await place.bridged();
    await asked(socket, connectText(`a.example:${port}`), "\r\n\r\n");
    expect(await asked(socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).toBe("");
  });
});

describe("SOCKS5", () => {
  test("is a tunnel behind its permit, by name and address", async () => {
    const place = await openPlace();
    const port = await echo();
    const low = String.fromCharCode(port >> 8, port & 0xff);
    for (const request of [socksName("A.Example.", port), `\x05\x01\x00\x01\x7f\x00\x00\x01${low}`]) {
      const socket = await place.bridged();
      expect(await asked(socket, "\x05\x01\x00", /../)).toBe("\x05\x00");
      expect(await asked(socket, request, /[\s\S]{10}/)).toBe("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00");
      expect(await asked(socket, "hello", "hello")).toBe("hello");
    }
    expect((await place.records()).map((record) => (record.action as { http: object }).http)).toEqual([
      { host: "a.example", port },
      { host: "127.0.0.1", port },
    ]);
  });

  test.each([
    ["denied", socksName("evil.example", 80), 2],
    ["a zero byte in the name", socksName("a.example\x00.evil.example", 80), 1],
    ["BIND", `\x05\x02${socksName("a.example", 80).slice(2)}`, 7],
    ["an unknown kind of address", "\x05\x01\x00\x05aaaaaa", 8],
    ["nothing listens", socksName("a.example", 1), 5],
  ])("%s", async (_, request, reply) => {
    const place = await openPlace(policyFor("permit net/*", 'allow ["a.example"]'));
    const socket = await place.bridged();
    await asked(socket, "\x05\x01\x00", /../);
    const text = await asked(socket, request);
    expect(text.charCodeAt(1)).toBe(reply);
  });
});

describe("captured", () => {
  test("a name is looked up here, and a connection to its address is one to the name", async () => {
    const place = await openPlace(policyFor("permit net/*", 'allow ["a.example"]'));
    const port = await httpOrigin((request, response) => response.end(`host ${request.headers.host};`));
    const address = await addressFor(place, "A.example");
    expect(address).toMatch(/^198\.18\./);
    const socket = await place.bridged(address, port);
    expect(await asked(socket, `GET / HTTP/1.1\r\nhost: a.example:${port}\r\n\r\n`, ";")).toContain(
      `host a.example:${port};`,
    );
    const fronted = await place.bridged(address, port);
    expect(await asked(fronted, `GET / HTTP/1.1\r\nhost: b.example:${port}\r\n\r\n`)).toContain("421 ");
    const evil = await place.bridged(await addressFor(place, "evil.example"), port);
    expect(
      await asked(evil, `GET / HTTP/1.1\r\nhost: evil.example:${port}\r\n\r\n`, "permit it\n"),
    ).toContain("403 ");
    expect(await addressFor(place, "a.example")).toBe(address);
  });

  test("an address that stands for no name leads nowhere", async () => {
    const place = await openPlace();
    expect(await received(await place.bridged("198.18.9.9", 80))).toBe("");
    expect(place.events).toMatchObject([{ kind: "fault", code: "address_unknown" }]);
    expect(await place.records()).toEqual([]);
  });

  test("TLS to an address is judged as that address, whatever it calls its server", async () => {
    const place = await openPlace(policyFor("permit net/*", 'allow ["good.example"]'));
    const port = await echo();
    const socket = await place.bridged("127.0.0.1", port);
    socket.write(await hello("good.example"));
    expect(await received(socket)).toBe(ALERT);
    expect(await place.records()).toMatchObject([
      {
        effect: "deny",
        action: { args: { via: "tls", server_name: "good.example" }, http: { host: "127.0.0.1" } },
      },
    ]);
  });

  test("TLS to a name must call its server that", async () => {
    const place = await openPlace();
    const port = await echo();
    const address = await addressFor(place, "a.example");
    const same = await place.bridged(address, port);
    const bytes = await hello("a.example");
    same.write(bytes);
    expect(await received(same, bytes.toString("latin1"))).toBe(bytes.toString("latin1"));
    const other = await place.bridged(address, port);
    other.write(await hello("b.example"));
    expect(await received(other)).toBe(ALERT);
  });

  test("an unknown protocol, and one where the server speaks first, is judged by its address", async () => {
    const place = await openPlace(policyFor('permit net/connect when via == "opaque"'));
    const port = await tcpOrigin((socket) => {
      socket.write("hi ");
      socket.pipe(socket);
    });
    expect(await received(await place.bridged("127.0.0.1", port), "hi ")).toBe("hi ");
    expect(await asked(await place.bridged("127.0.0.1", port), "\x01\x02", "\x02")).toContain("\x01\x02");
    expect(await place.records()).toMatchObject([
      { action: { args: { via: "opaque" }, http: { host: "127.0.0.1", port } } },
      { action: { args: { via: "opaque" } } },
    ]);
  });

  test("HTTP to an address must name that address", async () => {
    const place = await openPlace();
    const port = await httpOrigin((_, response) => response.end("fine;"));
    const right = await place.bridged("127.0.0.1", port);
    expect(await asked(right, `GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`, ";")).toContain("fine;");
    const wrong = await place.bridged("127.0.0.1", port);
    expect(await asked(wrong, "GET / HTTP/1.1\r\nhost: good.example\r\n\r\n")).toContain("421 ");
  });
});
