/*
 * The way out: what arrives at the listeners in the command's network namespace goes to the policy proxy's Unix socket, behind a header that says where it wanted
 * to go. There is no other way: what the proxy does not take is closed.
 */
#include "bridge.h"

#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/resource.h>
#include <linux/stat.h>

#define CLOCK_MONOTONIC 1
#define CONTROL_ADD 1
#define CONTROL_MODIFY 3
#define DESCRIPTORS (2 * BRIDGE_CONNECTIONS + BRIDGE_QUERIES + 64)

size_t bridge_size(void) { return sizeof(struct bridge); }

static long control(struct bridge *bridge, int operation, struct end *end, unsigned events) {
  struct epoll_event event = {.events = events, .data = (unsigned long)end};
  return sys(__NR_epoll_ctl, bridge->epoll, operation, end->fd, &event);
}

long bridge_watch(struct bridge *bridge, struct end *end) { return control(bridge, CONTROL_ADD, end, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET); }

void bridge_retry_later(struct bridge *bridge) {
  if (bridge->timer_set) return;
  long long times[4] = {0, 0, 0, BRIDGE_RETRY_MS * 1000000LL}; /* interval, first: seconds and nanoseconds */
  bridge->timer_set = sys(__NR_timerfd_settime, bridge->timer.fd, 0, times, 0) == 0;
}

long bridge_socket(void) { return sys(__NR_socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

/* By the descriptor that was pinned, so that no one can put another socket at the path, and a long path fits. */
long bridge_connect(struct bridge *bridge, int fd) {
  union address address = {.path = {.sun_family = AF_UNIX}};
  struct text path = {address.path.sun_path, 0, sizeof address.path.sun_path, false};
  put(&path, "/proc/self/fd/");
  put_number(&path, bridge->socket);
  return sys(__NR_connect, fd, &address, sizeof address.path);
}

/* Beyond the bound on connections or descriptors nothing more is accepted: what comes waits in the listener's backlog. */
static void pause_accept(struct bridge *bridge, bool paused) {
  if (bridge->paused == paused) return;
  bridge->paused = paused;
  for (size_t at = 0; at < 2; at++)
    if (bridge->listeners[at].fd >= 0) control(bridge, CONTROL_MODIFY, &bridge->listeners[at], paused ? 0 : EPOLLIN);
}

static void connection_end(struct bridge *bridge, struct connection *connection) {
  unsigned short index = connection->client.index;
  sys(__NR_close, connection->client.fd);
  sys(__NR_close, connection->proxy.fd);
  sys(__NR_madvise, bridge->buffers[index], sizeof bridge->buffers[index], 4 /* MADV_DONTNEED */);
  memset(connection, 0, sizeof *connection);
  bridge->free[bridge->free_connections++] = index;
  pause_accept(bridge, false);
}

static void connection_run(struct bridge *bridge, struct connection *connection) {
  enum pumped pumped = pump(connection, bridge->buffers[connection->client.index]);
  if (pumped == PUMP_OVER) connection_end(bridge, connection);
  if (pumped != PUMP_AGAIN) return;
  /* Setting the events anew gives an edge for what is ready still. */
  unsigned events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  control(bridge, CONTROL_MODIFY, &connection->client, events);
  control(bridge, CONTROL_MODIFY, &connection->proxy, events);
}

static void connection_start(struct bridge *bridge, struct connection *connection) {
  long error = bridge_connect(bridge, connection->proxy.fd);
  if (error == -EAGAIN && now_ms() - connection->since < BRIDGE_CONNECT_MS) {
    connection->state = CONNECTION_WAITS;
    bridge_retry_later(bridge);
    return;
  }
  connection->state = CONNECTION_OPEN;
  if (error == 0) error = bridge_watch(bridge, &connection->client);
  if (error == 0) error = bridge_watch(bridge, &connection->proxy);
  if (error < 0)
    connection_end(bridge, connection);
  else
    connection_run(bridge, connection);
}

/* Where the program wanted to go. False: it connected to the listener of captured connections itself, which would lead in a circle. */
static bool wanted(const struct end *listener, int fd, struct endpoint *destination) {
  union address address, own_address;
  struct endpoint own;
  unsigned length = sizeof own_address;
  if (sys(__NR_getsockname, fd, &own_address, &length) < 0 || !endpoint_of(&own_address, &own)) return false;
  *destination = own;
  if (listener->index == 0) return true;
  memset(&address, 0, sizeof address);
  length = own.six ? sizeof address.v6 : sizeof address.v4;
  if (sys(__NR_getsockopt, fd, own.six ? SOL_IPV6 : SOL_IP, ORIGINAL_DESTINATION, &address, &length) < 0) return false;
  if (!endpoint_of(&address, destination) || destination->six != own.six) return false;
  return destination->port != own.port || !endpoint_loopback(destination);
}

static void connection_begin(struct bridge *bridge, const struct end *listener, int fd, const union address *from) {
  struct endpoint source, destination;
  unsigned short index = bridge->free[bridge->free_connections - 1];
  struct connection *connection = &bridge->connections[index];
  if (!endpoint_of(from, &source) || !wanted(listener, fd, &destination)) {
    sys(__NR_close, fd);
    return;
  }
  set_option(fd, SOL_TCP, TCP_NODELAY, 1);
  struct text header = {(char *)bridge->buffers[index][0], 0, BRIDGE_BUFFER, false};
  put_proxy_header(&header, &source, &destination);
  connection->out.end = (unsigned)header.length;
  connection->client = (struct end){END_CONNECTION, fd, index};
  connection->proxy = (struct end){END_CONNECTION, bridge->spare, index};
  connection->since = now_ms();
  bridge->spare = -1;
  bridge->free_connections--;
  connection_start(bridge, connection);
}

/* The socket to the proxy is there before the connection is taken, so that none is taken that cannot be served. */
static void accept_some(struct bridge *bridge, const struct end *listener) {
  for (unsigned count = 0; count < BRIDGE_ACCEPTS; count++) {
    if (bridge->spare < 0) bridge->spare = (int)bridge_socket();
    if (bridge->free_connections == 0 || bridge->spare < 0) {
      pause_accept(bridge, true);
      return;
    }
    union address from;
    unsigned length = sizeof from;
    long fd = sys(__NR_accept4, listener->fd, &from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd == -EINTR || fd == -ECONNABORTED) continue;
    if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS) pause_accept(bridge, true);
    if (fd < 0) return;
    connection_begin(bridge, listener, (int)fd, &from);
  }
}

static void retry_waiting(struct bridge *bridge) {
  unsigned long long expirations;
  sys(__NR_read, bridge->timer.fd, &expirations, sizeof expirations);
  bridge->timer_set = false;
  for (size_t at = 0; at < BRIDGE_CONNECTIONS; at++)
    if (bridge->connections[at].state == CONNECTION_WAITS) connection_start(bridge, &bridge->connections[at]);
  for (size_t at = 0; at < BRIDGE_QUERIES; at++)
    if (bridge->queries[at].state == QUERY_WAITS) query_ready(bridge, &bridge->queries[at]);
}

/* The events themselves are not looked at: one may be left over from what had the same place before, and every call says itself what is ready. */
void bridge_ready(struct bridge *bridge, void *token, unsigned events) {
  struct end *end = token;
  (void)events;
  if (end->kind == END_LISTENER) {
    accept_some(bridge, end);
  } else if (end->kind == END_DATAGRAMS) {
    queries_receive(bridge, end);
  } else if (end->kind == END_TIMER) {
    retry_waiting(bridge);
  } else if (end->kind == END_QUERY) {
    if (bridge->queries[end->index].state == QUERY_OPEN) query_ready(bridge, &bridge->queries[end->index]);
  } else if (bridge->connections[end->index].state == CONNECTION_OPEN) {
    connection_run(bridge, &bridge->connections[end->index]);
  }
}

void bridge_tick(struct bridge *bridge) {
  queries_tick(bridge, now_ms());
  if (bridge->free_connections > 0) pause_accept(bridge, false);
}

/* The launcher's own limit, not that of the command, which is there already. */
static void raise_descriptors(void) {
  unsigned long long limit[2];
  if (sys(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, limit) < 0 || limit[0] >= DESCRIPTORS) return;
  limit[0] = limit[1] < DESCRIPTORS ? limit[1] : DESCRIPTORS;
  sys(__NR_prlimit64, 0, RLIMIT_NOFILE, limit, 0);
}

static long pin_socket(struct bridge *bridge, const struct profile *profile) {
  struct statx status;
  long fd = sys(__NR_openat, AT_FDCWD, profile->bridge, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  bridge->socket = (int)fd;
  long error = sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &status);
  if (error < 0) return error;
  return (status.stx_mode & S_IFMT) == S_IFSOCK ? 0 : -ENOTSOCK;
}

long bridge_open(struct bridge *bridge, const struct profile *profile, const int listeners[LISTENERS], int epoll, struct text *fault) {
  memset(bridge, 0, offsetof(struct bridge, connections));
  bridge->epoll = epoll;
  bridge->spare = -1;
  bridge->captures = listeners[1] >= 0;
  for (unsigned short at = 0; at < BRIDGE_CONNECTIONS; at++) bridge->free[at] = (unsigned short)(BRIDGE_CONNECTIONS - 1 - at);
  bridge->free_connections = BRIDGE_CONNECTIONS;
  raise_descriptors();
  long error = pin_socket(bridge, profile);
  if (error < 0) return fail(fault, "bridge", profile->bridge, error, NULL);
  long timer = sys(__NR_timerfd_create, CLOCK_MONOTONIC, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (timer < 0) return fail(fault, "bridge", "make a timer", timer, NULL);
  bridge->timer = (struct end){END_TIMER, (int)timer, 0};
  error = control(bridge, CONTROL_ADD, &bridge->timer, EPOLLIN);
  for (unsigned short at = 0; at < LISTENERS && error == 0; at++) {
    bridge->listeners[at] = (struct end){at < 2 ? END_LISTENER : END_DATAGRAMS, listeners[at], at};
    if (listeners[at] >= 0) error = control(bridge, CONTROL_ADD, &bridge->listeners[at], EPOLLIN);
  }
  return error < 0 ? fail(fault, "bridge", "watch the listeners", error, NULL) : 0;
}
