/** Requests of programs that know the proxy, and of those that do not. */
import { expect, test } from "vitest";
import { asked, httpOrigin, openPlace, policyFor, received } from "./place.ts";

/** Behind the body of a refusal. */
const REFUSED = /faramesh: .*\n$/;

async function greeter(body = "hello"): Promise<{ port: number; seen: unknown[] }> {
  const seen: unknown[] = [];
  const port = await httpOrigin((request, response) => {
    seen.push([request.method, request.url, request.rawHeaders]);
    response.end(body);
  });
  return { port, seen };
}

test("a permitted request arrives, in the form that was judged, and its record is in the log", async () => {
  const place = await openPlace();
  const { port, seen } = await greeter();
  const socket = await place.bridged();
  const text = await asked(
    socket,
    `GET http://Example.COM:${port}/a?q=1 HTTP/1.1\r\nHost: example.com.:${port}\r\nAuthorization: Bearer abc\r\nProxy-Connection: keep-alive\r\nX-Team: core\r\n\r\n`,
    "hello",
  );
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(seen).toEqual([
    ["GET", "/a?q=1", ["host", `example.com:${port}`, "Authorization", "Bearer abc", "X-Team", "core"]],
  ]);
  const [record] = await place.records();
  expect(record).toMatchObject({ type: "decision" });
  expect(JSON.stringify(record)).not.toContain("abc");
  expect(place.events).toMatchObject([
    {
      kind: "decision",
      tool: "net/request",
      host: "example.com",
      port,
      method: "GET",
      path: "/a",
      effect: "permit",
    },
  ]);
});

test("a denied one does not, and says why", async () => {
  const place = await openPlace(
    policyFor('deny net/request method "DELETE" reason "nothing is deleted"\n permit net/*'),
  );
  const { port, seen } = await greeter();
  const socket = await place.bridged();
  const head = `DELETE http://a.example:${port}/ HTTP/1.1\r\nhost: a.example:${port}\r\n\r\n`;
  const denied = await asked(socket, head, REFUSED);
  expect(denied).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(denied).toContain("nothing is deleted");
  expect(seen).toEqual([]);
  expect(await place.records()).toHaveLength(1);
});

test("an empty allowlist lets nothing through", async () => {
  const place = await openPlace(policyFor("permit net/*", "allow []"));
  const { port, seen } = await greeter();
  const head = `GET http://a.example:${port}/ HTTP/1.1\r\nhost: a.example:${port}\r\n\r\n`;
  expect(await asked(await place.bridged(), head, REFUSED)).toMatch(/^HTTP\/1\.1 403 /);
  expect(seen).toEqual([]);
});

test("what can be read in two ways is refused before it is judged", async () => {
  const place = await openPlace();
  const { port, seen } = await greeter();
  const head = `POST http://a.example:${port}/ HTTP/1.1\r\nhost: a.example:${port}\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n`;
  expect(await asked(await place.bridged(), head, REFUSED)).toContain("framing_mixed");
  expect(seen).toEqual([]);
});

test("a captured request is one to the host that it names, and no other than was asked for", async () => {
  const place = await openPlace();
  const { port, seen } = await greeter();
  const head = `GET /x HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`;
  expect(await asked(await place.bridged("127.0.0.1", port), head)).toContain("hello");
  const other = head.replace("127.0.0.1", "b.example");
  expect(await asked(await place.bridged("127.0.0.1", port), other, REFUSED)).not.toContain("hello");
  expect(seen).toHaveLength(1);
});

test("a name that leads to this machine needs a permit of the address", async () => {
  const place = await openPlace(policyFor("permit net/*"), { privateAddresses: [] });
  const closed = await openPlace(policyFor("permit net/*", 'allow ["*.example"]'), { privateAddresses: [] });
  const { port, seen } = await greeter();
  const head = `GET http://a.example:${port}/ HTTP/1.1\r\nhost: a.example:${port}\r\n\r\n`;
  expect(await asked(await closed.bridged(), head, /hello|faramesh: .*\n$/)).not.toContain("hello");
  expect(seen).toHaveLength(0);
  expect(await asked(await place.bridged(), head, /hello|faramesh: .*\n$/)).toContain("hello");
  expect(await place.records()).toHaveLength(2);
});

test("a request that cannot be recorded is not let through", async () => {
  const place = await openPlace();
  const { port, seen } = await greeter();
  await place.control.close();
  const head = `GET http://a.example:${port}/ HTTP/1.1\r\nhost: a.example:${port}\r\n\r\n`;
  expect(await asked(await place.bridged(), head, REFUSED)).toMatch(/^HTTP\/1\.1 403 /);
  expect(seen).toEqual([]);
});

test("nothing but a PROXY header begins a connection", async () => {
  const place = await openPlace();
  const { connected } = await import("./place.ts");
  const socket = await connected({ path: place.path });
  const answer = received(socket);
  socket.write("GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\n\r\n");
  expect(await answer).toBe("");
  expect(await place.records()).toEqual([]);
});
