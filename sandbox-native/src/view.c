/*
 * The new root: a tmpfs on which everything that the profile shows is mounted, by descriptor, whole trees at a time. It is mounted over the old root, which stays
 * reachable by absolute paths (path_resolution(7): a walk begins at the process's root, not at what is mounted over it) until pivot_root.
 */
#include "view.h"

#define FSCONFIG_SET_STRING_ 1
#define FSCONFIG_CMD_CREATE_ 6
#define MOVE_EMPTY (MOVE_MOUNT_F_EMPTY_PATH_ | 0x40)

long attributes(int fd, unsigned long long set, unsigned long long clear, bool all) {
  struct mount_attributes wanted = {set, clear, MS_PRIVATE_, 0};
  return sys(__NR_mount_setattr, fd, "", AT_EMPTY_PATH_ | (all ? AT_RECURSIVE_ : 0), &wanted, sizeof wanted);
}

long file_system(const char *type, const char *const *options, unsigned long long set) {
  long context = sys(__NR_fsopen, type, 1);
  if (context < 0) return context;
  long result = 0;
  for (; result == 0 && *options != NULL; options += 2) result = sys(__NR_fsconfig, context, FSCONFIG_SET_STRING_, options[0], options[1], 0);
  if (result == 0) result = sys(__NR_fsconfig, context, FSCONFIG_CMD_CREATE_, 0, 0, 0);
  if (result == 0) result = sys(__NR_fsmount, context, 1, set);
  sys(__NR_close, context);
  return result;
}

long private_files(const struct profile *profile, const char *mode, bool small) {
  TEXT(bytes, 24);
  TEXT(entries, 24);
  TEXT(user, 24);
  TEXT(group, 24);
  long long size = small ? 4 << 20 : profile->tmp_bytes > 0 ? profile->tmp_bytes : 512LL << 20;
  put_number(&bytes, size);
  put_number(&entries, size / 1024 + 64);
  put_number(&user, profile->user >= 0 && !small ? profile->user : sys(__NR_geteuid));
  put_number(&group, profile->group >= 0 && !small ? profile->group : sys(__NR_getegid));
  const char *options[] = {"size", bytes.bytes, "nr_inodes", entries.bytes, "mode", mode, "uid", user.bytes, "gid", group.bytes, NULL};
  return file_system("tmpfs", options, MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NODEV_);
}

long attach(int mount, int target) {
  long result = sys(__NR_move_mount, mount, "", target, "", MOVE_EMPTY);
  sys(__NR_close, target);
  return result;
}

/* The descriptor of `path` inside the view; what is missing on the way is made. `kind`: of the last. */
long place_for(int root, const char *path, unsigned kind) {
  char name[256];
  long at = open_how(root, path + 1, O_PATH_ | O_CLOEXEC_, 0, RESOLVE_NO_SYMLINKS_);
  if (at >= 0) return at;
  at = open_how(root, ".", O_PATH_ | O_DIRECTORY_ | O_CLOEXEC_, 0, 0);
  while (at >= 0 && *path == '/' && path[1] != 0) {
    size_t length = 0;
    for (path++; path[length] != 0 && path[length] != '/'; length++)
      if (length + 1 < sizeof name) name[length] = path[length];
    if (length >= sizeof name) return -36;
    name[length] = 0;
    path += length;
    long next = open_how((int)at, name, O_PATH_ | O_CLOEXEC_, 0, RESOLVE_NO_SYMLINKS_);
    if (next == -2) {
      bool directory = *path == '/' || kind == KIND_DIRECTORY;
      next = directory ? sys(__NR_mkdirat, at, name, 0755) : sys(__NR_mknodat, at, name, KIND_FILE | 0644, 0);
      if (next == 0) next = open_how((int)at, name, O_PATH_ | O_CLOEXEC_, 0, RESOLVE_NO_SYMLINKS_);
    }
    sys(__NR_close, at);
    at = next;
  }
  return at;
}

long bind(int root, int source, const char *path, unsigned long long set, bool all) {
  struct stat status;
  long result = status_of(source, &status);
  if (result < 0) return result;
  long tree = sys(__NR_open_tree, source, "", OPEN_TREE_CLONE_ | AT_EMPTY_PATH_ | O_CLOEXEC_ | (all ? AT_RECURSIVE_ : 0));
  if (tree < 0) return tree;
  result = attributes((int)tree, set, 0, all);
  long target = result < 0 ? result : place_for(root, path, KIND(status.st_mode));
  result = target < 0 ? target : attach((int)tree, (int)target);
  sys(__NR_close, tree);
  return result;
}

long cover(const struct covers *covers, int root, const char *path) {
  struct stat status;
  long target = open_how(root, path + 1, O_PATH_ | O_CLOEXEC_, 0, RESOLVE_NO_SYMLINKS_);
  if (target < 0) return target;
  status_of((int)target, &status);
  bool directory = KIND(status.st_mode) == KIND_DIRECTORY;
  long tree = sys(__NR_open_tree, directory ? covers->directory : covers->file, "", OPEN_TREE_CLONE_ | AT_EMPTY_PATH_ | O_CLOEXEC_);
  if (tree < 0) return tree;
  long result = attach((int)tree, (int)target);
  sys(__NR_close, tree);
  return result;
}

long cover_if_there(const struct covers *covers, int root, const char *path) {
  long result = cover(covers, root, path);
  return result == -2 || result == -20 || result == -40 ? 0 : result;
}

static long write_resolver(int mount) {
  long file = sys(__NR_openat, mount, "r", O_WRONLY_ | O_CREAT_ | O_EXCL_ | O_CLOEXEC_, 0444);
  if (file < 0) return file;
  long result = write_all((int)file, "nameserver 127.0.0.1\n", 21);
  sys(__NR_close, file);
  return result;
}

/* One empty directory and one empty file that nobody may open; read-only before any clone of them is made, since their owner could give himself rights. */
static long make_covers(const struct profile *profile, struct covers *covers) {
  long mount = private_files(profile, "0700", true);
  if (mount < 0) return mount;
  long result = sys(__NR_mkdirat, mount, "d", 0);
  if (result == 0) result = sys(__NR_mknodat, mount, "f", KIND_FILE, 0);
  if (result == 0) result = write_resolver((int)mount);
  if (result == 0) result = attributes((int)mount, MOUNT_ATTR_RDONLY_, 0, false);
  if (result < 0) return result;
  covers->directory = (int)open_how((int)mount, "d", O_PATH_ | O_CLOEXEC_, 0, 0);
  covers->file = (int)open_how((int)mount, "f", O_PATH_ | O_CLOEXEC_, 0, 0);
  covers->resolver = (int)open_how((int)mount, "r", O_PATH_ | O_CLOEXEC_, 0, 0);
  return covers->directory < 0 || covers->file < 0 || covers->resolver < 0 ? -9 : 0;
}

struct whole {
  int root;
  unsigned long long set;
  const char *at;
};

static long link_again(int root, const char *path) {
  char target[4096];
  long length = sys(__NR_readlinkat, AT_CWD, path, target, sizeof target - 1);
  if (length < 0) return 0;
  target[length] = 0;
  long result = sys(__NR_symlinkat, target, root, path + 1);
  return result == -17 ? 0 : result;
}

static long show_entry(void *context, const char *name) {
  const struct whole *whole = context;
  if (private_name(name)) return 0;
  TEXT(path, 260);
  put(&path, "/");
  put(&path, name);
  long fd = open_plain(path.bytes);
  if (fd == -40) return link_again(whole->root, path.bytes);
  if (fd < 0) return fd;
  long result = bind(whole->root, (int)fd, path.bytes, whole->set, true);
  sys(__NR_close, fd);
  return result;
}

bool private_name(const char *name) {
  return same(name, "dev") || same(name, "proc") || same(name, "run") || same(name, "sys") || same(name, "tmp");
}

static long show_whole(int root, unsigned long long set) {
  struct whole whole = {root, set, NULL};
  long fd = sys(__NR_openat, AT_CWD, "/", O_DIRECTORY_ | O_CLOEXEC_, 0);
  if (fd < 0) return fd;
  long result = list_directory((int)fd, show_entry, &whole);
  sys(__NR_close, fd);
  return result;
}

static long show_root(const struct profile *profile, const struct root *shown, const struct covers *covers, int root) {
  unsigned long long set = MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NODEV_;
  if (shown->kind != ROOT_WRITE) set |= MOUNT_ATTR_RDONLY_;
  if (same(shown->path, "/")) return show_whole(root, set);
  if (shown->kind == ROOT_DENY) {
    long result = cover(covers, root, shown->path);
    return result == -2 && shown->missing ? 0 : result; /* In what is read-only, nobody inside can make it. */
  }
  if (shown->kind == ROOT_PRIVATE) {
    long mount = private_files(profile, same(shown->path, "/tmp") ? "1777" : "0700", false);
    long target = mount < 0 ? mount : place_for(root, shown->path, KIND_DIRECTORY);
    long result = target < 0 ? target : attach((int)mount, (int)target);
    if (mount >= 0) sys(__NR_close, mount);
    return result;
  }
  long fd = open_plain(shown->path);
  if (fd == -2 && shown->missing) return 0;
  if (fd < 0) return fd;
  long result = bind(root, (int)fd, shown->path, set, true);
  sys(__NR_close, fd);
  return result;
}

static long enter(int root) {
  long result = sys(__NR_fchdir, root);
  if (result == 0) result = sys(__NR_pivot_root, ".", ".");
  if (result == 0) result = sys(__NR_umount2, ".", MNT_DETACH_);
  return result == 0 ? sys(__NR_chdir, "/") : result;
}

static long show_roots(const struct profile *profile, const struct covers *covers, int root, struct text *fault) {
  static const char *const LINKS[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
  for (size_t at = 0; at < sizeof LINKS / sizeof LINKS[0] && profile->system; at++) {
    long result = link_again(root, LINKS[at]);
    if (result < 0) return fail(fault, "view", LINKS[at], result, NULL);
  }
  for (size_t at = 0; at < profile->root_count; at++) {
    long result = show_root(profile, &profile->roots[at], covers, root);
    if (result < 0) return fail(fault, "view", profile->roots[at].path, result, NULL);
  }
  return 0;
}

long view_make(const struct profile *profile, struct layers *layers, struct text *fault) {
  struct covers covers;
  long result = sys(__NR_mount, "none", "/", NULL, MS_REC_ | MS_PRIVATE_, NULL);
  if (result < 0) return fail(fault, "view", "/", result, "mounts are refused to this process");
  long root = private_files(profile, "0755", true);
  if (root < 0) return fail(fault, "view", "tmpfs", root, "this kernel must let a user namespace mount it");
  result = sys(__NR_move_mount, root, "", AT_CWD, "/", MOVE_MOUNT_F_EMPTY_PATH_);
  if (result == 0) result = make_covers(profile, &covers);
  if (result < 0) return fail(fault, "view", "new root", result, NULL);
  result = system_directories(profile, &covers, (int)root, fault);
  if (result == 0) result = show_roots(profile, &covers, (int)root, fault);
  if (result == 0) result = system_covers(profile, &covers, (int)root, fault);
  if (result < 0) return result;
  result = attributes((int)root, MOUNT_ATTR_RDONLY_, 0, false);
  if (result == 0) result = enter((int)root);
  if (result < 0) return fail(fault, "view", "pivot_root", result, "the machine's root must be a mount that can be left");
  enforce(layers, LAYER_MOUNT);
  return 0;
}
