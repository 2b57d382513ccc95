/* Unix sockets of the host, and memory and queues shared by number or name. */
#include "probe.h"
#include <mqueue.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t address_of(struct sockaddr_un *address, const char *name, bool abstract) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strncpy(address->sun_path + abstract, name, sizeof address->sun_path - 2);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1);
}
static void impatient(int fd) {
  struct timeval wait = {2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
}

static enum outcome stream(const char *name, bool abstract) {
  struct sockaddr_un address;
  socklen_t length = address_of(&address, name, abstract);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return stopped("socket");
  if (connect(fd, (struct sockaddr *)&address, length) < 0) return stopped("connect");
  impatient(fd);
  return judge_marker("connect", fd);
}
/* The datagram server does not answer: what is taken from us is through. */
static enum outcome datagram(const char *name, bool abstract) {
  struct sockaddr_un address;
  socklen_t length = address_of(&address, name, abstract);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) return stopped("socket");
  return judge("sendto", sendto(fd, "x", 1, 0, (struct sockaddr *)&address, length));
}
static enum outcome stream_outside(void) { return stream(under("outside", "stream"), false); }
static enum outcome stream_inside(void) { return stream(under("inside", "stream"), false); }
static enum outcome stream_abstract(void) { return stream(target("abstract"), true); }
static enum outcome datagram_outside(void) { return datagram(under("outside", "datagram"), false); }
static enum outcome datagram_inside(void) { return datagram(under("inside", "datagram"), false); }
static enum outcome datagram_abstract(void) {
  char name[128];
  snprintf(name, sizeof name, "%s-datagram", target("abstract"));
  return datagram(name, true);
}
/* A pair needs no name, but each of a datagram pair may write to one. */
static enum outcome pair_to(const char *name) {
  struct sockaddr_un address;
  int fds[2];
  socklen_t length = address_of(&address, name, false);
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0) return stopped("socketpair");
  return judge("sendto of a pair", sendto(fds[0], "x", 1, 0, (struct sockaddr *)&address, length));
}
static enum outcome pair_outside(void) { return pair_to(under("outside", "datagram")); }
static enum outcome pair_inside(void) { return pair_to(under("inside", "datagram")); }
static enum outcome rights(void) {
  struct sockaddr_un address;
  socklen_t length = address_of(&address, under("inside", "rights"), false);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0), received = -1;
  if (fd < 0) return stopped("socket");
  if (connect(fd, (struct sockaddr *)&address, length) < 0) return stopped("connect");
  impatient(fd);
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(fd, &message, 0) < 0) return stopped("recvmsg");
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (head != NULL) memcpy(&received, CMSG_DATA(head), sizeof received);
  return judge_marker("a descriptor by SCM_RIGHTS", received);
}
/* A server inside that something outside may find and trust: an abstract name is shared by all of a network namespace. */
static enum outcome bind_abstract(void) {
  struct sockaddr_un address, peer;
  socklen_t length = address_of(&address, "faramesh-probe-bound", true);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return stopped("socket");
  if (bind(fd, (struct sockaddr *)&address, length) < 0) return stopped("bind");
  /* In a network namespace of its own it is nobody else's: then the host's abstract socket is not there either. */
  socklen_t there = address_of(&peer, target("abstract"), true);
  int other = socket(AF_UNIX, SOCK_STREAM, 0);
  return judge("bind of an abstract name that the host sees", connect(other, (struct sockaddr *)&peer, there));
}

static enum outcome attach(const char *what, int id) {
  if (id < 0) return stopped(what);
  char *memory = shmat(id, NULL, SHM_RDONLY);
  if (memory == (void *)-1) return stopped("shmat");
  return has_marker(memory, 64) ? through("%s", what) : stopped(what);
}
static enum outcome shm_by_number(void) { return attach("shmat", (int)target_number("shmid")); }
static enum outcome shm_by_key(void) { return attach("shmget", shmget((key_t)target_number("shmkey"), 0, 0)); }
static enum outcome message_queue(void) { return judge("msgget", msgget((key_t)target_number("shmkey"), 0)); }
static enum outcome semaphore(void) { return judge("semget", semget((key_t)target_number("shmkey"), 0, 0)); }
static enum outcome posix_queue(void) { return judge("mq_open", mq_open(target("mqueue"), O_RDONLY)); }
static enum outcome posix_memory(void) { return judge_marker("shm_open", shm_open(target("shmname"), O_RDONLY, 0)); }

const struct probe SOCKET_PROBES[] = {
    {"unix-stream-outside", "unix sockets", stream_outside},
    {"unix-stream-inside", "unix sockets", stream_inside},
    {"unix-stream-abstract", "unix sockets", stream_abstract},
    {"unix-datagram-outside", "unix sockets", datagram_outside},
    {"unix-datagram-inside", "unix sockets", datagram_inside},
    {"unix-datagram-abstract", "unix sockets", datagram_abstract},
    {"unix-pair-outside", "unix sockets", pair_outside},
    {"unix-pair-inside", "unix sockets", pair_inside},
    {"unix-rights", "unix sockets", rights},
    {"unix-bind-abstract", "unix sockets", bind_abstract},
    {"sysv-shm-number", "shared memory", shm_by_number},
    {"sysv-shm-key", "shared memory", shm_by_key},
    {"sysv-message-queue", "shared memory", message_queue},
    {"sysv-semaphore", "shared memory", semaphore},
    {"posix-mqueue", "shared memory", posix_queue},
    {"posix-shm", "shared memory", posix_memory},
    {0},
};
