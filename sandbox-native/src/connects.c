/* The connections that the broker makes: to the policy proxy for every inet address, and to the Unix sockets that the profile names. */
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/poll.h>

#include "broker.h"

#define CONNECT_MS 200
#define LOCAL_TRIES 20

static void sleep_ms(long ms) {
  long long time[2] = {0, ms * 1000000LL};
  sys(__NR_nanosleep, time, 0);
}

/* Waits for a connection on loopback, whose handshake is over within the call unless the backlog is full; then not for long, since all others wait too. */
static long finish(int fd) {
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  long long time[2] = {0, CONNECT_MS * 1000000LL};
  int error = 0;
  unsigned length = sizeof error;
  long ready = sys(__NR_ppoll, &wait, 1, time, 0, 8);
  if (ready < 0) return ready;
  if (ready == 0) return -ETIMEDOUT;
  long result = sys(__NR_getsockopt, fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return result < 0 ? result : -error;
}

static long dial(int fd, bool six, unsigned short port) {
  struct endpoint proxy = loopback(false, port);
  union address address;
  unsigned length = address_of(&proxy, six, &address);
  long error = sys(__NR_connect, fd, &address, length);
  return error == -EINPROGRESS ? finish(fd) : error;
}

/* Token, then header. The buffer of a new socket has room for both, so that a short write is an error. */
static long introduce(int fd, const struct profile *profile, const struct endpoint *destination) {
  union address own;
  struct endpoint bound;
  unsigned length = sizeof own;
  TEXT(line, 128 + 2 + PROXY_HEADER_MAX + 1);
  long error = sys(__NR_getsockname, fd, &own, &length);
  if (error < 0 || !endpoint_of(&own, &bound)) return -EACCES;
  struct endpoint source = loopback(destination->six, bound.port);
  put(&line, profile->bridge_token);
  put(&line, "\r\n");
  put_proxy_header(&line, &source, destination);
  if (line.full) return -EACCES;
  long sent = sys(__NR_sendto, fd, line.bytes, line.length, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
  return sent == (long)line.length ? 0 : -ECONNREFUSED;
}

/* As connect(2) reads it: all zeros mean this machine. */
static long destination_of(const struct asked *asked, struct endpoint *destination) {
  static const unsigned char ZERO[16];
  if (asked->length < (asked->domain == AF_INET ? sizeof asked->address.v4 : 24)) return -EINVAL; /* 24: without a scope (RFC 2133) */
  if (asked->address.family != asked->domain || !endpoint_of(&asked->address, destination)) return -EAFNOSUPPORT;
  if (memcmp(destination->bytes, ZERO, sizeof ZERO) == 0) *destination = loopback(destination->six, destination->port);
  return destination->port == 0 ? -ECONNREFUSED : 0;
}

long connect_proxy(const struct profile *profile, const struct asked *asked) {
  struct endpoint destination;
  long error = destination_of(asked, &destination);
  if (error < 0) return error;
  long fd = sys(__NR_socket, asked->domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return fd;
  error = dial((int)fd, asked->domain == AF_INET6, profile->bridge_port);
  if (error == 0) error = introduce((int)fd, profile, &destination);
  if (error == 0) return fd;
  sys(__NR_close, fd);
  return error;
}

/* The declared socket whose path this is, byte for byte, or null: no relative path, and no abstract name, which begins with a null. */
static const char *declared(const struct profile *profile, const struct asked *asked) {
  char path[sizeof asked->address.path.sun_path + 1];
  size_t length = asked->length - offsetof(struct sockaddr_un, sun_path);
  if (asked->length <= offsetof(struct sockaddr_un, sun_path) || length >= sizeof path) return NULL;
  memcpy(path, asked->address.path.sun_path, length);
  path[length] = 0;
  for (size_t at = 0; at < profile->root_count; at++)
    if (profile->roots[at].kind == ROOT_SOCKET && same(profile->roots[at].path, path)) return profile->roots[at].path;
  return NULL;
}

/* Through the descriptor, so that what was opened without following a link is what is connected to. */
static long dial_local(int fd, int socket) {
  union address address = {.path = {.sun_family = AF_UNIX}};
  struct text path = {address.path.sun_path, 0, sizeof address.path.sun_path, false};
  put(&path, "/proc/self/fd/");
  put_number(&path, socket);
  long error = -EAGAIN;
  for (unsigned tries = 0; error == -EAGAIN && tries < LOCAL_TRIES; tries++) {
    if (tries > 0) sleep_ms(CONNECT_MS / LOCAL_TRIES);
    error = sys(__NR_connect, fd, &address, sizeof address.path);
  }
  return error;
}

long connect_local(const struct profile *profile, const struct asked *asked) {
  const char *path = asked->address.family == AF_UNIX ? declared(profile, asked) : NULL;
  if (path == NULL) return -EACCES;
  struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  long socket = sys(__NR_openat2, AT_FDCWD, path, &how, sizeof how);
  if (socket < 0) return socket == -ENOSYS ? -EACCES : socket;
  long fd = sys(__NR_socket, AF_UNIX, asked->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  long error = fd < 0 ? fd : dial_local((int)fd, (int)socket);
  sys(__NR_close, socket);
  if (error == 0) return fd;
  if (fd >= 0) sys(__NR_close, fd);
  return error;
}
