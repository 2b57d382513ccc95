/* `probes --list`, `probes --all|NAME[,NAME…] KEY=VALUE…`: one line per probe, `NAME <tab> through|stopped|untried <tab> why`. With one NAME the exit status is its outcome. */
#include "probe.h"
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <time.h>

static const struct probe *const TABLES[] = {PROCESS_PROBES, LEADER_PROBES, FILE_PROBES,   WRITE_PROBES,  MOUNT_PROBES,       SOCKET_PROBES,
                                             NETWORK_PROBES, FAMILY_PROBES, KERNEL_PROBES, SYSTEM_PROBES, ENVIRONMENT_PROBES, LIMIT_PROBES};
static const char *const OUTCOMES[] = {"through", "stopped", "untried"};
#define PATIENCE_MS 5000

static char **given;
static int given_count;
static char why[400];

const char *optional(const char *key) {
  size_t length = strlen(key);
  for (int i = 0; i < given_count; i++)
    if (strncmp(given[i], key, length) == 0 && given[i][length] == '=') return given[i] + length + 1;
  return NULL;
}

static void leave(enum outcome outcome) {
  size_t length = strlen(why);
  if (write(3, why, length) != (ssize_t)length) _exit(UNTRIED);
  _exit(outcome);
}

const char *target(const char *key) {
  const char *value = optional(key);
  if (value != NULL) return value;
  leave(untried("no target `%s`", key));
  return NULL;
}

long target_number(const char *key) { return strtol(target(key), NULL, 0); }

const char *under(const char *key, const char *name) {
  static char buffers[6][1024];
  static int next;
  char *buffer = buffers[next++ % 6];
  snprintf(buffer, sizeof buffers[0], "%s/%s", target(key), name);
  return buffer;
}

const char *self_path(void) { return target("program"); }

enum outcome through(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vsnprintf(why, sizeof why, format, list);
  va_end(list);
  return THROUGH;
}

enum outcome untried(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vsnprintf(why, sizeof why, format, list);
  va_end(list);
  return UNTRIED;
}

enum outcome stopped(const char *what) {
  snprintf(why, sizeof why, "%s: %s", what, errno == 0 ? "no" : strerrorname_np(errno));
  return STOPPED;
}

enum outcome judge(const char *what, long result) { return result >= 0 ? through("%s", what) : stopped(what); }

enum outcome judge_reached(const char *what, long result) {
  if (result >= 0) return through("%s", what);
  switch (errno) {
  case EPERM:
  case EACCES:
  case ENOSYS:
  case EAFNOSUPPORT:
  case EPROTONOSUPPORT:
  case ESOCKTNOSUPPORT:
  case EOPNOTSUPP:
  case EROFS:
    return stopped(what);
  default:
    return through("%s: reached, %s", what, strerrorname_np(errno));
  }
}

bool has_marker(const char *bytes, size_t length) {
  const char *marker = target("marker");
  return memmem(bytes, length, marker, strlen(marker)) != NULL;
}

enum outcome judge_marker(const char *what, int fd) {
  char bytes[4096];
  if (fd < 0) return stopped(what);
  errno = 0;
  ssize_t count = read(fd, bytes, sizeof bytes);
  if (count > 0 && has_marker(bytes, (size_t)count)) return through("%s", what);
  return stopped(what);
}

int run_program(char *const arguments[]) {
  pid_t child = fork();
  if (child == 0) {
    execv(arguments[0], arguments);
    _exit(126);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0) return 125;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The status of the child, or -1 when it did not end in time and was killed. */
static int wait_for(pid_t child) {
  long end = now_ms() + PATIENCE_MS;
  int status;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (now_ms() > end) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return -1;
    }
    poll(NULL, 0, 1);
  }
  return status;
}

/* In a child of its own, whose descriptor 3 takes the reason. */
static enum outcome attempt(const struct probe *probe) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) < 0) return untried("pipe");
  pid_t child = fork();
  if (child < 0) return untried("fork");
  if (child == 0) {
    /* An inherited descriptor that is the target keeps its number; the harness gives one above 3. */
    if (ends[1] != 3) dup2(ends[1], 3);
    leave(probe->run());
  }
  close(ends[1]);
  int status = wait_for(child);
  ssize_t count = read(ends[0], why, sizeof why - 1);
  close(ends[0]);
  why[count > 0 ? count : 0] = 0;
  if (status == -1) {
    snprintf(why, sizeof why, "no answer within %d s", PATIENCE_MS / 1000);
    return STOPPED;
  }
  if (WIFSIGNALED(status)) {
    snprintf(why, sizeof why, "ended by SIG%s", sigabbrev_np(WTERMSIG(status)));
    return STOPPED;
  }
  return (enum outcome)WEXITSTATUS(status);
}

static bool named(const char *list, const char *name) {
  size_t length = strlen(name);
  for (const char *at = list; at != NULL; at = strchr(at, ',')) {
    if (*at == ',') at++;
    if (strncmp(at, name, length) == 0 && (at[length] == 0 || at[length] == ',')) return true;
  }
  return false;
}

/* Small programs that probes start to see what a started program gets. */
static int helper(const char *name, const char *argument) {
  if (strcmp(name, "--effective-user") == 0) return geteuid() == 0 && getuid() != 0 ? 0 : 1;
  if (strcmp(name, "--sleep") == 0) return (int)sleep(10);
  if (strcmp(name, "--read") == 0) {
    int fd = open(argument, O_RDONLY);
    char byte;
    return fd >= 0 && read(fd, &byte, 1) == 1 ? 0 : 1;
  }
  if (strcmp(name, "--capable") == 0) {
    char text[4096], *at;
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t count = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[count < 0 ? 0 : count] = 0;
    at = strstr(text, "CapEff:\t");
    return at != NULL && strtoull(at + 8, NULL, 16) != 0 ? 0 : 1;
  }
  return 2;
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  if (strcmp(arguments[1], "--arena") == 0) return arena(count - 2, arguments + 2);
  if (strcmp(arguments[1], "--start") == 0) return count > 4 ? start(arguments + 2) : 2;
  if (strcmp(arguments[1], "--linger") == 0) return linger(count - 2, arguments + 2);
  if (strncmp(arguments[1], "--", 2) == 0 && strcmp(arguments[1], "--all") != 0 && strcmp(arguments[1], "--list") != 0)
    return helper(arguments[1], count > 2 ? arguments[2] : "");
  bool all = arguments[1][0] == '-', list = strcmp(arguments[1], "--list") == 0;
  given = arguments + 2;
  given_count = count - 2;
  enum outcome last = UNTRIED;
  for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++)
    for (const struct probe *probe = TABLES[t]; probe->name != NULL; probe++) {
      if (!all && !named(arguments[1], probe->name)) continue;
      if (list) {
        printf("%s\t%s\n", probe->name, probe->group);
        continue;
      }
      last = attempt(probe);
      printf("%s\t%s\t%s\n", probe->name, OUTCOMES[last], why);
      fflush(stdout);
    }
  return all ? 0 : (int)last;
}
