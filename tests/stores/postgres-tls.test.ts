/** TLS between the stores and their server: what is asked for is what happens. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migratePostgres, openPostgres } from "../../hosts/node/stores/postgres.ts";
import { BINARIES, type Server, startServer } from "./postgres-server.ts";

let folder: string;
let server: Server;
let plain: Server;
let address: { host: string; port: number; user: string; database: string };

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function makeCertificate(name: string): { key: string; certificate: string } {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
  return { key, certificate };
}

describe.skipIf(BINARIES === null)("PostgreSQL over TLS", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "faramesh-tls-"));
    chmodSync(folder, 0o755);
    plain = await startServer();
    const { key, certificate } = makeCertificate("server");
    // The server reads its key only when nobody else can.
    const { uid, gid } = statSync(plain.folder);
    chownSync(key, uid, gid);
    chmodSync(key, 0o600);
    const port = await freePort();
    const tls = ["ssl=on", `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`];
    server = await startServer([...tls, "listen_addresses=127.0.0.1", `port=${port}`]);
    address = { host: "127.0.0.1", port, user: server.address.user, database: server.address.database };
  });
  afterAll(async () => {
    await server?.remove();
    await plain?.remove();
    await rm(folder, { recursive: true });
  });

  it("is used when asked for, with the certificate checked", async () => {
    const tls = { ca: readFileSync(join(folder, "server.pem")) };
    expect(await migratePostgres({ ...address, tls })).toEqual({ ok: true, made: true });
    const opened = await openPostgres({ ...address, tls });
    if (!opened.ok) throw new Error(opened.message);
    const client = new pg.Client(address);
    await client.connect();
    const sql =
      "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'faramesh'";
    const { rows } = await client.query(sql);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ ssl }) => ssl === true)).toBe(true);
    await client.end();
    await opened.stores.ledger.close();
  });

  it("refuses a certificate of somebody else", async () => {
    const ca = readFileSync(makeCertificate("other").certificate);
    expect(await openPostgres({ ...address, tls: { ca } })).toMatchObject({
      ok: false,
      code: "store_unavailable",
    });
    expect(await openPostgres({ ...address, tls: true })).toMatchObject({
      ok: false,
      code: "store_unavailable",
    });
  });

  it("is not left out when the server has none", async () => {
    const result = await openPostgres({ ...plain.address, tls: true });
    expect(result).toMatchObject({ ok: false, code: "store_unavailable" });
  });
});
