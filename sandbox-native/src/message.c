/* Descriptors over a Unix socket: unix(7), cmsg(3). */
#include <linux/types.h>

#include "run.h"

#define SOCKET_LEVEL 1
#define RIGHTS 1
#define CREDENTIALS 2
#define CLOSE_ON_EXEC 0x40000000

struct piece {
  void *base;
  size_t length;
};
struct header {
  void *name;
  unsigned name_length;
  struct piece *pieces;
  size_t piece_count;
  void *control;
  size_t control_length;
  int flags;
};
struct control {
  size_t length;
  int level, type;
};
#define MAX_FDS 8

long send_message(int socket, char letter, const int *fds, size_t count) {
  struct {
    struct control head;
    int fds[MAX_FDS];
  } control = {{sizeof control.head + count * sizeof(int), SOCKET_LEVEL, RIGHTS}, {0}};
  for (size_t at = 0; at < count && at < MAX_FDS; at++) control.fds[at] = fds[at];
  struct piece piece = {&letter, 1};
  struct header header = {NULL, 0, &piece, 1, count > 0 ? &control : NULL, count > 0 ? (control.head.length + 7) & ~7UL : 0, 0};
  long sent = sys(__NR_sendmsg, socket, &header, 0x4000 /* MSG_NOSIGNAL */);
  return sent < 0 ? sent : 0;
}

long receive_message(int socket, char *letter, int *fds, size_t *count, int *pid) {
  unsigned char buffer[256] __attribute__((aligned(8)));
  struct piece piece = {letter, 1};
  struct header header = {NULL, 0, &piece, 1, buffer, sizeof buffer, 0};
  size_t room = *count;
  *count = 0;
  long got = sys(__NR_recvmsg, socket, &header, CLOSE_ON_EXEC);
  if (got <= 0) return got;
  for (size_t at = 0; at + sizeof(struct control) <= header.control_length;) {
    struct control *control = (struct control *)(void *)(buffer + at);
    const int *data = (const int *)(const void *)(buffer + at + sizeof *control);
    size_t length = control->length - sizeof *control;
    if (control->level == SOCKET_LEVEL && control->type == CREDENTIALS) *pid = data[0];
    for (size_t fd = 0; control->type == RIGHTS && fd < length / sizeof(int); fd++) {
      if (*count < room) fds[(*count)++] = data[fd];
      else sys(__NR_close, data[fd]);
    }
    at += (control->length + 7) & ~7UL;
  }
  return 1;
}
