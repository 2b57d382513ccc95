#include "plan.h"

#include "kernel.h"
#include "layers.h"

static const char *const STEP_NAMES_[STEPS] = {
    "placeholders of what does not exist",
    "cgroup",
    "bpf",
    "clone",
    "identity maps",
    "host name",
    "network",
    "view",
    "limits",
    "descriptors",
    "no_new_privs",
    "capabilities",
    "landlock",
    "environment",
    "directory",
    "seccomp",
};
static const char *const PLACES[] = {"launcher", "init", "command"};
#define BIT(layer) (1ULL << (layer))

unsigned long plan_namespaces(const struct profile *profile) {
  unsigned long all = CLONE_NEWNS_ | CLONE_NEWCGROUP_ | CLONE_NEWUTS_ | CLONE_NEWIPC_ | CLONE_NEWPID_ | CLONE_NEWNET_;
  if (profile->mode == MODE_RESTRICTED) return 0;
  return profile->mode == MODE_FULL ? all | CLONE_NEWUSER_ : all;
}

unsigned long long plan_required(const struct profile *profile) {
  unsigned long long required = profile->required;
  required |= BIT(LAYER_NO_NEW_PRIVS) | BIT(LAYER_CAPABILITIES) | BIT(LAYER_DESCRIPTORS) | BIT(LAYER_ENVIRONMENT) | BIT(LAYER_RLIMITS) | BIT(LAYER_SECCOMP) |
              BIT(LAYER_LANDLOCK) | BIT(LAYER_TREE) | BIT(LAYER_NETWORK);
  if (profile->network == NETWORK_PROXY) required |= BIT(LAYER_BRIDGE);
  if (profile->mode == MODE_RESTRICTED) return required;
  required |= BIT(LAYER_MOUNT) | BIT(LAYER_PID) | BIT(LAYER_IPC) | BIT(LAYER_UTS) | BIT(LAYER_CGROUP_NAMESPACE);
  if (profile->mode == MODE_FULL) return required | BIT(LAYER_USER);
  if (profile->memory_bytes >= 0) required |= BIT(LAYER_CGROUP);
  if (profile->egress_count > 0) required |= BIT(LAYER_BPF);
  return required;
}

static void step(struct plan *plan, enum step step, enum place place) {
  plan->steps[plan->count] = step;
  plan->places[plan->count++] = place;
}

static bool wants_cgroup(const struct profile *profile) {
  return profile->memory_bytes >= 0 || profile->processes >= 0 || profile->egress_count > 0 || (profile->required & BIT(LAYER_CGROUP)) != 0;
}

static void list_steps(const struct profile *profile, struct plan *plan) {
  bool inside = profile->mode != MODE_RESTRICTED;
  bool missing = false;
  for (size_t at = 0; at < profile->root_count; at++) missing = missing || profile->roots[at].missing;
  plan->count = 0;
  if (missing) step(plan, STEP_PLACEHOLDERS, PLACE_OUTSIDE);
  if (wants_cgroup(profile)) step(plan, STEP_CGROUP, PLACE_OUTSIDE);
  if (profile->egress_count > 0) step(plan, STEP_BPF, PLACE_OUTSIDE);
  step(plan, STEP_CLONE, PLACE_OUTSIDE);
  if (profile->mode == MODE_FULL) step(plan, STEP_IDENTITY, PLACE_INIT);
  if (inside) step(plan, STEP_NAMES, PLACE_INIT);
  if (inside && profile->network == NETWORK_PROXY) step(plan, STEP_NETWORK, PLACE_INIT);
  if (inside) step(plan, STEP_VIEW, PLACE_INIT);
  for (enum step at = STEP_LIMITS; at < STEPS; at++) step(plan, at, PLACE_COMMAND);
}

bool plan_make(struct profile *profile, struct plan *plan, struct text *fault) {
  if (!check_profile(profile, fault) || !complete_roots(profile, fault)) return false;
  list_steps(profile, plan);
  return true;
}

static void print_namespaces(unsigned long flags, struct text *line) {
  static const struct {
    unsigned long flag;
    const char *name;
  } NAMES[] = {
      {CLONE_NEWUSER_, " user"}, {CLONE_NEWNS_, " mount"},   {CLONE_NEWPID_, " pid"},    {CLONE_NEWIPC_, " ipc"},
      {CLONE_NEWUTS_, " uts"},   {CLONE_NEWCGROUP_, " cgroup"}, {CLONE_NEWNET_, " network"},
  };
  put(line, flags == 0 ? " no namespace, two guards" : "");
  for (size_t at = 0; at < sizeof NAMES / sizeof NAMES[0]; at++)
    if ((flags & NAMES[at].flag) != 0) put(line, NAMES[at].name);
}

static void print_roots(const struct profile *profile) {
  for (size_t at = 0; at < profile->root_count; at++) {
    const struct root *root = &profile->roots[at];
    TEXT(line, 4400);
    put(&line, profile->mode == MODE_RESTRICTED ? "command landlock " : "init view ");
    put(&line, ROOT_KINDS[root->kind]);
    put(&line, " ");
    put(&line, root->path);
    if (root->missing) put(&line, " (does not exist)");
    put(&line, "\n");
    write_all(1, line.bytes, line.length);
  }
}

void plan_print(const struct profile *profile, const struct plan *plan) {
  for (size_t at = 0; at < plan->count; at++) {
    TEXT(line, 256);
    put(&line, PLACES[plan->places[at]]);
    put(&line, " ");
    put(&line, STEP_NAMES_[plan->steps[at]]);
    if (plan->steps[at] == STEP_CLONE) print_namespaces(plan_namespaces(profile), &line);
    put(&line, "\n");
    write_all(1, line.bytes, line.length);
    bool roots = profile->mode == MODE_RESTRICTED ? plan->steps[at] == STEP_LANDLOCK : plan->steps[at] == STEP_VIEW;
    if (roots) print_roots(profile);
  }
  write_all(1, "command report, start\n", 22);
}
