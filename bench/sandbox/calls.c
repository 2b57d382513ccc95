/* `calls COUNT FILE`: nanoseconds of one open and close of FILE, of one connect to a closed port of loopback, and of one getppid, each the median of nine rounds. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 9
static const char *file;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int open_once(void) {
  int fd = open(file, O_RDONLY);
  return fd < 0 ? -1 : close(fd);
}
/* Where sockets are refused, what is measured is the refusal. */
static int connect_once(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return 0;
  connect(fd, (struct sockaddr *)&address, sizeof address);
  return close(fd);
}
static int call_once(void) { return syscall(SYS_getppid) < 0 ? -1 : 0; }

static int compare(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

static double median(int (*once)(void), int count) {
  double rounds[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    long long started = now();
    for (int i = 0; i < count; i++)
      if (once() < 0) exit(1);
    rounds[round] = (double)(now() - started) / count;
  }
  qsort(rounds, ROUNDS, sizeof *rounds, compare);
  return rounds[ROUNDS / 2];
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  int times = atoi(arguments[1]);
  file = arguments[2];
  double opened = median(open_once, times), connected = median(connect_once, times), called = median(call_once, times);
  printf("open\t%.0f\nconnect\t%.0f\ngetppid\t%.0f\n", opened, connected, called);
  return 0;
}
