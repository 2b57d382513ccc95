/** Serves operators over a Unix domain socket in the folder of the control plane. Who may connect is whoever may use that file: its owner, mode 0600. */
import { chmod, type FileHandle, mkdtemp, readdir, rename, rm, rmdir } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { basename, join } from "node:path";
import { toBase64 } from "../../../bundles/trust/bytes.ts";
import type { Governed } from "../../../control/govern.ts";
import type { Identity } from "../../../control/policy/prepare.ts";
import { errorText } from "../files.ts";
import { type HostRefusal, refusal } from "../refusals.ts";
import { Connection, refusalLine } from "./connection.ts";
import { addressOf, findSocket, openOwn, PlaceRefused, SOCKET_NAME } from "./place.ts";
import {
  EVENTS,
  type Operations,
  type OperatorEvent,
  parseRequest,
  type Request,
  RequestFault,
} from "./wire.ts";

const MAX_CONNECTIONS = 16;
/** Begins the names of folders in which a socket is made. */
const MAKING = ".socket-";

/** The control plane that is operated. */
export interface Operated extends Operations {
  readonly identity: Identity | null;
  /** For what is judged by that bundle or not at all; `onOther` is called then. */
  under(bundle: string, onOther: () => void): Pick<Operations, OperatorEvent>;
}

export interface OperationsServer {
  /** Waits for requests under way; their records are durable then. */
  close(): Promise<void>;
}

function governedJson({ verdict, sequence, hash, reservation, chain, failure }: Governed) {
  return {
    verdict,
    sequence,
    hash: hash === null ? null : Buffer.from(hash).toString("hex"),
    reservation,
    chain,
    failure,
  };
}

function differs({ identity }: Operated): RequestFault {
  return new RequestFault(
    "policy_differs",
    identity === null ? "no bundle yet" : `bundle ${identity.bundle}`,
  );
}

/** The bundle is compared when the event is judged: another one may be taken into use while it waits for its turn. */
async function cause(control: Operated, { operation, fields, bundle }: Request): Promise<unknown> {
  let isOther = false;
  const onOther = (): void => {
    isOther = true;
  };
  const judging = bundle === null ? control : control.under(bundle, onOther);
  const run = judging[operation as OperatorEvent].bind(judging) as (fields: unknown) => Promise<Governed>;
  const governed = await run(fields);
  if (isOther && governed.sequence === null) throw differs(control);
  return governedJson(governed);
}

async function perform(control: Operated, line: Uint8Array): Promise<unknown> {
  const request = parseRequest(line);
  const { operation, fields, bundle } = request;
  const { identity } = control;
  if (Object.hasOwn(EVENTS, operation)) return cause(control, request);
  if (bundle !== null && bundle !== identity?.bundle) throw differs(control);
  if (operation === "about") return { pid: process.pid, identity };
  if (operation === "list") {
    const { prefix, after = null, limit } = fields as { prefix: string; after?: string; limit: number };
    return control.ledger.list(prefix, after, limit);
  }
  const blobs = await control.ledger.read(fields.keys as string[]);
  return blobs.map((blob) => (blob === null ? null : toBase64(blob)));
}

async function respond(control: Operated, line: Uint8Array): Promise<string> {
  try {
    return JSON.stringify({ ok: true, value: await perform(control, line) });
  } catch (error) {
    return refusalLine(
      error instanceof RequestFault ? error : new RequestFault("host_failed", errorText(error)),
    );
  }
}

function listenAt(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Not by the primary of a cluster: this process holds the folder.
    server.listen({ path, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/**
 * Listens at a name in a folder that nobody else may enter, and gives the socket its place when it has its mode. What a dead process
 * left is replaced: the caller holds the folder's lock, so no other process serves there.
 */
async function place(server: Server, folder: string, handle: FileHandle): Promise<void> {
  const path = join(folder, SOCKET_NAME);
  const { found } = await findSocket(path);
  if (found === "other") throw new PlaceRefused(`${path} is there, and is no socket`);
  for (const name of await readdir(folder)) {
    if (name.startsWith(MAKING)) await rm(join(folder, name), { recursive: true });
  }
  const making = await mkdtemp(join(folder, MAKING));
  try {
    const made = join(making, SOCKET_NAME);
    await listenAt(server, addressOf(folder, handle, `${basename(making)}/${SOCKET_NAME}`));
    await chmod(made, 0o600);
    await rename(made, path);
  } finally {
    await rm(join(making, SOCKET_NAME), { force: true });
    await rmdir(making);
  }
}

/**
 * Serves `control`, whose folder the caller holds. Refused with `socket_unusable` when the folder is not the user's alone, something else has the
 * socket's name, or it cannot be made.
 */
export async function serveOperations(
  control: Operated,
  folder: string,
): Promise<{ ok: true; server: OperationsServer } | HostRefusal> {
  const connections = new Set<Connection>();
  // Half open: who has sent all that it has to ask still waits for the answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new Connection(socket, (line) => respond(control, line));
    connections.add(connection);
    void connection.ended.then(() => connections.delete(connection));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const path = join(folder, SOCKET_NAME);
  let handle: FileHandle | null = null;
  let ino: number;
  try {
    handle = await openOwn(folder);
    await place(server, folder, handle);
    ({ ino } = await findSocket(path));
  } catch (error) {
    server.close();
    await handle?.close();
    return refusal("socket_unusable", errorText(error));
  }
  server.unref();
  server.on("error", () => {});
  const held = handle;
  const end = async (): Promise<void> => {
    const stopped = new Promise((resolve) => server.close(resolve));
    await Promise.all([...connections].map((connection) => connection.close()));
    await stopped;
    try {
      if ((await findSocket(path)).ino === ino) await rm(path, { force: true });
    } finally {
      await held.close();
    }
  };
  let closing: Promise<void> | null = null;
  return {
    ok: true,
    server: {
      close: () => {
        closing ??= end();
        return closing;
      },
    },
  };
}
