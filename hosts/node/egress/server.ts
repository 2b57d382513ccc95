/** The policy proxy: what goes out of a sandbox, each request or connection judged and recorded before it does. docs/core/egress.md. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, lstat, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { latin1 } from "../../../gateway/egress/bytes.ts";
import { parsed } from "../../../gateway/egress/faults.ts";
import { IDLE_MS, MAX_CONNECTIONS } from "../../../gateway/egress/limits.ts";
import { NameTable } from "../../../gateway/egress/names.ts";
import { errorCode } from "../files.ts";
import { type IsProxy, serveBridged, serveProxy } from "./connection.ts";
import type { Context, ProxyPassword } from "./context.ts";
import { Dialler } from "./dial.ts";
import { endGently } from "./http.ts";
import { Judge } from "./judge.ts";
import type { EgressOptions, Listen } from "./options.ts";
import { readParsed } from "./read.ts";
import { ByteStream, Gone } from "./stream.ts";

const LOOPBACK = "127.0.0.1";
const USER = "faramesh";
const TOKEN = /^[0-9a-f]{32,128}$/i;

export interface EgressServer {
  /** Where it listens on 127.0.0.1; null for a socket. */
  readonly port: number | null;
  /** For HTTP_PROXY and its like, with a password; null where connections come through the launcher. */
  readonly proxyUrl: string | null;
  /** Ends every connection, and what it has permitted is settled. */
  close(): Promise<void>;
}

function digest(text: string | Uint8Array): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Compared in a time that does not tell how much was right. */
function isEqual(expected: Buffer, given: string | Uint8Array): boolean {
  return timingSafeEqual(expected, digest(given));
}

function passwordOf(secret: string): ProxyPassword {
  const pair = `${USER}:${secret}`;
  const header = digest(`basic ${Buffer.from(pair).toString("base64")}`);
  const both = digest(pair);
  return {
    isHeader: (value) => isEqual(header, (value ?? "").replace(/^basic +/i, "basic ")),
    isPair: (user, password) => isEqual(both, `${latin1(user)}:${latin1(password)}`),
  };
}

/** @throws TypeError, RangeError */
function checkListen({ listen, proxyPort }: EgressOptions): Listen {
  const { path, port, token } = listen;
  if ((path === undefined) === (port === undefined)) throw new TypeError("listen: either `path` or `port`");
  if (path !== undefined && proxyPort === undefined)
    throw new TypeError("proxyPort: the profile's; without it no connection would be to the proxy");
  if (token !== undefined && !TOKEN.test(token))
    throw new RangeError("listen.token: 32 to 128 hexadecimal digits");
  return listen;
}

/** Who may enter the folder may connect. @throws Error */
async function demandOwn(folder: string): Promise<void> {
  const { uid, mode } = await stat(folder);
  if ((mode & 0o077) !== 0 || (process.geteuid !== undefined && uid !== process.geteuid()))
    throw new Error(`${folder} must belong to this user, mode 0700: whoever enters it uses the proxy`);
}

function listening(server: Server, where: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...where, exclusive: true }, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve();
    });
  });
}

async function listenAt(server: Server, listen: Listen): Promise<void> {
  if (listen.path === undefined) return listening(server, { host: LOOPBACK, port: listen.port });
  await demandOwn(dirname(listen.path));
  const found = await lstat(listen.path).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  });
  // Of a process that died: in a folder that is this user's alone nobody else's.
  if (found?.isSocket() === true) await rm(listen.path);
  await listening(server, { path: listen.path });
  await chmod(listen.path, 0o600);
}

/** The first line of a connection in mode `restricted`. Whether it is the right one. */
async function takeToken(client: ByteStream, token: string): Promise<boolean> {
  const length = token.length + 2;
  const line = await readParsed(client, (bytes) =>
    bytes.length < length ? null : parsed(bytes.slice(0, length)),
  );
  if (!line.ok || !isEqual(digest(`${token}\r\n`), line.value)) return false;
  client.take(length);
  return true;
}

type Serve = (client: ByteStream) => Promise<void>;

function serveFor(
  context: Context,
  { listen, proxyPort }: EgressOptions,
  ownPort: () => number | null,
): Serve {
  const isProxy: IsProxy = ({ host, port }) =>
    host.text === LOOPBACK && (port === proxyPort || port === ownPort());
  const { token, path } = listen;
  if (path !== undefined) return (client) => serveBridged(context, client, isProxy);
  if (token === undefined) return (client) => serveProxy(context, client);
  return async (client) => {
    if (await takeToken(client, token)) await serveBridged(context, client, isProxy);
    else context.judge.fault("credentials_missing", null);
  };
}

/** One connection to its end, however it ends. */
async function run(context: Context, serve: Serve, socket: Socket): Promise<void> {
  const client = new ByteStream(socket);
  socket.setNoDelay(true);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  try {
    await serve(client);
    if (!socket.destroyed) await endGently(client);
  } catch (error) {
    if (!(error instanceof Gone)) context.judge.fault("failed", null, error);
  } finally {
    socket.destroy();
  }
}

/**
 * Serves until it is closed. Rejects with TypeError or RangeError for options that are none, and with the system's error where it cannot listen.
 */
export async function serveEgress(options: EgressOptions): Promise<EgressServer> {
  const listen = checkListen(options);
  const secret =
    listen.port !== undefined && listen.token === undefined ? randomBytes(24).toString("hex") : null;
  const context: Context = {
    judge: new Judge(options),
    dialler: new Dialler(options.resolve, options.privateAddresses ?? []),
    names: new NameTable(),
    password: secret === null ? null : passwordOf(secret),
  };
  const connections = new Map<Socket, Promise<void>>();
  const server = createServer({ allowHalfOpen: true });
  server.maxConnections = MAX_CONNECTIONS;
  const ownPort = () => (server.address() as AddressInfo | null)?.port ?? null;
  const serve = serveFor(context, options, ownPort);
  server.on("connection", (socket) => {
    const running = run(context, serve, socket).finally(() => connections.delete(socket));
    connections.set(socket, running);
  });
  await listenAt(server, listen);
  const port = listen.path === undefined ? ownPort() : null;
  const end = async (): Promise<void> => {
    const stopped = new Promise((resolve) => server.close(resolve));
    context.dialler.close();
    for (const socket of connections.keys()) socket.destroy();
    await Promise.allSettled([...connections.values()]);
    await stopped;
  };
  let closing: Promise<void> | null = null;
  return {
    port,
    proxyUrl: secret === null ? null : `http://${USER}:${secret}@${LOOPBACK}:${port}`,
    close: () => {
      closing ??= end();
      return closing;
    },
  };
}
