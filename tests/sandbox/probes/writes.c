/*
 * Changing what lies outside of the writable roots, or is protected inside of them. The targets are writable by all as far as modes go. What was made is looked for
 * by the harness too (matrix.ts): some sandboxes put an empty directory in the place of one that they hide.
 */
#include "probe.h"
#include <sys/xattr.h>
#include <time.h>

static enum outcome write_at(const char *what, int fd) {
  if (fd < 0) return stopped(what);
  return judge(what, write(fd, "changed\n", 8));
}
static enum outcome write_existing(void) { return write_at("open for writing", open(under("outside", "writable"), O_WRONLY | O_APPEND)); }
static enum outcome write_new(void) { return write_at("a new file", open(under("outside", "made"), O_WRONLY | O_CREAT, 0644)); }
static enum outcome write_temporary(void) {
  char path[64];
  int fd = open(target("outside"), O_WRONLY | O_TMPFILE, 0644);
  if (fd < 0) return stopped("O_TMPFILE");
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return judge("O_TMPFILE", linkat(AT_FDCWD, path, AT_FDCWD, under("outside", "temporary"), AT_SYMLINK_FOLLOW));
}
static enum outcome truncate_path(void) { return judge("truncate", truncate(under("outside", "writable"), 1)); }
static enum outcome truncate_open(void) { return judge("O_TRUNC", open(under("outside", "writable"), O_WRONLY | O_TRUNC)); }
/* Reading is allowed there, writing is not: what is opened for reading must not become writable. */
static enum outcome reopen_read_only(void) {
  int held = open(target("readable"), O_RDONLY);
  if (held < 0) return stopped("open of what may be read");
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", held);
  return judge("a read-only descriptor opened again for writing", open(path, O_WRONLY));
}
static enum outcome write_readable(void) { return judge("writing what may be read", open(target("readable"), O_WRONLY)); }
static enum outcome truncate_readable(void) { return judge("truncating what may be read", truncate(target("readable"), 4)); }
static enum outcome write_symlink(void) {
  const char *link = under("inside", "link-to-writable");
  unlink(link);
  if (symlink(under("outside", "writable"), link) < 0) return stopped("symlink");
  return write_at("through a symbolic link", open(link, O_WRONLY | O_APPEND));
}
static enum outcome write_hardlink(void) {
  const char *link = under("inside", "hard-link-readable");
  unlink(link);
  if (linkat(AT_FDCWD, target("readable"), AT_FDCWD, link, 0) < 0) return stopped("link");
  return write_at("through a hard link", open(link, O_WRONLY | O_APPEND));
}
static enum outcome link_descriptor(void) {
  char path[64];
  int held = open(target("readable"), O_RDONLY);
  if (held < 0) return stopped("open");
  snprintf(path, sizeof path, "/proc/self/fd/%d", held);
  const char *link = under("inside", "hard-link-descriptor");
  unlink(link);
  if (linkat(AT_FDCWD, path, AT_FDCWD, link, AT_SYMLINK_FOLLOW) < 0) return stopped("linkat of a descriptor");
  return write_at("linkat of a descriptor", open(link, O_WRONLY | O_APPEND));
}

static const char *made_inside(const char *name) {
  const char *path = under("inside", name);
  int fd = open(path, O_WRONLY | O_CREAT, 0644);
  if (fd >= 0) close(fd);
  return path;
}
static enum outcome rename_over(void) { return judge("rename over", rename(made_inside("over"), under("outside", "replaced"))); }
static enum outcome rename_exchange(void) {
  return judge("RENAME_EXCHANGE", renameat2(AT_FDCWD, made_inside("exchanged"), AT_FDCWD, under("outside", "exchanged"), RENAME_EXCHANGE));
}
static enum outcome rename_ancestor(void) {
  char from[1024], to[1040];
  snprintf(from, sizeof from, "%s", target("ancestor"));
  snprintf(to, sizeof to, "%s-moved", from);
  if (rename(from, to) < 0) return stopped("rename of a directory above the root");
  /* The harness looks for it, since a view may have a directory of that name that is its own. */
  mkdir(under("outside", "../area-moved/witness"), 0755);
  rename(to, from);
  return through("rename of a directory above the root");
}
static enum outcome remove_outside(void) { return judge("unlink", unlink(under("outside", "removable"))); }
static enum outcome make_directory(void) { return judge("mkdir", mkdir(under("outside", "directory"), 0755)); }
static enum outcome make_fifo(void) { return judge("mkfifo", mkfifo(under("outside", "fifo"), 0644)); }
static enum outcome make_link_outside(void) { return judge("symlink", symlink("/etc/passwd", under("outside", "link"))); }

static enum outcome mode_outside(void) { return judge("chmod", chmod(under("outside", "owned"), 0600)); }
static enum outcome owner_outside(void) { return judge("chown", chown(under("outside", "owned"), geteuid(), getegid())); }
static enum outcome times_outside(void) {
  struct timespec times[2] = {{1, 0}, {1, 0}};
  return judge("utimensat", utimensat(AT_FDCWD, under("outside", "owned"), times, 0));
}
static enum outcome times_readable(void) {
  struct timespec times[2] = {{1, 0}, {1, 0}};
  return judge("utimensat of what may be read", utimensat(AT_FDCWD, target("readable"), times, 0));
}
static enum outcome mode_readable(void) { return judge("chmod of what may be read", chmod(target("readable"), 0666)); }
static enum outcome attribute_outside(void) { return judge("setxattr", setxattr(under("outside", "owned"), "user.probe", "1", 1, 0)); }
static enum outcome attribute_readable(void) { return judge("setxattr of what may be read", setxattr(target("readable"), "user.probe", "1", 1, 0)); }
/* setxattrat(2), Linux 6.13: newer than most lists. */
static enum outcome attribute_at_readable(void) {
  struct {
    unsigned long value;
    unsigned size, flags;
  } given = {(unsigned long)"1", 1, 0};
  long result = syscall(463, AT_FDCWD, target("readable"), 0, "user.probe", &given, sizeof given);
  if (result < 0 && errno == ENOSYS && optional("control") != NULL) return untried("no setxattrat in this kernel");
  return judge("setxattrat of what may be read", result);
}

/* Inside of a writable root: `protected` is a directory that exists, `absent` a path that does not yet. */
static enum outcome protected_write(void) { return write_at("a protected directory", open(under("protected", "pre-commit"), O_WRONLY | O_CREAT, 0755)); }
static enum outcome absent_write(void) {
  char parent[1024];
  snprintf(parent, sizeof parent, "%s", target("absent"));
  *strrchr(parent, '/') = 0;
  mkdir(parent, 0755);
  return write_at("a protected path that does not exist yet", open(target("absent"), O_WRONLY | O_CREAT, 0755));
}
/* Moves the parent of what is protected away and makes it anew. */
static enum outcome protected_ancestor(void) {
  char parent[1024], moved[1040];
  snprintf(parent, sizeof parent, "%s", target("protected"));
  *strrchr(parent, '/') = 0;
  snprintf(moved, sizeof moved, "%s-moved", parent);
  if (rename(parent, moved) < 0) return stopped("rename of the parent of what is protected");
  mkdir(parent, 0755);
  mkdir(target("protected"), 0755);
  return write_at("the parent of what is protected moved away", open(under("protected", "post-commit"), O_WRONLY | O_CREAT, 0755));
}
static enum outcome denied_ancestor(void) {
  char parent[1024], moved[1040], path[1100];
  snprintf(parent, sizeof parent, "%s", target("denied"));
  *strrchr(parent, '/') = 0;
  snprintf(moved, sizeof moved, "%s-moved", parent);
  if (rename(parent, moved) < 0) return stopped("rename of the parent of what is denied");
  snprintf(path, sizeof path, "%s%s", moved, strrchr(target("denied"), '/'));
  enum outcome outcome = judge_marker("the parent of what is denied moved", open(path, O_RDONLY));
  rename(moved, parent);
  return outcome;
}

const struct probe WRITE_PROBES[] = {
    {"write-existing", "writing", write_existing},
    {"write-new", "writing", write_new},
    {"write-tmpfile", "writing", write_temporary},
    {"truncate", "writing", truncate_path},
    {"truncate-open", "writing", truncate_open},
    {"write-readable", "writing", write_readable},
    {"truncate-readable", "writing", truncate_readable},
    {"reopen-read-only", "writing", reopen_read_only},
    {"write-symlink", "writing", write_symlink},
    {"write-hardlink", "writing", write_hardlink},
    {"link-descriptor", "writing", link_descriptor},
    {"rename-over", "writing", rename_over},
    {"rename-exchange", "writing", rename_exchange},
    {"rename-ancestor", "writing", rename_ancestor},
    {"unlink-outside", "writing", remove_outside},
    {"mkdir-outside", "writing", make_directory},
    {"mkfifo-outside", "writing", make_fifo},
    {"symlink-outside", "writing", make_link_outside},
    {"chmod-outside", "metadata", mode_outside},
    {"chown-outside", "metadata", owner_outside},
    {"utime-outside", "metadata", times_outside},
    {"setxattr-outside", "metadata", attribute_outside},
    {"chmod-readable", "metadata", mode_readable},
    {"utime-readable", "metadata", times_readable},
    {"setxattr-readable", "metadata", attribute_readable},
    {"setxattrat-readable", "metadata", attribute_at_readable},
    {"protected-write", "writing", protected_write},
    {"protected-absent", "writing", absent_write},
    {"protected-ancestor", "writing", protected_ancestor},
    {"denied-ancestor", "reading", denied_ancestor},
    {0},
};
