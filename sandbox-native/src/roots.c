/* The roots of a profile: checked against the disk, completed and sorted. */
#include "files.h"
#include "plan.h"
#include "run.h"

static char names[PROFILE_MAX_BYTES];
static size_t names_used;

/* "line N: `read /a`: " */
static bool refuse(struct text *fault, const struct root *root, const char *problem) {
  if (root->line > 0) {
    put(fault, "line ");
    put_number(fault, root->line);
    put(fault, ": ");
  }
  put(fault, "`");
  put(fault, ROOT_KINDS[root->kind]);
  put(fault, " ");
  put(fault, root->path);
  put(fault, "`: ");
  put(fault, problem);
  return false;
}

static struct root *find(struct profile *profile, const char *path) {
  for (size_t at = 0; at < profile->root_count; at++)
    if (same(profile->roots[at].path, path)) return &profile->roots[at];
  return NULL;
}

static bool add(struct profile *profile, enum root_kind kind, const char *path, struct text *fault) {
  if (find(profile, path) != NULL) return true;
  if (profile->root_count == PROFILE_MAX_PATHS) {
    put(fault, "the profile: more than 512 paths, together with those that it implies");
    return false;
  }
  profile->roots[profile->root_count++] = (struct root){kind, path, 0, false};
  return true;
}

const struct root *governing(const struct profile *profile, const char *path) {
  const struct root *best = NULL;
  size_t best_length = 0;
  for (size_t at = 0; at < profile->root_count; at++) {
    const struct root *root = &profile->roots[at];
    if (root->kind == ROOT_SOCKET || same(root->path, path) || !within(path, root->path)) continue;
    if (best != NULL && length_of(root->path) <= best_length) continue;
    best = root;
    best_length = length_of(root->path);
  }
  return best;
}

static bool forbidden_place(const char *path) { return within(path, "/proc") || within(path, "/dev"); }

/* -ENOENT (2) is for `deny` and `protect` no fault. */
static bool check_disk(struct root *root, struct text *fault) {
  struct stat status;
  long fd = open_plain(root->path);
  if (fd == -2 && (root->kind == ROOT_DENY || root->kind == ROOT_PROTECT)) {
    root->missing = true;
    return true;
  }
  if (fd == -40) return refuse(fault, root, "is a symbolic link, or leads through one; name what it points to");
  if (fd == -2) return refuse(fault, root, "does not exist; make it first, or leave it out");
  if (fd == -20) return refuse(fault, root, "leads through what is no directory");
  if (fd < 0) {
    refuse(fault, root, "cannot be looked at: ");
    put(fault, error_name(fd));
    return false;
  }
  status_of((int)fd, &status);
  sys(__NR_close, fd);
  bool kept_away = root->kind == ROOT_DENY || root->kind == ROOT_PROTECT;
  if (kept_away && is_placeholder(status.st_mode, status.st_size)) root->missing = true; /* another launcher's, which may end first */
  bool socket = KIND(status.st_mode) == KIND_SOCKET;
  if (root->kind == ROOT_SOCKET && !socket) return refuse(fault, root, "is no Unix socket");
  if (root->kind != ROOT_SOCKET && socket) return refuse(fault, root, "is a Unix socket; say `socket`");
  bool plain = KIND(status.st_mode) == KIND_FILE || KIND(status.st_mode) == KIND_DIRECTORY || socket;
  return plain || refuse(fault, root, "is neither a file nor a directory");
}

static bool check_root(struct profile *profile, struct root *root, struct text *fault) {
  if (root->kind == ROOT_WRITE && same(root->path, "/")) return refuse(fault, root, "the whole machine is never writable; name the directories");
  if (forbidden_place(root->path)) return refuse(fault, root, "/proc and /dev are private and cannot be opened up");
  for (size_t at = 0; at < profile->root_count; at++) {
    struct root *other = &profile->roots[at];
    if (other == root || !same(other->path, root->path)) continue;
    refuse(fault, root, "was said already in line ");
    put_number(fault, other->line < root->line ? other->line : root->line);
    return false;
  }
  return check_disk(root, fault);
}

static bool check_place(struct profile *profile, struct root *root, struct text *fault) {
  const struct root *around = governing(profile, root->path);
  if (around != NULL && around->kind == ROOT_DENY) return refuse(fault, root, "lies inside a `deny`, which hides all beneath");
  if (root->kind == ROOT_DENY && around == NULL) return refuse(fault, root, "lies in no root; what is not named is not there");
  if (root->kind == ROOT_DENY && around->kind == ROOT_PRIVATE) return refuse(fault, root, "lies in a private directory, where nothing is");
  if (root->kind != ROOT_PROTECT) return true;
  if (around == NULL || around->kind != ROOT_WRITE) return refuse(fault, root, "lies in no writable root; it is read-only without it");
  return true;
}

/* What lies between a writable root and something less than writable in it must not be renamed away, so it becomes a mount of its own (rename(2): EBUSY). */
static bool pin(struct profile *profile, const struct root *root, struct text *fault) {
  const struct root *around = governing(profile, root->path);
  if (root->kind == ROOT_WRITE || around == NULL || around->kind != ROOT_WRITE) return true;
  const char *path = root->path;
  for (size_t length = length_of(around->path) + 1; path[length] != 0; length++) {
    if (path[length] != '/') continue;
    if (names_used + length + 1 > sizeof names) return refuse(fault, root, "leads through too many directories");
    char *name = names + names_used;
    memcpy(name, path, length);
    name[length] = 0;
    names_used += length + 1;
    if (!add(profile, ROOT_WRITE, name, fault)) return false;
  }
  return true;
}

static const char *const SYSTEM[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"};

static bool add_system(struct profile *profile, struct text *fault) {
  for (size_t at = 0; at < sizeof SYSTEM / sizeof SYSTEM[0]; at++) {
    long fd = open_plain(SYSTEM[at]);
    if (fd < 0) continue; /* A link is made anew by the view. */
    sys(__NR_close, fd);
    if (!add(profile, ROOT_READ, SYSTEM[at], fault)) return false;
  }
  return true;
}

static int compare(const char *a, const char *b) {
  while (*a != 0 && *a == *b) a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

static void sort(struct profile *profile) {
  for (size_t at = 1; at < profile->root_count; at++) {
    struct root root = profile->roots[at];
    size_t to = at;
    for (; to > 0 && compare(profile->roots[to - 1].path, root.path) > 0; to--) profile->roots[to] = profile->roots[to - 1];
    profile->roots[to] = root;
  }
}

static bool check_home(struct profile *profile, struct text *fault) {
  if (profile->home == NULL) return true;
  struct root home = {ROOT_PRIVATE, profile->home, 0, false};
  if (same(home.path, "/") || same(home.path, "/tmp") || forbidden_place(home.path)) return refuse(fault, &home, "`home` cannot be there");
  if (find(profile, home.path) != NULL) return refuse(fault, &home, "is both `home` and a root");
  long fd = open_plain(home.path);
  if (fd >= 0) sys(__NR_close, fd);
  const struct root *around = governing(profile, home.path);
  if (fd < 0 && around != NULL && around->kind != ROOT_PRIVATE) return refuse(fault, &home, "`home` inside a root must exist, be no link and lead through none");
  return add(profile, ROOT_PRIVATE, profile->home, fault);
}

static bool check_directory(struct profile *profile, struct text *fault) {
  if (profile->directory == NULL || profile->observe == OBSERVE_LEARN) return true;
  struct root directory = {ROOT_READ, profile->directory, 0, false};
  const struct root *around = find(profile, profile->directory);
  if (around == NULL) around = governing(profile, profile->directory);
  bool hidden = around == NULL || around->kind == ROOT_DENY || around->kind == ROOT_SOCKET;
  if (hidden) return refuse(fault, &directory, "is the `directory` to start in, and lies in no root, `home` or /tmp");
  return around->kind == ROOT_PRIVATE || check_disk(&directory, fault);
}

bool complete_roots(struct profile *profile, struct text *fault) {
  bool view = profile->mode != MODE_RESTRICTED;
  size_t said = profile->root_count;
  for (size_t at = 0; at < said; at++)
    if (!check_root(profile, &profile->roots[at], fault)) return false;
  if (profile->system && !add_system(profile, fault)) return false;
  if (view && !add(profile, ROOT_PRIVATE, "/tmp", fault)) return false;
  if (!check_home(profile, fault)) return false;
  for (size_t at = 0; at < said; at++)
    if (!check_place(profile, &profile->roots[at], fault)) return false;
  if (!check_directory(profile, fault)) return false;
  if (profile->observe == OBSERVE_LEARN) {
    profile->roots[0] = (struct root){ROOT_WRITE, "/", 0, false};
    profile->root_count = 1;
    if (view && !add(profile, ROOT_PRIVATE, "/tmp", fault)) return false;
    if (profile->home != NULL && !add(profile, ROOT_PRIVATE, profile->home, fault)) return false;
  }
  said = profile->root_count;
  for (size_t at = 0; at < said && view; at++)
    if (!pin(profile, &profile->roots[at], fault)) return false;
  sort(profile);
  return true;
}
