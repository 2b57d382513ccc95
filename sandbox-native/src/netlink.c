#include "netlink.h"

#include <linux/netlink.h>

#include "sockets.h"

static void *room(struct netlink *netlink, size_t length) {
  size_t whole = (length + 3) & ~(size_t)3;
  if (netlink->full || whole > netlink->capacity - netlink->length) {
    netlink->full = true;
    return NULL;
  }
  void *at = netlink->bytes + netlink->length;
  memset(at, 0, whole);
  netlink->length += whole;
  return at;
}

void message_begin(struct netlink *netlink, unsigned type, unsigned flags, const void *header, size_t header_length) {
  netlink->message = netlink->length;
  struct nlmsghdr *message = room(netlink, sizeof *message);
  void *body = room(netlink, header_length);
  if (netlink->full) return;
  message->nlmsg_type = (unsigned short)type;
  message->nlmsg_flags = (unsigned short)(flags | NLM_F_REQUEST);
  message->nlmsg_seq = ++netlink->messages;
  memcpy(body, header, header_length);
}

void message_end(struct netlink *netlink) {
  if (netlink->full) return;
  struct nlmsghdr *message = (void *)(netlink->bytes + netlink->message);
  message->nlmsg_len = (unsigned)(netlink->length - netlink->message);
}

void attribute(struct netlink *netlink, unsigned type, const void *value, size_t length) {
  struct nlattr *header = room(netlink, sizeof *header + length);
  if (header == NULL) return;
  header->nla_type = (unsigned short)type;
  header->nla_len = (unsigned short)(sizeof *header + length);
  memcpy(header + 1, value, length);
}

void attribute_text(struct netlink *netlink, unsigned type, const char *text) { attribute(netlink, type, text, length_of(text) + 1); }

void attribute_number(struct netlink *netlink, unsigned type, unsigned number) {
  unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16), (unsigned char)(number >> 8), (unsigned char)number};
  attribute(netlink, type, bytes, sizeof bytes);
}

size_t nest_begin(struct netlink *netlink, unsigned type) {
  size_t at = netlink->length;
  attribute(netlink, type | NLA_F_NESTED, "", 0);
  return at;
}

void nest_end(struct netlink *netlink, size_t at) {
  if (netlink->full) return;
  struct nlattr *header = (void *)(netlink->bytes + at);
  header->nla_len = (unsigned short)(netlink->length - at);
}

/* Counts the acknowledgements in one datagram into `answers`; the first error as -errno. */
static long read_answers(const unsigned char *bytes, size_t length, unsigned *answers) {
  for (size_t at = 0; at + sizeof(struct nlmsghdr) <= length;) {
    const struct nlmsghdr *message = (const void *)(bytes + at);
    if (message->nlmsg_len < sizeof *message || message->nlmsg_len > length - at) return -EIO;
    if (message->nlmsg_type == NLMSG_ERROR) {
      const struct nlmsgerr *answer = (const void *)(message + 1);
      if (message->nlmsg_len < sizeof *message + sizeof answer->error) return -EIO;
      if (answer->error != 0) return answer->error;
      if (*answers > 0) (*answers)--;
    }
    at += (message->nlmsg_len + 3) & ~3U;
  }
  return 0;
}

long netlink_ask(int protocol, const struct netlink *netlink, unsigned answers) {
  static unsigned char bytes[8192] __attribute__((aligned(8)));
  if (netlink->full) return -ENOBUFS;
  long fd = sys(__NR_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) return fd;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  long result = sys(__NR_sendto, fd, netlink->bytes, netlink->length, 0, &kernel, sizeof kernel);
  if (result > 0) result = 0;
  while (result == 0 && answers > 0) {
    long length = sys(__NR_recvfrom, fd, bytes, sizeof bytes, MSG_DONTWAIT, 0, 0);
    result = length < 0 ? length : read_answers(bytes, (size_t)length, &answers);
  }
  sys(__NR_close, fd);
  return result;
}
