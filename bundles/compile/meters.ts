/** The meters of one owner (the system, or an agent): each with its key, its place in the blob, and its patterns. */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  EFFECT_PERMIT,
  FAMILY_AMBIENT,
  FAMILY_BUDGET,
  FAMILY_HISTORY,
  FAMILY_RATE,
  MAX_MEMBERS,
  MAX_METER_SLOTS,
  MAX_METERS,
  MAX_SETTLED_METERS,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  METER_TOTAL,
  ROOT_ARGS,
  SCOPED_AGENT,
  SCOPED_SESSION,
  UNIT_ARGUMENT,
  UNIT_BYTES,
  UNIT_CALLS,
  UNIT_DENIALS,
  UNIT_MONEY,
  UNIT_TOKENS,
} from "../../engine/constants.ts";
import type { PatternAt, Span } from "../../fpl-grammar/program.ts";
import type { IrMeter } from "../format/ir.ts";
import { canonicalJson, type Json } from "../format/json.ts";
import { AMOUNT_LIMIT, isSettled, keyOf, slotsOfKind } from "../format/meters.ts";
import type { Build } from "./build.ts";
import type { Scope } from "./scope.ts";

export const FAMILIES = {
  rate: FAMILY_RATE,
  ambient: FAMILY_AMBIENT,
  budget: FAMILY_BUDGET,
  history: FAMILY_HISTORY,
};
export const SCOPES = { agent: SCOPED_AGENT, session: SCOPED_SESSION };
export const KINDS = {
  total: METER_TOTAL,
  period: METER_PERIOD,
  sliding: METER_SLIDING,
  last: METER_LAST,
  sequence: METER_SEQUENCE,
  distinct: METER_DISTINCT,
};
export const UNITS = {
  calls: UNIT_CALLS,
  money: UNIT_MONEY,
  tokens: UNIT_TOKENS,
  bytes: UNIT_BYTES,
  argument: UNIT_ARGUMENT,
  denials: UNIT_DENIALS,
};

export interface MeterSpec {
  family: keyof typeof FAMILIES;
  scope: keyof typeof SCOPES;
  kind: keyof typeof KINDS;
  unit: keyof typeof UNITS;
  windowMs: number | null;
  /** What besides these tells it from others: names, patterns, an argument. */
  subject: Json[];
  argument: (string | number)[] | null;
  limit: bigint | null;
  warnAt: bigint | null;
  onExceed: number;
  /** For people, in verdicts too. */
  name: string;
  /** The block, for diagnostics. */
  title: string;
  span: Span;
}

/** One blob as it fills. */
interface Blob {
  keys: Map<bigint, string>;
  rows: number;
  slots: number;
  settled: number;
  members: bigint;
}

/** First 6 bytes of SHA-256 of the descriptor, behind what the key says of the meter: FORMAT.md. A limit is no part of it, so raising one keeps the count. */
function keyOfSpec(spec: MeterSpec): bigint {
  const digest = sha256(utf8.encode(descriptorOf(spec)));
  const prefix = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0, true);
  return keyOf(prefix, rowOf(spec));
}

const rowOf = ({ kind, family, unit }: MeterSpec) => ({
  kind: KINDS[kind],
  family: FAMILIES[family],
  unit: UNITS[unit],
});

function descriptorOf({ family, scope, kind, unit, windowMs, subject }: MeterSpec): string {
  return canonicalJson([family, scope, kind, unit, windowMs, ...subject]);
}

const utf8 = new TextEncoder();

export class Meters {
  private readonly build: Build;
  private readonly scope: Scope;
  private readonly agent: number | null;
  private readonly owner: string;
  /** Id of the first row, by descriptor. What the system remembers stands in every agent's blobs, and serves its rules too. */
  private readonly known: Map<string, number>;
  private readonly blobs: Record<keyof typeof SCOPES, Blob>;
  /** What has been said already, once per owner. */
  private readonly said = new Set<string>();
  readonly first: number;
  readonly rows: IrMeter[] = [];

  /** `owner` for diagnostics; `system`: the system's meters, which stand first in every agent's blobs. */
  constructor(build: Build, scope: Scope, agent: number | null, owner: string, system: Meters | null) {
    this.build = build;
    this.scope = scope;
    this.agent = agent;
    this.owner = owner;
    this.first = build.meters.length;
    this.known = new Map(system?.known);
    this.blobs = { agent: blobAfter(system?.blobs.agent), session: blobAfter(system?.blobs.session) };
  }

  /** A limit of its own; a second one of the same descriptor is refused. Moved by the calls of `patterns`. */
  limit(spec: MeterSpec, patterns: readonly PatternAt[]): void {
    if (!this.isSound(spec)) return;
    const id = this.add(spec, this.take(spec), 0);
    for (const { pattern, span } of patterns) this.move(id, pattern, span);
  }

  /** Id of the one meter of that history; `steps`: the patterns of a sequence, of anything else the one pattern. */
  history(spec: MeterSpec, steps: readonly string[]): number {
    if (!this.isSound(spec)) return 0;
    const descriptor = descriptorOf(spec);
    const known = this.known.get(descriptor);
    if (known !== undefined) return known;
    const isSequence = spec.kind === "sequence";
    const first = this.build.meters.length;
    const key = this.take(spec);
    for (let step = steps.length; step > 0; step--) {
      this.move(this.add(spec, key, isSequence ? step : 0), steps[step - 1]!, spec.span);
    }
    this.known.set(descriptor, first);
    return first;
  }

  private move(id: number, pattern: string, span: Span): void {
    for (const entry of this.scope.select(pattern, span)) entry.meters.push(id);
  }

  /** A row for the place that was taken last. */
  private add(spec: MeterSpec, key: bigint, step: number): number {
    const { build } = this;
    const blob = this.blobs[spec.scope];
    blob.rows++;
    if (blob.rows > MAX_METERS) this.tooMany(spec, `${MAX_METERS} meters`);
    const row: IrMeter = {
      key,
      windowMs: spec.windowMs,
      limit: spec.limit,
      warnAt: spec.warnAt,
      kind: KINDS[spec.kind],
      scope: SCOPES[spec.scope],
      slot: blob.slots - slotsOfKind(KINDS[spec.kind]),
      family: FAMILIES[spec.family],
      unit: UNITS[spec.unit],
      path: spec.argument === null ? null : build.path(ROOT_ARGS, spec.argument),
      step,
      onExceed: spec.family === "history" ? EFFECT_PERMIT : spec.onExceed,
      name: build.string(spec.name),
      agent: this.agent,
    };
    this.rows.push(row);
    return build.meters.push(row) - 1;
  }

  /** Takes a place in the blob; the key. */
  private take(spec: MeterSpec): bigint {
    const key = keyOfSpec(spec);
    const blob = this.blobs[spec.scope];
    const other = blob.keys.get(key);
    if (other !== undefined) {
      this.build.error(
        "F915",
        `${spec.title} and ${other} of ${this.owner} count the same`,
        "keep the narrower one of them",
        spec.span,
      );
    }
    blob.keys.set(key, spec.title);
    blob.slots += slotsOfKind(KINDS[spec.kind]);
    if (blob.slots > MAX_METER_SLOTS) this.tooMany(spec, `${MAX_METER_SLOTS} slots of meters`);
    if (isSettled(rowOf(spec))) blob.settled++;
    if (blob.settled > MAX_SETTLED_METERS) {
      this.tooMany(spec, `${MAX_SETTLED_METERS} caps of budgets and of bytes`);
    }
    if (spec.kind === "distinct") blob.members += spec.limit!;
    if (blob.members > MAX_MEMBERS) this.tooMany(spec, `${MAX_MEMBERS} distinct values in all caps together`);
    return key;
  }

  private tooMany(spec: MeterSpec, limit: string): void {
    if (this.said.has(limit)) return;
    this.said.add(limit);
    const place = spec.scope === "agent" ? this.owner : `a session of ${this.owner}`;
    this.build.error(
      "F914",
      `${spec.title} is one too many: ${place} can remember at most ${limit}`,
      "count with fewer limits and history functions, or divide the work among several agents",
      spec.span,
    );
  }

  private isSound({ windowMs, limit, title, span }: MeterSpec): boolean {
    const isWindow = windowMs === null || (Number.isSafeInteger(windowMs) && windowMs > 0);
    if (isWindow && (limit === null || (limit >= 0n && limit < AMOUNT_LIMIT))) return true;
    this.build.error(
      "F917",
      `${title} has a window or a limit out of range`,
      `windows are longer than nothing, limits below ${AMOUNT_LIMIT} millionths or units`,
      span,
    );
    return false;
  }
}

function blobAfter(before: Blob | undefined): Blob {
  if (before === undefined) return { keys: new Map(), rows: 0, slots: 0, settled: 0, members: 0n };
  return { ...before, keys: new Map(before.keys) };
}
