/** Follows the durable bytes of a log: the chain, the same bytes again from the inputs, the state behind every record, and the model. */
import { createHash } from "node:crypto";
import { RECORD_AT } from "../../control/audit/line.ts";
import { partyKeys, revocationBytes } from "../../control/keys.ts";
import { revocationKey } from "../../control/ports.ts";
import { Model, type RecordFields } from "./model.ts";
import type { Policy } from "./policies.ts";
import { Violation } from "./violation.ts";

export interface Audited {
  readonly hash: string;
  readonly record: Uint8Array;
  readonly fields: RecordFields & { readonly previous: string };
}

/** What the host was given, for records that do not hold it. */
export interface Inputs {
  readonly text: string | Uint8Array;
  readonly facts: string | Uint8Array;
}

const TAG = Buffer.alloc(32);
TAG.write("faramesh/record/v2");
const LINE_HASH_AT = 9;
const HOST_REFUSALS = new Set(["identity_invalid", "delegation_invalid", "delegation_revoked"]);

export class Auditor {
  readonly records: Audited[] = [];
  readonly #policies: Map<string, Policy>;
  /** How often what happened, by the records and by the model. */
  readonly kinds = new Map<string, number>();
  readonly #model = new Model((kind) => this.note(kind));
  readonly #inputs: Map<string, Inputs>;
  /** By key, as of every record that wrote it. */
  readonly #states = new Map<string, { readonly sequence: number; readonly bytes: Uint8Array }[]>();
  #bytes = 0;
  #previous: Uint8Array = new Uint8Array(32);
  readonly #ignored: ReadonlySet<string>;
  readonly #trace: (text: string) => void;

  /** @param ignored invariants that others are to be seen without. */
  constructor(
    policies: readonly Policy[],
    inputs: Map<string, Inputs>,
    ignored: ReadonlySet<string> = new Set(),
    trace: (text: string) => void = () => {},
  ) {
    this.#trace = trace;
    this.#policies = new Map(policies.map((policy) => [policy.digest, policy]));
    this.#inputs = inputs;
    this.#ignored = ignored;
  }

  get keys(): string[] {
    return [...this.#states.keys()];
  }

  note(kind: string): void {
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
  }

  /** Of a key, behind the records below `sequence`. */
  stateAt(key: string, sequence: number): Uint8Array | null {
    return this.#states.get(key)?.findLast((state) => state.sequence < sequence)?.bytes ?? null;
  }

  /** Takes whole lines that came since. @throws Violation */
  follow(durable: Uint8Array): void {
    if (durable.length < this.#bytes)
      throw new Violation("durability", `the log has ${durable.length} bytes, and had ${this.#bytes}`);
    for (;;) {
      const end = durable.indexOf(0x0a, this.#bytes);
      if (end < 0) break;
      const line = durable.subarray(this.#bytes, end);
      const hash = Buffer.from(line.subarray(LINE_HASH_AT, LINE_HASH_AT + 64)).toString();
      this.#bytes = end + 1;
      this.take(line.slice(RECORD_AT, line.length - 1), hash);
    }
  }

  take(record: Uint8Array, hash: string): void {
    const fields = JSON.parse(Buffer.from(record).toString()) as Audited["fields"];
    const { sequence } = fields;
    if (sequence !== this.records.length)
      throw new Violation("chain", `record ${sequence} stands in the place of ${this.records.length}`);
    const computed = createHash("sha256").update(TAG).update(this.#previous).update(record).digest();
    if (computed.toString("hex") !== hash || fields.previous !== Buffer.from(this.#previous).toString("hex"))
      throw new Violation("chain", `record ${sequence} is not what its hash says`);
    this.#check("replay", () => this.#replay(fields, record, hash));
    this.#trace(`  record ${sequence} ${fields.code} ${fields.time} ${JSON.stringify(fields.action)}`);
    const meter = fields.detail?.meter === undefined ? "" : ` ${fields.detail.meter}`;
    this.note(`${fields.type} ${fields.code}${meter}`);
    const policy = this.#policies.get(fields.bundle!)!;
    this.#check("model", () => this.#model.take(fields, policy.limits));
    this.#previous = computed;
    this.records.push({ hash, record, fields });
  }

  #check(name: string, run: () => void): void {
    if (!this.#ignored.has(name)) run();
  }

  #replay(fields: Audited["fields"], record: Uint8Array, hash: string): void {
    const { sequence, action, inputs, type, code, effect } = fields;
    const { replay } = this.#policies.get(fields.bundle!)!;
    const noted = this.#inputs.get(hash);
    const place = { sequence, previous: this.#previous };
    const open = action !== null && inputs !== null && !JSON.stringify(action).includes('"redacted"');
    const given = open ? { text: JSON.stringify(action), facts: factsOf(fields) } : noted;
    if (given === undefined) throw new Violation("replay", `nobody made record ${sequence}`);
    const call = type === "decision" ? "decideRecorded" : "applyEvent";
    if (HOST_REFUSALS.has(code)) {
      // The texts are only digested, so they must be the very ones.
      const again = replay.refuse(call, code as never, noted!.text, noted!.facts, place);
      this.#same(sequence, record, again.record);
      return;
    }
    const source = (action ?? parsed(given.text)) as {
      agent?: unknown;
      session?: unknown;
      chain?: string[];
    } | null;
    const chain = type === "decision" ? inputs?.delegation?.chain : source?.chain;
    const keys =
      typeof source?.agent === "string"
        ? partyKeys(source.agent, (source.session as string | undefined) ?? null, chain ?? [])
        : null;
    const blobs = (keys?.blobs ?? [null, null]).map((key) =>
      key === null ? null : this.stateAt(key, sequence),
    );
    const again = replay[call](given.text, given.facts, place, blobs);
    this.#same(sequence, record, again.record);
    for (const [index, bytes] of (again.state ?? []).entries()) {
      const key = keys?.blobs[index] ?? null;
      if (key !== null && bytes.byteLength > 0) this.#note(key, sequence, bytes);
    }
    if (type === "delegation_revoke" && effect === "permit")
      this.#note(revocationKey(action!.grant as string), sequence, revocationBytes(sequence));
  }

  #same(sequence: number, record: Uint8Array, again: Uint8Array): void {
    if (Buffer.compare(record, again) === 0) return;
    const [was, is] = [record, again].map((bytes) => Buffer.from(bytes).toString());
    throw new Violation("replay", `record ${sequence} comes out as another\n${was}\n${is}`);
  }

  #note(key: string, sequence: number, bytes: Uint8Array): void {
    const states = this.#states.get(key);
    if (states === undefined) this.#states.set(key, [{ sequence, bytes }]);
    else states.push({ sequence, bytes });
  }

  /** @throws Violation when the states are not those behind the records below `sequence`. */
  checkStates(where: string, sequence: number, read: (key: string) => Uint8Array | null): void {
    if (this.#ignored.has("state")) return;
    for (const key of this.keys) {
      const [expected, found] = [this.stateAt(key, sequence), read(key)];
      if (expected === found) continue;
      if (expected === null || found === null || Buffer.compare(expected, found) !== 0)
        throw new Violation("state", `${where} has another ${key} than the log says at ${sequence}`);
    }
  }
}

/** The facts without a salt, in which it perhaps stood as null: the digest knows. */
function factsOf({ inputs, inputs_digest }: RecordFields): string {
  const text = JSON.stringify(inputs);
  const digest = createHash("sha256").update(text).digest("hex");
  return digest === inputs_digest ? text : JSON.stringify({ ...inputs, salt: null });
}

function parsed(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === "string" ? text : Buffer.from(text).toString());
  } catch {
    return null;
  }
}
