/** Addresses in lists of hosts: a call names each in one spelling (engine/ABI.md "The action"), so another one matches nothing. */

import { report } from "../diagnostics.ts";
import type { Span } from "../program.ts";
import type { Findings } from "./scope.ts";

/** `host` without port and brackets. */
export function checkAddress(host: string, span: Span, findings: Findings): void {
  const text = host.toLowerCase();
  if (text.includes("*") || !isAddress(text)) return;
  const suggestion = spellingOf(text);
  if (suggestion === text) return;
  const help = suggestion === null ? "an address is `10.0.0.1` or `2001:db8::1`" : undefined;
  findings.diagnostics.push(report("F224", span, { text: host, suggestion: suggestion ?? "" }, help));
}

/** What a resolver takes for an address: with a colon, or a last part that is a number. */
function isAddress(text: string): boolean {
  return text.includes(":") || /(?:^|\.)(?:[0-9]+|0x[^.]*)$/.test(text);
}

/** The one spelling of a call, as the URL standard's host parser gives it; null for what is no address. */
function spellingOf(text: string): string | null {
  const isIpv6 = text.includes(":");
  let spelled: string;
  try {
    spelled = new URL(`http://${isIpv6 ? `[${text}]` : text}/`).hostname;
  } catch {
    return null;
  }
  if (!isIpv6) return spelled;
  const inside = spelled.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(inside);
  if (mapped === null) return inside;
  // A call names the IPv4 address that such a one stands for.
  return [mapped[1]!, mapped[2]!]
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}
