/** From a permitted host to a connection: resolved once, and the address that was checked is the one that is dialled. */
import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import {
  type Address,
  addressText,
  embeddedIpv4,
  isIn,
  type Prefix,
  parseAddress,
  parsePrefix,
  reachOf,
} from "../../../gateway/egress/address.ts";
import type { Refused } from "../../../gateway/egress/denial.ts";
import type { FaultCode } from "../../../gateway/egress/faults.ts";
import { type Host, hostOf } from "../../../gateway/egress/host.ts";
import { DIAL_MS, IDLE_MS } from "../../../gateway/egress/limits.ts";
import type { Bound } from "../../../gateway/egress/request.ts";
import { errorCode } from "../files.ts";
import type { Judged, Permit } from "./judge.ts";
import type { Resolve } from "./options.ts";
import { ByteStream } from "./stream.ts";

/** All that was asked of the system's resolver for one name. */
const systemResolve: Resolve = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

/** Addresses of one name that are tried. */
const MAX_TRIED = 8;

/** What an address needs besides the permit of the host that led to it. */
type Need = "nothing" | "permit" | "never";

/** The same action with another host. */
export type JudgeAt = (host: Host) => Promise<Judged>;

export type Dialled =
  | { readonly dialled: true; readonly upstream: Upstream }
  | {
      readonly dialled: false;
      readonly fault: FaultCode;
      readonly detail: string;
      readonly isRefused: boolean;
    }
  | { readonly dialled: false; readonly refused: Refused };

/** A connection to a server. */
export interface Upstream {
  readonly stream: ByteStream;
  readonly bound: Bound;
  /** Hosts that each request of the connection is judged at too. */
  readonly alsoJudged: readonly Host[];
}

function withinTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it took too long")), limitMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function connectTo(address: Address, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: addressText(address), port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error("connecting took too long")), DIAL_MS);
    socket.once("error", reject);
    socket.once("close", () => clearTimeout(timer));
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      socket.on("error", () => {});
      socket.setTimeout(IDLE_MS, () => socket.destroy());
      resolve(socket);
    });
  });
}

export class Dialler {
  readonly #resolve: Resolve;
  readonly #private: readonly Prefix[];
  readonly #open = new Set<Socket>();
  #closed = false;

  /** @throws RangeError for what is no address or prefix. */
  constructor(resolve: Resolve | undefined, privateAddresses: readonly string[]) {
    this.#resolve = resolve ?? systemResolve;
    this.#private = privateAddresses.map(parsePrefix);
  }

  /** Ends every connection, and lets none be made any more. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#open) socket.destroy();
  }

  /** Adds to the permit what else was permitted on the way. */
  async dial(bound: Bound, permit: Permit, judgeAt: JudgeAt): Promise<Dialled> {
    const { host, port } = bound;
    let addresses: Address[];
    try {
      addresses = host.address === null ? await this.#addressesOf(host.text) : [host.address];
    } catch (error) {
      return { dialled: false, fault: "name_unresolved", detail: String(error), isRefused: false };
    }
    let last: Dialled = {
      dialled: false,
      fault: "address_unknown",
      detail: "nothing to dial",
      isRefused: false,
    };
    for (const address of addresses.slice(0, MAX_TRIED)) {
      const alsoJudged: Host[] = [];
      const refused = await this.#clear(host, address, permit, judgeAt, alsoJudged);
      if (refused !== null) {
        last = refused;
        continue;
      }
      try {
        const socket = await connectTo(address, port);
        this.#keep(socket);
        return { dialled: true, upstream: { stream: new ByteStream(socket), bound, alsoJudged } };
      } catch (error) {
        const isRefused = errorCode(error) === "ECONNREFUSED";
        last = { dialled: false, fault: "dial_failed", detail: String(error), isRefused };
      }
    }
    return last;
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    if (this.#closed) socket.destroy();
  }

  async #addressesOf(name: string): Promise<Address[]> {
    const found = name === "localhost" ? ["127.0.0.1"] : await withinTime(this.#resolve(name), DIAL_MS);
    // What has a zone is no address that a policy could name.
    return found.map(parseAddress).filter((address) => address !== null);
  }

  #needOf(host: Host, address: Address): Need {
    const reach = reachOf(address);
    if (reach === "never") return "never";
    // The host that was permitted is this address.
    if (host.address !== null || reach === "public") return "nothing";
    return isIn(address, this.#private) ? "nothing" : "permit";
  }

  /** Null: the address may be dialled. */
  async #clear(
    host: Host,
    address: Address,
    permit: Permit,
    judgeAt: JudgeAt,
    alsoJudged: Host[],
  ): Promise<Dialled | null> {
    const need = this.#needOf(host, address);
    if (need === "never")
      return { dialled: false, fault: "address_unknown", detail: addressText(address), isRefused: false };
    const inner = embeddedIpv4(address);
    const asked = need === "permit" ? [hostOf(address)] : [];
    // Also of an address that was permitted as it is written: a rule on the inner one must not be passed by.
    if (inner !== null && (host.address !== null || need === "permit")) asked.push(hostOf(inner));
    for (const other of asked) {
      const judged = await judgeAt(other);
      if (!judged.permitted) return { dialled: false, refused: judged };
      permit.add(judged.decision);
      alsoJudged.push(other);
    }
    return null;
  }
}
