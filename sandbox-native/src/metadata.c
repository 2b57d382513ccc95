/*
 * Modes, times and owners of files by their path, in a mode without a mount namespace: Landlock has no right for them (landlock(7)), and a filter cannot read a path. So the
 * filter asks, and the launcher makes the change itself, on the descriptor that it has found to lie below a writable root: what the command does to the path
 * meanwhile changes nothing. Only of files of the command's own user, since the launcher may have more power than the command; never to set-uid or set-gid; and to no
 * other owner, so that programs that set the owner which a file has already (tar as root) go on.
 */
#include "broker.h"
#include "files.h"

#define PATH_BYTES 4096
#define PAGE 4096UL
#define SET_ID 06000
#define FCHMODAT2 452

enum changed { MODE_BITS, TIMES, OWNER };

/* A call's arguments by meaning; `path` and `times` lie in the command's memory. */
struct change {
  enum changed changed;
  int directory;
  unsigned long long path, times;
  unsigned mode, user, group;
  bool follow;
};

/* Where the arguments stand; `flags` -1: it has none. */
struct call {
  int number;
  enum changed changed;
  signed char path, flags; /* the directory stands before the path, when that is not the first */
  bool follow;
};
static const struct call CALLS[] = {
#if defined(__x86_64__)
    {__NR_chmod, MODE_BITS, 0, -1, true}, {__NR_chown, OWNER, 0, -1, true}, {__NR_lchown, OWNER, 0, -1, false},
#endif
    {__NR_fchmodat, MODE_BITS, 1, -1, true}, {FCHMODAT2, MODE_BITS, 1, 3, true}, {__NR_utimensat, TIMES, 1, 3, true}, {__NR_fchownat, OWNER, 1, 4, true},
};

static const struct call *find_call(int number) {
  for (size_t at = 0; at < sizeof CALLS / sizeof CALLS[0]; at++)
    if (CALLS[at].number == number) return &CALLS[at];
  return NULL;
}

/* False: flags that are not known here. */
static bool read_change(const struct call *call, const unsigned long long *given, struct change *change) {
  const unsigned long long *value = given + call->path + 1;
  unsigned flags = call->flags < 0 ? 0 : (unsigned)given[(int)call->flags];
  *change = (struct change){call->changed, call->path == 0 ? AT_CWD : (int)given[0], given[(int)call->path], value[0], (unsigned)value[0], (unsigned)value[0], (unsigned)value[1], call->follow && (flags & AT_SYMLINK_NOFOLLOW_) == 0};
  return (flags & ~(unsigned)AT_SYMLINK_NOFOLLOW_) == 0;
}

static long read_memory(unsigned task, unsigned long long from, void *to, size_t length) {
  unsigned long long local[2] = {(unsigned long)to, length}, remote[2] = {from, length};
  return sys(__NR_process_vm_readv, task, local, 1, remote, 1, 0);
}

/* Page by page, since what lies behind the text may not be there. */
static long read_path(unsigned task, unsigned long long from, char path[PATH_BYTES]) {
  for (size_t length = 0; length < PATH_BYTES;) {
    size_t part = PAGE - ((from + length) & (PAGE - 1));
    if (part > PATH_BYTES - length) part = PATH_BYTES - length;
    long got = read_memory(task, from + length, path + length, part);
    if (got <= 0) return -14;
    for (long at = 0; at < got; at++, length++)
      if (path[length] == 0) return length == 0 ? -2 : 0;
  }
  return -36;
}

/* What /proc/self/fd/N is to the command; C libraries name files so. -2: it is no such path. */
static long own_descriptor(const char *path) {
  long long number;
  if (!begins(path, "/proc/self/fd/") || !parse_number(path + 14, &number) || number > 0x7fffffff) return -2;
  return (long)number;
}

static long open_task(unsigned task, const char *what, long number) {
  TEXT(path, 64);
  put(&path, "/proc/");
  put_number(&path, task);
  put(&path, what);
  if (number >= 0) put_number(&path, number);
  return sys(__NR_openat, AT_CWD, path.bytes, O_PATH_ | O_CLOEXEC_, 0);
}

static long open_asked(unsigned task, const struct change *change, const char *path) {
  long number = own_descriptor(path);
  if (number >= 0) return open_task(task, "/fd/", number);
  long base = *path == '/' ? AT_CWD : change->directory == AT_CWD ? open_task(task, "/cwd", -1) : open_task(task, "/fd/", change->directory);
  if (base < 0 && base != AT_CWD) return base;
  long fd = open_how((int)base, path, O_PATH_ | O_CLOEXEC_ | (change->follow ? 0 : O_NOFOLLOW_), 0, RESOLVE_NO_MAGICLINKS_);
  if (base >= 0) sys(__NR_close, base);
  return fd;
}

/* The roots are no links and lead through none: the kernel's own name of what was opened says where it lies. */
static bool writable(const struct profile *profile, const char *path) {
  const struct root *best = NULL;
  for (size_t at = 0; at < profile->root_count; at++) {
    const struct root *root = &profile->roots[at];
    if (root->kind == ROOT_SOCKET || !within(path, root->path)) continue;
    if (best == NULL || length_of(root->path) >= length_of(best->path)) best = root;
  }
  return best != NULL && best->kind == ROOT_WRITE;
}

static long may_change(const struct profile *profile, int fd, const char *name) {
  char path[PATH_BYTES];
  struct stat status;
  long length = sys(__NR_readlinkat, AT_CWD, name, path, sizeof path - 1);
  if (length < 0) return length;
  path[length] = 0;
  if (*path != '/' || !writable(profile, path)) return -1;
  long result = status_of(fd, &status);
  return result < 0 ? result : status.st_uid == (unsigned)sys(__NR_geteuid) ? 0 : -1;
}

static long apply_change(const struct change *change, const char *name, const long times[4]) {
  if (change->changed == TIMES) return sys(__NR_utimensat, AT_CWD, name, change->times != 0 ? times : NULL, 0);
  if (change->changed == MODE_BITS) return (change->mode & SET_ID) != 0 ? -1 : sys(__NR_fchmodat, AT_CWD, name, change->mode);
  bool user = change->user == ~0U || change->user == (unsigned)sys(__NR_geteuid), group = change->group == ~0U || change->group == (unsigned)sys(__NR_getegid);
  return user && group ? sys(__NR_fchownat, AT_CWD, name, change->user, change->group, 0) : -1;
}

static long make_change(const struct broker *broker, const struct seccomp_notif *request, const struct change *change) {
  char path[PATH_BYTES];
  long times[4];
  TEXT(name, 32);
  long result = read_path(request->pid, change->path, path);
  if (result == 0 && change->changed == TIMES && change->times != 0) result = read_memory(request->pid, change->times, times, sizeof times) == sizeof times ? 0 : -14;
  if (result < 0) return result;
  long fd = open_asked(request->pid, change, path);
  if (fd < 0) return fd;
  put(&name, "/proc/self/fd/");
  put_number(&name, fd);
  /* The task may have ended, and its number be another's: then what was read is not what was asked. */
  if (sys(__NR_ioctl, broker->notify, SECCOMP_IOCTL_NOTIF_ID_VALID, &request->id) != 0) result = -3;
  if (result == 0) result = may_change(broker->profile, (int)fd, name.bytes);
  if (result == 0) result = apply_change(change, name.bytes, times);
  sys(__NR_close, fd);
  return result;
}

bool metadata_asked(const struct profile *profile) {
  if (profile->mode != MODE_RESTRICTED) return false;
  for (size_t at = 0; at < profile->root_count; at++)
    if (profile->roots[at].kind == ROOT_WRITE) return true;
  return false;
}

bool metadata_take(const struct broker *broker, const struct seccomp_notif *request, long *result) {
  struct change change;
  const struct call *call = find_call(request->data.nr);
  if (call == NULL) return false;
  *result = read_change(call, request->data.args, &change) ? make_change(broker, request, &change) : -22;
  return true;
}
