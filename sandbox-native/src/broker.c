/*
 * connect(2) in a mode without a network namespace. The socket of the command is never connected: options that the command sets (IP_OPTIONS, SO_BINDTODEVICE)
 * could lead its packets elsewhere, and it could write before the token is there. Instead the launcher makes a socket of its own, connects it, writes token and
 * header, and puts it in the place of the command's descriptor (SECCOMP_IOCTL_NOTIF_ADDFD, seccomp_unotify(2)). Of the command's memory only the one
 * copy of the address is used.
 */
#include "broker.h"

#include <linux/fcntl.h>

size_t broker_size(void) { return sizeof(struct broker); }

long broker_open(struct broker *broker, const struct profile *profile, int notify, struct text *fault) {
  struct seccomp_notif_sizes sizes;
  memset(broker, 0, sizeof *broker);
  broker->profile = profile;
  broker->notify = notify;
  long error = sys(__NR_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
  if (error < 0) return fail(fault, "broker", "ask for the size of notifications", error, NULL);
  if (sizes.seccomp_notif > sizeof broker->request || sizes.seccomp_notif_resp > sizeof broker->response) return fail(fault, "broker", "notifications are larger than known", -EINVAL, NULL);
  return 0;
}

static bool still_waits(const struct broker *broker, unsigned long long id) { return sys(__NR_ioctl, broker->notify, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

/* The one copy. The request is checked after: the pid may have become another's before. */
static long read_address(const struct broker *broker, const struct seccomp_notif *request, struct asked *asked) {
  unsigned long long length = (unsigned)request->data.args[2];
  memset(&asked->address, 0, sizeof asked->address);
  if (length < sizeof asked->address.family || length > sizeof asked->address) return -EINVAL;
  unsigned long long local[2] = {(unsigned long)&asked->address, length}, remote[2] = {request->data.args[1], length};
  long got = sys(__NR_process_vm_readv, request->pid, local, 1, remote, 1, 0);
  if (!still_waits(broker, request->id)) return -ESRCH;
  if (got == -EFAULT || (got >= 0 && (unsigned long long)got != length)) return -EFAULT;
  if (got < 0) return -EACCES;
  asked->length = (unsigned)length;
  return 0;
}

/* Text of /proc/TASK/`rest`, null-ended; -errno. */
static long read_task(unsigned task, const char *rest, long long number, char *bytes, size_t capacity) {
  TEXT(path, 64);
  put(&path, "/proc/");
  put_number(&path, task);
  put(&path, rest);
  if (number >= 0) put_number(&path, number);
  long fd = sys(__NR_openat, AT_FDCWD, path.bytes, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  long length = sys(__NR_read, fd, bytes, capacity - 1);
  sys(__NR_close, fd);
  if (length < 0) return length;
  bytes[length] = 0;
  return length;
}

/* The digits behind `name` at a line's beginning, to this base; -1: none. */
static long long field(const char *text, const char *name, unsigned base) {
  for (bool line = true; *text != 0; text++) {
    if (line && begins(text, name)) {
      long long number = 0;
      for (text += length_of(name); *text == ' ' || *text == '\t'; text++) continue;
      if (*text < '0' || *text > '9') return -1;
      for (; *text >= '0' && *text <= '9'; text++) number = number * base + (*text - '0');
      return number;
    }
    line = *text == '\n';
  }
  return -1;
}

/* A copy of the command's descriptor. A thread that leads no group is reached by its group (pidfd_open(2)), with which it shares descriptors as a rule; where not,
 * what is put in its place is safe all the same. */
static long copy_descriptor(unsigned task, int number) {
  char status[1024];
  long pidfd = sys(__NR_pidfd_open, task, 0);
  if (pidfd < 0 && read_task(task, "/status", -1, status, sizeof status) > 0) pidfd = sys(__NR_pidfd_open, field(status, "Tgid:", 10), 0);
  if (pidfd < 0) return -EACCES;
  long fd = sys(__NR_pidfd_getfd, pidfd, number, 0);
  sys(__NR_close, pidfd);
  return fd == -EBADF ? -EBADF : fd < 0 ? -EACCES : fd;
}

static long option(int fd, int name, int *value) {
  unsigned length = sizeof *value;
  return sys(__NR_getsockopt, fd, SOL_SOCKET, name, value, &length);
}

/* What the command's socket is; refused is all but stream sockets of TCP. */
static long read_socket(int fd, struct asked *asked) {
  union address peer;
  unsigned length = sizeof peer;
  int protocol;
  if (option(fd, SO_DOMAIN, &asked->domain) < 0 || option(fd, SO_TYPE, &asked->type) < 0 || option(fd, SO_PROTOCOL, &protocol) < 0) return -ENOTSOCK;
  bool inet = (asked->domain == AF_INET || asked->domain == AF_INET6) && asked->type == SOCK_STREAM && protocol == IPPROTO_TCP;
  if (!inet) return -EACCES;
  if (asked->address.family == AF_UNSPEC) return -EPERM;
  return sys(__NR_getpeername, fd, &peer, &length) == 0 ? -EISCONN : 0;
}

/* The options that a program sets before it connects and that lead nowhere else. */
static void copy_options(int from, int to) {
  static const struct {
    int level, name;
  } KEPT[] = {{SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_RCVTIMEO}, {SOL_SOCKET, SO_SNDTIMEO}, {SOL_SOCKET, SO_LINGER}, {SOL_SOCKET, SO_PASSCRED},
              {SOL_TCP, TCP_NODELAY}, {SOL_TCP, 4 /* TCP_KEEPIDLE */}, {SOL_TCP, 5 /* TCP_KEEPINTVL */}, {SOL_TCP, 6 /* TCP_KEEPCNT */},
              {SOL_TCP, 18 /* TCP_USER_TIMEOUT */}};
  for (size_t at = 0; at < sizeof KEPT / sizeof KEPT[0]; at++) {
    unsigned char value[16];
    unsigned length = sizeof value;
    if (sys(__NR_getsockopt, from, KEPT[at].level, KEPT[at].name, value, &length) == 0)
      sys(__NR_setsockopt, to, KEPT[at].level, KEPT[at].name, value, length);
  }
  long flags = sys(__NR_fcntl, from, F_GETFL, 0);
  sys(__NR_fcntl, to, F_SETFL, flags > 0 ? flags & O_NONBLOCK : 0);
}

/* Puts `fd` where the command's descriptor is, close-on-exec as that was. */
static long replace(const struct broker *broker, const struct seccomp_notif *request, int fd) {
  char information[512];
  unsigned number = (unsigned)request->data.args[0];
  long length = read_task(request->pid, "/fdinfo/", number, information, sizeof information);
  long long flags = length < 0 ? -1 : field(information, "flags:", 8);
  if (flags < 0) return -EBADF;
  struct seccomp_notif_addfd added = {
      .id = request->id, .flags = SECCOMP_ADDFD_FLAG_SETFD, .srcfd = (unsigned)fd, .newfd = number, .newfd_flags = (flags & O_CLOEXEC) != 0 ? O_CLOEXEC : 0};
  long result = sys(__NR_ioctl, broker->notify, SECCOMP_IOCTL_NOTIF_ADDFD, &added);
  return result < 0 ? -EACCES : 0;
}

static long connect_asked(struct broker *broker, const struct seccomp_notif *request) {
  struct asked asked;
  long error = read_address(broker, request, &asked);
  if (error < 0) return error;
  long copy = copy_descriptor(request->pid, (int)request->data.args[0]);
  if (copy < 0) return copy;
  error = read_socket((int)copy, &asked);
  long fd = error < 0 ? error : connect_proxy(broker->profile, &asked);
  if (fd >= 0) {
    copy_options((int)copy, (int)fd);
    error = replace(broker, request, (int)fd);
    sys(__NR_close, fd);
  } else {
    error = fd;
  }
  sys(__NR_close, copy);
  return error;
}

/* A command that is gone takes no answer (ENOENT): nothing is left to do then. */
static void respond(struct broker *broker, unsigned long long id, long error) {
  memset(&broker->response, 0, sizeof broker->response);
  struct seccomp_notif_resp *response = &broker->response.head;
  response->id = id;
  response->error = (int)error;
  sys(__NR_ioctl, broker->notify, SECCOMP_IOCTL_NOTIF_SEND, response);
}

bool broker_take(struct broker *broker, const struct seccomp_notif *request) {
  long result;
  if (metadata_take(broker, request, &result)) {
    respond(broker, request->id, result);
    return true;
  }
  if (request->data.nr != __NR_connect) return false;
  respond(broker, request->id, connect_asked(broker, request));
  return true;
}

void broker_ready(struct broker *broker) {
  memset(&broker->request, 0, sizeof broker->request);
  struct seccomp_notif *request = &broker->request.head;
  if (sys(__NR_ioctl, broker->notify, SECCOMP_IOCTL_NOTIF_RECV, request) < 0) return;
  if (!broker_take(broker, request)) respond(broker, request->id, -EACCES);
}
