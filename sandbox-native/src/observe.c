/*
 * What the tree opens, starts, connects to and changes, one JSON line each (PROFILE.md, Observations). Only for explaining and learning: what the arguments say may
 * change before the kernel reads them (seccomp_unotify(2)), so nothing here decides. A call is never held back: what cannot be written at once is counted as lost.
 */
#include "observe.h"

#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ioctl.h>
#include <linux/poll.h>
#include <linux/seccomp.h>
#include <linux/un.h>

#include "steps.h"

/* POSIX: that much is written to a pipe at once, or nothing. */
#define LINE_MAX_BYTES 4096
#define SEEN 4096
#define AT_ONCE 64

static const char *const OPERATION_NAMES[OPERATIONS] = {"open",    "exec",     "connect", "make",  "remove", "rename",   "link",
                                                        "symlink", "truncate", "mode",    "owner", "times",  "attribute"};

#define NONE (-1)
const struct observed OBSERVED[] = {
    {__NR_openat, OPERATION_OPEN, 0, 1, NONE, NONE},
    {__NR_openat2, OPERATION_OPEN, 0, 1, NONE, NONE},
    {__NR_execve, OPERATION_EXEC, NONE, 0, NONE, NONE},
    {__NR_execveat, OPERATION_EXEC, 0, 1, NONE, NONE},
    {__NR_connect, OPERATION_CONNECT, NONE, NONE, NONE, NONE},
    {__NR_mkdirat, OPERATION_MAKE, 0, 1, NONE, NONE},
    {__NR_mknodat, OPERATION_MAKE, 0, 1, NONE, NONE},
    {__NR_unlinkat, OPERATION_REMOVE, 0, 1, NONE, NONE},
    {__NR_renameat, OPERATION_RENAME, 0, 1, 2, 3},
    {__NR_renameat2, OPERATION_RENAME, 0, 1, 2, 3},
    {__NR_linkat, OPERATION_LINK, 0, 1, 2, 3},
    {__NR_symlinkat, OPERATION_SYMLINK, 1, 2, NONE, 0},
    {__NR_truncate, OPERATION_TRUNCATE, NONE, 0, NONE, NONE},
    {__NR_fchmodat, OPERATION_MODE, 0, 1, NONE, NONE},
    {452 /* fchmodat2, alike on both */, OPERATION_MODE, 0, 1, NONE, NONE},
    {__NR_fchownat, OPERATION_OWNER, 0, 1, NONE, NONE},
    {__NR_utimensat, OPERATION_TIMES, 0, 1, NONE, NONE},
    {__NR_setxattr, OPERATION_ATTRIBUTE, NONE, 0, NONE, NONE},
    {__NR_lsetxattr, OPERATION_ATTRIBUTE, NONE, 0, NONE, NONE},
    {__NR_removexattr, OPERATION_ATTRIBUTE, NONE, 0, NONE, NONE},
    {__NR_lremovexattr, OPERATION_ATTRIBUTE, NONE, 0, NONE, NONE},
#if defined(__x86_64__)
    {__NR_open, OPERATION_OPEN, NONE, 0, NONE, NONE},
    {__NR_creat, OPERATION_OPEN, NONE, 0, NONE, NONE},
    {__NR_mkdir, OPERATION_MAKE, NONE, 0, NONE, NONE},
    {__NR_mknod, OPERATION_MAKE, NONE, 0, NONE, NONE},
    {__NR_unlink, OPERATION_REMOVE, NONE, 0, NONE, NONE},
    {__NR_rmdir, OPERATION_REMOVE, NONE, 0, NONE, NONE},
    {__NR_rename, OPERATION_RENAME, NONE, 0, NONE, 1},
    {__NR_link, OPERATION_LINK, NONE, 0, NONE, 1},
    {__NR_symlink, OPERATION_SYMLINK, NONE, 1, NONE, 0},
    {__NR_chmod, OPERATION_MODE, NONE, 0, NONE, NONE},
    {__NR_chown, OPERATION_OWNER, NONE, 0, NONE, NONE},
    {__NR_lchown, OPERATION_OWNER, NONE, 0, NONE, NONE},
    {__NR_utime, OPERATION_TIMES, NONE, 0, NONE, NONE},
    {__NR_utimes, OPERATION_TIMES, NONE, 0, NONE, NONE},
    {__NR_futimesat, OPERATION_TIMES, 0, 1, NONE, NONE},
#endif
};
const size_t OBSERVED_COUNT = sizeof OBSERVED / sizeof OBSERVED[0];

static unsigned long long seen[SEEN];
static unsigned long long lost;
static bool half_written;

static const struct observed *observed_of(int call) {
  for (size_t at = 0; at < OBSERVED_COUNT; at++)
    if (OBSERVED[at].call == call) return &OBSERVED[at];
  return NULL;
}

static int directory_of(const struct seccomp_notif *request, int argument) { return argument == NONE ? AT_FDCWD : (int)request->data.args[argument]; }

/* Flags as of open(2); those of openat2 lie in memory. */
static bool open_flags(const struct seccomp_notif *request, unsigned long long *flags) {
  const __u64 *arguments = request->data.args;
  *flags = arguments[2];
#if defined(__x86_64__)
  if (request->data.nr == __NR_open) *flags = arguments[1];
  if (request->data.nr == __NR_creat) *flags = O_CREAT | O_WRONLY | O_TRUNC;
#endif
  if (request->data.nr != __NR_openat2) return true;
  return observed_memory(request->pid, arguments[2], flags, sizeof *flags) == (long)sizeof *flags;
}

static void put_flag(struct text *line, const char *name, bool value) {
  put(line, name);
  put(line, value ? "true" : "false");
}

static bool put_open(const struct seccomp_notif *request, struct text *line, bool *follow) {
  unsigned long long flags;
  if (!open_flags(request, &flags)) return false;
  bool path_only = (flags & O_PATH) != 0;
  put_flag(line, ",\"write\":", !path_only && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0));
  put_flag(line, ",\"create\":", !path_only && (flags & O_CREAT) != 0);
  *follow = (flags & O_NOFOLLOW) == 0;
  return true;
}

static bool put_path(const struct seccomp_notif *request, const char *name, int directory, int argument, bool follow, struct text *line) {
  static char bytes[2 * LINE_MAX_BYTES];
  struct text path = {bytes, 0, sizeof bytes, false};
  bytes[0] = 0;
  if (!observed_path(request->pid, directory_of(request, directory), request->data.args[argument], follow, &path)) return false;
  put(line, name);
  put_json(line, bytes);
  return true;
}

/* A link's target is text, not a path that is walked. */
static bool put_target(const struct seccomp_notif *request, int argument, struct text *line) {
  static char bytes[LINE_MAX_BYTES];
  long got = observed_memory(request->pid, request->data.args[argument], bytes, sizeof bytes - 1);
  if (got <= 0) return false;
  bytes[got] = 0;
  put(line, ",\"target\":");
  put_json(line, bytes);
  return true;
}

static void put_address(struct text *line, const unsigned char *address, bool six) {
  static const char HEX[] = "0123456789abcdef";
  put(line, ",\"address\":\"");
  for (int at = 0; at < (six ? 16 : 4); at++) {
    if (at > 0 && (!six || at % 2 == 0)) put(line, six ? ":" : ".");
    char pair[3] = {HEX[address[at] >> 4], HEX[address[at] & 15], 0};
    if (six) put(line, pair);
    else put_number(line, address[at]);
  }
  put(line, "\",\"port\":");
}

static unsigned host_order(unsigned short port) { return (port & 0xffu) << 8 | port >> 8; }

static bool put_connect(const struct seccomp_notif *request, struct text *line) {
  union {
    unsigned short family;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
    unsigned char bytes[sizeof(struct sockaddr_un) + 2];
  } to;
  memset(&to, 0, sizeof to);
  size_t length = (unsigned)request->data.args[2] < sizeof to - 2 ? (unsigned)request->data.args[2] : sizeof to - 2;
  if (observed_memory(request->pid, request->data.args[1], &to, length) < 2) return false;
  if (to.family == 2) {
    put_address(line, (const unsigned char *)&to.v4.sin_addr, false);
    put_number(line, host_order(to.v4.sin_port));
    return true;
  }
  if (to.family == 10) {
    put_address(line, (const unsigned char *)&to.v6.sin6_addr, true);
    put_number(line, host_order(to.v6.sin6_port));
    return true;
  }
  if (to.family != 1) return false;
  if (to.local.sun_path[0] == 0) {
    put(line, ",\"abstract\":");
    put_json(line, to.local.sun_path + 1);
    return true;
  }
  static char bytes[2 * LINE_MAX_BYTES];
  struct text path = {bytes, 0, sizeof bytes, false};
  if (!observed_resolved(request->pid, AT_FDCWD, to.local.sun_path, true, &path)) return false;
  put(line, ",\"path\":");
  put_json(line, bytes);
  return true;
}

static bool put_call(const struct seccomp_notif *request, const struct observed *call, struct text *line) {
  bool follow = call->operation != OPERATION_MAKE && call->operation != OPERATION_REMOVE && call->operation != OPERATION_RENAME &&
                call->operation != OPERATION_LINK && call->operation != OPERATION_SYMLINK;
  put(line, "{\"op\":\"");
  put(line, OPERATION_NAMES[call->operation]);
  put(line, "\"");
  if (call->operation == OPERATION_CONNECT) return put_connect(request, line);
  if (call->operation == OPERATION_OPEN && !put_open(request, line, &follow)) return false;
  bool two = call->operation == OPERATION_RENAME || call->operation == OPERATION_LINK;
  if (!put_path(request, two ? ",\"from\":" : ",\"path\":", call->directory, call->path, follow, line)) return false;
  if (two) return put_path(request, ",\"to\":", call->other_directory, call->other_path, false, line);
  return call->operation != OPERATION_SYMLINK || put_target(request, call->other_path, line);
}

/* FNV-1a, 64 bits. 0 stands for an empty place. */
static unsigned long long hash_of(const struct text *line) {
  unsigned long long hash = 0xcbf29ce484222325ULL;
  for (size_t at = 0; at < line->length; at++) hash = (hash ^ (unsigned char)line->bytes[at]) * 0x100000001b3ULL;
  return hash == 0 ? 1 : hash;
}

static bool write_line(int output, const struct text *line) {
  long long now[2] = {0, 0};
  struct pollfd ready = {.fd = output, .events = POLLOUT};
  if (sys(__NR_ppoll, &ready, 1, now, 0, 8) <= 0 || ready.revents != POLLOUT) return false;
  if (half_written && sys(__NR_write, output, "\n", 1) != 1) return false;
  half_written = false;
  long written = sys(__NR_write, output, line->bytes, line->length);
  half_written = written > 0 && (size_t)written < line->length;
  return written == (long)line->length;
}

/* False while the reader has not been told how many lines it missed. */
static bool tell_lost(int output) {
  if (lost == 0) return true;
  TEXT(line, 64);
  put(&line, "{\"op\":\"lost\",\"lines\":");
  put_number(&line, (long long)lost);
  put(&line, "}\n");
  if (!write_line(output, &line)) return false;
  lost = 0;
  return true;
}

void observe_call(int notify, int output, const struct seccomp_notif *request) {
  static char bytes[LINE_MAX_BYTES];
  struct text line = {bytes, 0, sizeof bytes, false};
  const struct observed *call = observed_of(request->data.nr);
  if (output < 0 || call == NULL || !put_call(request, call, &line)) return;
  /* What was read of the number's process counts only if that still waits. */
  if (sys(__NR_ioctl, notify, SECCOMP_IOCTL_NOTIF_ID_VALID, &request->id) < 0) return;
  unsigned long long hash = hash_of(&line);
  if (!line.full && seen[hash % SEEN] == hash) return;
  put(&line, ",\"pid\":");
  put_number(&line, request->pid);
  put(&line, "}\n");
  /* Too long for one line: as lost as what nobody reads. */
  if (line.full || !tell_lost(output) || !write_line(output, &line)) lost++;
  else seen[hash % SEEN] = hash;
}

static void go_on(int notify, unsigned long long id) {
  struct seccomp_notif_resp response = {.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  sys(__NR_ioctl, notify, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

long observe_ready(int notify, int output, struct broker *broker) {
  long long now[2] = {0, 0};
  /* A later kernel's notification is longer. */
  static union {
    struct seccomp_notif head;
    unsigned char bytes[256];
  } request;
  for (int count = 0; count < AT_ONCE; count++) {
    struct pollfd ready = {.fd = notify, .events = POLLIN};
    if (sys(__NR_ppoll, &ready, 1, now, 0, 8) <= 0) return 0;
    if ((ready.revents & POLLIN) == 0) return 1;
    memset(&request, 0, sizeof request);
    long error = sys(__NR_ioctl, notify, SECCOMP_IOCTL_NOTIF_RECV, &request);
    if (error == -2 || error == -4) continue; /* ENOENT: it died before it was received; EINTR */
    if (error < 0) return error;
    observe_call(notify, output, &request.head);
    if (broker == NULL || !broker_take(broker, &request.head)) go_on(notify, request.head.id);
  }
  return 0;
}
