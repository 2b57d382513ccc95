/** Requests of programs that know the proxy: judged, recorded, and only then sent on. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { AGENT, asked, httpOrigin, openPlace, policyFor, received, tcpOrigin } from "./place.ts";

const BODY_END = /unchanged\n$|permit it\n$|let through\n$|most\n$/;

function get(host: string, path = "/", more = ""): string {
  return `GET http://${host}${path} HTTP/1.1\r\nhost: ${host}\r\n${more}\r\n`;
}

test("a permitted request arrives in the form that was judged, and is in the log without its secrets", async () => {
  const place = await openPlace();
  const seen: unknown[] = [];
  const port = await httpOrigin((request, response) => {
    seen.push([request.method, request.url, request.rawHeaders]);
    response.end("hello");
  });
  const socket = await place.bridged();
  const text = await asked(
    socket,
    `GET http://Example.COM:${port}/a?q=1&api_key=s3cret HTTP/1.1\r\nHost: example.com.:${port}\r\nAuthorization: Bearer s3cret\r\n` +
      "Cookie: a=s3cret\r\nX-Api-Key: s3cret\r\nProxy-Connection: keep-alive\r\nConnection: X-Gone\r\nX-Gone: 1\r\nX-Team: core\r\n\r\n",
    "hello",
  );
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  const forwarded = ["host", `example.com:${port}`, "Authorization", "Bearer s3cret", "Cookie", "a=s3cret"];
  expect(seen).toEqual([
    ["GET", "/a?q=1&api_key=s3cret", [...forwarded, "X-Api-Key", "s3cret", "X-Team", "core"]],
  ]);
  const [record] = await place.records();
  expect(record).toMatchObject({
    type: "decision",
    effect: "permit",
    action: {
      agent: AGENT,
      tool: "net/request",
      args: { scheme: "http" },
      http: {
        host: "example.com",
        port,
        method: "GET",
        path: "/a",
        query: { q: "1", api_key: "(secret)" },
        headers: { authorization: "(secret)", cookie: "(secret)", "x-api-key": "(secret)", "x-team": "core" },
      },
    },
  });
  expect(JSON.stringify(record)).not.toContain("s3cret");
  expect(place.events).toMatchObject([
    { kind: "decision", host: "example.com", port, effect: "permit", sequence: 0 },
  ]);
});

describe("what is not permitted", () => {
  test("is denied with the reason, nothing is sent, and the connection goes on", async () => {
    const place = await openPlace(
      policyFor('deny net/request method "DELETE" reason "nothing is deleted"\n    permit net/*'),
    );
    const seen: unknown[] = [];
    const port = await httpOrigin((request, response) => {
      seen.push(request.method);
      response.end("fine");
    });
    const socket = await place.bridged();
    const host = `a.example:${port}`;
    const denied = await asked(socket, `DELETE http://${host}/ HTTP/1.1\r\nhost: ${host}\r\n\r\n`, BODY_END);
    expect(denied).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    const body = JSON.parse(denied.split("\r\n\r\n")[1]!.split("\n")[0]!);
    expect(body.error).toMatchObject({ code: "rule_deny", message: "nothing is deleted" });
    expect(await asked(socket, get(host), "fine")).toContain("200 OK");
    expect(seen).toEqual(["GET"]);
    expect((await place.records()).map(({ effect }) => effect)).toEqual(["deny", "permit"]);
  });

  test("is denied by the egress list", async () => {
    const place = await openPlace(policyFor("permit net/*", 'allow ["good.example"]'));
    const socket = await place.bridged();
    const denied = await asked(socket, get("evil.example"), BODY_END);
    expect(denied).toContain("x-faramesh-code: egress_not_allowed");
    expect(denied).toContain("the policy does not let this go to evil.example");
  });

  test("is deferred with the digest that an operator approves, and passes once then", async () => {
    const place = await openPlace(policyFor("defer net/request"));
    const port = await httpOrigin((_, response) => response.end("done"));
    const socket = await place.bridged();
    const host = `a.example:${port}`;
    const deferred = await asked(socket, get(host), BODY_END);
    const { error } = JSON.parse(deferred.split("\r\n\r\n")[1]!.split("\n")[0]!);
    expect(error).toMatchObject({
      code: "rule_defer",
      action_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(error.help).toContain("faramesh approve");
    const approval = { agent: AGENT, actionDigest: error.action_digest, approver: "ann" };
    await place.control.approve({ ...approval, expires: Date.now() + 60_000 });
    expect(await asked(socket, get(host), /done/)).toContain("200 OK");
    expect(await asked(socket, get(host), BODY_END)).toContain("403 Forbidden");
  });

  test("a body behind a denied head is not read as the next request", async () => {
    const place = await openPlace(policyFor('deny net/request method "POST"\n    permit net/*'));
    let count = 0;
    const port = await httpOrigin((_, response) => {
      count += 1;
      response.end("x");
    });
    const host = `a.example:${port}`;
    const inner = get(host);
    const head = `POST http://${host}/ HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${inner.length}\r\n\r\n`;
    const text = await asked(await place.bridged(), head + inner);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(text).toContain("connection: close");
    expect(count).toBe(0);
  });

  test("nothing goes out when the record cannot be written", async () => {
    const place = await openPlace();
    let count = 0;
    const port = await httpOrigin((_, response) => {
      count += 1;
      response.end("x");
    });
    await place.control.close();
    const text = await asked(await place.bridged(), get(`a.example:${port}`), BODY_END);
    expect(text).toMatch(/^HTTP\/1\.1 403/);
    expect(count).toBe(0);
  });

  test("nothing goes out when the decision throws, or is a permit without a record", async () => {
    for (const decide of [
      () => Promise.reject(new Error("gone")),
      async () => ({ verdict: { effect: "permit", code: "rule_permit", reason: null }, sequence: null }),
    ]) {
      const place = await openPlace(undefined, { control: { decide } as never });
      expect(await asked(await place.bridged(), get("a.example"), BODY_END)).toMatch(/^HTTP\/1\.1 403/);
    }
  });
});

describe("bodies", () => {
  test("arrive whole, of a stated length and chunked, with what follows on the connection", async () => {
    const place = await openPlace();
    const port = await httpOrigin(async (request, response) => {
      const hash = createHash("sha256");
      for await (const chunk of request) hash.update(chunk as Buffer);
      response.end(
        `${request.headers["content-length"] ?? request.headers["transfer-encoding"]} ${hash.digest("hex")};`,
      );
    });
    const host = `a.example:${port}`;
    const data = "x".repeat(300_000);
    const digest = createHash("sha256").update(data).digest("hex");
    const post = (fields: string) => `POST http://${host}/ HTTP/1.1\r\nhost: ${host}\r\n${fields}\r\n\r\n`;
    const socket = await place.bridged();
    const both = received(
      socket,
      new RegExp(`${digest};[sS]*${digest};[sS]*GET|${digest};[sS]*${digest};[sS]*undefined`),
    );
    socket.write(`${post(`content-length: ${data.length}`)}${data}`);
    socket.write(
      `${post("transfer-encoding: chunked")}${data.length.toString(16)}\r\n${data}\r\n0\r\n\r\n${get(host)}`,
    );
    const text = await both;
    expect(text).toContain(`${data.length} ${digest}`);
    expect(text).toContain(`chunked ${digest}`);
    expect(text.match(/200 OK/g)).toHaveLength(3);
  });

  test("a response without a length ends as one", async () => {
    const place = await openPlace();
    const port = await tcpOrigin((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\nabc"));
    });
    const text = await asked(await place.bridged(), get(`a.example:${port}`), "0\r\n\r\n");
    expect(text).toContain("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    const old = await asked(await place.bridged(), `GET http://a.example:${port}/ HTTP/1.0\r\n\r\n`);
    expect(old).toMatch(/connection: close\r\n\r\nabc$/);
  });

  test("a program that waits for leave to send its body is given it only behind a permit", async () => {
    const place = await openPlace(policyFor('deny net/request path "/no"\n    permit net/*'));
    const port = await httpOrigin(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      response.end(`got ${text} ${request.headers.expect ?? "without"}`);
    });
    const post = (path: string) =>
      `POST http://a.example:${port}${path} HTTP/1.1\r\nhost: a.example:${port}\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`;
    const socket = await place.bridged();
    expect(await asked(socket, post("/"), "\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    expect(await asked(socket, "ok", "without")).toContain("got ok without");
    expect(await asked(await place.bridged(), post("/no"))).toMatch(/^HTTP\/1\.1 403/);
  });

  test("bytes are settled when they are over", async () => {
    const place = await openPlace(
      policyFor("permit net/*", 'allow ["*"]', "ambient { max_data_volume = 50kb on_exceed deny }"),
    );
    const port = await httpOrigin((_, response) => response.end("y".repeat(60_000)));
    const host = `a.example:${port}`;
    const socket = await place.bridged();
    expect(await asked(socket, get(host), /y{60000}/)).toContain("200 OK");
    expect(await asked(socket, get(host), BODY_END)).toContain("ambient_exceeded");
    expect((await place.records()).map(({ type }) => type)).toContain("settle");
  });
});

test("WebSocket becomes a tunnel behind 101, and only where it was asked for", async () => {
  const place = await openPlace();
  const answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  const port = await tcpOrigin((socket) => {
    socket.once("data", () => {
      socket.write(answer);
      socket.on("data", (data) => socket.write(`echo ${data}`));
    });
  });
  const socket = await place.bridged();
  const head = await asked(
    socket,
    get(`a.example:${port}`, "/", "connection: upgrade\r\nupgrade: websocket\r\n"),
    "\r\n\r\n",
  );
  expect(head).toContain("101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket");
  expect(await asked(socket, "hi", "echo hi")).toBe("echo hi");
  expect((await place.records())[0]).toMatchObject({
    action: { http: { headers: { upgrade: "websocket" } } },
  });
  expect(await asked(await place.bridged(), get(`a.example:${port}`), BODY_END)).toContain("502 Bad Gateway");
});

describe("what a server answers", () => {
  const malformed = [
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "HTTP/1.1 200 OK\ncontent-length: 1\n\na",
    "HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n",
    "HTTP/2 200\r\n\r\n",
    "SSH-2.0-x\r\n\r\n",
  ];
  test.each(malformed)("is not handed on where it is malformed: %j", async (answer) => {
    const place = await openPlace();
    const port = await tcpOrigin((socket) => socket.once("data", () => socket.write(answer)));
    const text = await asked(await place.bridged(), get(`a.example:${port}`), BODY_END);
    expect(text).toMatch(/^HTTP\/1\.1 502 /);
  });

  test("behind its end is no response to the next request", async () => {
    const place = await openPlace();
    const smuggled = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    let count = 0;
    const port = await tcpOrigin((socket) =>
      socket.on("data", () => {
        count += 1;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood${smuggled}`);
      }),
    );
    const socket = await place.bridged();
    expect(await asked(socket, get(`a.example:${port}`), "good")).not.toContain("evil");
    expect(await asked(socket, get(`a.example:${port}`), "good")).not.toContain("evil");
    expect(count).toBe(2);
  });
});

test("a head that comes slowly is ended in its time, whatever the pace of its bytes", async () => {
  const place = await openPlace();
  const socket = await place.bridged();
  const answer = received(socket);
  const started = performance.now();
  socket.write("GET http://a.example/ HTTP/1.1\r\n");
  const timer = setInterval(() => socket.write("x: 1\r\n"), 500);
  const text = await answer;
  clearInterval(timer);
  expect(text).toContain("408 Request Timeout");
  expect(performance.now() - started).toBeLessThan(13_000);
});
