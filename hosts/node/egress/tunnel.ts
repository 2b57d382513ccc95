/** Connections whose bytes are not judged: CONNECT, SOCKS5, and those that were captured. */
import { type ConnectArgs, connectAction } from "../../../gateway/egress/action.ts";
import { ACCESS_DENIED, type ClientHello, parseClientHello } from "../../../gateway/egress/client-hello.ts";
import type { Refused } from "../../../gateway/egress/denial.ts";
import { type FaultCode, fault, type Parsed } from "../../../gateway/egress/faults.ts";
import type { Host } from "../../../gateway/egress/host.ts";
import { HEAD_MS, SILENCE_MS } from "../../../gateway/egress/limits.ts";
import type { Bound } from "../../../gateway/egress/request.ts";
import { type Spoken, sniff } from "../../../gateway/egress/sniff.ts";
import type { Context } from "./context.ts";
import type { Upstream } from "./dial.ts";
import { HttpConnection } from "./http.ts";
import { Permit } from "./judge.ts";
import { readParsed } from "./read.ts";
import { relay } from "./relay.ts";
import { ByteStream } from "./stream.ts";

/** How a way of asking for a tunnel says that it has one, or not. */
export interface Answers {
  granted(): Promise<void> | undefined;
  refused(refused: Refused): Promise<void> | undefined;
  failed(code: FaultCode, isRefused: boolean): Promise<void> | undefined;
}

/** The handshake that is coming; its server's name must be the host, where both are names. */
async function readHello(client: ByteStream, { host }: Bound): Promise<Parsed<ClientHello>> {
  const hello = await readParsed(client, parseClientHello);
  if (!hello.ok) return hello;
  const { serverName } = hello.value;
  const differs = host.address === null && serverName !== null && serverName.text !== host.text;
  return differs ? fault("host_differs") : hello;
}

async function refuseTls(
  context: Context,
  client: ByteStream,
  { host }: Bound,
  code: FaultCode,
): Promise<void> {
  context.judge.fault(code, host.text);
  await client.write(ACCESS_DENIED);
}

/** Judged, dialled and answered; `use` runs over the connection. */
async function withUpstream(
  context: Context,
  bound: Bound,
  args: ConnectArgs,
  answers: Answers,
  use: (upstream: Upstream) => Promise<number>,
): Promise<void> {
  const { judge, dialler } = context;
  const judgeAt = (host: Host) => judge.judge(connectAction(judge.caller, { host, port: bound.port }, args));
  const judged = await judgeAt(bound.host);
  if (!judged.permitted) {
    await answers.refused(judged);
    return;
  }
  const permit = new Permit(judged.decision);
  try {
    const dialled = await dialler.dial(bound, permit, judgeAt);
    if (!dialled.dialled) {
      await permit.refund("it was not connected");
      if ("refused" in dialled) await answers.refused(dialled.refused);
      else {
        judge.fault(dialled.fault, bound.host.text, dialled.detail);
        await answers.failed(dialled.fault, dialled.isRefused);
      }
      return;
    }
    const { upstream } = dialled;
    try {
      await permit.settle(await use(upstream));
    } finally {
      upstream.stream.destroy();
      await permit.settle(0);
    }
  } finally {
    await permit.refund("it failed");
  }
}

/** A tunnel that was asked for. What is seen in it must be for its host. */
export async function serveTunnel(
  context: Context,
  client: ByteStream,
  bound: Bound,
  via: "connect" | "socks5",
  answers: Answers,
): Promise<void> {
  await withUpstream(context, bound, { via }, answers, async (upstream) => {
    await answers.granted();
    return runTunnel(context, client, upstream);
  });
}

/** What the program says first, unless the server does. */
async function firstWords(client: ByteStream, server: ByteStream): Promise<Spoken> {
  await ByteStream.either(client, server);
  if (server.pending.length > 0 || server.isOver) return "other";
  return settleSniff(client);
}

async function settleSniff(client: ByteStream): Promise<Spoken> {
  const endMs = performance.now() + HEAD_MS;
  for (;;) {
    const spoken = sniff(client.pending);
    if (spoken !== null) return spoken;
    const came = await client.more(Math.max(0, endMs - performance.now()));
    if (came !== true) return "other";
  }
}

async function runTunnel(context: Context, client: ByteStream, upstream: Upstream): Promise<number> {
  const { bound, stream } = upstream;
  const spoken = await firstWords(client, stream);
  if (spoken === "http2") {
    context.judge.fault("version_refused", bound.host.text);
    return 0;
  }
  if (spoken === "http") {
    await new HttpConnection(context, client, { bound, upstream }).serve();
    return 0;
  }
  if (spoken === "tls") {
    const hello = await readHello(client, bound);
    if (!hello.ok) {
      await refuseTls(context, client, bound, hello.fault);
      return 0;
    }
  }
  return relay(client, stream);
}

/** A connection of a program that knows no proxy, to a host that its destination says. */
export async function serveCaptured(context: Context, client: ByteStream, bound: Bound): Promise<void> {
  const came = client.pending.length > 0 ? true : await client.more(SILENCE_MS);
  if (came === false) return;
  const spoken = came === null ? "other" : await settleSniff(client);
  if (spoken === "http2") context.judge.fault("version_refused", bound.host.text);
  else if (spoken === "http") await new HttpConnection(context, client, { bound }).serve();
  else if (spoken === "tls") await serveCapturedTls(context, client, bound);
  else await withUpstream(context, bound, { via: "opaque" }, SILENT, ({ stream }) => relay(client, stream));
}

const SILENT: Answers = { granted: () => undefined, refused: () => undefined, failed: () => undefined };

/** Says with an alert what a closed connection would leave to be guessed. */
function tlsAnswers(client: ByteStream): Answers {
  const alert = () => client.write(ACCESS_DENIED);
  return { granted: () => undefined, refused: alert, failed: () => undefined };
}

async function serveCapturedTls(context: Context, client: ByteStream, bound: Bound): Promise<void> {
  const hello = await readHello(client, bound);
  if (!hello.ok) return refuseTls(context, client, bound, hello.fault);
  const answers = tlsAnswers(client);
  const { serverName, encrypted } = hello.value;
  // To an address: it is judged, and the name is only what the program calls it.
  const named = bound.host.address !== null && serverName !== null ? { server_name: serverName.text } : {};
  const args: ConnectArgs = {
    via: "tls",
    ...named,
    ...(encrypted ? ({ encrypted_hello: true } as const) : {}),
  };
  return withUpstream(context, bound, args, answers, ({ stream }) => relay(client, stream));
}
