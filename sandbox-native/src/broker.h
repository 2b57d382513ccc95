/* The broker's memory and its parts: broker.c has the notifications, connects.c makes the connections. */
#ifndef FARAMESH_BROKER_H
#define FARAMESH_BROKER_H

#include <linux/ioctl.h>
#include <linux/seccomp.h>

#include "sockets.h"
#include "steps.h"

/* Room for what later kernels add to a notification. */
struct broker {
  const struct profile *profile;
  int notify;
  union {
    struct seccomp_notif head;
    unsigned char bytes[256];
  } request;
  union {
    struct seccomp_notif_resp head;
    unsigned char bytes[128];
  } response;
};

/* What the command asks for: its one copied address, and what its socket is. */
struct asked {
  union address address;
  unsigned length;
  int domain, type;
};

/* A socket of the launcher's own, of the family of the command's, connected; or -errno as connect(2) would give it. */
long connect_proxy(const struct profile *profile, const struct asked *asked);

#endif
