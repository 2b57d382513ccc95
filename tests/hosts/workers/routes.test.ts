/** The routes in workerd: what is no proper request gets an answer without an effect, and never a permit. */
import { request } from "node:http";
import { expect, test } from "vitest";
import { startOrigin } from "../../policy/origin-server.ts";
import {
  ask,
  bearer,
  decide,
  OPERATOR_TOKEN,
  refund,
  small,
  startWorker,
  TOKEN,
  type Worker,
} from "./worker.ts";

const CALL_TYPE = "application/vnd.faramesh.call+json";
const permitted = JSON.stringify(refund(20));

async function started(bindings: Record<string, string | undefined> = {}): Promise<Worker> {
  const origin = await startOrigin(small);
  return startWorker({ ADDRESS: origin.address, ...bindings });
}

async function said(worker: Worker, path: string, init: Parameters<Worker["fetch"]>[1]) {
  const response = await worker.fetch(path, init);
  const text = await response.text();
  expect(text).not.toContain('"effect":"permit"');
  const body = JSON.parse(text) as { error?: { code: string; help: string }; code?: string };
  return [response.status, body.error?.code ?? body.code];
}

test.each(["alone", "control"])("tokens and methods, %s", async (KIND) => {
  const worker = await started({ KIND });
  const path = "/v1/decide?agent=shop";
  const post = (headers: Record<string, string>) => ({ method: "POST", body: permitted, headers });
  expect(await decide(worker, 20)).toMatchObject({ status: 200, effect: "permit" });
  expect(await said(worker, path, post({}))).toEqual([401, "unauthorized"]);
  for (const wrong of [TOKEN.slice(0, -1), `${TOKEN}x`, "x", OPERATOR_TOKEN]) {
    expect(await said(worker, path, post(bearer(wrong)))).toEqual([401, "unauthorized"]);
  }
  for (const odd of [
    "Bearer",
    "Bearer ",
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN} ${TOKEN}`,
    "Bearer \u00e9",
  ]) {
    const [status, code] = await said(worker, path, post({ authorization: odd }));
    expect([odd, status === 400 || status === 401, code]).toEqual([odd, true, "unauthorized"]);
  }
  expect((await said(worker, "/v1/policy", {}))[0]).toBe(401);
  expect((await said(worker, "/v1/policy/poll", { method: "POST" }))[0]).toBe(401);
  for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const body = method === "GET" ? {} : { body: permitted };
    expect(await said(worker, path, { method, headers: bearer(), ...body })).toEqual([404, "not_found"]);
  }
  expect(await said(worker, "/v1/decided?agent=shop", post(bearer()))).toEqual([404, "not_found"]);
  expect(await said(worker, "/", {})).toEqual([404, "not_found"]);
});

test("the address and the action must name the same agent and session", async () => {
  const worker = await started();
  const raw = (query: string, action: unknown = refund(20)) =>
    said(worker, `/v1/decide${query}`, { method: "POST", headers: bearer(), body: JSON.stringify(action) });
  expect(await raw("?agent=other")).toEqual([200, "agent_mismatch"]);
  expect(await raw("?agent=shop", refund(20, "other"))).toEqual([200, "agent_mismatch"]);
  expect((await raw("?agent=shop&session=S-1", { ...refund(20), session: "S-2" }))[0]).toBe(200);
  for (const query of [
    "",
    "?agent=",
    "?agent=shop&agent=shop",
    "?agent=shop&session=a&session=b",
    "?Agent=shop",
    "?agent=shop&facts={}",
  ]) {
    expect(await raw(query)).toEqual([400, "request_malformed"]);
  }
  expect((await raw("?agent=%FF"))[1]).toBe("agent_mismatch");
});

test("an action is judged as it was sent, whatever its type is said to be", async () => {
  const worker = await started({ KIND: "alone" });
  const send = (body: string | Uint8Array, type?: string) =>
    said(worker, "/v1/decide?agent=shop", {
      method: "POST",
      headers: { ...bearer(), ...(type === undefined ? {} : { "content-type": type }) },
      body: body as string,
    });
  const twice = '{"agent":"shop","tool":"stripe/refund","args":{"amount":900},"args":{"amount":20}}';
  for (const type of [
    undefined,
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "\u00e9",
    "",
  ]) {
    expect(await send(twice, type)).toEqual([200, "duplicate_key"]);
  }
  expect(await send("", "application/json")).toEqual([200, "invalid_json"]);
  expect(await send(new Uint8Array([0x7b, 0xff, 0x7d]))).toEqual([200, "invalid_utf8"]);
  expect(await send(`\ufeff${permitted}`)).toEqual([200, "invalid_json"]);
  expect(await send(`{"agent":"shop","tool":"a","args":{"n":9007199254740993}}`)).toEqual([
    200,
    "integer_inexact",
  ]);
  expect(await send(" ".repeat(2_000_000))).toEqual([200, "input_too_large"]);
});

test("a framed call", async () => {
  const worker = await started();
  const frame = { agent: "shop", action: permitted };
  const send = (body: unknown, query = "", type = CALL_TYPE) =>
    said(worker, `/v1/decide${query}`, {
      method: "POST",
      headers: { ...bearer(), "content-type": type },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const given = await worker.fetch("/v1/decide", {
    method: "POST",
    headers: { ...bearer(), "content-type": `${CALL_TYPE.toUpperCase()}; charset=utf-8` },
    body: JSON.stringify({ ...frame, facts: '{"model":"m"}' }),
  });
  expect(await given.json()).toMatchObject({ effect: "permit", sequence: 0 });
  for (const body of [
    "",
    "null",
    "[]",
    "{",
    { action: permitted },
    { ...frame, agent: 1 },
    { ...frame, session: 1 },
  ]) {
    expect(await send(body)).toEqual([400, "request_malformed"]);
  }
  expect(await send({ ...frame, action: refund(20) })).toEqual([400, "request_malformed"]);
  expect(await send({ ...frame, facts: {} })).toEqual([400, "request_malformed"]);
  expect(await send({ ...frame, time: 1 })).toEqual([400, "request_malformed"]);
  expect(await send(frame, "?agent=shop")).toEqual([400, "request_malformed"]);
  expect(await send({ ...frame, agent: "other" })).toEqual([200, "agent_mismatch"]);
  // What the control plane says of a call nobody else does.
  for (const facts of ['{"time":1}', '{"agent":"other"}', '{"agent":"shop"}', "{", '{"unknown":1}']) {
    const [status, code] = await send({ ...frame, facts });
    expect([facts, status, typeof code]).toEqual([facts, 200, "string"]);
  }
});

/** Sends pieces without saying how many there will be; the status, or that the connection was closed before all was sent. */
function stream(address: URL, pieces: number): Promise<number | "closed"> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { method: "POST", headers: bearer(), agent: false });
    sent.on("response", (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") resolve("closed");
      else reject(error);
    });
    const piece = Buffer.alloc(1_048_576, 0x20);
    for (let index = 0; index < pieces; index++) sent.write(piece);
    sent.end();
  });
}

test.each(["alone", "control"])(
  "bodies over the limit, with their length stated or not, %s",
  async (KIND) => {
    const worker = await started({ KIND });
    const address = new URL("/v1/decide?agent=shop", await worker.miniflare.ready);
    expect([413, "closed"]).toContain(await stream(address, 9));
    expect(await stream(address, 2)).toBe(200);
    const init = { method: "POST", headers: bearer(), body: " ".repeat(9 * 1_048_576) };
    expect(await said(worker, "/v1/decide?agent=shop", init)).toEqual([413, "request_too_large"]);
    expect(await decide(worker, 20)).toMatchObject({ effect: "permit" });
  },
);

test("events and operations that are none", async () => {
  const worker = await started({});
  const bodies = [
    {},
    { type: "session_open" },
    { type: "session_open", agent: "shop", session: 1 },
    { type: "session_open", agent: "shop", session: "S", more: 1 },
    { type: "toString", agent: "shop" },
    { type: "approve", agent: "shop" },
    { type: "session_close", agent: "shop", session: "S", facts: {} },
  ];
  for (const body of bodies)
    expect((await ask(worker, "/v1/events", body)).error?.code).toBe("request_malformed");
  const odd = { type: "settle", agent: "shop", session: "S", reservation: "1" };
  expect(await ask(worker, "/v1/events", odd)).toMatchObject({ status: 200, effect: "deny" });
  const from = await worker.fetch("/v1/records?from=-1", { headers: bearer(OPERATOR_TOKEN) });
  expect(from.status).toBe(400);
  await from.text();
});

test("without an operators' token nobody operates", async () => {
  const worker = await started({ OPERATOR_TOKEN: undefined });
  const body = { type: "freeze", agent: "shop" };
  expect((await ask(worker, "/v1/operations", body)).error?.code).toBe("not_found");
  expect((await ask(worker, "/v1/operations", body, OPERATOR_TOKEN)).error?.code).toBe("unauthorized");
  expect((await ask(worker, "/v1/records")).error?.code).toBe("not_found");
});

const MISSING: [string, Record<string, string | undefined>][] = [
  ["control", { TOKEN: undefined }],
  ["control", { TOKEN: "short" }],
  ["control", { TOKEN: "a token with spaces in it" }],
  ["control", { TRUST: undefined }],
  ["control", { TRUST: "{}" }],
  ["control", { SALT_KEY: undefined }],
  ["control", { SALT_KEY: "07" }],
  ["control", { ADDRESS: "file:///policy.fplb" }],
  ["control", { TENANT: undefined }],
  ["control", { OPERATOR_TOKEN: TOKEN }],
  ["alone", { TOKEN: undefined }],
  ["alone", { TRUST: undefined }],
  ["alone", { ADDRESS: undefined }],
];

test.each(MISSING)("%s with %o is closed to everybody", async (KIND, bindings) => {
  const worker = await started({ KIND, ...bindings });
  for (const token of [TOKEN, "short", "undefined", ""]) {
    const init = { method: "POST", headers: bearer(token), body: permitted };
    const [status, code] = await said(worker, "/v1/decide?agent=shop", init);
    expect(["not_configured", "unauthorized"]).toContain(code);
    expect(status).toBeGreaterThanOrEqual(400);
  }
  const health = await said(worker, "/healthz", {});
  expect(health).toEqual([500, "not_configured"]);
});
