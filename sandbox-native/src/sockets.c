#include "sockets.h"

bool endpoint_of(const union address *address, struct endpoint *endpoint) {
  static const unsigned char MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  memset(endpoint, 0, sizeof *endpoint);
  if (address->family == AF_INET) {
    memcpy(endpoint->bytes, &address->v4.sin_addr, 4);
    endpoint->port = swap16(address->v4.sin_port);
    return true;
  }
  if (address->family != AF_INET6) return false;
  const unsigned char *bytes = address->v6.sin6_addr.s6_addr;
  endpoint->port = swap16(address->v6.sin6_port);
  endpoint->six = memcmp(bytes, MAPPED, sizeof MAPPED) != 0;
  if (endpoint->six)
    memcpy(endpoint->bytes, bytes, 16);
  else
    memcpy(endpoint->bytes, bytes + 12, 4);
  return true;
}

struct endpoint loopback(bool six, unsigned short port) {
  struct endpoint endpoint;
  memset(&endpoint, 0, sizeof endpoint);
  endpoint.six = six;
  endpoint.port = port;
  endpoint.bytes[0] = six ? 0 : 127;
  endpoint.bytes[six ? 15 : 3] = 1;
  return endpoint;
}

bool endpoint_loopback(const struct endpoint *endpoint) {
  struct endpoint one = loopback(true, 0);
  return endpoint->six ? memcmp(endpoint->bytes, one.bytes, 16) == 0 : endpoint->bytes[0] == 127;
}

unsigned address_of(const struct endpoint *endpoint, bool six_socket, union address *address) {
  memset(address, 0, sizeof *address);
  if (!six_socket) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = swap16(endpoint->port);
    memcpy(&address->v4.sin_addr, endpoint->bytes, 4);
    return sizeof address->v4;
  }
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = swap16(endpoint->port);
  unsigned char *bytes = address->v6.sin6_addr.s6_addr;
  if (endpoint->six) {
    memcpy(bytes, endpoint->bytes, 16);
  } else {
    bytes[10] = bytes[11] = 0xff;
    memcpy(bytes + 12, endpoint->bytes, 4);
  }
  return sizeof address->v6;
}

static void put_hexadecimal(struct text *text, unsigned value) {
  bool begun = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    unsigned digit = value >> shift & 15;
    begun = begun || digit != 0 || shift == 0;
    if (begun) put_bytes(text, &"0123456789abcdef"[digit], 1);
  }
}

/* RFC 5952: the first of the longest runs of two and more zero groups is `::`. */
static void put_six(struct text *text, const unsigned char bytes[16]) {
  int best = -1, best_length = 1;
  for (int at = 0, length = 0; at < 8; at++) {
    length = bytes[2 * at] == 0 && bytes[2 * at + 1] == 0 ? length + 1 : 0;
    if (length > best_length) {
      best_length = length;
      best = at - length + 1;
    }
  }
  for (int at = 0; at < 8; at++) {
    if (at == best) {
      put(text, "::");
      at += best_length - 1;
      continue;
    }
    if (at > 0 && (best < 0 || at != best + best_length)) put(text, ":");
    put_hexadecimal(text, (unsigned)bytes[2 * at] << 8 | bytes[2 * at + 1]);
  }
}

static void put_endpoint(struct text *text, const struct endpoint *endpoint) {
  if (endpoint->six) {
    put_six(text, endpoint->bytes);
    return;
  }
  for (int at = 0; at < 4; at++) {
    if (at > 0) put(text, ".");
    put_number(text, endpoint->bytes[at]);
  }
}

void put_proxy_header(struct text *text, const struct endpoint *source, const struct endpoint *destination) {
  put(text, destination->six ? "PROXY TCP6 " : "PROXY TCP4 ");
  put_endpoint(text, source);
  put(text, " ");
  put_endpoint(text, destination);
  put(text, " ");
  put_number(text, source->port);
  put(text, " ");
  put_number(text, destination->port);
  put(text, "\r\n");
}

long long now_ms(void) {
  long long time[2] = {0, 0};
  sys(__NR_clock_gettime, 1, time); /* CLOCK_MONOTONIC */
  return time[0] * 1000 + time[1] / 1000000;
}

long set_option(int fd, int level, int name, int value) { return sys(__NR_setsockopt, fd, level, name, &value, sizeof value); }
