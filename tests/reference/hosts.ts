/** Host names of the `http` facet (engine/ABI.md "The action"). */

const NAME = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/;
/** What resolvers read as an IPv4 address, in whatever notation. */
const ENDS_IN_NUMBER = /(^|\.)([0-9]+|0x[^.]*)$/;

/** Lower-case labels joined by dots with none after the last, or an IP address in its one spelling, IPv6 without brackets. */
export function isHost(host: string): boolean {
  if (!NAME.test(host)) return isIpv6(host);
  return !ENDS_IN_NUMBER.test(host) || isIpv4(host);
}

/** The form of RFC 5952 in hexadecimal throughout; not an IPv4-mapped address. */
export function isIpv6(host: string): boolean {
  const halves = host.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const [left, right] = halves;
  if (left === undefined || halves.length > 2) return false;
  if (![...left, ...(right ?? [])].every((group) => /^[0-9a-f]{1,4}$/.test(group))) return false;
  const room = 8 - left.length - (right?.length ?? 0);
  if (right === undefined ? room !== 0 : room < 1) return false;
  const zeros = right === undefined ? [] : Array<string>(room).fill("0");
  const groups = [...left, ...zeros, ...(right ?? [])].map((group) => Number.parseInt(group, 16));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return !isMapped && shortest(groups) === host;
}

function shortest(groups: number[]): string {
  const text = groups.map((group) => group.toString(16));
  for (let length = 8; length >= 2; length--) {
    for (let first = 0; first + length <= 8; first++) {
      if (groups.slice(first, first + length).some((group) => group !== 0)) continue;
      return `${text.slice(0, first).join(":")}::${text.slice(first + length).join(":")}`;
    }
  }
  return text.join(":");
}

export const isIpv4 = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) &&
  text.split(".").every((part) => String(Number(part)) === part && Number(part) < 256);
