/** What a launcher mode does not stop, with the reason. Whatever is not named here and gets through is a hole. */
import type { User } from "./sandboxes.ts";

export interface Exception {
  probe: string;
  sandboxes: string[];
  users: User[];
  why: string;
}

const RESTRICTED = ["faramesh restricted"];
const BOTH: User[] = ["root", "ordinary"];
const NO_MOUNT = "no mount namespace: `deny` and `protect` are refused in this mode, so nothing was promised";
const NO_PROC = "no pid namespace: the names of processes can be seen, their memory and descriptors cannot";
const NO_PATHS = "Landlock has no right for it: that a path exists can be seen, its contents cannot";
const NO_CGROUP =
  "this user may make no cgroup (absent layer `cgroup`): the limit is one of each process, not of all together";

export const EXCEPTIONS: Exception[] = [
  ...["read-denied", "denied-ancestor", "protected-write", "protected-absent", "protected-ancestor"].map(
    (probe) => ({ probe, sandboxes: RESTRICTED, users: BOTH, why: NO_MOUNT }),
  ),
  ...["victim-cmdline", "affinity-victim", "proc-of-host"].map((probe) => ({
    probe,
    sandboxes: RESTRICTED,
    users: BOTH,
    why: NO_PROC,
  })),
  ...["stat-outside", "watch-outside"].map((probe) => ({
    probe,
    sandboxes: RESTRICTED,
    users: BOTH,
    why: NO_PATHS,
  })),
  {
    probe: "proc-kernel-files",
    sandboxes: RESTRICTED,
    users: ["root"],
    why: "/proc is the machine's own, and what root may read there can be read",
  },
  ...["bomb-memory-tree", "bomb-memory-shared"].map((probe) => ({
    probe,
    sandboxes: ["faramesh full", "faramesh restricted"],
    users: ["ordinary"] as User[],
    why: NO_CGROUP,
  })),
];

export function exceptionOf(probe: string, sandbox: string, user: User): Exception | undefined {
  return EXCEPTIONS.find(
    (one) => one.probe === probe && one.sandboxes.includes(sandbox) && one.users.includes(user),
  );
}
