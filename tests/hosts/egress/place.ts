/** A control plane, servers on loopback, the proxy before them, and connections as the launcher's bridge makes them. */
import { spawn } from "node:child_process";
import { chmodSync } from "node:fs";
import { createServer as createHttp, type RequestListener } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type Socket,
} from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type EgressEvent,
  type EgressOptions,
  type EgressServer,
  serveEgress,
} from "../../../hosts/node/egress/index.ts";
import { type Control, openControl, RECORDS_NAME, readRecords } from "../../../hosts/node/index.ts";
import { fileOf } from "../policies.ts";
import { temporaryFolder } from "../records.ts";

export const PROXY_PORT = 3128;
export const AGENT = "coder";

/** Names in here lead to loopback, by a permit of that address. */
export function policyFor(rules: string, egress = 'allow ["*"]', more = ""): string {
  return `agent "${AGENT}" {\n  egress { ${egress} }\n  ${more}\n  rules {\n    ${rules}\n  }\n}\n`;
}

export const OPEN = policyFor("permit net/*");

export interface Place {
  readonly folder: string;
  readonly control: Control;
  readonly server: EgressServer;
  readonly path: string;
  readonly events: EgressEvent[];
  /** A connection whose program asked for that destination. */
  bridged(destination?: string, port?: number): Promise<Socket>;
  /** Actions and events in the log, oldest first. */
  records(): Promise<Record<string, unknown>[]>;
}

export async function openPlace(policy = OPEN, options: Partial<EgressOptions> = {}): Promise<Place> {
  const folder = temporaryFolder();
  const control = await openControl({
    policy: fileOf(policy, 0),
    insecure: true,
    folder: join(folder, "plane"),
  });
  onTestFinished(() => control.close());
  const path = join(folder, "proxy.sock");
  chmodSync(folder, 0o700);
  const events: EgressEvent[] = [];
  const server = await serveEgress({
    control,
    agent: AGENT,
    listen: { path },
    proxyPort: PROXY_PORT,
    resolve: async () => ["127.0.0.1"],
    privateAddresses: ["127.0.0.0/8"],
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => server.close());
  return {
    folder,
    control,
    server,
    path,
    events,
    bridged: (destination = "127.0.0.1", port = PROXY_PORT) => bridgedTo(path, destination, port),
    records: async () => {
      const found: Record<string, unknown>[] = [];
      const log = join(folder, "plane", RECORDS_NAME);
      for await (const { record } of readRecords(log, { from: 0, to: null })) {
        found.push(JSON.parse(Buffer.from(record).toString("utf8")));
      }
      return found;
    },
  };
}

export function headerOf(destination: string, port: number): string {
  const family = destination.includes(":") ? "TCP6" : "TCP4";
  const source = family === "TCP6" ? "::1" : "127.0.0.1";
  return `PROXY ${family} ${source} ${destination} 40000 ${port}\r\n`;
}

export function connected(where: { path: string } | { port: number; host?: string }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...where, allowHalfOpen: true } as NetConnectOpts, () => resolve(socket));
    socket.once("error", reject);
    onTestFinished(() => void socket.destroy());
  });
}

async function bridgedTo(path: string, destination: string, port: number): Promise<Socket> {
  const socket = await connected({ path });
  socket.write(headerOf(destination, port));
  return socket;
}

/** All that comes until the other side ends, or a text of it has come. */
export function received(socket: Socket, until?: string | RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const finish = (): void => {
      socket.off("data", take);
      socket.off("end", finish);
      socket.off("close", finish);
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (until !== undefined && (typeof until === "string" ? text.includes(until) : until.test(text)))
        finish();
    };
    socket.on("data", take);
    socket.on("end", finish);
    socket.on("close", finish);
    socket.on("error", () => {});
  });
}

export async function asked(socket: Socket, text: string, until?: string | RegExp): Promise<string> {
  const answer = received(socket, until);
  socket.write(text, "latin1");
  return answer;
}

function portOf(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    onTestFinished(() => void server.close());
  });
}

export function httpOrigin(listener: RequestListener): Promise<number> {
  const server = createHttp(listener);
  onTestFinished(() => server.closeAllConnections());
  return portOf(server);
}

export function tcpOrigin(onSocket: (socket: Socket) => void): Promise<number> {
  return portOf(
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      onTestFinished(() => void socket.destroy());
      onSocket(socket);
    }),
  );
}

/** A port as programs in the sandbox find the proxy: each connection goes on through the socket, as the launcher's bridge does it. */
export function bridge(path: string): Promise<number> {
  return tcpOrigin((socket) => {
    const onward = connect(path);
    onward.on("error", () => socket.destroy());
    onward.write(headerOf("127.0.0.1", PROXY_PORT));
    socket.pipe(onward).pipe(socket);
  });
}

export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** A program with the proxy in its environment only. */
export function ran(command: string, args: string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment };
    const child = spawn(command, args, { env, timeout: 30_000 });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}
