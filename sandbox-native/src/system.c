/* The directories that every program expects, private, and what the system's own must not show. */
#include "view.h"

static long mount_at(int root, const char *path, long mount) {
  long target = mount < 0 ? mount : place_for(root, path, KIND_DIRECTORY);
  long result = target < 0 ? target : attach((int)mount, (int)target);
  if (mount >= 0) sys(__NR_close, mount);
  return result;
}

static long bind_device(int directory, const char *path) {
  const char *name = path + 5;
  long tree = sys(__NR_open_tree, AT_CWD, path, OPEN_TREE_CLONE_ | O_CLOEXEC_);
  if (tree < 0) return tree;
  long result = attributes((int)tree, MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NOEXEC_, 0, false);
  if (result == 0) result = sys(__NR_mknodat, directory, name, KIND_FILE | 0644, 0);
  if (result == 0) result = sys(__NR_move_mount, tree, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH_);
  sys(__NR_close, tree);
  return result;
}

static long make_devices(const struct profile *profile, int root) {
  static const char *const NODES[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
  static const char *const LINKS[][2] = {
      {"/proc/self/fd", "dev/fd"}, {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"}, {"/proc/self/fd/2", "dev/stderr"}, {"pts/ptmx", "dev/ptmx"},
  };
  static const char *const TERMINALS[] = {"ptmxmode", "0666", "mode", "0600", NULL};
  long directory = place_for(root, "/dev", KIND_DIRECTORY);
  long result = directory < 0 ? directory : 0;
  for (size_t at = 0; result == 0 && at < sizeof NODES / sizeof NODES[0]; at++) {
    result = bind_device((int)directory, NODES[at]);
    if (result == -2 && at == 5) result = 0; /* A container may have no /dev/tty. */
  }
  if (directory >= 0) sys(__NR_close, directory);
  for (size_t at = 0; result == 0 && at < sizeof LINKS / sizeof LINKS[0]; at++) result = sys(__NR_symlinkat, LINKS[at][0], root, LINKS[at][1]);
  if (result == 0) result = mount_at(root, "/dev/pts", file_system("devpts", TERMINALS, MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NOEXEC_));
  return result < 0 ? result : mount_at(root, "/dev/shm", private_files(profile, "1777", false));
}

static long make_proc(const struct covers *covers, int root) {
  static const char *const NONE[] = {NULL};
  static const char *const HIDDEN[] = {"/proc/kcore",      "/proc/keys",        "/proc/key-users",  "/proc/timer_list",   "/proc/latency_stats", "/proc/sysrq-trigger", "/proc/kmsg",     "/proc/sched_debug",
                                       "/proc/vmallocinfo", "/proc/slabinfo",    "/proc/kpagecount", "/proc/kpageflags",   "/proc/kpagecgroup",   "/proc/pagetypeinfo",  "/proc/scsi",     "/proc/acpi"};
  long mount = file_system("proc", NONE, MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NODEV_ | MOUNT_ATTR_NOEXEC_);
  if (mount < 0) return mount;
  /* memfd_create(2): without MFD_EXEC, which the filter refuses, nothing of memory can be executed. Root's alone; a kernel before 6.3 has it not. */
  long setting = open_how((int)mount, "sys/vm/memfd_noexec", O_WRONLY_ | O_CLOEXEC_, 0, 0);
  if (setting >= 0) {
    write_all((int)setting, "1", 1);
    sys(__NR_close, setting);
  }
  long result = attributes((int)mount, MOUNT_ATTR_RDONLY_ | MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NODEV_ | MOUNT_ATTR_NOEXEC_, 0, false);
  long target = result < 0 ? result : place_for(root, "/proc", KIND_DIRECTORY);
  result = target < 0 ? target : attach((int)mount, (int)target);
  sys(__NR_close, mount);
  for (size_t at = 0; result == 0 && at < sizeof HIDDEN / sizeof HIDDEN[0]; at++) result = cover_if_there(covers, root, HIDDEN[at]);
  return result;
}

long system_directories(const struct profile *profile, const struct covers *covers, int root, struct text *fault) {
  long result = make_devices(profile, root);
  if (result < 0) return fail(fault, "view", "/dev", result, NULL);
  result = make_proc(covers, root);
  if (result < 0) return fail(fault, "view", "/proc", result, "inside a container that masks /proc use mode `restricted`");
  result = sys(__NR_mkdirat, root, "sys", 0555);
  if (result == 0) result = sys(__NR_mkdirat, root, "run", 0755);
  return result < 0 ? fail(fault, "view", "/sys, /run", result, NULL) : 0;
}

struct keys {
  const struct covers *covers;
  int root;
};

static long cover_key(void *context, const char *name) {
  const struct keys *keys = context;
  size_t length = length_of(name);
  if (length < 4 || !same(name + length - 4, "_key")) return 0;
  TEXT(path, 300);
  put(&path, "/etc/ssh/");
  put(&path, name);
  return cover_if_there(keys->covers, keys->root, path.bytes);
}

static long cover_keys(const struct covers *covers, int root) {
  struct keys keys = {covers, root};
  long fd = open_how(root, "etc/ssh", O_DIRECTORY_ | O_CLOEXEC_, 0, RESOLVE_NO_SYMLINKS_);
  if (fd < 0) return 0;
  long result = list_directory((int)fd, cover_key, &keys);
  sys(__NR_close, fd);
  return result;
}

/* Joins a link's target to the directory /etc, without `.` and `..`. */
static bool join(const char *target, struct text *path) {
  if (*target != '/') put(path, "/etc");
  while (*target != 0) {
    while (*target == '/') target++;
    size_t length = 0;
    while (target[length] != 0 && target[length] != '/') length++;
    if (length == 2 && target[0] == '.' && target[1] == '.') {
      while (path->length > 0 && path->bytes[path->length - 1] != '/') path->length--;
      if (path->length > 0) path->length--;
      path->bytes[path->length] = 0;
    } else if (length > 0 && !(length == 1 && target[0] == '.')) {
      put(path, "/");
      put_bytes(path, target, length);
    }
    target += length;
  }
  return !path->full && path->length > 0;
}

/* Programs ask 127.0.0.1 for names. Often /etc/resolv.conf is a link to what is not in the view. */
static long make_resolver(const struct covers *covers, int root) {
  char target[1024];
  TEXT(path, 1100);
  long length = sys(__NR_readlinkat, root, "etc/resolv.conf", target, sizeof target - 1);
  if (length == -2) return 0; /* Then a C library asks 127.0.0.1 by itself: resolv.conf(5). */
  if (length > 0) {
    target[length] = 0;
    if (!join(target, &path)) return -36;
  } else {
    put(&path, "/etc/resolv.conf");
  }
  long place = place_for(root, path.bytes, KIND_FILE);
  if (place == -30 || place == -13 || place == -40) return 0; /* Cannot be there, so nothing is read from it. */
  if (place < 0) return place;
  long tree = sys(__NR_open_tree, covers->resolver, "", OPEN_TREE_CLONE_ | AT_EMPTY_PATH_ | O_CLOEXEC_);
  if (tree < 0) return tree;
  long result = attach((int)tree, (int)place);
  sys(__NR_close, tree);
  return result;
}

long system_covers(const struct profile *profile, const struct covers *covers, int root, struct text *fault) {
  for (size_t at = 0; SECRETS[at] != NULL; at++) {
    long result = cover_if_there(covers, root, SECRETS[at]);
    if (result < 0) return fail(fault, "view", SECRETS[at], result, NULL);
  }
  long result = cover_keys(covers, root);
  if (result < 0) return fail(fault, "view", "/etc/ssh", result, NULL);
  if (profile->network == NETWORK_PROXY) result = make_resolver(covers, root);
  return result < 0 ? fail(fault, "view", "/etc/resolv.conf", result, NULL) : 0;
}

const char *const SECRETS[] = {
    "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssl/private", NULL,
};
