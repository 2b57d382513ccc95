/* Messages of netlink, built in a fixed buffer: headers, attributes, nested attributes (linux/netlink.h). */
#ifndef FARAMESH_NETLINK_H
#define FARAMESH_NETLINK_H

#include "sys.h"

/* What does not fit sets `full`, and nothing is sent. */
struct netlink {
  unsigned char *bytes;
  size_t length, capacity;
  size_t message; /* where the one being built begins */
  unsigned messages;
  bool full;
};

void message_begin(struct netlink *netlink, unsigned type, unsigned flags, const void *header, size_t header_length);
void message_end(struct netlink *netlink);
void attribute(struct netlink *netlink, unsigned type, const void *value, size_t length);
void attribute_text(struct netlink *netlink, unsigned type, const char *text);
/* In network order, as nf_tables has its numbers. */
void attribute_number(struct netlink *netlink, unsigned type, unsigned number);
size_t nest_begin(struct netlink *netlink, unsigned type);
void nest_end(struct netlink *netlink, size_t at);

/* Sends all of it on a socket of its own and reads until `answers` acknowledgements have come; the first error as -errno. The kernel answers within
 * the send, so this never waits. */
long netlink_ask(int protocol, const struct netlink *netlink, unsigned answers);

#endif
