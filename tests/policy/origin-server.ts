/** An origin of bundles on loopback, that fails as it is told. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** `cut`: ends in the middle, with the length stated; `cut, chunked`: without. `silent`: never answers. `slow`: never ends. */
export type Fault =
  | null
  | "error"
  | "missing"
  | "cut"
  | "cut, chunked"
  | "silent"
  | "slow"
  | "redirect"
  | "lies";

export interface Origin {
  readonly address: string;
  file: Uint8Array;
  fault: Fault;
  /** Status of every answer so far. */
  readonly answers: number[];
  close(): Promise<void>;
}

export async function startOrigin(file: Uint8Array): Promise<Origin> {
  const answers: number[] = [];
  const server: Server = createServer((request, response) => {
    const tag = `"${Buffer.from(origin.file.subarray(-16)).toString("hex")}"`;
    const say = (status: number): void => {
      answers.push(status);
      response.statusCode = status;
    };
    if (origin.fault === "silent") return;
    if (origin.fault === "error" || origin.fault === "missing") {
      say(origin.fault === "error" ? 500 : 404);
      response.end("no bundle");
      return;
    }
    if (origin.fault === "redirect") {
      say(302);
      response.setHeader("location", "/elsewhere").end();
      return;
    }
    if (origin.fault === "lies" || request.headers["if-none-match"] === tag) {
      say(304);
      response.end();
      return;
    }
    say(200);
    response.setHeader("etag", tag);
    if (origin.fault === null) {
      response.end(origin.file);
      return;
    }
    if (origin.fault === "cut") response.setHeader("content-length", origin.file.length);
    response.write(origin.file.subarray(0, origin.file.length >> 1), () => {
      if (origin.fault !== "slow") response.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  const origin: Origin = {
    address: `http://127.0.0.1:${port}/policy.fplb`,
    file,
    fault: null,
    answers,
    close,
  };
  onTestFinished(close);
  return origin;
}
