/** One permitted request, and its response. */
import { fromLatin1 } from "../../../gateway/egress/bytes.ts";
import type { FaultCode } from "../../../gateway/egress/faults.ts";
import type { Framing } from "../../../gateway/egress/fields.ts";
import { IDLE_MS, LINGER_MS } from "../../../gateway/egress/limits.ts";
import { hasBody, type RequestHead, requestText } from "../../../gateway/egress/request.ts";
import { parseResponse, type ResponseHead, responseText } from "../../../gateway/egress/response.ts";
import { BodyFault, copyBody } from "./body.ts";
import type { Upstream } from "./dial.ts";
import { readHead } from "./read.ts";
import { relay } from "./relay.ts";
import type { ByteStream } from "./stream.ts";

/** Of 1xx before the response itself. */
const MAX_INTERIM = 8;
const CONTINUE = fromLatin1("HTTP/1.1 100 Continue\r\n\r\n");

export interface Exchanged {
  /** Heads and bodies, both ways. */
  readonly bytes: number;
  readonly keepsServer: boolean;
  readonly keepsProgram: boolean;
}

/** The exchange broke. `hasBegun`: the program has a part of a response, and can be told nothing more. */
export class ExchangeFault extends Error {
  readonly fault: FaultCode;
  readonly hasBegun: boolean;
  readonly bytes: number;

  constructor(fault: FaultCode, cause: unknown, hasBegun: boolean, bytes: number) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.fault = fault;
    this.hasBegun = hasBegun;
    this.bytes = bytes;
  }
}

/** The response's head; interim ones are left out. */
async function readResponse(server: ByteStream, head: RequestHead): Promise<ResponseHead> {
  for (let interim = 0; interim <= MAX_INTERIM; interim++) {
    const raw = await readHead(server, IDLE_MS);
    const response = raw.ok ? parseResponse(raw.value, head.method) : raw;
    if (!response.ok) throw new BodyFault("response_invalid");
    const { status } = response.value;
    if (status === 101 && !head.isUpgrade) throw new BodyFault("response_invalid");
    if (status >= 200 || status === 101) return response.value;
  }
  throw new BodyFault("response_invalid");
}

/** As the program gets the body: it may not know the chunked coding, and the server's connection is not its own. */
function framingFor({ minor }: RequestHead, framing: Framing): Framing {
  if (framing.kind === "none" || framing.kind === "length") return framing;
  return minor === 0 ? { kind: "close" } : { kind: "chunked" };
}

/** The request's body on its way. Its failure ends the wait for a response. */
class Upload {
  failure: unknown = null;
  isDone = false;
  bytes = 0;
  readonly over: Promise<void>;

  constructor(client: ByteStream, server: ByteStream, framing: Framing) {
    this.over = copyBody(client, server, framing, framing).then(
      (bytes) => {
        this.bytes = bytes;
        this.isDone = true;
      },
      (error: unknown) => {
        this.failure = error;
        // A server may answer before it has read all; what breaks on the program's side is no request.
        if (error instanceof BodyFault || client.isOver) server.destroy();
      },
    );
  }
}

/** The server has answered before it had all: the rest of the request goes nowhere, and the connection with it. */
async function abandon(client: ByteStream, server: ByteStream, upload: Upload): Promise<void> {
  server.destroy();
  client.end();
  const timer = setTimeout(() => client.destroy(), LINGER_MS);
  await upload.over;
  clearTimeout(timer);
  client.destroy();
}

export async function exchange(
  client: ByteStream,
  upstream: Upstream,
  head: RequestHead,
  defaultPort: number,
): Promise<Exchanged> {
  const server = upstream.stream;
  let bytes = 0;
  let hasBegun = false;
  let upload: Upload | null = null;
  try {
    const request = fromLatin1(requestText(head, upstream.bound, defaultPort));
    bytes += request.length;
    await server.write(request);
    if (head.expectsContinue && hasBody(head.framing)) await client.write(CONTINUE);
    upload = new Upload(client, server, head.framing);
    const response = await readResponse(server, head);
    const framing = framingFor(head, response.framing);
    const closes = head.closes || framing.kind === "close" || !upload.isDone;
    const text = fromLatin1(responseText(response, framing, closes));
    hasBegun = true;
    bytes += text.length;
    await client.write(text);
    if (response.status === 101) {
      bytes += await relay(client, server);
      return { bytes, keepsServer: false, keepsProgram: false };
    }
    bytes += await copyBody(server, client, response.framing, framing);
    if (!upload.isDone) await abandon(client, server, upload);
    const keepsServer = upload.isDone && !response.closes && response.framing.kind !== "close";
    return { bytes: bytes + upload.bytes, keepsServer, keepsProgram: !closes };
  } catch (error) {
    const cause = upload?.failure ?? error;
    const code = cause instanceof BodyFault ? cause.fault : "dial_failed";
    throw new ExchangeFault(code, cause, hasBegun, bytes + (upload?.bytes ?? 0));
  }
}
