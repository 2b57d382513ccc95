/** `enforcement`: layers that exist and can stand together, paths that a sandbox can have, names of variables, hosts. */

import type { Block, Value } from "../ast.ts";
import { ENFORCEMENT_LAYERS, PROTECTED_NAMES } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import type { Span } from "../program.ts";
import { didYouMean } from "../suggest.ts";
import { checkAddress } from "./hosts.ts";
import type { Findings } from "./scope.ts";
import { type ReadSetting, textSetting } from "./settings.ts";

type Text = Extract<Value, { kind: "string" }>;
type Check = (item: Text, findings: Findings, setting: string) => void;

const PATHS = ["read", "write", "deny", "protect", "unix_sockets"];
/** What a layer cannot do without, as the setting that takes it away. */
const CONTRADICTIONS: readonly { layer: string; setting: string; value: string }[] = [
  { layer: "proxy", setting: "network", value: "none" },
  { layer: "capture", setting: "network", value: "none" },
  { layer: "capture", setting: "mode", value: "restricted" },
  { layer: "namespaces", setting: "mode", value: "restricted" },
  { layer: "ebpf", setting: "mode", value: "restricted" },
  { layer: "ebpf", setting: "mode", value: "full" },
];

/** `read`: the block's settings, which are of their types. */
export function checkEnforcement(
  block: Block,
  read: ReadonlyMap<string, ReadSetting>,
  findings: Findings,
): void {
  for (const statement of block.body) {
    if (statement.kind !== "setting") continue;
    const name = statement.name.text;
    const check = PATHS.includes(name) ? checkPath : CHECKS[name];
    if (check === undefined) continue;
    for (const item of itemsOf(statement.value)) check(item, findings, name);
    if (name === "layers") checkTogether(itemsOf(statement.value), read, findings);
  }
}

function itemsOf(value: Value): Text[] {
  const items = value.kind === "list" ? value.items : [value];
  return items.filter((item): item is Text => item.kind === "string");
}

const CHECKS: Readonly<Record<string, Check>> = {
  layers: (item, findings) => oneOf("layer", item, ENFORCEMENT_LAYERS, findings),
  unprotected: (item, findings) => oneOf("protected name", item, PROTECTED_NAMES, findings),
  intercept: ({ value, span }, findings) => checkAddress(value.replace(/^\[|\](?=:|$)/g, ""), span, findings),
  private_addresses: ({ value, span }, findings) => checkPrefix(value, span, findings),
  environment: ({ value, span }, findings) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value))
      findings.diagnostics.push(report("F226", span, { text: value }));
  },
};

function oneOf(what: string, item: Text, known: readonly string[], findings: Findings): void {
  if (known.includes(item.value)) return;
  const list = `${what}s are ${known.map((one) => `\`${one}\``).join(", ")}`;
  const help = didYouMean(item.value, known, list);
  findings.diagnostics.push(report("F008", item.span, { what, name: item.value }, help));
}

/** `10.0.0.0/8` or an address. */
function checkPrefix(text: string, span: Span, findings: Findings): void {
  const [, address, prefix] = /^([0-9a-f.:]+)(?:\/([0-9]{1,3}))?$/i.exec(text) ?? [];
  const bits = address?.includes(":") === true ? 128 : 32;
  if (address !== undefined && Number(prefix ?? 0) <= bits) {
    checkAddress(address, span, findings);
    return;
  }
  findings.diagnostics.push(
    report("F215", span, { text, expected: "an address or a prefix such as `10.0.0.0/8`" }),
  );
}

/** `/a/b`, `~`, `~/a`, `.` or `./a`, with one spelling each; where `~` and `.` are, is known when it runs. */
function checkPath({ value, span }: Text, findings: Findings, setting: string): void {
  const fault = faultOf(value, setting);
  if (fault === null) return;
  const [what, help] = fault;
  findings.diagnostics.push(report("F225", span, { text: value, name: setting, what }, help));
}

/** What is wrong with a path, and what to do where that is not what the code's own help says. */
function faultOf(path: string, setting: string): [what: string, help?: string] | null {
  // A line of the launcher's profile cannot hold one.
  if (/[\u0000-\u001f\u007f]/.test(path)) return ["it holds a control character", "remove it"];
  if (/[*?]/.test(path)) return ["it is a pattern", "name the folder: all below it is meant"];
  if (path === "/")
    return setting === "read" ? null : ["the whole machine", "name the folders that are meant"];
  const rest = /^(?:\/|[~.](?:\/|$))(.*)$/s.exec(path)?.[1];
  if (rest === undefined) return ["where it begins is not said"];
  const isPlain =
    rest === "" || rest.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  return isPlain ? null : ["it has a part that is empty, `.` or `..`", "write the path that is meant"];
}

function checkTogether(
  layers: readonly Text[],
  read: ReadonlyMap<string, ReadSetting>,
  findings: Findings,
): void {
  for (const { layer, setting, value } of CONTRADICTIONS) {
    const span: Span | undefined = layers.find((item) => item.value === layer)?.span;
    if (span === undefined || textSetting(read, setting) !== value) continue;
    findings.diagnostics.push(report("F308", span, { name: layer, other: `${setting} = ${value}` }));
  }
}
