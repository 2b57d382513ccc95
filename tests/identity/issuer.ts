/** An issuer of tokens: real keys, and its key set over loopback http. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];
  readonly jwk: JWK;
}

export async function makeKey(kid: string, alg: string, use: string | null): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, ...(use === null ? {} : { use }) };
  return { kid, alg, privateKey, jwk };
}

/** Serves a key set that a test may change; counts how often it was asked for. */
export class KeyServer {
  readonly #server: Server;
  keys: JWK[] = [];
  /** Sent in the place of the keys. */
  answer: { status: number; body: string; headers?: Record<string, string> } | null = null;
  asked = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<KeyServer> {
    const server = createServer((_, response) => {
      source.asked++;
      const { status, body, headers } = source.answer ?? {
        status: 200,
        body: JSON.stringify({ keys: source.keys }),
      };
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
    });
    const source = new KeyServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return source;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve, reject) =>
      this.#server.close((error) => (error ? reject(error) : resolve())),
    );
  }
}

export type Payload = Record<string, unknown>;

/** A token by that key. A claim that is undefined is left out. */
export function issue(
  key: IssuerKey,
  claims: Payload,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey);
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of any header, with any bytes for a signature. */
export function assemble(header: unknown, claims: unknown, signature: Uint8Array | string): string {
  return `${part(header)}.${part(claims)}.${Buffer.from(signature as Uint8Array).toString("base64url")}`;
}
