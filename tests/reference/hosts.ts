/** Host names of the `http` facet (engine/ABI.md "The action"). */

/** Lower-case labels joined by dots with none after the last, or an IP address, IPv6 without brackets. */
export const isHost = (host: string): boolean => /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host) || isIpv6(host);

/** RFC 4291 section 2.2: eight groups, `::` once for one or more zero groups, the last two maybe as an IPv4 address. */
export function isIpv6(host: string): boolean {
  const halves = host.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  const dotted = last.includes(".") && !host.endsWith("::");
  if (dotted && !isIpv4(last)) return false;
  const plain = dotted ? groups.slice(0, -1) : groups;
  if (!plain.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return false;
  const length = plain.length + (dotted ? 2 : 0);
  return halves.length === 2 ? length <= 7 : length === 8;
}

export const isIpv4 = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) &&
  text.split(".").every((part) => String(Number(part)) === part && Number(part) < 256);
