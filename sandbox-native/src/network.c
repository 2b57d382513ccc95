/*
 * Inside the new network namespace: `lo` up, the listeners of the bridge, and the capture of what asks for other addresses. Captured is what is routed:
 * a default route on `lo` leads every packet to the output hook, and nf_tables there redirects it or drops it, so nothing is ever without an answer.
 */
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "netlink.h"
#include "sockets.h"
#include "steps.h"

#define LOOPBACK_INDEX 1 /* the kernel's, in every network namespace */
#define FLAG_UP 1U
#define NETLINK_PROTOCOL_ROUTE 0
#define NETLINK_PROTOCOL_NETFILTER 12
#define PRIORITY_NAT (-100)
#define BACKLOG 1024
#define TABLE "faramesh"
#define CHAIN "out"

static long loopback_up(void) {
  unsigned char bytes[128] __attribute__((aligned(8)));
  struct netlink netlink = {.bytes = bytes, .capacity = sizeof bytes};
  struct ifinfomsg link = {.ifi_index = LOOPBACK_INDEX, .ifi_flags = FLAG_UP, .ifi_change = FLAG_UP};
  message_begin(&netlink, RTM_NEWLINK, NLM_F_ACK, &link, sizeof link);
  message_end(&netlink);
  return netlink_ask(NETLINK_PROTOCOL_ROUTE, &netlink, 1);
}

/* IPv6 takes no route of type unicast on a loopback device (it makes a reject route of it), but one of type local. */
static long default_route(bool six, unsigned type) {
  static const unsigned char SOURCE[4] = {127, 0, 0, 1};
  unsigned char bytes[128] __attribute__((aligned(8)));
  struct netlink netlink = {.bytes = bytes, .capacity = sizeof bytes};
  struct rtmsg route = {.rtm_family = six ? AF_INET6 : AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT};
  route.rtm_scope = six ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  route.rtm_type = six ? RTN_LOCAL : RTN_UNICAST;
  unsigned index = LOOPBACK_INDEX;
  message_begin(&netlink, type, NLM_F_ACK | (type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0), &route, sizeof route);
  attribute(&netlink, RTA_OIF, &index, sizeof index);
  if (!six) attribute(&netlink, RTA_PREFSRC, SOURCE, sizeof SOURCE);
  message_end(&netlink);
  return netlink_ask(NETLINK_PROTOCOL_ROUTE, &netlink, 1);
}

/* A message of nf_tables for this family; `type` 0 and 1 are the batch's first and last. */
static void nft_begin(struct netlink *netlink, unsigned char family, unsigned type, unsigned flags) {
  struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0};
  message_begin(netlink, NFNL_SUBSYS_NFTABLES << 8 | type, flags, &header, sizeof header);
}

static void nft_batch(struct netlink *netlink, unsigned type) {
  struct nfgenmsg header = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = swap16(NFNL_SUBSYS_NFTABLES)};
  message_begin(netlink, type, 0, &header, sizeof header);
  message_end(netlink);
}

struct expression {
  size_t element, data;
};

static struct expression expression_begin(struct netlink *netlink, const char *name) {
  struct expression expression;
  expression.element = nest_begin(netlink, NFTA_LIST_ELEM);
  attribute_text(netlink, NFTA_EXPR_NAME, name);
  expression.data = nest_begin(netlink, NFTA_EXPR_DATA);
  return expression;
}

static void expression_end(struct netlink *netlink, struct expression expression) {
  nest_end(netlink, expression.data);
  nest_end(netlink, expression.element);
}

static void equals(struct netlink *netlink, const void *bytes, size_t length) {
  struct expression expression = expression_begin(netlink, "cmp");
  attribute_number(netlink, NFTA_CMP_SREG, NFT_REG_1);
  attribute_number(netlink, NFTA_CMP_OP, NFT_CMP_EQ);
  size_t data = nest_begin(netlink, NFTA_CMP_DATA);
  attribute(netlink, NFTA_DATA_VALUE, bytes, length);
  nest_end(netlink, data);
  expression_end(netlink, expression);
}

static void match_protocol(struct netlink *netlink, unsigned char protocol) {
  struct expression expression = expression_begin(netlink, "meta");
  attribute_number(netlink, NFTA_META_KEY, NFT_META_L4PROTO);
  attribute_number(netlink, NFTA_META_DREG, NFT_REG_1);
  expression_end(netlink, expression);
  equals(netlink, &protocol, 1);
}

static void match_payload(struct netlink *netlink, unsigned base, unsigned offset, const void *bytes, size_t length) {
  struct expression expression = expression_begin(netlink, "payload");
  attribute_number(netlink, NFTA_PAYLOAD_DREG, NFT_REG_1);
  attribute_number(netlink, NFTA_PAYLOAD_BASE, base);
  attribute_number(netlink, NFTA_PAYLOAD_OFFSET, offset);
  attribute_number(netlink, NFTA_PAYLOAD_LEN, (unsigned)length);
  expression_end(netlink, expression);
  equals(netlink, bytes, length);
}

static void redirect(struct netlink *netlink, unsigned short port) {
  unsigned char bytes[2] = {(unsigned char)(port >> 8), (unsigned char)port};
  struct expression immediate = expression_begin(netlink, "immediate");
  attribute_number(netlink, NFTA_IMMEDIATE_DREG, NFT_REG_1);
  size_t data = nest_begin(netlink, NFTA_IMMEDIATE_DATA);
  attribute(netlink, NFTA_DATA_VALUE, bytes, sizeof bytes);
  nest_end(netlink, data);
  expression_end(netlink, immediate);
  struct expression expression = expression_begin(netlink, "redir");
  attribute_number(netlink, NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1);
  expression_end(netlink, expression);
}

static void verdict(struct netlink *netlink, unsigned code) {
  struct expression expression = expression_begin(netlink, "immediate");
  attribute_number(netlink, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  size_t data = nest_begin(netlink, NFTA_IMMEDIATE_DATA);
  size_t inner = nest_begin(netlink, NFTA_DATA_VERDICT);
  attribute_number(netlink, NFTA_VERDICT_CODE, code);
  nest_end(netlink, inner);
  nest_end(netlink, data);
  expression_end(netlink, expression);
}

static size_t rule_begin(struct netlink *netlink, unsigned char family) {
  nft_begin(netlink, family, NFT_MSG_NEWRULE, NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND);
  attribute_text(netlink, NFTA_RULE_TABLE, TABLE);
  attribute_text(netlink, NFTA_RULE_CHAIN, CHAIN);
  return nest_begin(netlink, NFTA_RULE_EXPRESSIONS);
}

static void rule_end(struct netlink *netlink, size_t expressions) {
  nest_end(netlink, expressions);
  message_end(netlink);
}

static void table_and_chain(struct netlink *netlink, unsigned char family) {
  nft_begin(netlink, family, NFT_MSG_NEWTABLE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  attribute_text(netlink, NFTA_TABLE_NAME, TABLE);
  message_end(netlink);
  nft_begin(netlink, family, NFT_MSG_NEWCHAIN, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  attribute_text(netlink, NFTA_CHAIN_TABLE, TABLE);
  attribute_text(netlink, NFTA_CHAIN_NAME, CHAIN);
  size_t hook = nest_begin(netlink, NFTA_CHAIN_HOOK);
  attribute_number(netlink, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
  attribute_number(netlink, NFTA_HOOK_PRIORITY, (unsigned)PRIORITY_NAT);
  nest_end(netlink, hook);
  attribute_text(netlink, NFTA_CHAIN_TYPE, "nat");
  message_end(netlink);
}

/* Port 53 goes first, so that a resolver named as 127.0.0.53 is answered, and over TCP too when an answer was too long for UDP. */
static unsigned rules(struct netlink *netlink, bool six, unsigned short tcp_port, unsigned short udp_port) {
  static const unsigned char DNS[2] = {0, 53}, LOOPBACK[16] = {[15] = 1}, LOOPBACK_FIRST[1] = {127};
  unsigned char family = six ? NFPROTO_IPV6 : NFPROTO_IPV4;
  size_t rule = rule_begin(netlink, family);
  match_protocol(netlink, IPPROTO_UDP);
  match_payload(netlink, NFT_PAYLOAD_TRANSPORT_HEADER, 2, DNS, sizeof DNS);
  redirect(netlink, udp_port);
  rule_end(netlink, rule);
  rule = rule_begin(netlink, family);
  match_protocol(netlink, IPPROTO_TCP);
  match_payload(netlink, NFT_PAYLOAD_TRANSPORT_HEADER, 2, DNS, sizeof DNS);
  redirect(netlink, tcp_port);
  rule_end(netlink, rule);
  rule = rule_begin(netlink, family);
  if (six)
    match_payload(netlink, NFT_PAYLOAD_NETWORK_HEADER, 24, LOOPBACK, sizeof LOOPBACK);
  else
    match_payload(netlink, NFT_PAYLOAD_NETWORK_HEADER, 16, LOOPBACK_FIRST, sizeof LOOPBACK_FIRST);
  verdict(netlink, NF_ACCEPT);
  rule_end(netlink, rule);
  rule = rule_begin(netlink, family);
  match_protocol(netlink, IPPROTO_TCP);
  redirect(netlink, tcp_port);
  rule_end(netlink, rule);
  /* The sender gets EPERM at once, so that what tries QUIC goes on with TCP. */
  rule = rule_begin(netlink, family);
  verdict(netlink, NF_DROP);
  rule_end(netlink, rule);
  return 5;
}

/* One family's route, and its table, chain and rules as one batch: all or nothing. A table of its own for each family, since `inet` is not in a kernel
 * without IPv6. */
static long capture_family(bool six, unsigned short tcp_port, unsigned short udp_port) {
  static unsigned char bytes[4096] __attribute__((aligned(8)));
  struct netlink netlink = {.bytes = bytes, .capacity = sizeof bytes};
  long error = default_route(six, RTM_NEWROUTE);
  if (error < 0) return error;
  nft_batch(&netlink, NFNL_MSG_BATCH_BEGIN);
  table_and_chain(&netlink, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
  unsigned count = rules(&netlink, six, tcp_port, udp_port);
  nft_batch(&netlink, NFNL_MSG_BATCH_END);
  error = netlink_ask(NETLINK_PROTOCOL_NETFILTER, &netlink, 2 + count);
  if (error < 0) default_route(six, RTM_DELROUTE);
  return error;
}

/* A listener there, non-blocking; its port into `port`. -errno. UDP without SO_REUSEADDR, which would let another take the port too. */
static long listen_at(const union address *address, unsigned length, int type, unsigned short *port) {
  union address bound;
  unsigned bound_length = sizeof bound;
  long fd = sys(__NR_socket, address->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  long error = 0;
  if (type == SOCK_STREAM) error = set_option((int)fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (error == 0 && address->family == AF_INET6) error = set_option((int)fd, SOL_IPV6, IPV6_V6ONLY, 0);
  if (error == 0) error = sys(__NR_bind, fd, address, length);
  if (error == 0 && type == SOCK_STREAM) error = sys(__NR_listen, fd, BACKLOG);
  if (error == 0) error = sys(__NR_getsockname, fd, &bound, &bound_length);
  if (error < 0) {
    sys(__NR_close, fd);
    return error;
  }
  *port = swap16(address->family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
  return fd;
}

/* Any address, any free port: both families where there is IPv6, else IPv4. */
static long listen_captured(int type, unsigned short *port) {
  struct endpoint any;
  union address address;
  memset(&any, 0, sizeof any);
  any.six = true;
  unsigned length = address_of(&any, true, &address);
  long fd = listen_at(&address, length, type, port);
  if (fd >= 0) return fd;
  any.six = false;
  length = address_of(&any, false, &address);
  return listen_at(&address, length, type, port);
}

static long listen_loopback(int type, unsigned short port) {
  struct endpoint endpoint = loopback(false, port);
  union address address;
  unsigned length = address_of(&endpoint, false, &address);
  return listen_at(&address, length, type, &port);
}

static void close_both(int listeners[LISTENERS]) {
  for (size_t at = 1; at < LISTENERS; at += 2) {
    if (listeners[at] >= 0) sys(__NR_close, listeners[at]);
    listeners[at] = -1;
  }
}

/* IPv6 that is not captured has no route: a connect there fails at once, and nothing is let through. */
static void capture(struct layers *layers, int listeners[LISTENERS]) {
  unsigned short tcp_port = 0, udp_port = 0;
  long tcp = listen_captured(SOCK_STREAM, &tcp_port);
  long udp = listen_captured(SOCK_DGRAM, &udp_port);
  listeners[1] = tcp < 0 ? -1 : (int)tcp;
  listeners[3] = udp < 0 ? -1 : (int)udp;
  long error = tcp < 0 ? tcp : udp < 0 ? udp : capture_family(false, tcp_port, udp_port);
  if (error == 0) {
    capture_family(true, tcp_port, udp_port);
    enforce(layers, LAYER_CAPTURE);
    return;
  }
  close_both(listeners);
  struct text why = {layers->why[LAYER_CAPTURE], 0, sizeof layers->why[LAYER_CAPTURE], false};
  put(&why, "nf_tables in a network namespace: ");
  put(&why, error_name(error));
}

long network_up(const struct profile *profile, struct layers *layers, int listeners[LISTENERS], struct text *fault) {
  for (size_t at = 0; at < LISTENERS; at++) listeners[at] = -1;
  if (profile->network != NETWORK_PROXY) {
    enforce(layers, LAYER_NETWORK);
    return 0;
  }
  long error = loopback_up();
  if (error < 0) return fail(fault, "network", "bring up the loopback device", error, NULL);
  long fd = listen_loopback(SOCK_STREAM, profile->proxy_port);
  if (fd < 0) return fail(fault, "network", "listen at 127.0.0.1 and the port of `proxy-port`", fd, NULL);
  listeners[0] = (int)fd;
  fd = listen_loopback(SOCK_DGRAM, 53);
  if (fd < 0) return fail(fault, "network", "listen for DNS at 127.0.0.1:53", fd, NULL);
  listeners[2] = (int)fd;
  enforce(layers, LAYER_NETWORK);
  enforce(layers, LAYER_BRIDGE);
  capture(layers, listeners);
  return 0;
}
