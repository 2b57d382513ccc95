/*
 * `probes --arena DIRECTORY INSIDE UID MARKER`: what the probes aim at, until standard input ends. Run in a network namespace of the harness's own, where it has the
 * addresses of the metadata service and of an outside server, both on loopback. Prints `key=value` lines, then an empty one.
 * UID owns the victim; the servers run as the caller.
 */
#include "probe.h"
#include <arpa/inet.h>
#include <grp.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ELSEWHERE "198.51.100.7"
#define ELSEWHERE_SIX "2001:db8::7"
#define METADATA "169.254.169.254"
#define LINK_LOCAL "fe80::7"

static char marker[64];
static const char *outside, *inside;
static int secret = -1;

enum kind { TCP, UDP, STREAM, DATAGRAM, RIGHTS };
static struct pollfd servers[40];
static enum kind kinds[40];
static nfds_t server_count;

static void serve(int fd, enum kind kind) {
  if (fd < 0) return;
  kinds[server_count] = kind;
  servers[server_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void add_address(const char *text) {
  static int alias;
  if (strchr(text, ':') == NULL) {
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "lo:%d", ++alias);
    struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
    address->sin_family = AF_INET;
    inet_pton(AF_INET, text, &address->sin_addr);
    if (ioctl(fd, SIOCSIFADDR, &request) < 0) perror(text);
    close(fd);
    return;
  }
  struct {
    struct in6_addr address;
    unsigned prefix;
    int index;
  } request = {.prefix = 128, .index = 1};
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  inet_pton(AF_INET6, text, &request.address);
  if (ioctl(fd, SIOCSIFADDR, &request) < 0) perror(text);
  close(fd);
}

static void network_up(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
  if (ioctl(fd, SIOCSIFFLAGS, &request) < 0) perror("lo");
  close(fd);
  add_address(METADATA);
  add_address(ELSEWHERE);
  add_address(ELSEWHERE_SIX);
  add_address(LINK_LOCAL);
  int range = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);
  if (range >= 0 && write(range, "0 2147483647", 12) < 0) perror("ping_group_range");
  int fast_open = open("/proc/sys/net/ipv4/tcp_fastopen", O_WRONLY);
  if (fast_open >= 0 && write(fast_open, "3", 1) < 0) perror("tcp_fastopen");
}

/* On all addresses of both families. A TCP server also takes fast open. */
static void serve_port(int port, int type) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port), .sin6_addr = in6addr_any};
  int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), zero = 0, one = 1, queue = 16;
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    perror("bind");
    return;
  }
  if (type == SOCK_STREAM) {
    setsockopt(fd, IPPROTO_TCP, 23 /* TCP_FASTOPEN */, &queue, sizeof queue);
    listen(fd, 64);
  }
  serve(fd, type == SOCK_STREAM ? TCP : UDP);
}

static void serve_unix(const char *directory, const char *name, bool abstract, enum kind kind) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, (kind == DATAGRAM ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  if (abstract) snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", name);
  else snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", directory, name);
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(address.sun_path + abstract));
  if (bind(fd, (struct sockaddr *)&address, length) < 0) perror("bind of a Unix socket");
  if (!abstract) chmod(address.sun_path, 0777);
  if (kind != DATAGRAM) listen(fd, 64);
  serve(fd, kind);
}

static void send_secret(int client) {
  char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'x';
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  lseek(secret, 0, SEEK_SET);
  memcpy(CMSG_DATA(head), &secret, sizeof secret);
  if (sendmsg(client, &message, MSG_NOSIGNAL) < 0) perror("sendmsg");
}

static void answer(const struct pollfd *server, enum kind kind) {
  char bytes[512];
  if (kind == UDP) {
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    if (recvfrom(server->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &length) < 0) return;
    sendto(server->fd, marker, strlen(marker), MSG_DONTWAIT, (struct sockaddr *)&from, length);
    return;
  }
  if (kind == DATAGRAM) {
    if (recv(server->fd, bytes, sizeof bytes, MSG_DONTWAIT) < 0) return;
    return;
  }
  int client = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return;
  if (kind == RIGHTS) send_secret(client);
  else send(client, marker, strlen(marker), MSG_NOSIGNAL);
  shutdown(client, SHUT_WR);
  close(client);
}

static char held_marker[64], scratch[64];
static void nothing(int signal) { (void)signal; }

/* A process of user `uid` with the marker in memory, environment, working directory and descriptor 9. */
static pid_t start_victim(const char *program, uid_t uid) {
  char variable[128];
  pid_t child = fork();
  if (child != 0) return child;
  if (uid != 0 && getuid() == 0 && (setgroups(0, NULL) < 0 || setgid(uid) < 0 || setuid(uid) < 0)) _exit(1);
  dup2(secret, 9);
  if (chdir(outside) < 0) _exit(1);
  snprintf(variable, sizeof variable, "FARAMESH_PROBE_SECRET=%s", marker);
  char *const arguments[] = {(char *)program, "--arena", "victim", marker, NULL}, *const environment[] = {variable, NULL};
  execve(program, arguments, environment);
  _exit(1);
}

static _Noreturn void be_victim(void) {
  /* SIGUSR1 is survived, and so is the end of the arena noticed. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGUSR1, nothing);
  setpgid(0, 0);
  memcpy(held_marker, marker, sizeof marker);
  printf("address=%p\nscratch=%p\n", (void *)held_marker, (void *)scratch);
  fflush(stdout);
  for (;;) pause();
}

static int shared_memory, message_queue, semaphores;
static char queue_name[80], shm_name[80];
static void share(key_t key) {
  shared_memory = shmget(key, 4096, IPC_CREAT | 0666);
  char *memory = shmat(shared_memory, NULL, 0);
  if (memory != (void *)-1) strcpy(memory, marker);
  message_queue = msgget(key, IPC_CREAT | 0666);
  semaphores = semget(key, 1, IPC_CREAT | 0666);
  snprintf(queue_name, sizeof queue_name, "/%s", marker);
  snprintf(shm_name, sizeof shm_name, "/%s", marker);
  mode_t old = umask(0);
  mq_open(queue_name, O_CREAT | O_RDWR, 0666, NULL);
  int fd = shm_open(shm_name, O_CREAT | O_RDWR, 0666);
  umask(old);
  if (fd < 0 || write(fd, marker, strlen(marker)) < 0) perror("shm_open");
  printf("shmid=%d\nshmkey=%d\nmqueue=%s\nshmname=%s\n", shared_memory, (int)key, queue_name, shm_name);
}
static void unshare_all(void) {
  shmctl(shared_memory, IPC_RMID, NULL);
  msgctl(message_queue, IPC_RMID, NULL);
  semctl(semaphores, 0, IPC_RMID);
  mq_unlink(queue_name);
  shm_unlink(shm_name);
}

static void print_handle(const char *path) {
  struct {
    struct file_handle head;
    unsigned char bytes[128];
  } handle = {.head = {.handle_bytes = 128}};
  int mount;
  if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount, 0) < 0) {
    printf("handle=none\n");
    return;
  }
  printf("handle=%u:", (unsigned)handle.head.handle_type);
  for (unsigned i = 0; i < handle.head.handle_bytes; i++) printf("%02x", handle.bytes[i]);
  printf("\n");
}

int arena(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[0], "victim") == 0) {
    snprintf(marker, sizeof marker, "%s", arguments[1]);
    be_victim();
  }
  if (count != 4) return 2;
  outside = arguments[0];
  inside = arguments[1];
  uid_t uid = (uid_t)strtoul(arguments[2], NULL, 10);
  snprintf(marker, sizeof marker, "%s", arguments[3]);
  char path[1024], program[1024];
  snprintf(path, sizeof path, "%s/secret", outside);
  secret = open(path, O_RDONLY | O_CLOEXEC);
  network_up();
  serve_port(4321, SOCK_STREAM);
  serve_port(4321, SOCK_DGRAM);
  serve_port(80, SOCK_STREAM);
  serve_port(443, SOCK_STREAM);
  serve_port(443, SOCK_DGRAM);
  serve_port(53, SOCK_STREAM);
  serve_port(53, SOCK_DGRAM);
  serve_unix(outside, "stream", false, STREAM);
  serve_unix(outside, "datagram", false, DATAGRAM);
  serve_unix(inside, "stream", false, STREAM);
  serve_unix(inside, "datagram", false, DATAGRAM);
  serve_unix(inside, "rights", false, RIGHTS);
  snprintf(path, sizeof path, "%s-datagram", marker);
  serve_unix("", marker, true, STREAM);
  serve_unix("", path, true, DATAGRAM);
  share((key_t)(0x46000000 | (getpid() & 0xffffff)));
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  program[length > 0 ? length : 0] = 0;
  snprintf(path, sizeof path, "%s/secret", outside);
  print_handle(path);
  printf("arena=%d\nport=4321\nelsewhere=" ELSEWHERE "\nelsewhere6=" ELSEWHERE_SIX "\nmetadata=" METADATA "\nlinklocal=" LINK_LOCAL "\nabstract=%s\n", getpid(), marker);
  fflush(stdout);
  pid_t victim = start_victim(program, uid);
  printf("victim=%d\n\n", victim);
  fflush(stdout);
  serve(0, STREAM);
  for (;;) {
    if (poll(servers, server_count, -1) < 0 && errno != EINTR) break;
    if (servers[server_count - 1].revents != 0) break;
    for (nfds_t i = 0; i + 1 < server_count; i++)
      if (servers[i].revents != 0) answer(&servers[i], kinds[i]);
  }
  kill(victim, SIGKILL);
  unshare_all();
  return 0;
}
