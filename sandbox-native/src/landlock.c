/* Landlock: the roots again, by the kernel's path hierarchies; alone in `restricted`. Kernel: Documentation/userspace-api/landlock.rst. */
#include "files.h"
#include "steps.h"
#include "view.h"

#define FS_READ (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE                                                                                                                                              \
  (FS_READ | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK | FS_MAKE_FIFO | FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)
#define FS_DEVICE (FS_READ_FILE | FS_WRITE_FILE | FS_READ_DIR | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_OF_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct rules {
  int ruleset;
  unsigned long long handled;
  const char *directory; /* while one is listed */
  unsigned long long rights;
};

struct path_rule {
  unsigned long long allowed;
  int fd;
} __attribute__((packed));

static unsigned long long rights_of(long abi) {
  unsigned long long rights = (FS_MAKE_SYM << 1) - 1;
  if (abi >= 2) rights |= FS_REFER;
  if (abi >= 3) rights |= FS_TRUNCATE;
  if (abi >= 5) rights |= FS_IOCTL_DEV;
  return rights;
}

static long add_rule(const struct rules *rules, const char *path, unsigned long long rights) {
  struct stat status;
  long fd = open_plain(path);
  if (fd < 0) return fd;
  long result = status_of((int)fd, &status);
  if (KIND(status.st_mode) != KIND_DIRECTORY) rights &= FS_OF_FILE;
  struct path_rule rule = {rights & rules->handled, (int)fd};
  if (result == 0 && rule.allowed != 0) result = sys(__NR_landlock_add_rule, rules->ruleset, RULE_PATH_BENEATH, &rule, 0);
  sys(__NR_close, fd);
  return result;
}

static bool secret(const char *path) {
  for (size_t at = 0; SECRETS[at] != NULL; at++)
    if (same(path, SECRETS[at])) return true;
  size_t length = length_of(path);
  return begins(path, "/etc/ssh/") && length > 4 && same(path + length - 4, "_key");
}

/* Directories that are listed in their turn. */
static bool listed_apart(const char *path) { return same(path, "/etc") || same(path, "/etc/ssl") || same(path, "/etc/ssh"); }

static long add_entry(void *context, const char *name) {
  const struct rules *rules = context;
  TEXT(path, 600);
  put(&path, rules->directory);
  if (path.length > 1) put(&path, "/");
  put(&path, name);
  if (rules->directory[1] == 0 && private_name(name)) return 0;
  if (secret(path.bytes) || listed_apart(path.bytes)) return 0;
  long result = add_rule(rules, path.bytes, rules->rights);
  return result == -40 || result == -2 || result == -13 ? 0 : result; /* A link leads to what has its own rule or none. */
}

/* A rule for each entry, so that some can be left out; the directory itself can only be listed. */
static long add_listed(const struct rules *rules, const char *path, unsigned long long rights) {
  struct rules inner = *rules;
  inner.directory = path;
  inner.rights = rights;
  long fd = sys(__NR_openat, AT_CWD, path, O_DIRECTORY_ | O_NOFOLLOW_ | O_CLOEXEC_, 0);
  if (fd < 0) return fd;
  long result = list_directory((int)fd, add_entry, &inner);
  sys(__NR_close, fd);
  if (result == 0) result = add_rule(rules, path, FS_READ_DIR);
  return result;
}

static long key_readable(void *context, const char *name) {
  size_t length = length_of(name);
  long fd = length > 4 && same(name + length - 4, "_key") ? sys(__NR_openat, *(const int *)context, name, O_RDONLY_ | O_CLOEXEC_, 0) : -2;
  if (fd >= 0) sys(__NR_close, fd);
  return fd >= 0;
}

/* Whether this user, without capabilities, could read any of what is shown to nobody; else the whole of /etc needs but one rule. */
static bool secrets_readable(void) {
  for (size_t at = 0; SECRETS[at] != NULL; at++) {
    long fd = sys(__NR_openat, AT_CWD, SECRETS[at], O_RDONLY_ | O_CLOEXEC_, 0);
    if (fd < 0) fd = sys(__NR_faccessat, AT_CWD, SECRETS[at], 1);
    else sys(__NR_close, fd);
    if (fd >= 0) return true;
  }
  int ssh = (int)sys(__NR_openat, AT_CWD, "/etc/ssh", O_RDONLY_ | O_DIRECTORY_ | O_CLOEXEC_, 0);
  if (ssh < 0) return false;
  long found = list_directory(ssh, key_readable, &ssh);
  sys(__NR_close, ssh);
  return found != 0;
}

static long add_etc(const struct rules *rules, unsigned long long rights) {
  static const char *const LISTED[] = {"/etc", "/etc/ssl", "/etc/ssh"};
  if (!secrets_readable()) return add_rule(rules, "/etc", rights);
  for (size_t at = 0; at < sizeof LISTED / sizeof LISTED[0]; at++) {
    long result = add_listed(rules, LISTED[at], rights);
    if (result < 0 && !(at > 0 && (result == -2 || result == -40))) return result;
  }
  return 0;
}

static long add_root(const struct profile *profile, const struct rules *rules, const struct root *root) {
  bool restricted = profile->mode == MODE_RESTRICTED, whole = same(root->path, "/");
  unsigned long long rights = root->kind == ROOT_WRITE || root->kind == ROOT_PRIVATE ? FS_WRITE : FS_READ;
  if (profile->observe == OBSERVE_LEARN && whole) return add_rule(rules, root->path, rules->handled);
  if (root->kind == ROOT_DENY || root->missing) return 0;
  if (root->kind == ROOT_SOCKET) return add_rule(rules, root->path, FS_READ_FILE | FS_WRITE_FILE);
  if (whole) {
    long result = add_listed(rules, "/", rights);
    if (result < 0) return result;
    return restricted ? add_etc(rules, rights) : add_rule(rules, "/etc", rights);
  }
  if (restricted && same(root->path, "/etc")) return add_etc(rules, rights);
  return add_rule(rules, root->path, rights);
}

static long add_devices(const struct profile *profile, const struct rules *rules) {
  static const char *const NODES[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
  long result = add_rule(rules, "/proc", FS_READ_FILE | FS_READ_DIR);
  if (result < 0) return result;
  if (profile->mode != MODE_RESTRICTED) {
    result = add_rule(rules, "/dev", FS_DEVICE);
    if (result == 0) result = add_rule(rules, "/dev/shm", FS_WRITE);
    return result < 0 ? result : add_rule(rules, "/", FS_READ_DIR);
  }
  for (size_t at = 0; at < sizeof NODES / sizeof NODES[0]; at++) {
    result = add_rule(rules, NODES[at], FS_DEVICE);
    if (result < 0 && result != -2) return result;
  }
  return 0;
}

static long add_rules(const struct profile *profile, const struct rules *rules, struct text *fault) {
  for (size_t at = 0; at < profile->root_count; at++) {
    long result = add_root(profile, rules, &profile->roots[at]);
    if (result == -13) return fail(fault, "landlock", profile->roots[at].path, result, "the command's user must be able to reach it");
    if (result < 0) return fail(fault, "landlock", profile->roots[at].path, result, NULL);
  }
  long result = add_devices(profile, rules);
  return result < 0 ? fail(fault, "landlock", "/dev, /proc", result, NULL) : 0;
}

long landlock_restrict(const struct profile *profile, struct layers *layers, struct text *fault) {
  long abi = sys(__NR_landlock_create_ruleset, NULL, 0, 1);
  if (abi < 1) return fail(fault, "landlock", NULL, abi, "a kernel from 5.13 on that has Landlock switched on is needed (`lsm=` at boot)");
  struct ruleset_attr attr = {rights_of(abi), 0, 0};
  if (abi >= 4 && profile->mode == MODE_RESTRICTED) attr.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
  if (abi >= 6) attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
  size_t size = abi >= 6 ? sizeof attr : abi >= 4 ? 16 : 8;
  long ruleset = sys(__NR_landlock_create_ruleset, &attr, size, 0);
  if (ruleset < 0) return fail(fault, "landlock", "ruleset", ruleset, NULL);
  struct rules rules = {(int)ruleset, attr.handled_access_fs, NULL, 0};
  long result = add_rules(profile, &rules, fault);
  if (result == 0) {
    result = sys(__NR_landlock_restrict_self, ruleset, 0);
    if (result < 0) fail(fault, "landlock", "restrict", result, NULL);
  }
  if (result < 0) return result; /* exec closes the ruleset */
  layers->landlock_abi = (int)abi;
  enforce(layers, LAYER_LANDLOCK);
  return 0;
}
