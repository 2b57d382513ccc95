/** Records in the forms of other tools. */

import { formatLine } from "../../control/audit/line.ts";
import type { SealedRecord } from "../../control/ports.ts";
import { type AuditRow, agentOf, rowOf, sessionOf, toolOf } from "./audit.ts";

export const EXPORT_FORMATS = ["jsonl", "csv", "ocsf"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const COLUMNS = [
  "sequence",
  "time",
  "type",
  "effect",
  "code",
  "agent",
  "tool",
  "session",
  "principal",
  "rule",
  "reason",
  "bundle",
  "action_digest",
  "hash",
] as const;

/**
 * RFC 4180, every field quoted. A text that a spreadsheet would take for a formula (it begins with = + - @, their wide forms, a tab or a line
 * break) gets an apostrophe in front, as OWASP advises.
 */
export function csvField(value: string | number | null): string {
  if (value === null) return '""';
  if (typeof value === "number") return `"${value}"`;
  const text = /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}

function csvRow(row: AuditRow): string {
  const { record, hash } = row;
  const { rule } = record;
  const values: Record<(typeof COLUMNS)[number], string | number | null> = {
    sequence: record.sequence,
    time: record.time === null ? null : new Date(record.time).toISOString(),
    type: record.type,
    effect: record.effect,
    code: record.code,
    agent: agentOf(row),
    tool: toolOf(row),
    session: sessionOf(row),
    principal: record.inputs?.principal?.id ?? null,
    rule: rule === null ? null : `${rule.file}:${rule.line}`,
    reason: record.reason,
    bundle: record.bundle,
    action_digest: record.action_digest,
    hash,
  };
  return `${COLUMNS.map((column) => csvField(values[column])).join(",")}\r\n`;
}

/** OCSF 1.3: API Activity (6003), activity Other, with the profile security_control. */
const OCSF_VERSION = "1.3.0";
const OCSF_CLASS = 6003;
const OCSF_CATEGORY = 6;
const OCSF_OTHER = 99;
const OCSF_EFFECTS: Record<
  string,
  { action: [number, string]; disposition: [number, string]; severity: number }
> = {
  permit: { action: [1, "Allowed"], disposition: [1, "Allowed"], severity: 1 },
  defer: { action: [2, "Denied"], disposition: [99, "Deferred"], severity: 2 },
  deny: { action: [2, "Denied"], disposition: [2, "Blocked"], severity: 3 },
};
const OCSF_SEVERITIES = ["Unknown", "Informational", "Low", "Medium"];

/** One event of OCSF; the record itself stands in `raw_data`. A record without a time has time 0. */
export function ocsfEvent(row: AuditRow, raw: string): Record<string, unknown> {
  const { record, hash } = row;
  const agent = agentOf(row) ?? "unknown";
  const session = sessionOf(row);
  const principal = record.inputs?.principal;
  const { action, disposition, severity } = OCSF_EFFECTS[record.effect] ?? OCSF_EFFECTS.deny!;
  const operation = record.type === "decision" ? (toolOf(row) ?? "(refused)") : record.type;
  const user = principal?.id === undefined ? { name: agent } : { name: principal.id };
  return {
    activity_id: OCSF_OTHER,
    activity_name: record.type,
    action_id: action[0],
    action: action[1],
    actor: { app_name: agent, user, ...(session === null ? {} : { session: { uid: session } }) },
    api: {
      operation,
      service: { name: operation.split("/")[0] },
      ...(record.action?.call_id === undefined ? {} : { request: { uid: record.action.call_id } }),
    },
    category_name: "Application Activity",
    category_uid: OCSF_CATEGORY,
    class_name: "API Activity",
    class_uid: OCSF_CLASS,
    disposition_id: disposition[0],
    disposition: disposition[1],
    metadata: {
      log_name: "faramesh/record/v2",
      product: { name: "Faramesh", vendor_name: "Faramesh" },
      profiles: ["security_control"],
      sequence: record.sequence,
      uid: hash,
      version: OCSF_VERSION,
    },
    message: record.reason ?? record.code,
    policy: {
      ...(record.rule === null ? {} : { name: `${record.rule.file}:${record.rule.line}` }),
      ...(record.reason === null ? {} : { desc: record.reason }),
      uid: record.bundle ?? "none",
    },
    raw_data: raw,
    severity: OCSF_SEVERITIES[severity],
    severity_id: severity,
    src_endpoint: { name: agent },
    status: record.effect === "permit" ? "Success" : "Failure",
    status_code: record.code,
    status_id: record.effect === "permit" ? 1 : 2,
    time: record.time ?? 0,
    type_name: "API Activity: Other",
    type_uid: OCSF_CLASS * 100 + OCSF_OTHER,
  };
}

export function exportHeading(format: ExportFormat): string {
  return format === "csv" ? `${COLUMNS.map((column) => csvField(column)).join(",")}\r\n` : "";
}

export function exportRecord(format: ExportFormat, sealed: SealedRecord): string {
  const decoder = new TextDecoder();
  if (format === "jsonl") return decoder.decode(formatLine(sealed.hash, sealed.record));
  if (format === "csv") return csvRow(rowOf(sealed));
  return `${JSON.stringify(ocsfEvent(rowOf(sealed), decoder.decode(sealed.record)))}\n`;
}
