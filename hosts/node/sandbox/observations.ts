/** What the launcher observes, as accesses to paths: sandbox-native/PROFILE.md "Observations". */

export type Access = "read" | "write" | "start" | "socket";

export interface Observed {
  readonly access: Access;
  readonly path: string;
}

/** Beyond this many different accesses no further is kept. */
export const MAX_OBSERVED = 100_000;

interface Line {
  readonly op?: string;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly write?: unknown;
  readonly create?: unknown;
  /** Of `lost`. */
  readonly lines?: unknown;
}

const CHANGES = ["make", "remove", "symlink", "truncate", "mode", "owner", "times", "attribute"];

function accessesOf({ op, path, from, to, write, create }: Line): Observed[] {
  const of = (access: Access, ...paths: unknown[]): Observed[] =>
    paths
      .filter((one): one is string => typeof one === "string" && one.startsWith("/"))
      .map((one) => ({ access, path: one }));
  if (op === "open") return of(write === true || create === true ? "write" : "read", path);
  if (op === "exec") return of("start", path);
  if (op === "connect") return of("socket", path);
  if (op === "rename") return of("write", from, to);
  if (op === "link") return [...of("read", from), ...of("write", to)];
  return op !== undefined && CHANGES.includes(op) ? of("write", path) : [];
}

/** Accesses, each once, in the order in which they came. */
export class Observations {
  readonly #seen = new Map<string, Observed>();
  /** How many the launcher could not write down, or there was no room for. */
  lost = 0;

  /** One line of the launcher. Anything else is passed over. */
  add(line: string): void {
    let value: Line;
    try {
      value = JSON.parse(line) as Line;
    } catch {
      return;
    }
    if (value.op === "lost" && typeof value.lines === "number") this.lost += value.lines;
    for (const one of accessesOf(value)) {
      if (this.#seen.size < MAX_OBSERVED) this.#seen.set(`${one.access} ${one.path}`, one);
      else this.lost += 1;
    }
  }

  all(): Observed[] {
    return [...this.#seen.values()];
  }
}
