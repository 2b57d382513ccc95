/*
 * A cgroup for the tree: limits that hold for all of it together, a directory for the connect hooks, and a handle by which all of it can be killed.
 * Version 2 where its controllers are there, else the version 1 hierarchies of memory and pids. Kernel: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/.
 */
#include "cgroups.h"
#include "steps.h"

static struct cgroup_place places[CGROUP_PLACES];

static void absent(struct layers *layers, const char *what, long error) {
  char *bytes = layers->why[LAYER_CGROUP];
  if (bytes[0] != 0) return;
  struct text why = {bytes, 0, sizeof layers->why[0], false};
  put(&why, what);
  if (error != 0) {
    put(&why, ": ");
    put(&why, error_name(error));
  }
}

/* The smaller of the profile's limit and of the one that the caller's cgroup has: a cgroup made beside it must not be a way out. -1: none. */
static long long narrowed(const char *own, const char *file, long long limit) {
  char value[32];
  long long theirs;
  if (cgroup_read(own, file, value, sizeof value) <= 0 || !parse_number(value, &theirs)) return limit;
  return limit < 0 || theirs < limit ? theirs : limit;
}

static long write_limit(const char *directory, const char *file, long long limit) {
  TEXT(value, 24);
  if (limit < 0) return 0;
  put_number(&value, limit);
  return cgroup_write(directory, file, value.bytes);
}

static bool missing(long error) { return error == -2; }

/* Makes `parent`/NAME, notes it for cgroup_end together with `own`, where the caller came from. */
static long make(struct cgroup *cgroup, const char *parent, const char *own) {
  char *path = cgroup->paths[cgroup->count];
  struct text text = {path, 0, sizeof cgroup->paths[0], false};
  put(&text, parent);
  put(&text, "/");
  cgroup_name(&text, sys(__NR_getpid));
  struct text from = {cgroup->from[cgroup->count], 0, sizeof cgroup->from[0], false};
  put(&from, own);
  if (text.full || from.full) return -36; /* ENAMETOOLONG */
  long error = sys(__NR_mkdirat, -100, path, 0755);
  if (error < 0) return error;
  cgroup->count++;
  return 0;
}

static const char *made(const struct cgroup *cgroup) { return cgroup->paths[cgroup->count - 1]; }

/* Whether children of `directory` have what is asked: controllers are given to them by its cgroup.subtree_control. */
static bool gives(const char *directory, const char *file, bool memory, bool pids) {
  char list[256];
  if (cgroup_read(directory, file, list, sizeof list) < 0) return false;
  return (!memory || cgroup_lists(list, "memory")) && (!pids || cgroup_lists(list, "pids"));
}

/* Where in version 2 a child can have the controllers: below the caller's own cgroup, or beside it (a cgroup with processes gives its children none). */
static bool parent_of_limits(const char *own, char *parent, size_t capacity, bool memory, bool pids) {
  struct text text = {parent, 0, capacity, false};
  put(&text, own);
  if (gives(own, "cgroup.subtree_control", memory, pids)) return true;
  const char *wish = memory && pids ? "+memory +pids" : memory ? "+memory" : "+pids";
  if (cgroup_write(own, "cgroup.subtree_control", wish) == 0) return true;
  size_t root = length_of(places[CGROUP_V2].mount);
  while (text.length > root && parent[text.length] != '/') text.length--;
  parent[text.length] = 0;
  return text.length < length_of(own) && text.length >= root && gives(parent, "cgroup.subtree_control", memory, pids);
}

static long enter(const struct cgroup *cgroup) { return cgroup_write(made(cgroup), "cgroup.procs", "0"); }

static long limits_v2(const struct profile *profile, struct cgroup *cgroup, struct layers *layers) {
  const char *own = places[CGROUP_V2].own;
  bool memory = profile->memory_bytes >= 0, pids = profile->processes >= 0;
  char parent[CGROUP_PATH_BYTES];
  if (!parent_of_limits(own, parent, sizeof parent, memory, pids)) {
    absent(layers, "this cgroup gives its children no memory and pids controllers; start in a delegated one", 0);
    return -1;
  }
  cgroup_sweep(parent);
  long error = make(cgroup, parent, own);
  if (error == 0 && memory) error = write_limit(made(cgroup), "memory.max", narrowed(own, "memory.max", profile->memory_bytes));
  if (error == 0 && pids) error = write_limit(made(cgroup), "pids.max", narrowed(own, "pids.max", profile->processes));
  if (error == 0 && memory) {
    error = cgroup_write(made(cgroup), "memory.swap.max", "0");
    if (missing(error)) error = 0; /* a kernel without swap accounts for none */
  }
  if (error == 0) error = enter(cgroup);
  if (error < 0) absent(layers, "no cgroup can be made (needs root or a delegated one)", error);
  return error;
}

static long memory_v1(const char *directory, long long bytes) {
  long error = write_limit(directory, "memory.limit_in_bytes", bytes);
  if (error < 0) return error;
  /* Memory and swap together: the same number leaves no swap. Without swap accounting there is only the inclination to swap. */
  error = write_limit(directory, "memory.memsw.limit_in_bytes", bytes);
  return missing(error) ? cgroup_write(directory, "memory.swappiness", "0") : error;
}

/* One hierarchy of version 1, or version 2 without limits: a child of the caller's own cgroup. */
static long child_of(enum cgroup_kind kind, const struct profile *profile, struct cgroup *cgroup) {
  const char *own = places[kind].own;
  if (!places[kind].found) return -19; /* ENODEV */
  cgroup_sweep(own);
  long error = make(cgroup, own, own);
  if (error == 0 && kind == CGROUP_MEMORY) error = memory_v1(made(cgroup), profile->memory_bytes);
  if (error == 0 && kind == CGROUP_PIDS) error = write_limit(made(cgroup), "pids.max", profile->processes);
  return error == 0 ? enter(cgroup) : error;
}

static long limits_v1(const struct profile *profile, struct cgroup *cgroup, struct layers *layers) {
  long error = 0;
  if (profile->memory_bytes >= 0) error = child_of(CGROUP_MEMORY, profile, cgroup);
  if (error < 0) absent(layers, "no memory cgroup can be made (needs root or a delegated one)", error);
  if (error == 0 && profile->processes >= 0) {
    error = child_of(CGROUP_PIDS, profile, cgroup);
    if (error < 0) absent(layers, "no pids cgroup can be made (needs root or a delegated one)", error);
  }
  return error;
}

long cgroup_enter(const struct profile *profile, struct layers *layers, struct cgroup *cgroup, struct text *fault) {
  bool memory = profile->memory_bytes >= 0, pids = profile->processes >= 0;
  bool hooks = profile->mode == MODE_ROOT && profile->egress_count > 0;
  cgroup->v2 = -1;
  cgroup->count = 0;
  if (!memory && !pids && !hooks) return 0;
  cgroup_places(places);

  long error = 0;
  bool second = places[CGROUP_V2].found && (memory || pids) && gives(places[CGROUP_V2].own, "cgroup.controllers", memory, pids);
  if (memory || pids) error = second ? limits_v2(profile, cgroup, layers) : limits_v1(profile, cgroup, layers);
  if (error < 0) {
    if (cgroup_end(cgroup) < 0) {
      put(fault, "cgroup: the launcher cannot go back to the cgroup that it came from");
      return error;
    }
  } else if (memory || pids) {
    enforce(layers, LAYER_CGROUP);
  }

  bool own_v2 = second && error == 0;
  if (hooks && !own_v2) error = child_of(CGROUP_V2, profile, cgroup);
  /* What is missing is said by bpf_attach, whose layer it is. */
  if (hooks && (own_v2 || error == 0)) cgroup->v2 = (int)sys(__NR_openat, -100, made(cgroup), CGROUP_OPEN_DIRECTORY, 0);
  return 0;
}

long cgroup_end(struct cgroup *cgroup) {
  long result = 0;
  if (cgroup->v2 >= 0) sys(__NR_close, cgroup->v2);
  cgroup->v2 = -1;
  for (size_t at = cgroup->count; at-- > 0;) {
    long error = cgroup_write(cgroup->from[at], "cgroup.procs", "0");
    if (error < 0) result = error;
  }
  while (cgroup->count > 0) {
    long error = cgroup_remove(cgroup->paths[--cgroup->count]);
    if (error < 0) result = error;
  }
  return result;
}
