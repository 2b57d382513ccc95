/* DNS: each query that comes as a datagram is one connection to the proxy, with two bytes of length before the message (RFC 1035 section 4.2.2). */
#include "bridge.h"

#define HEADER 12
#define UDP_LIMIT 512 /* RFC 1035 section 4.2.1 */
#define TYPE_OPT 41
#define FLAG_RESPONSE 0x80
#define FLAG_TRUNCATED 0x02
#define FLAG_RECURSION_AVAILABLE 0x80 /* in the second byte; without it a C library takes an empty answer for a referral, and asks no more */

static unsigned number_at(const unsigned char *bytes) { return (unsigned)bytes[0] << 8 | bytes[1]; }

/* The longest answer that the sender of this query takes by UDP: what its OPT record says (RFC 6891 section 6.2.3), else 512. */
static unsigned limit_of(const unsigned char *message, size_t length) {
  if (number_at(message + 4) != 1 || number_at(message + 6) != 0 || number_at(message + 8) != 0) return UDP_LIMIT;
  size_t at = HEADER;
  while (at < length && message[at] != 0) at += 1U + message[at];
  at += 1 + 4; /* root label, type and class of the question */
  if (number_at(message + 10) == 0 || at + 11 > length || message[at] != 0 || number_at(message + at + 1) != TYPE_OPT) return UDP_LIMIT;
  unsigned size = number_at(message + at + 3);
  return size < UDP_LIMIT ? UDP_LIMIT : size > QUERY_MAX ? QUERY_MAX : size;
}

static void query_end(struct query *query) {
  sys(__NR_close, query->end.fd);
  query->state = QUERY_FREE;
}

static void answer(struct query *query, const void *message, size_t length) {
  sys(__NR_sendto, query->listener, message, length, MSG_DONTWAIT | MSG_NOSIGNAL, &query->client, query->client_length);
  query_end(query);
}

/* What is too long for a datagram: the question comes back, marked as truncated, and its sender asks again over TCP. */
static void answer_truncated(struct query *query) {
  char *message = query->out + query->question;
  message[2] = (char)(message[2] | FLAG_RESPONSE | FLAG_TRUNCATED);
  message[3] = (char)(message[3] | FLAG_RECURSION_AVAILABLE);
  answer(query, message, query->length - query->question);
}

/* 0: all is sent; -EAGAIN; or another error. */
static long send_question(struct query *query) {
  while (query->sent < query->length) {
    long sent = sys(__NR_sendto, query->end.fd, query->out + query->sent, query->length - query->sent, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    if (sent == -EINTR) continue;
    if (sent < 0) return sent;
    query->sent += (unsigned)sent;
  }
  return 0;
}

/* Answers when the message is whole; -EAGAIN: not yet. */
static long receive_answer(struct query *query) {
  for (;;) {
    unsigned length = query->received < 2 ? 0 : number_at(query->in);
    if (query->received >= 2 && length < HEADER) return -EINVAL;
    if (length > query->limit) {
      answer_truncated(query);
      return 0;
    }
    if (query->received >= 2 && query->received == 2 + length) {
      answer(query, query->in + 2, length);
      return 0;
    }
    unsigned want = (query->received < 2 ? 2 : 2 + length) - query->received;
    long received = sys(__NR_recvfrom, query->end.fd, query->in + query->received, want, MSG_DONTWAIT, 0, 0);
    if (received == -EINTR) continue;
    if (received == 0) return -EIO;
    if (received < 0) return received;
    query->received += (unsigned)received;
  }
}

void query_ready(struct bridge *bridge, struct query *query) {
  long error = 0;
  if (query->state == QUERY_WAITS) {
    error = bridge_connect(bridge, query->end.fd);
    if (error == -EAGAIN) {
      bridge_retry_later(bridge);
      return;
    }
    query->state = QUERY_OPEN;
    if (error == 0) error = bridge_watch(bridge, &query->end);
  }
  if (error == 0) error = send_question(query);
  if (error == 0) error = receive_answer(query);
  if (error < 0 && error != -EAGAIN) query_end(query);
}

static struct query *query_free(struct bridge *bridge) {
  for (size_t at = 0; at < BRIDGE_QUERIES; at++)
    if (bridge->queries[at].state == QUERY_FREE) return &bridge->queries[at];
  return NULL;
}

/* The destination is the resolver that a program sees; which one it asked makes no difference. */
static void query_begin(struct bridge *bridge, struct query *query, size_t length) {
  struct endpoint source, destination;
  long fd = endpoint_of(&query->client, &source) ? bridge_socket() : -EAFNOSUPPORT;
  if (fd < 0) return;
  destination = loopback(source.six, 53);
  struct text out = {query->out, 0, sizeof query->out, false};
  put_proxy_header(&out, &source, &destination);
  char prefix[2] = {(char)(length >> 8), (char)length};
  put_bytes(&out, prefix, 2);
  query->question = (unsigned)out.length;
  put_bytes(&out, (const char *)bridge->datagram, length);
  query->length = (unsigned)out.length;
  query->sent = query->received = 0;
  /* Without capture no query goes over TCP, so a longer answer is better than a truncated one. */
  query->limit = bridge->captures ? limit_of(bridge->datagram, length) : QUERY_MAX;
  query->since = now_ms();
  query->end = (struct end){END_QUERY, (int)fd, (unsigned short)(query - bridge->queries)};
  query->state = QUERY_WAITS;
  query_ready(bridge, query);
}

/* What is no query, too long, or beyond the bound is dropped, as a network does. */
void queries_receive(struct bridge *bridge, const struct end *listener) {
  for (unsigned count = 0; count < BRIDGE_ACCEPTS; count++) {
    union address from;
    unsigned from_length = sizeof from;
    long length = sys(__NR_recvfrom, listener->fd, bridge->datagram, sizeof bridge->datagram, MSG_DONTWAIT, &from, &from_length);
    if (length == -EINTR) continue;
    if (length < 0) return;
    if (length < HEADER || length > QUERY_MAX) continue;
    struct query *query = query_free(bridge);
    if (query == NULL) continue;
    query->listener = listener->fd;
    query->client = from;
    query->client_length = from_length;
    query_begin(bridge, query, (size_t)length);
  }
}

void queries_tick(struct bridge *bridge, long long now) {
  for (size_t at = 0; at < BRIDGE_QUERIES; at++)
    if (bridge->queries[at].state != QUERY_FREE && now - bridge->queries[at].since >= QUERY_MS) query_end(&bridge->queries[at]);
}
