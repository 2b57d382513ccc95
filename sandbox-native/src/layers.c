#include "layers.h"

const char *const LAYER_NAMES[LAYERS] = {
    "no_new_privs", "capabilities", "descriptors",      "environment", "rlimits", "seccomp", "landlock", "user", "mount", "pid",
    "ipc",          "uts",          "cgroup-namespace", "network",     "bridge",  "capture", "cgroup",   "bpf",  "tree",
};

const char *const ROOT_KINDS[] = {"read", "write", "deny", "protect", "socket", "private"};
