/* Sockets: numbers of the kernel that its exported headers leave to a C library, alike on both architectures, and endpoints as text. */
#ifndef FARAMESH_SOCKETS_H
#define FARAMESH_SOCKETS_H

#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/un.h>

#include "text.h"

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#define SOCK_NONBLOCK 04000
#define SOCK_CLOEXEC 02000000
#define MSG_DONTWAIT 0x40
#define MSG_TRUNC 0x20
#define MSG_NOSIGNAL 0x4000
#define SHUT_WR 1
#define SOL_IP 0
#define SOL_TCP 6
#define SOL_IPV6 41
#define TCP_NODELAY 1
#define ORIGINAL_DESTINATION 80 /* SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST */

#define EPERM 1
#define ESRCH 3
#define EINTR 4
#define EIO 5
#define EBADF 9
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EINVAL 22
#define ENFILE 23
#define EMFILE 24
#define ENOSYS 38
#define ENAMETOOLONG 36
#define ENOTSOCK 88
#define EAFNOSUPPORT 97
#define ENETUNREACH 101
#define ENOBUFS 105
#define EISCONN 106
#define ETIMEDOUT 110
#define ECONNREFUSED 111
#define ECONNABORTED 103
#define EINPROGRESS 115

union address {
  unsigned short family;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_un path;
  unsigned char bytes[128]; /* the most that the kernel takes (sockaddr_storage) */
};

/* An address and a port in host order; what is written as IPv6 and means IPv4 (::ffff:a.b.c.d) is IPv4 here. */
struct endpoint {
  bool six;
  unsigned char bytes[16]; /* the first 4 of them for IPv4 */
  unsigned short port;
};

static inline unsigned short swap16(unsigned short value) { return (unsigned short)(value << 8 | value >> 8); }

/* False: neither IPv4 nor IPv6. */
bool endpoint_of(const union address *address, struct endpoint *endpoint);
bool endpoint_loopback(const struct endpoint *endpoint);
/* 127.0.0.1 or ::1 */
struct endpoint loopback(bool six, unsigned short port);
/* The kernel's sockaddr of it; the length. An IPv4 endpoint comes out mapped when `six_socket`. */
unsigned address_of(const struct endpoint *endpoint, bool six_socket, union address *address);

/* The longest header of version 1 of the PROXY protocol, CRLF included. */
#define PROXY_HEADER_MAX 107
/* One line of the PROXY protocol, version 1. Both are of one family. */
void put_proxy_header(struct text *text, const struct endpoint *source, const struct endpoint *destination);

/* Milliseconds of the monotonic clock. */
long long now_ms(void);
/* A number as an option of a socket. */
long set_option(int fd, int level, int name, int value);

#endif
