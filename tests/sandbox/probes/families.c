/* Socket families and types that speak with the kernel, the hypervisor or the wire: to be able to make one is to be through. */
#include "probe.h"
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

static enum outcome family(const char *what, int domain, int type, int protocol) {
  int fd = socket(domain, type, protocol);
  if (fd < 0 && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT) && optional("control") != NULL)
    return untried("this kernel has no %s", what);
  return judge(what, fd);
}
static enum outcome raw(void) { return family("SOCK_RAW", AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static enum outcome raw_ipv6(void) { return family("SOCK_RAW of IPv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6); }
static enum outcome packet(void) { return family("AF_PACKET", AF_PACKET, SOCK_RAW, 0); }
static enum outcome icmp(void) { return family("ICMP datagrams", AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }
static enum outcome alg(void) { return family("AF_ALG", 38, SOCK_SEQPACKET, 0); }
static enum outcome xdp(void) { return family("AF_XDP", 44, SOCK_RAW, 0); }
static enum outcome route(void) { return family("AF_NETLINK route", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }
static enum outcome audit(void) { return family("AF_NETLINK audit", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT); }
static enum outcome uevent(void) { return family("AF_NETLINK uevent", AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT); }
static enum outcome vsock(void) { return family("AF_VSOCK", 40, SOCK_STREAM, 0); }
static enum outcome key(void) { return family("AF_KEY", AF_KEY, SOCK_RAW, 2); }
static enum outcome mptcp(void) { return family("MPTCP", AF_INET, SOCK_STREAM, 262); }
static enum outcome sctp(void) { return family("SCTP", AF_INET, SOCK_STREAM, IPPROTO_SCTP); }
static enum outcome udplite(void) { return family("UDP-Lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE); }
static enum outcome packet_type(void) { return family("SOCK_PACKET", AF_INET, 10, 0); }
/* A family with bits above the low 32, where a filter may look and the kernel does not. */
static enum outcome high_bits(void) { return judge("a family with high bits", syscall(SYS_socket, 0x100000000UL | AF_NETLINK, SOCK_RAW, 0)); }

static enum outcome pair(void) {
  static const int FAMILIES[] = {30 /* TIPC */, AF_NETLINK, 44, 40};
  int fds[2];
  for (size_t i = 0; i < sizeof FAMILIES / sizeof *FAMILIES; i++)
    if (socketpair(FAMILIES[i], SOCK_STREAM, 0, fds) == 0) return through("socketpair of family %d", FAMILIES[i]);
  if (errno == EAFNOSUPPORT || errno == EOPNOTSUPP || errno == ESOCKTNOSUPPORT) return untried("no other family has pairs in this kernel");
  return stopped("socketpair");
}
/* All but AF_UNIX, AF_INET and AF_INET6, which have probes of their own. */
static enum outcome others(void) {
  static const int TYPES[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_RDM};
  for (int domain = 3; domain < 64; domain++)
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
      if (domain == AF_INET6) continue;
      if (socket(domain, TYPES[i], 0) >= 0) return through("a socket of family %d", domain);
    }
  return stopped("families 3 to 63");
}

const struct probe FAMILY_PROBES[] = {
    {"socket-raw", "socket families", raw},
    {"socket-raw-ipv6", "socket families", raw_ipv6},
    {"socket-packet", "socket families", packet},
    {"socket-packet-type", "socket families", packet_type},
    {"socket-icmp", "socket families", icmp},
    {"socket-alg", "socket families", alg},
    {"socket-xdp", "socket families", xdp},
    {"socket-netlink-route", "socket families", route},
    {"socket-netlink-audit", "socket families", audit},
    {"socket-netlink-uevent", "socket families", uevent},
    {"socket-vsock", "socket families", vsock},
    {"socket-key", "socket families", key},
    {"socket-mptcp", "socket families", mptcp},
    {"socket-sctp", "socket families", sctp},
    {"socket-udplite", "socket families", udplite},
    {"socket-high-bits", "socket families", high_bits},
    {"socketpair-other", "socket families", pair},
    {"socket-others", "socket families", others},
    {0},
};
