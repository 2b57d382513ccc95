/** What went through the proxy of a run, counted and told. */
import type { EgressEvent } from "../../hosts/node/egress/index.ts";
import type { Contact } from "../../hosts/node/sandbox/index.ts";
import { printable } from "../style.ts";

const SHOWN = 8;
/** Different contacts that are remembered. */
const KEPT = 10_000;

export interface NetworkReport {
  readonly permitted: number;
  readonly denied: number;
  readonly deferred: number;
  /** Refused before they were judged. */
  readonly faults: number;
  readonly stopped: readonly Stopped[];
}

export interface Stopped {
  readonly host: string;
  readonly port: number;
  readonly code: string;
  readonly reason: string | null;
  /** Of a deferred one, for `faramesh approve`. */
  readonly actionDigest: string | null;
  times: number;
}

export class Network {
  readonly #counts = { permitted: 0, denied: 0, deferred: 0, faults: 0 };
  readonly #stopped = new Map<string, Stopped>();
  readonly #contacts = new Map<string, Contact>();

  take(event: EgressEvent): void {
    if (event.kind === "fault") {
      this.#counts.faults += 1;
      return;
    }
    const { tool, host, port, effect, code, reason, actionDigest } = event;
    if (this.#contacts.size < KEPT) this.#contacts.set(`${tool} ${host} ${port}`, { tool, host, port });
    if (effect === "permit") {
      this.#counts.permitted += 1;
      return;
    }
    this.#counts[effect === "defer" ? "deferred" : "denied"] += 1;
    const key = `${host} ${port} ${code} ${effect === "defer" ? actionDigest : ""}`;
    const known = this.#stopped.get(key);
    if (known !== undefined) known.times += 1;
    else if (this.#stopped.size < KEPT)
      this.#stopped.set(key, {
        host,
        port,
        code,
        reason,
        actionDigest: effect === "defer" ? actionDigest : null,
        times: 1,
      });
  }

  contacts(): Contact[] {
    return [...this.#contacts.values()];
  }

  report(): NetworkReport {
    return { ...this.#counts, stopped: [...this.#stopped.values()] };
  }
}

/** Lines for standard error; empty when nothing went out. */
export function networkText({ permitted, denied, deferred, faults, stopped }: NetworkReport): string {
  if (permitted + denied + deferred + faults === 0) return "";
  const counts = [
    `${permitted} permitted`,
    `${denied} denied`,
    ...(deferred === 0 ? [] : [`${deferred} deferred`]),
    ...(faults === 0 ? [] : [`${faults} refused as malformed or unreachable`]),
  ];
  const lines = stopped.slice(0, SHOWN).map(({ host, port, code, reason, actionDigest, times }) => {
    const about = [
      code,
      ...(reason === null ? [] : [`“${reason}”`]),
      ...(actionDigest === null ? [] : [`approve ${actionDigest}`]),
    ];
    return `  ${host}:${port}  ${times === 1 ? "" : `${times} times  `}${about.join("  ")}`;
  });
  const more = stopped.length > SHOWN ? [`  and ${stopped.length - SHOWN} more`] : [];
  return `faramesh: network: ${counts.join(", ")}\n${[...lines, ...more].map((line) => `${printable(line)}\n`).join("")}`;
}
