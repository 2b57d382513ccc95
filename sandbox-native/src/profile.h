/* A profile, parsed. The fields are those of PROFILE.md. All text lies in one buffer that outlives the structure. */
#ifndef FARAMESH_PROFILE_H
#define FARAMESH_PROFILE_H

#include "text.h"

#define PROFILE_MAX_BYTES (256 * 1024)
#define PROFILE_MAX_PATHS 512
#define PROFILE_MAX_NAMES 256
#define PROFILE_MAX_EGRESS 1024

enum mode { MODE_NONE, MODE_FULL, MODE_RESTRICTED, MODE_ROOT };
enum network { NETWORK_NONE_SAID, NETWORK_NONE, NETWORK_PROXY };
enum observe { OBSERVE_NOTHING, OBSERVE_EXPLAIN, OBSERVE_LEARN };

/* In the order of the names in layers.c and of the table in PROFILE.md. */
enum layer {
  LAYER_NO_NEW_PRIVS,
  LAYER_CAPABILITIES,
  LAYER_DESCRIPTORS,
  LAYER_ENVIRONMENT,
  LAYER_RLIMITS,
  LAYER_SECCOMP,
  LAYER_LANDLOCK,
  LAYER_USER,
  LAYER_MOUNT,
  LAYER_PID,
  LAYER_IPC,
  LAYER_UTS,
  LAYER_CGROUP_NAMESPACE,
  LAYER_NETWORK,
  LAYER_BRIDGE,
  LAYER_CAPTURE,
  LAYER_CGROUP,
  LAYER_BPF,
  LAYER_TREE,
  LAYERS
};

/* ROOT_PRIVATE: an empty file system of its own; the plan adds it, as it adds the roots of `system`. */
enum root_kind { ROOT_READ, ROOT_WRITE, ROOT_DENY, ROOT_PROTECT, ROOT_SOCKET, ROOT_PRIVATE };

struct root {
  enum root_kind kind;
  const char *path;
  unsigned line; /* 0: added by the plan */
  bool missing;  /* `deny` and `protect`: was not there when planned */
};

/* `address` in network order, 4 or 16 bytes; `port` 0: any. */
struct egress {
  unsigned char address[16];
  unsigned char bytes; /* 4 or 16 */
  unsigned char prefix;
  unsigned short port;
};

struct profile {
  enum mode mode;
  enum network network;
  enum observe observe;
  unsigned long long required; /* bit per layer */
  bool system, unix_family;
  const char *bridge, *bridge_token;
  unsigned short bridge_port, proxy_port;
  struct root roots[PROFILE_MAX_PATHS];
  size_t root_count;
  struct egress egress[PROFILE_MAX_EGRESS];
  size_t egress_count;
  const char *home, *directory;
  const char *passed[PROFILE_MAX_NAMES], *set[PROFILE_MAX_NAMES];
  size_t passed_count, set_count;
  long long memory_bytes, processes, cpu_seconds, tmp_bytes; /* -1: not said */
  long long user, group;                                     /* -1: not said */
};

#endif
