/* What one profile cannot ask for at once. A field that a mode cannot keep is refused, never ignored. */
#include "files.h"
#include "layers.h"
#include "plan.h"

static bool refuse(struct text *fault, const char *field, const char *problem) {
  put(fault, "the profile: `");
  put(fault, field);
  put(fault, "`: ");
  put(fault, problem);
  return false;
}

static bool check_restricted(const struct profile *profile, struct text *fault) {
  static const char VIEW[] = "needs a mount namespace, which mode `restricted` does not have; use `full` or `root`";
  for (size_t at = 0; at < profile->root_count; at++) {
    enum root_kind kind = profile->roots[at].kind;
    if (kind == ROOT_DENY || kind == ROOT_PROTECT) return refuse(fault, ROOT_KINDS[kind], VIEW);
    if (kind == ROOT_SOCKET) return refuse(fault, "socket", "mode `restricted` cannot tell one Unix socket from another; use `full` or `root`");
  }
  if (profile->home != NULL) return refuse(fault, "home", VIEW);
  if (profile->tmp_bytes >= 0) return refuse(fault, "tmp", VIEW);
  if (profile->unix_family) return refuse(fault, "unix", "in mode `restricted` it would reach every Unix socket of the machine; use `full` or `root`");
  if (profile->bridge != NULL) return refuse(fault, "bridge", "is of the modes `full` and `root`; in `restricted` say `bridge-tcp`");
  if (profile->proxy_port != 0) return refuse(fault, "proxy-port", "is of the modes `full` and `root`; in `restricted` every connection is made by the launcher");
  if (profile->network == NETWORK_PROXY && profile->bridge_token == NULL) return refuse(fault, "bridge-tcp", "is missing; `network proxy` in mode `restricted` needs it");
  return true;
}

static bool check_namespaced(const struct profile *profile, struct text *fault) {
  if (profile->bridge_token != NULL) return refuse(fault, "bridge-tcp", "is of mode `restricted`; in `full` and `root` say `bridge`");
  if (profile->network != NETWORK_PROXY) return true;
  if (profile->bridge == NULL) return refuse(fault, "bridge", "is missing; `network proxy` needs the policy proxy's Unix socket");
  if (profile->proxy_port == 0) return refuse(fault, "proxy-port", "is missing; `network proxy` needs it");
  return true;
}

static bool check_network(const struct profile *profile, struct text *fault) {
  if (profile->network == NETWORK_PROXY) return true;
  if (profile->bridge != NULL) return refuse(fault, "bridge", "needs `network proxy`");
  if (profile->bridge_token != NULL) return refuse(fault, "bridge-tcp", "needs `network proxy`");
  if (profile->proxy_port != 0) return refuse(fault, "proxy-port", "needs `network proxy`");
  if (profile->egress_count > 0) return refuse(fault, "egress", "needs `network proxy`");
  return true;
}

static bool check_bridge(const struct profile *profile, struct text *fault) {
  if (profile->bridge == NULL) return true;
  struct stat status;
  long fd = open_plain(profile->bridge);
  long error = fd < 0 ? fd : status_of((int)fd, &status);
  if (fd >= 0) sys(__NR_close, fd);
  if (error < 0) {
    fail(fault, "the profile: `bridge`", profile->bridge, error, "expected the policy proxy's Unix socket, no link in its path");
    return false;
  }
  return KIND(status.st_mode) == KIND_SOCKET || refuse(fault, "bridge", "is no Unix socket");
}

bool check_profile(const struct profile *profile, struct text *fault) {
  bool root = profile->mode == MODE_ROOT;
  if (root && profile->user < 0) return refuse(fault, "user", "is missing; mode `root` needs it");
  if (!root && profile->user >= 0) return refuse(fault, "user", "is of mode `root` alone");
  if (!root && profile->egress_count > 0) return refuse(fault, "egress", "is of mode `root` alone");
  if (root && sys(__NR_geteuid) != 0) return refuse(fault, "mode", "`root` needs root's privileges; use `full` or `restricted`");
  if (!check_network(profile, fault)) return false;
  if (!(profile->mode == MODE_RESTRICTED ? check_restricted(profile, fault) : check_namespaced(profile, fault))) return false;
  return check_bridge(profile, fault);
}
