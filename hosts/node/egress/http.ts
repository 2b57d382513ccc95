/** HTTP/1.1 with a program: request after request, each judged, recorded, and only then sent on. */
import { requestAction } from "../../../gateway/egress/action.ts";
import { type Denial, denialOf, denialResponse, faultDenial } from "../../../gateway/egress/denial.ts";
import type { FaultCode } from "../../../gateway/egress/faults.ts";
import type { Host } from "../../../gateway/egress/host.ts";
import { KEEP_ALIVE_MS, LINGER_MS } from "../../../gateway/egress/limits.ts";
import {
  type Bound,
  hasBody,
  parseRequest,
  type RequestHead,
  resolveBound,
} from "../../../gateway/egress/request.ts";
import type { Context } from "./context.ts";
import type { Dialled, Upstream } from "./dial.ts";
import { ExchangeFault, exchange } from "./exchange.ts";
import { Permit } from "./judge.ts";
import { readHead } from "./read.ts";
import type { ByteStream } from "./stream.ts";

/** What is within TLS is not seen. */
const SCHEME = "http";
const DEFAULT_PORT = 80;
/** A server's connection that idles longer may be ended by it at any moment. */
const REUSE_MS = 2_000;

export interface HttpOptions {
  /** Whom the connection is for; null: the proxy is spoken to. */
  readonly bound: Bound | null;
  /** A connection to `bound` that is there already, and whose permit its owner ends. */
  readonly upstream?: Upstream;
  /** Takes a CONNECT over. Without it the method is refused. */
  readonly onConnect?: (client: ByteStream, bound: Bound) => Promise<void>;
}

/** Says why, and ends the connection when the rest of the request would be in the way. */
async function refuse(client: ByteStream, denial: Denial, head: RequestHead | null): Promise<boolean> {
  const closes = head === null || head.closes || hasBody(head.framing) || denial.status !== 403;
  await client.write(denialResponse(denial, { closes, isHead: head?.method === "HEAD" }));
  return !closes;
}

/** Ends the connection so that what was said last is read: a program that still sends would lose it to a reset. */
export async function endGently(client: ByteStream): Promise<void> {
  client.end();
  const endMs = performance.now() + LINGER_MS;
  for (;;) {
    client.take(client.pending.length);
    const came = await client.more(Math.max(0, endMs - performance.now()));
    if (came !== true || performance.now() > endMs) break;
  }
  client.destroy();
}

export class HttpConnection {
  readonly #context: Context;
  readonly #client: ByteStream;
  readonly #options: HttpOptions;
  #upstream: Upstream | null;
  #usedMs = 0;

  constructor(context: Context, client: ByteStream, options: HttpOptions) {
    this.#context = context;
    this.#client = client;
    this.#options = options;
    this.#upstream = options.upstream ?? null;
    this.#usedMs = performance.now();
  }

  /** Until the connection ends. */
  async serve(): Promise<void> {
    const client = this.#client;
    try {
      while (client.pending.length > 0 || (await client.more(KEEP_ALIVE_MS)) === true) {
        if (!(await this.#request())) break;
      }
    } finally {
      this.#upstream?.stream.destroy();
    }
  }

  /** @returns whether another request may follow. */
  async #request(): Promise<boolean> {
    const raw = await readHead(this.#client);
    if (!raw.ok) return this.#fault(raw.fault, null);
    const head = parseRequest(raw.value);
    if (!head.ok) return this.#fault(head.fault, null);
    const { password } = this.#context;
    if (this.#options.bound === null && password?.isHeader(head.value.proxyCredentials) === false)
      return this.#fault("credentials_missing", head.value);
    const bound = resolveBound(head.value, this.#options.bound, DEFAULT_PORT);
    if (!bound.ok) return this.#fault(bound.fault, head.value);
    if (head.value.method !== "CONNECT") return this.#judged(head.value, bound.value);
    const { onConnect } = this.#options;
    if (onConnect === undefined) return this.#fault("method_refused", head.value);
    await onConnect(this.#client, bound.value);
    return false;
  }

  #fault(code: FaultCode, head: RequestHead | null, detail: unknown = null): Promise<boolean> {
    this.#context.judge.fault(code, head?.target.authority?.host.text ?? null, detail);
    return refuse(this.#client, faultDenial(code), head);
  }

  async #judged(head: RequestHead, bound: Bound): Promise<boolean> {
    const { judge } = this.#context;
    const action = requestAction(judge.caller, head, bound, SCHEME);
    if (!action.ok) return this.#fault(action.fault, head);
    const judged = await judge.judge(action.value);
    if (!judged.permitted) return refuse(this.#client, denialOf(judged, bound.host.text), head);
    const permit = new Permit(judged.decision);
    try {
      const dialled = await this.#reach(head, bound, permit);
      if (dialled.dialled) return await this.#send(head, dialled.upstream, permit);
      await permit.refund("it was not sent");
      if ("refused" in dialled)
        return await refuse(this.#client, denialOf(dialled.refused, bound.host.text), head);
      return await this.#fault(dialled.fault, head, dialled.detail);
    } finally {
      // After a settlement there is nothing left to take back.
      await permit.refund("it failed");
    }
  }

  /** The connection that is there, or a new one. */
  async #reach(head: RequestHead, bound: Bound, permit: Permit): Promise<Dialled> {
    const { judge, dialler } = this.#context;
    const judgeAt = (host: Host) => {
      const action = requestAction(judge.caller, head, { host, port: bound.port }, SCHEME);
      if (!action.ok) throw new Error(action.fault);
      return judge.judge(action.value);
    };
    const kept = this.#takeKept(bound);
    if (kept !== null) {
      for (const host of kept.alsoJudged) {
        const judged = await judgeAt(host);
        if (!judged.permitted) {
          kept.stream.destroy();
          return { dialled: false, refused: judged };
        }
        permit.add(judged.decision);
      }
      return { dialled: true, upstream: kept };
    }
    return dialler.dial(bound, permit, judgeAt);
  }

  #takeKept(bound: Bound): Upstream | null {
    const kept = this.#upstream;
    this.#upstream = null;
    if (kept === null) return null;
    const { stream } = kept;
    const isSame = kept.bound.host.text === bound.host.text && kept.bound.port === bound.port;
    // Bytes that no request asked for would be taken for its response.
    const isQuiet = !stream.fill();
    if (isSame && isQuiet && performance.now() - this.#usedMs < REUSE_MS) return kept;
    stream.destroy();
    return null;
  }

  async #send(head: RequestHead, upstream: Upstream, permit: Permit): Promise<boolean> {
    try {
      const { bytes, keepsServer, keepsProgram } = await exchange(this.#client, upstream, head, DEFAULT_PORT);
      await permit.settle(bytes);
      if (keepsServer) {
        this.#upstream = upstream;
        this.#usedMs = performance.now();
      } else upstream.stream.destroy();
      return keepsProgram;
    } catch (error) {
      upstream.stream.destroy();
      // Something may have arrived: it counts.
      await permit.settle(error instanceof ExchangeFault ? error.bytes : 0);
      if (error instanceof ExchangeFault && !error.hasBegun)
        return this.#fault(error.fault, head, error.message);
      throw error;
    }
  }
}
