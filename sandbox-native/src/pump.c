/* One connection's two directions. Every descriptor is non-blocking and watched by its edges: each direction runs until it would block. */
#include "bridge.h"

/* The target takes no more: what its source still sends is dropped. */
static void give_up(struct stream *stream) {
  stream->discard = stream->closed = true;
  stream->begin = stream->end = 0;
}

static long fill(struct stream *stream, unsigned char *buffer, int from) {
  long length = sys(__NR_recvfrom, from, buffer, BRIDGE_BUFFER, MSG_DONTWAIT, 0, 0);
  if (length < 0) return length;
  stream->ended = length == 0;
  stream->begin = 0;
  stream->end = stream->discard ? 0 : (unsigned)length;
  return 0;
}

static long drain(struct stream *stream, const unsigned char *buffer, int to) {
  while (stream->begin < stream->end) {
    long length = sys(__NR_sendto, to, buffer + stream->begin, stream->end - stream->begin, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    if (length == -EINTR) continue;
    if (length < 0) return length;
    stream->begin += (unsigned)length;
  }
  return 0;
}

/* 1: there is more but the turn is over; 0: it would block or has ended; else -errno of the source. What fails at the target sets `discard`. */
static long move(struct stream *stream, unsigned char *buffer, int from, int to) {
  for (unsigned rounds = 0; rounds < BRIDGE_ROUNDS;) {
    long error = drain(stream, buffer, to);
    if (error == -EAGAIN) return 0;
    if (error < 0) give_up(stream);
    if (stream->ended) {
      if (!stream->closed) sys(__NR_shutdown, to, SHUT_WR);
      stream->closed = true;
      return 0;
    }
    error = fill(stream, buffer, from);
    if (error == -EINTR) continue;
    if (error < 0) return error == -EAGAIN ? 0 : error;
    rounds++;
  }
  return 1;
}

enum pumped pump(struct connection *connection, unsigned char buffers[2][BRIDGE_BUFFER]) {
  int client = connection->client.fd, proxy = connection->proxy.fd;
  long out = move(&connection->out, buffers[0], client, proxy);
  if (out < 0) return PUMP_OVER;
  long in = move(&connection->in, buffers[1], proxy, client);
  if (in < 0 || connection->in.discard) return PUMP_OVER;
  if (connection->in.closed && connection->out.closed) return PUMP_OVER;
  return out > 0 || in > 0 ? PUMP_AGAIN : PUMP_WAITS;
}
