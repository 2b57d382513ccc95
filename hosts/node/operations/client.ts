/** Operates a control plane that another process has open, over its control socket. */
import type { FileHandle } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { fromBase64 } from "../../../bundles/trust/bytes.ts";
import type { Governed } from "../../../control/govern.ts";
import type { Identity } from "../../../control/policy/prepare.ts";
import type { Ledger } from "../../../control/ports.ts";
import { errorCode, errorText } from "../files.ts";
import { type HostRefusal, refusal } from "../refusals.ts";
import { addressOf, findDoubt, findSocket, openFolder, SOCKET_NAME } from "./place.ts";
import { EVENTS, type FaultCode, MAX_KEYS, MAX_LISTED, type Operations, type OperatorEvent } from "./wire.ts";

const ANSWER_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Rejection of an operation: the host refused it, and nothing changed; or the connection was lost, and nobody can tell. */
export class OperationFailure extends Error {
  readonly code: FaultCode | "host_lost";

  constructor(code: OperationFailure["code"], message: string) {
    super(message);
    this.name = "OperationFailure";
    this.code = code;
  }
}

export interface RunningHost extends Operations {
  readonly pid: number;
  /** What it decides by; null while it has no bundle yet. */
  readonly identity: Identity | null;
  /** From now on every operation is refused with `policy_differs` unless the host decides by this bundle. */
  insist(bundle: string): void;
  close(): void;
}

interface Answer {
  ok: boolean;
  value: unknown;
  code: FaultCode;
  message: string;
}

/** Requests one after the other. */
class Line {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  #turn: Promise<unknown> = Promise.resolve();
  bundle: string | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = linesOf(socket);
    // `ask` hears of it by the end of the lines.
    socket.on("error", () => {});
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
  }

  ask(operation: string, fields: object): Promise<unknown> {
    const asked = this.#turn.then(() => this.#ask(operation, fields));
    this.#turn = asked.catch(() => {});
    return asked;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #ask(operation: string, fields: object): Promise<unknown> {
    const bundle = this.bundle ?? undefined;
    this.#socket.write(`${JSON.stringify({ operation, with: fields, bundle })}\n`);
    let text: string | null;
    try {
      const { value, done } = await this.#lines.next();
      text = done === true ? null : value;
    } catch {
      text = null;
    }
    const answer = text === null ? null : parseAnswer(text);
    if (answer === null)
      throw new OperationFailure("host_lost", "the host did not answer: it ended, is busy, or took too long");
    if (answer.ok) return answer.value;
    throw new OperationFailure(answer.code, answer.message);
  }
}

async function* linesOf(socket: Socket): AsyncGenerator<string> {
  const held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield Buffer.concat([...held.splice(0), rest.subarray(0, end)]).toString("utf8");
      rest = rest.subarray(end + 1);
      bytes = 0;
    }
    bytes += rest.length;
    if (bytes > MAX_ANSWER_BYTES) return;
    held.push(rest);
  }
}

function parseAnswer(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "ok" in value ? (value as Answer) : null;
  } catch {
    return null;
  }
}

/** Listing and reading, in pieces that the host takes. */
function ledgerOf(line: Line): Pick<Ledger, "read" | "list"> {
  return {
    list: (prefix, after, limit) =>
      line.ask("list", { prefix, after, limit: Math.min(limit, MAX_LISTED) }) as Promise<string[]>,
    read: async (keys) => {
      const blobs: (Uint8Array | null)[] = [];
      for (let start = 0; start < keys.length; start += MAX_KEYS) {
        const part = await line.ask("read", { keys: keys.slice(start, start + MAX_KEYS) });
        blobs.push(...(part as (string | null)[]).map((blob) => (blob === null ? null : fromBase64(blob))));
      }
      return blobs;
    },
  };
}

function eventsOf(line: Line): Record<OperatorEvent, (fields: object) => Promise<Governed>> {
  const cause = (name: string) => async (fields: object) => {
    const { hash, ...rest } = (await line.ask(name, fields)) as Omit<Governed, "hash"> & {
      hash: string | null;
    };
    return {
      ...rest,
      actionDigest: null,
      hash: hash === null ? null : new Uint8Array(Buffer.from(hash, "hex")),
    };
  };
  return Object.fromEntries(Object.keys(EVENTS).map((name) => [name, cause(name)])) as ReturnType<
    typeof eventsOf
  >;
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

async function openSocket(folder: string): Promise<Socket | HostRefusal> {
  const path = join(folder, SOCKET_NAME);
  let handle: FileHandle | null = null;
  try {
    const { found, uid } = await findSocket(path);
    if (found === "none") return refusal("host_unreachable", `${path} is not there`);
    if (found === "other") return refusal("socket_unusable", `${path} is no socket`);
    handle = await openFolder(folder);
    const doubt = await findDoubt(uid, handle);
    if (doubt !== null) return refusal("socket_unusable", `${path}: ${doubt}`);
    return await connect(addressOf(folder, handle, SOCKET_NAME));
  } catch (error) {
    if (errorCode(error) === "ECONNREFUSED")
      return refusal("host_unreachable", `nobody listens at ${path} any more`);
    return refusal("socket_unusable", errorText(error));
  } finally {
    await handle?.close();
  }
}

/**
 * Refused with `host_unreachable` when no process serves operators there, and with `socket_unusable` when the socket cannot be trusted or used.
 * Whoever connects closes.
 */
export async function connectOperations(
  folder: string,
): Promise<{ ok: true; host: RunningHost } | HostRefusal> {
  const socket = await openSocket(folder);
  if ("ok" in socket) return socket;
  const line = new Line(socket);
  try {
    const { pid, identity } = (await line.ask("about", {})) as Pick<RunningHost, "pid" | "identity">;
    const insist = (bundle: string): void => {
      line.bundle = bundle;
    };
    const host = {
      ...eventsOf(line),
      ledger: ledgerOf(line),
      pid,
      identity,
      insist,
      close: () => line.close(),
    };
    return { ok: true, host: host as RunningHost };
  } catch (error) {
    line.close();
    return refusal("host_unreachable", errorText(error));
  }
}
