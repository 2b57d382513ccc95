/*
 * The sandbox's own processes, that may have more than the command: process 1 as the command sees it and every process above it. For the control, `leader` is a
 * process of the same user that stands for them.
 */
#include "probe.h"
#include <signal.h>
#include <sys/ptrace.h>

#define MOST 32
static pid_t candidates[MOST];
static size_t candidate_count;

static pid_t parent_of(pid_t pid) {
  char path[64], text[2048];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  int fd = open(path, O_RDONLY);
  ssize_t count = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (count < 0) return 0;
  text[count] = 0;
  char *at = strstr(text, "\nPPid:");
  return at == NULL ? 0 : (pid_t)strtol(at + 6, NULL, 10);
}

/* The runner of the probes is the parent of this one, the sandbox is above it. */
static void find_candidates(void) {
  candidates[candidate_count++] = (pid_t)target_number("leader");
  for (pid_t pid = parent_of(getppid()); pid > 0 && candidate_count < MOST; pid = parent_of(pid)) candidates[candidate_count++] = pid;
}

static enum outcome each(const char *what, bool (*works)(pid_t pid)) {
  find_candidates();
  int first = 0;
  for (size_t i = 0; i < candidate_count; i++) {
    errno = 0;
    if (works(candidates[i])) return through("%s of process %d", what, candidates[i]);
    if (first == 0) first = errno;
  }
  errno = first;
  return stopped(what);
}

static int open_of(pid_t pid, const char *name, int flags) {
  char path[1100];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return open(path, flags);
}

static bool reads_marker(int fd) {
  char bytes[65536];
  if (fd < 0) return false;
  ssize_t count = read(fd, bytes, sizeof bytes);
  close(fd);
  return count > 0 && has_marker(bytes, (size_t)count);
}

static bool memory(pid_t pid) {
  char line[256];
  int maps = open_of(pid, "maps", O_RDONLY);
  if (maps < 0) return false;
  ssize_t count = read(maps, line, sizeof line - 1);
  close(maps);
  if (count <= 0) return false;
  line[count] = 0;
  int fd = open_of(pid, "mem", O_RDONLY);
  char byte;
  bool read_one = fd >= 0 && pread(fd, &byte, 1, (off_t)strtoul(line, NULL, 16)) == 1;
  if (fd >= 0) close(fd);
  return read_one;
}
static bool memory_write(pid_t pid) {
  int fd = open_of(pid, "mem", O_RDWR);
  if (fd >= 0) close(fd);
  return fd >= 0;
}
static bool environment(pid_t pid) { return reads_marker(open_of(pid, "environ", O_RDONLY)); }
static bool root(pid_t pid) {
  char name[1024];
  snprintf(name, sizeof name, "root%s", target("secret"));
  return reads_marker(open_of(pid, name, O_RDONLY));
}
static bool cwd(pid_t pid) {
  char name[1024];
  snprintf(name, sizeof name, "cwd/../../../../../../../../..%s", target("secret"));
  return reads_marker(open_of(pid, name, O_RDONLY));
}
/* A descriptor that leads to the marker, or to something that this process has not itself. */
static bool descriptors(pid_t pid) {
  for (int fd = 3; fd < 64; fd++) {
    char name[32];
    snprintf(name, sizeof name, "fd/%d", fd);
    if (reads_marker(open_of(pid, name, O_RDONLY | O_NONBLOCK))) return true;
  }
  return false;
}
static bool getfd(pid_t pid) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0) return false;
  for (int fd = 0; fd < 32; fd++)
    if (syscall(SYS_pidfd_getfd, pidfd, fd, 0) >= 0) return true;
  return false;
}
static bool trace(pid_t pid) { return ptrace(PTRACE_SEIZE, pid, 0, 0) == 0; }
/* Writing the program of the sandbox itself. ETXTBSY says that only its running stands in the way, unless the mount is read-only, which is asked after it. */
static bool program(pid_t pid) {
  char name[64];
  int held = open_of(pid, "exe", O_PATH);
  if (held < 0) return false;
  snprintf(name, sizeof name, "/proc/self/fd/%d", held);
  int fd = open(name, O_WRONLY);
  if (fd >= 0) return true;
  return errno == ETXTBSY && access(name, W_OK) == 0;
}

static enum outcome leader_mem(void) { return each("memory", memory); }
static enum outcome leader_mem_write(void) { return each("memory for writing", memory_write); }
static enum outcome leader_environ(void) { return each("environment", environment); }
static enum outcome leader_fd(void) { return each("descriptors", descriptors); }
static enum outcome leader_root(void) { return each("root", root); }
static enum outcome leader_cwd(void) { return each("working directory", cwd); }
static enum outcome leader_getfd(void) { return each("pidfd_getfd", getfd); }
static enum outcome leader_ptrace(void) { return each("PTRACE_SEIZE", trace); }
static enum outcome leader_exe(void) { return each("program overwritten", program); }
/* As a program started by the sandbox would do to what starts it: holds /proc/PID/exe of a program while it runs, and writes it once it has ended. */
static enum outcome held_exe(void) {
  char name[64];
  pid_t child = fork();
  if (child == 0) {
    char *const arguments[] = {(char *)target("spare"), "--sleep", NULL};
    execv(arguments[0], arguments);
    _exit(126);
  }
  int held = -1;
  for (int tries = 0; tries < 200 && held < 0; tries++) {
    char link[1024];
    snprintf(name, sizeof name, "/proc/%d/exe", child);
    ssize_t length = readlink(name, link, sizeof link - 1);
    link[length > 0 ? length : 0] = 0;
    if (strcmp(link, target("spare")) == 0) held = open(name, O_PATH);
    usleep(1000);
  }
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  if (held < 0) return stopped("/proc/PID/exe");
  snprintf(name, sizeof name, "/proc/self/fd/%d", held);
  return judge("a program written through /proc/PID/exe", open(name, O_WRONLY));
}

const struct probe LEADER_PROBES[] = {
    {"leader-ptrace", "tracing", leader_ptrace},       {"leader-mem", "processes", leader_mem},   {"leader-mem-write", "processes", leader_mem_write},
    {"leader-environ", "processes", leader_environ},   {"leader-fd", "processes", leader_fd},     {"leader-root", "processes", leader_root},
    {"leader-cwd", "processes", leader_cwd},           {"pidfd-getfd-leader", "processes", leader_getfd}, {"leader-exe-overwrite", "programs", leader_exe},
    {"held-exe-overwrite", "programs", held_exe},      {0},
};
