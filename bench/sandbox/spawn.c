/* `spawn COUNT COMMAND …`: starts the command COUNT times, one after the other, by posix_spawn; prints the nanoseconds of each. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  for (int left = atoi(arguments[1]); left > 0; left--) {
    pid_t child;
    int status;
    long long started = now();
    if (posix_spawnp(&child, arguments[2], &actions, NULL, arguments + 2, environ) != 0) return 1;
    waitpid(child, &status, 0);
    if (status != 0) return 1;
    printf("%lld\n", now() - started);
  }
  return 0;
}
