/* The connections that the broker makes: to the policy proxy, whatever address was asked for. */
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "broker.h"

#define CONNECT_MS 200

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
