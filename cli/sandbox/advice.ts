/** What keeps a machine from a mode, and what to do about it. */
import { readFileSync } from "node:fs";
import type { Machine } from "../../hosts/node/sandbox/index.ts";

function setting(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return null;
  }
}

/** @param launcher path of the binary, which AppArmor's profile names. */
export function apparmorProfile(launcher: string): string {
  return `abi <abi/4.0>,
include <tunables/global>
profile faramesh-sandbox ${launcher} flags=(unconfined) {
  userns,
}
`;
}

/** Each: one thing to do, in lines. `read` gives the kernel's settings by name, null for what it does not have. */
export function adviceFor(
  machine: Machine,
  launcher: string,
  read: (name: string) => string | null = setting,
): string[] {
  const advice: string[] = [];
  const { modes, landlock } = machine;
  if (!modes.full.available) {
    if (read("kernel/apparmor_restrict_unprivileged_userns") === "1")
      advice.push(
        `AppArmor lets only named programs make user namespaces. As root, write /etc/apparmor.d/faramesh-sandbox:\n${apparmorProfile(launcher)}and load it: apparmor_parser -r /etc/apparmor.d/faramesh-sandbox`,
      );
    if (read("kernel/unprivileged_userns_clone") === "0")
      advice.push(
        "User namespaces are for root alone here. As root: sysctl -w kernel.unprivileged_userns_clone=1",
      );
    if (read("user/max_user_namespaces") === "0")
      advice.push("No user namespace may be made here. As root: sysctl -w user.max_user_namespaces=10000");
    if (advice.length === 0)
      advice.push(
        "If this is a container, its seccomp filter may refuse unshare(2) and mount(2): let it be started with a filter that has them, or run as root in it for mode root",
      );
    if (modes.restricted.available)
      advice.push(
        "Until then `mode = restricted` is to be had: no view of its own, no closed paths within open ones",
      );
  }
  if (landlock === 0)
    advice.push(
      "Landlock is not in the kernel, or not in its list: add `landlock` to the boot parameter lsm=, kernel 5.13 or newer",
    );
  return advice;
}
