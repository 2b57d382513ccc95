/** One connection, from its first byte: who it is for, what is spoken, and that it ends. */

import { fromLatin1, readU16 } from "../../../gateway/egress/bytes.ts";
import { denialOf, denialResponse, faultDenial } from "../../../gateway/egress/denial.ts";
import { answerQuery } from "../../../gateway/egress/dns.ts";
import { type FaultCode, parsed } from "../../../gateway/egress/faults.ts";
import { isStandIn } from "../../../gateway/egress/names.ts";
import { type Destination, parseProxyHeader } from "../../../gateway/egress/proxy-header.ts";
import type { Bound } from "../../../gateway/egress/request.ts";
import { sniffProxy } from "../../../gateway/egress/sniff.ts";
import {
  METHOD_NONE,
  METHOD_PASSWORD,
  METHOD_UNACCEPTABLE,
  methodReply,
  parseGreeting,
  parsePassword,
  parseSocksRequest,
  passwordReply,
  type SocksReply,
  socksReply,
} from "../../../gateway/egress/socks5.ts";
import type { Context } from "./context.ts";
import { HttpConnection } from "./http.ts";
import { readParsed } from "./read.ts";
import type { ByteStream } from "./stream.ts";
import { type Answers, serveCaptured, serveTunnel } from "./tunnel.ts";

const DNS_PORT = 53;
const ESTABLISHED = fromLatin1("HTTP/1.1 200 Connection Established\r\n\r\n");

/** Whether a destination is the proxy itself. */
export type IsProxy = (destination: Destination) => boolean;

/** A connection through the launcher's bridge, behind the token where there is one. */
export async function serveBridged(context: Context, client: ByteStream, isProxy: IsProxy): Promise<void> {
  const header = await readParsed(client, parseProxyHeader);
  if (!header.ok) {
    context.judge.fault(header.fault, null);
    return;
  }
  const { host, port, length } = header.value;
  client.take(length);
  if (isProxy(header.value)) return serveProxy(context, client);
  if (port === DNS_PORT) return serveDns(context, client);
  if (!isStandIn(host.address!)) return serveCaptured(context, client, { host, port });
  const held = context.names.hold(host.address!, Date.now());
  if (held === null) {
    context.judge.fault("address_unknown", host.text);
    return;
  }
  try {
    await serveCaptured(context, client, { host: { text: held.name, address: null }, port });
  } finally {
    held.release(Date.now());
  }
}

/** Messages behind two bytes of their length, RFC 1035 section 4.2.2; none of them goes anywhere. */
async function serveDns(context: Context, client: ByteStream): Promise<void> {
  const lookup = (name: string) => context.names.addressFor(name, Date.now());
  for (;;) {
    const message = await readParsed(client, (bytes) => {
      if (bytes.length < 2 || bytes.length < 2 + readU16(bytes, 0)) return null;
      return parsed(2 + readU16(bytes, 0));
    });
    if (!message.ok) return;
    const answer = answerQuery(client.take(message.value).subarray(2), lookup);
    if (answer === null) return;
    await client.write(Uint8Array.of(answer.length >> 8, answer.length & 0xff, ...answer));
  }
}

/** A program that knows of the proxy. */
export async function serveProxy(context: Context, client: ByteStream): Promise<void> {
  if (client.pending.length === 0 && (await client.more()) !== true) return;
  if (sniffProxy(client.pending[0]!) === "socks5") return serveSocks(context, client);
  const onConnect = (stream: ByteStream, bound: Bound) =>
    serveTunnel(context, stream, bound, "connect", connectAnswers(stream, bound));
  await new HttpConnection(context, client, { bound: null, onConnect }).serve();
}

function connectAnswers(client: ByteStream, { host }: Bound): Answers {
  const how = { closes: true, isHead: false };
  return {
    granted: () => client.write(ESTABLISHED),
    refused: (refused) => client.write(denialResponse(denialOf(refused, host.text), how)),
    failed: (code) => client.write(denialResponse(faultDenial(code), how)),
  };
}

function socksAnswers(client: ByteStream): Answers {
  const reply = (kind: SocksReply) => client.write(socksReply(kind));
  return {
    granted: () => reply("granted"),
    refused: () => reply("denied"),
    failed: (_, isRefused) => reply(isRefused ? "refused" : "unreachable"),
  };
}

async function serveSocks(context: Context, client: ByteStream): Promise<void> {
  const failed = await negotiate(context, client);
  if (failed !== null) {
    context.judge.fault(failed, null);
    return;
  }
  const request = await readParsed(client, parseSocksRequest);
  if (!request.ok) {
    context.judge.fault(request.fault, null);
    await client.write(socksReply("failed"));
    return;
  }
  const { taken, length } = request.value;
  client.take(length);
  if ("reply" in taken) {
    context.judge.fault("socks_invalid", null);
    await client.write(socksReply(taken.reply));
    return;
  }
  await serveTunnel(context, client, taken, "socks5", socksAnswers(client));
}

/** The method, and the password where one is asked for. @returns why the connection goes no further. */
async function negotiate(context: Context, client: ByteStream): Promise<FaultCode | null> {
  const greeting = await readParsed(client, parseGreeting);
  if (!greeting.ok) return greeting.fault;
  client.take(greeting.value.length);
  const { password } = context;
  const method = password === null ? METHOD_NONE : METHOD_PASSWORD;
  const isOffered = greeting.value.taken.includes(method);
  await client.write(methodReply(isOffered ? method : METHOD_UNACCEPTABLE));
  if (!isOffered) return password === null ? "socks_invalid" : "credentials_missing";
  if (password === null) return null;
  const given = await readParsed(client, parsePassword);
  if (!given.ok) return given.fault;
  client.take(given.value.length);
  const { taken } = given.value;
  const isRight = password.isPair(taken.user, taken.password);
  await client.write(passwordReply(isRight));
  return isRight ? null : "credentials_missing";
}
