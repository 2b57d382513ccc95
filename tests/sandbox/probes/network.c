/* Reaching servers of the host's network namespace, each of which answers with the marker. */
#include "probe.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

union address {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
};

static socklen_t parse(union address *address, const char *text, long port) {
  memset(address, 0, sizeof *address);
  if (strchr(text, ':') == NULL) {
    address->four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    inet_pton(AF_INET, text, &address->four.sin_addr);
    return sizeof address->four;
  }
  address->six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port), .sin6_scope_id = strncmp(text, "fe80", 4) == 0 ? 1 : 0};
  inet_pton(AF_INET6, text, &address->six.sin6_addr);
  return sizeof address->six;
}
static int make(const union address *address, int type, int protocol) {
  int fd = socket(address->any.sa_family, type, protocol);
  struct timeval wait = {2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  return fd;
}
static enum outcome tcp_to(const char *text, long port, int protocol) {
  union address address;
  socklen_t length = parse(&address, text, port);
  int fd = make(&address, SOCK_STREAM, protocol);
  if (fd < 0) return stopped("socket");
  if (connect(fd, &address.any, length) < 0) return stopped("connect");
  return judge_marker("connect", fd);
}
static enum outcome udp_to(const char *text, long port) {
  union address address;
  socklen_t length = parse(&address, text, port);
  int fd = make(&address, SOCK_DGRAM, 0);
  if (fd < 0) return stopped("socket");
  if (sendto(fd, "ping", 4, 0, &address.any, length) < 0) return stopped("sendto");
  return judge_marker("sendto", fd);
}
static enum outcome tcp_loopback(void) { return tcp_to("127.0.0.1", target_number("port"), 0); }
static enum outcome tcp_loopback_other(void) { return tcp_to("127.8.9.10", target_number("port"), 0); }
static enum outcome tcp_zero(void) { return tcp_to("0.0.0.0", target_number("port"), 0); }
static enum outcome tcp_six(void) { return tcp_to("::1", target_number("port"), 0); }
static enum outcome tcp_mapped(void) { return tcp_to("::ffff:127.0.0.1", target_number("port"), 0); }
static enum outcome tcp_elsewhere(void) { return tcp_to(target("elsewhere"), target_number("port"), 0); }
static enum outcome tcp_elsewhere_six(void) { return tcp_to(target("elsewhere6"), target_number("port"), 0); }
static enum outcome tcp_metadata(void) { return tcp_to(target("metadata"), 80, 0); }
static enum outcome tcp_metadata_mapped(void) {
  char text[64];
  snprintf(text, sizeof text, "::ffff:%s", target("metadata"));
  return tcp_to(text, 80, 0);
}
static enum outcome tcp_link_local(void) { return tcp_to(target("linklocal"), target_number("port"), 0); }
static enum outcome mptcp(void) { return tcp_to(target("elsewhere"), target_number("port"), IPPROTO_MPTCP); }
static enum outcome doh(void) { return tcp_to(target("elsewhere"), 443, 0); }
static enum outcome udp_loopback(void) { return udp_to("127.0.0.1", target_number("port")); }
static enum outcome udp_six(void) { return udp_to("::1", target_number("port")); }
static enum outcome udp_elsewhere(void) { return udp_to(target("elsewhere"), target_number("port")); }
static enum outcome dns_udp(void) { return udp_to(target("elsewhere"), 53); }
static enum outcome dns_tcp(void) { return tcp_to(target("elsewhere"), 53, 0); }
static enum outcome dns_local(void) { return udp_to("127.0.0.53", 53); }
static enum outcome quic(void) { return udp_to(target("elsewhere"), 443); }

static enum outcome fast_open(void) {
  union address address;
  socklen_t length = parse(&address, target("elsewhere"), target_number("port"));
  int fd = make(&address, SOCK_STREAM, 0);
  if (fd < 0) return stopped("socket");
  if (sendto(fd, "ping", 4, MSG_FASTOPEN | MSG_NOSIGNAL, &address.any, length) < 0) return stopped("sendto MSG_FASTOPEN");
  return judge_marker("sendto MSG_FASTOPEN", fd);
}
static enum outcome fast_open_connect(void) {
  union address address;
  socklen_t length = parse(&address, target("elsewhere"), target_number("port"));
  int fd = make(&address, SOCK_STREAM, 0), one = 1;
  if (fd < 0) return stopped("socket");
  if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof one) < 0) return stopped("TCP_FASTOPEN_CONNECT");
  if (connect(fd, &address.any, length) < 0 || send(fd, "ping", 4, MSG_NOSIGNAL) < 0) return stopped("TCP_FASTOPEN_CONNECT");
  return judge_marker("TCP_FASTOPEN_CONNECT", fd);
}
static struct mmsghdr message_to(union address *address, socklen_t length, struct iovec *data) {
  return (struct mmsghdr){.msg_hdr = {.msg_name = address, .msg_namelen = length, .msg_iov = data, .msg_iovlen = 1}};
}
static enum outcome send_message(void) {
  union address address;
  socklen_t length = parse(&address, target("elsewhere"), target_number("port"));
  int fd = make(&address, SOCK_DGRAM, 0);
  struct iovec data = {"ping", 4};
  struct mmsghdr message = message_to(&address, length, &data);
  if (fd < 0) return stopped("socket");
  if (sendmsg(fd, &message.msg_hdr, 0) < 0) return stopped("sendmsg");
  return judge_marker("sendmsg", fd);
}
static enum outcome send_messages(void) {
  union address address;
  socklen_t length = parse(&address, target("elsewhere"), target_number("port"));
  int fd = make(&address, SOCK_DGRAM, 0);
  struct iovec data = {"ping", 4};
  struct mmsghdr message = message_to(&address, length, &data);
  if (fd < 0) return stopped("socket");
  if (sendmmsg(fd, &message, 1, 0) < 0) return stopped("sendmmsg");
  return judge_marker("sendmmsg", fd);
}
/* Connects where it may (to itself), lets go by AF_UNSPEC, and connects again. */
static enum outcome reconnect(int type) {
  union address own, address;
  socklen_t length = parse(&own, "127.0.0.1", 0), there = parse(&address, target("elsewhere"), target_number("port"));
  int fd = make(&own, type, 0), listener = make(&own, type, 0);
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  if (fd < 0) return stopped("socket");
  if (bind(listener, &own.any, length) < 0 || getsockname(listener, &own.any, &length) < 0) return stopped("bind");
  if (type == SOCK_STREAM && listen(listener, 1) < 0) return stopped("listen");
  if (connect(fd, &own.any, length) < 0) return stopped("connect to itself");
  if (connect(fd, &none, sizeof none) < 0) return stopped("connect AF_UNSPEC");
  if (connect(fd, &address.any, there) < 0) return stopped("connect again");
  if (type == SOCK_DGRAM && send(fd, "ping", 4, 0) < 0) return stopped("send");
  return judge_marker("connect again after AF_UNSPEC", fd);
}
static enum outcome reconnect_tcp(void) { return reconnect(SOCK_STREAM); }
static enum outcome reconnect_udp(void) { return reconnect(SOCK_DGRAM); }
/* A server inside that the host's network reaches: the arena's own server is a neighbour on the same loopback then. */
static enum outcome listen_outside(void) {
  union address address;
  socklen_t length = parse(&address, target("elsewhere"), 0);
  int fd = make(&address, SOCK_STREAM, 0);
  if (fd < 0) return stopped("socket");
  if (bind(fd, &address.any, length) < 0) return stopped("bind to an address of the host");
  return judge("listen on an address of the host", listen(fd, 1));
}

const struct probe NETWORK_PROBES[] = {
    {"tcp-loopback", "network", tcp_loopback},
    {"tcp-loopback-other", "network", tcp_loopback_other},
    {"tcp-zero-address", "network", tcp_zero},
    {"tcp-loopback-ipv6", "network", tcp_six},
    {"tcp-loopback-mapped", "network", tcp_mapped},
    {"tcp-elsewhere", "network", tcp_elsewhere},
    {"tcp-elsewhere-ipv6", "network", tcp_elsewhere_six},
    {"tcp-metadata", "network", tcp_metadata},
    {"tcp-metadata-mapped", "network", tcp_metadata_mapped},
    {"tcp-link-local", "network", tcp_link_local},
    {"tcp-fast-open", "network", fast_open},
    {"tcp-fast-open-connect", "network", fast_open_connect},
    {"tcp-reconnect-unspec", "network", reconnect_tcp},
    {"tcp-listen", "network", listen_outside},
    {"mptcp", "network", mptcp},
    {"udp-loopback", "network", udp_loopback},
    {"udp-loopback-ipv6", "network", udp_six},
    {"udp-elsewhere", "network", udp_elsewhere},
    {"udp-sendmsg", "network", send_message},
    {"udp-sendmmsg", "network", send_messages},
    {"udp-reconnect-unspec", "network", reconnect_udp},
    {"quic", "network", quic},
    {"dns-udp", "network", dns_udp},
    {"dns-udp-local", "network", dns_local},
    {"dns-tcp", "network", dns_tcp},
    {"dns-https", "network", doh},
    {0},
};
