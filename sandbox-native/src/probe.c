/* What this machine can enforce (PROFILE.md, Probe): each thing is tried in a child that ends at once, so that nothing of it lasts. */
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "kernel.h"
#include "run.h"

#define ALL_NAMESPACES (CLONE_NEWNS_ | CLONE_NEWCGROUP_ | CLONE_NEWUTS_ | CLONE_NEWIPC_ | CLONE_NEWPID_ | CLONE_NEWNET_)
#define EPERM_ 1

/* Shared with the children: what an attempt leaves there is read when it has ended. */
struct findings {
  struct layers layers;
  char fault[FAULT_BYTES];
};

static struct findings *findings;
static struct profile profile;
static bool with_user_namespace;

typedef long (*attempt)(unsigned long flags);

/* 0, or the -errno that the attempt came to; -EINTR when it was killed. */
static long try(attempt attempt, unsigned long flags) {
  int status = 0;
  long child = sys(__NR_clone, SIGCHLD_, 0, 0, 0, 0);
  if (child < 0) return child;
  if (child == 0) leave((int)(-attempt(flags) & 0xff));
  while (sys(__NR_wait4, child, &status, 0, 0) == -4) continue;
  return (status & 0x7f) != 0 ? -4 : -((status >> 8) & 0xff);
}

/* A user namespace may be made and yet give nothing (AppArmor's restriction): only what is done with its rights tells. */
static long unshared(unsigned long flags) {
  long result = with_user_namespace ? sys(__NR_unshare, CLONE_NEWUSER_) : 0;
  if (result == 0) result = sys(__NR_unshare, flags);
  if (result == 0 && (flags & CLONE_NEWNS_) != 0) result = sys(__NR_mount, 0, "/", 0, MS_REC_ | MS_PRIVATE_, 0);
  if (result != 0 || (flags & CLONE_NEWNS_) == 0) return result;
  struct mount_attributes none = {0, 0, 0, 0};
  return sys(__NR_mount_setattr, -100, "/", 0, &none, sizeof none);
}

static long filtered(unsigned long flags) {
  struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  struct sock_fprog program = {1, &allow};
  long result = sys(__NR_prctl, PR_SET_NO_NEW_PRIVS_, 1, 0, 0, 0);
  if (result == 0) result = sys(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return result < 0 ? result : 0;
}

static long networked(unsigned long flags) {
  int listeners[LISTENERS];
  struct text fault = {findings->fault, 0, FAULT_BYTES, false};
  long result = unshared(flags);
  return result < 0 ? result : network_up(&profile, &findings->layers, listeners, &fault);
}

static long grouped(unsigned long flags) {
  struct cgroup cgroup = {.v2 = -1};
  struct bpf bpf = {-1};
  struct text fault = {findings->fault, 0, FAULT_BYTES, false};
  profile.memory_bytes = 64LL << 20;
  profile.processes = 64;
  long result = cgroup_enter(&profile, &findings->layers, &cgroup, &fault);
  if (result < 0) return result;
  if (flags != 0) result = bpf_attach(&profile, &findings->layers, &cgroup, &bpf, &fault);
  cgroup_end(&cgroup);
  return result;
}

static void note(enum layer layer, long result, const char *what) {
  struct layers *layers = &findings->layers;
  if (result == 0) {
    enforce(layers, layer);
    return;
  }
  if (layers->why[layer][0] != 0) return;
  struct text why = {layers->why[layer], 0, sizeof layers->why[layer], false};
  put(&why, what);
  put(&why, ": ");
  put(&why, error_name(result));
}

static void find_namespaces(void) {
  static const struct {
    enum layer layer;
    unsigned long flag;
  } EACH[] = {{LAYER_MOUNT, CLONE_NEWNS_},   {LAYER_PID, CLONE_NEWPID_},
              {LAYER_IPC, CLONE_NEWIPC_},    {LAYER_UTS, CLONE_NEWUTS_},
              {LAYER_NETWORK, CLONE_NEWNET_}, {LAYER_CGROUP_NAMESPACE, CLONE_NEWCGROUP_}};
  for (size_t at = 0; at < sizeof EACH / sizeof EACH[0]; at++) note(EACH[at].layer, try(unshared, EACH[at].flag), "unshare");
}

/* network_up and cgroup_enter say themselves what they enforce, and why not. */
static void find_network(bool namespaces) {
  static const char NEEDS[] = "it needs a network namespace";
  profile.network = NETWORK_PROXY;
  profile.proxy_port = 3128;
  if (!namespaces) {
    note(LAYER_CAPTURE, -EPERM_, NEEDS);
    note(LAYER_BRIDGE, 0, NULL); /* the broker's */
    return;
  }
  long result = try(networked, CLONE_NEWNET_);
  note(LAYER_BRIDGE, result, "the network inside");
  if (result < 0) note(LAYER_CAPTURE, result, "the network inside");
}

static void find_cgroup(bool root) {
  long result = try(grouped, 0);
  if (result < 0) note(LAYER_CGROUP, result, "a cgroup");
  if (!root) {
    note(LAYER_BPF, -EPERM_, "only root attaches programs to a cgroup");
    return;
  }
  profile.egress[0] = (struct egress){{127, 0, 0, 1}, 4, 32, 0};
  profile.egress_count = 1;
  profile.mode = MODE_ROOT;
  result = try(grouped, 1);
  if (result < 0) note(LAYER_BPF, result, "cgroup programs");
}

static void find_landlock(void) {
  long abi = sys(__NR_landlock_create_ruleset, 0, 0, 1);
  findings->layers.landlock_abi = abi > 0 ? (int)abi : 0;
  note(LAYER_LANDLOCK, abi > 0 ? 0 : abi == 0 ? -38 : abi, "landlock");
}

static void put_ability(struct text *line, bool available, const char *why) {
  put(line, available ? "\"available\":true" : "\"available\":false,\"why\":");
  if (!available) put_json(line, why);
}

static void put_mode(struct text *line, const char *name, long result, const char *why) {
  TEXT(said, 256);
  put(&said, why);
  put(&said, ": ");
  put(&said, error_name(result));
  put(line, "\"");
  put(line, name);
  put(line, "\":{");
  put_ability(line, result == 0, said.bytes);
  put(line, "}");
}

static void put_layers(struct text *line) {
  const struct layers *layers = &findings->layers;
  for (enum layer layer = 0; layer < LAYERS; layer++) {
    put(line, layer == 0 ? "{\"layer\":" : ",{\"layer\":");
    put_json(line, LAYER_NAMES[layer]);
    put(line, ",");
    put_ability(line, (layers->enforced & 1ULL << layer) != 0, layers->why[layer]);
    put(line, "}");
  }
}

/* Of struct new_utsname: six fields of 65 bytes; the release is the third. */
static void put_release(struct text *line) {
  static char names[6 * 65];
  sys(__NR_uname, names);
  put_json(line, names + 2 * 65);
}

/* Restricted: every boundary there is a filter, Landlock or the broker, which asks for a listener. */
static long restricted_mode(void) {
  if (findings->layers.landlock_abi == 0) return -38;
  return try(filtered, SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static long namespaces_mode(bool user) {
  with_user_namespace = user;
  return try(unshared, ALL_NAMESPACES);
}

int probe_machine(void) {
  long shared = sys(__NR_mmap, 0, sizeof *findings, 3, 0x21, -1, 0);
  if (shared < 0) {
    say("faramesh-sandbox: probe: no memory\n");
    return 125;
  }
  findings = (struct findings *)shared;
  bool root = sys(__NR_geteuid) == 0;
  for (enum layer layer = LAYER_NO_NEW_PRIVS; layer <= LAYER_RLIMITS; layer++) enforce(&findings->layers, layer);
  enforce(&findings->layers, LAYER_TREE);
  find_landlock();
  note(LAYER_SECCOMP, try(filtered, 0), "a filter");
  long as_root = root ? namespaces_mode(false) : -EPERM_;
  long full = namespaces_mode(true);
  note(LAYER_USER, full, "user namespaces");
  with_user_namespace = full == 0;
  find_namespaces();
  find_network(full == 0 || as_root == 0);
  find_cgroup(root);

  static char bytes[8192];
  struct text line = {bytes, 0, sizeof bytes, false};
  put(&line, "{\"report\":\"probe\",\"launcher\":\"" VERSION "\",\"architecture\":\"" ARCHITECTURE "\",\"kernel\":");
  put_release(&line);
  put(&line, ",\"landlock\":");
  put_number(&line, findings->layers.landlock_abi);
  put(&line, ",\"modes\":{");
  put_mode(&line, "full", full, "namespaces with a user namespace (a sysctl, AppArmor or a container may forbid them)");
  put(&line, ",");
  put_mode(&line, "restricted", restricted_mode(), "Landlock, and a filter with a listener");
  put(&line, ",");
  put_mode(&line, "root", as_root, "namespaces with the privileges of root");
  put(&line, "},\"layers\":[");
  put_layers(&line);
  put(&line, "]}\n");
  return write_all(1, line.bytes, line.length) < 0 ? 125 : 0;
}
