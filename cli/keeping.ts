/** Where a command's control plane keeps records and state: a folder (`--folder`), or a database (`--ledger`). */
import { existsSync } from "node:fs";
import type { Ledger, RecordLog, Salts } from "../control/ports.ts";
import { createSalts } from "../hosts/node/salt-key.ts";
import { openPostgres } from "../hosts/node/stores/postgres.ts";
import { openSqlite } from "../hosts/node/stores/sqlite.ts";
import type { Invocation } from "./command.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, misuse } from "./errors.ts";
import { readBytes } from "./io.ts";

export type KeptIn =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "ledger"; readonly address: LedgerAddress };

export interface LedgerAddress {
  readonly store: "sqlite" | "postgres";
  /** File, or URL; may hold a password. */
  readonly at: string;
  /** For messages. */
  readonly shown: string;
}

/** Both are faces of one store: to close one closes all. */
export interface OpenedLedger {
  readonly ledger: Ledger;
  readonly log: RecordLog;
}

const SPELLED =
  "`sqlite:FILE`, `postgres://USER@HOST/DATABASE`, or `env:NAME` for a variable that holds one of them";
const SALT_BYTES = 32;

function addressIn(text: string, isArgument: boolean): LedgerAddress {
  if (text.startsWith("sqlite:") && text.length > 7) {
    const at = text.slice(7);
    return { store: "sqlite", at, shown: at };
  }
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text))
    throw misuse("`--ledger` names no database", SPELLED);
  const url = new URL(text);
  if (isArgument && (url.password !== "" || url.searchParams.has("password"))) {
    throw misuse(
      "`--ledger` holds a password, which every user of the machine can read there",
      "put the URL into an environment variable, and name it: `--ledger env:NAME`",
    );
  }
  return { store: "postgres", at: text, shown: `postgres://${url.host}${url.pathname}` };
}

/** What `--ledger` says. Throws CommandError. */
export function ledgerAddress(text: string): LedgerAddress {
  if (!text.startsWith("env:")) return addressIn(text, true);
  const name = text.slice(4);
  const value = process.env[name] ?? "";
  if (value === "") throw misuse(`the variable \`${name}\` of \`--ledger env:${name}\` is empty`, SPELLED);
  return addressIn(value, false);
}

/** What `--folder` or `--ledger` say; null when neither is given. Throws CommandError. */
export function keptIn(invocation: Invocation): KeptIn | null {
  const [folder, ledger] = [invocation.value("folder"), invocation.value("ledger")];
  if (folder !== null && ledger !== null)
    throw misuse("`--folder` and `--ledger` exclude each other", "a control plane is kept in one place");
  if (ledger !== null) return { kind: "ledger", address: ledgerAddress(ledger) };
  return folder === null ? null : { kind: "folder", folder };
}

/** Throws CommandError. `create`: a SQLite file may be made. */
export async function openLedger(
  { store, at, shown }: LedgerAddress,
  { create }: { create: boolean },
): Promise<OpenedLedger> {
  if (store === "sqlite" && !create && !existsSync(at)) {
    const help = "`faramesh session open` and `faramesh decide` make one";
    throw new CommandError(EXIT_MISUSE, "there is no such database", { place: shown, help });
  }
  const opened = store === "sqlite" ? await openSqlite(at) : await openPostgres(postgresOptions(at));
  if (opened.ok) return opened.stores;
  const exit = opened.code === "store_damaged" ? EXIT_FINDINGS : EXIT_MISUSE;
  throw new CommandError(exit, `${opened.message} (${opened.code})`, { place: shown, help: opened.help });
}

/** `schema` in the URL is ours; everything else is the driver's. */
function postgresOptions(text: string): { url: string; schema?: string } {
  const url = new URL(text);
  const schema = url.searchParams.get("schema");
  if (schema === null) return { url: text };
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw misuse(`\`${schema}\` cannot name a schema`, "lower-case letters, digits and `_`");
  url.searchParams.delete("schema");
  return { url: url.href, schema };
}

/** The salts of `--salt-key`: 32 bytes, or as many in hexadecimal. Without it there are none, which denies what needs one. */
export function saltsOfKey(invocation: Invocation): Salts {
  const path = invocation.value("salt-key");
  if (path === null) return NO_SALTS;
  const bytes = readBytes(path, 4096);
  const text = Buffer.from(bytes).toString("latin1").trimEnd();
  const key = /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, "hex") : bytes;
  if (key.length === SALT_BYTES) return createSalts(new Uint8Array(key));
  throw misuse(
    `the key in ${path} has ${key.length} bytes, expected ${SALT_BYTES}`,
    "32 random bytes, or 64 hexadecimal digits: the same in every process of the control plane",
  );
}

/** For what decides nothing. */
export const NO_SALTS: Salts = {
  at: () => {
    throw new Error("there is no `--salt-key`");
  },
};
