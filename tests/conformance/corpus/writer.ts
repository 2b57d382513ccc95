/** Writes lines of the corpus, each with what the core gives for it. */
import { bytesToHex } from "@noble/hashes/utils.js";
import { encodeContainer } from "../../../bundles/container.ts";
import { load } from "../../../bundles/load.ts";
import { toBase64 } from "../../../bundles/trust/bytes.ts";
import type { Core } from "../../../engine/binding/index.ts";
import { foldText } from "./fold.ts";
import type { CallLine, Folded, Header, Line, OpenLine } from "./lines.ts";
import { type Played, Player } from "./player.ts";
import { shortHash, Tally } from "./run.ts";

export type Decided = Extract<Played, { kind: "decided" }>;

export interface Opening {
  kind?: "open" | "load";
  title?: string;
  /** A `.fplb` file. */
  file: Uint8Array;
  /** Text of a trust file; opened without signatures when left out. */
  trust?: string;
  nowMs?: number;
  highest?: OpenLine["highest"];
  sequence?: number;
  /** `ok` when left out. */
  expect?: string;
  /** The core's own code, beside `bundle_refused`. */
  coreCode?: string;
}

export interface Call {
  kind: CallLine["kind"];
  title?: string;
  text: Uint8Array;
  /** Undefined: none. */
  facts?: Uint8Array | undefined;
  /** Null: none. */
  state: (string | null)[] | null;
}

/** A file without signatures. */
export const unsignedFile = (bundle: Uint8Array): Uint8Array => encodeContainer({ bundle, envelope: null });

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readable(bytes: Uint8Array): Folded | null {
  try {
    return foldText(decoder.decode(bytes));
  } catch {
    return null;
  }
}

export class CorpusWriter {
  readonly #core: Core;
  readonly #player: Player;
  readonly #tally = new Tally();
  readonly #lines: string[] = [];
  readonly #ids = new Map<string, string>();

  /** @param core without a bundle. */
  constructor(core: Core) {
    this.#core = core;
    this.#player = new Player(core, load);
  }

  /** Throws Error when something else comes than is expected. */
  open(opening: Opening): void {
    const { kind = "open", title, file, trust, nowMs = 0, highest = null, sequence } = opening;
    const { expect = "ok", coreCode } = opening;
    const line: OpenLine = {
      kind,
      ...(title === undefined ? {} : { title }),
      bundle: this.#named("bundle", "b", toBase64(file)),
      trust: trust === undefined ? null : this.#named("trust", "t", trust),
      now: nowMs,
      highest,
      expect,
      ...(coreCode === undefined ? {} : { coreCode }),
      ...(sequence === undefined ? {} : { sequence }),
    };
    const played = this.#play(line);
    if (played.kind !== "opened" || played.code !== expect || played.coreCode !== (coreCode ?? null))
      throw new Error(`${title}: expected ${expect} ${coreCode ?? ""}, got ${JSON.stringify(played)}`);
    this.#lines.push(JSON.stringify(line));
  }

  /** Throws Error when another code comes than `expected`, if any is. */
  call({ kind, title, text, facts, state }: Call, expected?: string): Decided {
    const line: CallLine = {
      kind,
      ...(title === undefined ? {} : { title }),
      ...texts(text, "text", "bytes"),
      ...(facts === undefined ? {} : texts(facts, "facts", "factsBytes")),
      ...(state === null ? {} : { state }),
      code: "",
    };
    const played = this.#play(line);
    if (played.kind !== "decided" || (expected !== undefined && played.code !== expected))
      throw new Error(
        `expected ${expected} of ${JSON.stringify(line).slice(0, 500)}, got ${played.kind === "decided" ? played.code : played.kind}`,
      );
    const { code, recorded } = played;
    const shown = recorded === null ? { ...line, code } : { ...line, code, hash: shortHash(recorded.hash) };
    this.#lines.push(JSON.stringify(shown));
    return played;
  }

  /** The whole corpus. Once. */
  finish(): string {
    const { decisions, refusals } = this.#tally;
    const core = bytesToHex(this.#core.engineDigest);
    const header: Header = {
      kind: "header",
      corpus: 2,
      core,
      decisions,
      refusals,
      result: this.#tally.result(),
    };
    return `${[JSON.stringify(header), ...this.#lines].join("\n")}\n`;
  }

  #play(line: Line): Played {
    const played = this.#player.play(line);
    this.#tally.add(played);
    return played;
  }

  /** The id of that text or of these bytes, which a line of their own has said before. */
  #named(kind: "bundle" | "trust", letter: string, content: string): string {
    const known = this.#ids.get(`${kind} ${content}`);
    if (known !== undefined) return known;
    const id = `${letter}${[...this.#ids.keys()].filter((key) => key.startsWith(kind)).length}`;
    this.#ids.set(`${kind} ${content}`, id);
    const line: Line = kind === "bundle" ? { kind, id, bytes: content } : { kind, id, file: content };
    this.#play(line);
    this.#lines.push(JSON.stringify(line));
    return id;
  }
}

function texts(
  bytes: Uint8Array,
  asText: "text" | "facts",
  asBytes: "bytes" | "factsBytes",
): Partial<CallLine> {
  const text = readable(bytes);
  return text === null ? { [asBytes]: toBase64(bytes) } : { [asText]: text };
}
