/* The bridge's memory: one structure of fixed size, zeroed when it is made (mmap), of which only what is in use is touched. */
#ifndef FARAMESH_BRIDGE_H
#define FARAMESH_BRIDGE_H

#include "sockets.h"
#include "steps.h"

#define BRIDGE_CONNECTIONS 1024
#define BRIDGE_QUERIES 256
#define BRIDGE_BUFFER (64 * 1024)
#define BRIDGE_ROUNDS 16          /* buffers that one connection may move before the others have their turn */
#define BRIDGE_ACCEPTS 64         /* likewise connections and queries taken from one listener */
#define BRIDGE_CONNECT_MS 10000   /* how long a full backlog of the proxy is waited for */
#define BRIDGE_RETRY_MS 5
#define QUERY_MAX 4096
#define QUERY_MS 5000

enum end_kind { END_LISTENER, END_DATAGRAMS, END_CONNECTION, END_QUERY, END_TIMER };

/* What epoll gives back: its address is the token. */
struct end {
  enum end_kind kind;
  int fd;
  unsigned short index;
};

/* One direction. What lies between `begin` and `end` of its buffer waits to be sent. */
struct stream {
  unsigned begin, end;
  bool ended;   /* the source has no more */
  bool closed;  /* the target knows it */
  bool discard; /* the target takes no more: what comes is dropped, so that the other direction can end in order */
};

enum connection_state { CONNECTION_FREE, CONNECTION_WAITS, CONNECTION_OPEN };

struct connection {
  enum connection_state state;
  struct end client, proxy;
  struct stream out, in; /* to the proxy; to the client */
  long long since;
};

enum query_state { QUERY_FREE, QUERY_WAITS, QUERY_OPEN };

struct query {
  enum query_state state;
  struct end end;
  int listener;
  union address client;
  unsigned client_length;
  unsigned limit; /* the longest answer that the client takes */
  long long since;
  unsigned question, sent, length, received; /* `out`: where the message begins, how much is sent, of how much; bytes in `in` */
  char out[PROXY_HEADER_MAX + 1 + 2 + QUERY_MAX];
  unsigned char in[2 + QUERY_MAX];
};

struct bridge {
  int epoll, spare;
  int socket; /* O_PATH of the proxy's socket: pinned when the bridge is opened */
  struct end listeners[LISTENERS], timer;
  bool captures, paused, timer_set;
  unsigned free_connections;
  unsigned short free[BRIDGE_CONNECTIONS];
  struct connection connections[BRIDGE_CONNECTIONS];
  struct query queries[BRIDGE_QUERIES];
  unsigned char datagram[QUERY_MAX + 1];
  unsigned char buffers[BRIDGE_CONNECTIONS][2][BRIDGE_BUFFER];
};

/* bridge.c */
/* A new connection to the proxy, -EAGAIN when its backlog is full (then it is tried again), or -errno. */
long bridge_connect(struct bridge *bridge, int fd);
long bridge_socket(void);
/* Watches it edge-triggered, in both directions. */
long bridge_watch(struct bridge *bridge, struct end *end);
/* Asks for another round for what waits for the proxy's backlog. */
void bridge_retry_later(struct bridge *bridge);

/* queries.c */
void queries_receive(struct bridge *bridge, const struct end *listener);
void query_ready(struct bridge *bridge, struct query *query);
void queries_tick(struct bridge *bridge, long long now);

/* pump.c: moves what can be moved, and says what is left to do. */
enum pumped { PUMP_WAITS, PUMP_AGAIN, PUMP_OVER };
enum pumped pump(struct connection *connection, unsigned char buffers[2][BRIDGE_BUFFER]);

#endif
