/* Other processes: tracing, memory, descriptors, signals. The victim is a process of the host with the same user, that holds the marker in memory, environment and descriptor 9. */
#include "probe.h"
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

static pid_t victim(void) { return (pid_t)target_number("victim"); }

static enum outcome ptrace_victim(void) { return judge("PTRACE_SEIZE of a host process", ptrace(PTRACE_SEIZE, victim(), 0, 0)); }

static enum outcome vm_read(void) {
  char bytes[64] = {0};
  struct iovec here = {bytes, sizeof bytes}, there = {(void *)strtoul(target("address"), NULL, 0), sizeof bytes};
  ssize_t count = process_vm_readv(victim(), &here, 1, &there, 1, 0);
  if (count < 0) return stopped("process_vm_readv");
  return has_marker(bytes, (size_t)count) ? through("process_vm_readv") : stopped("process_vm_readv");
}

static enum outcome vm_write(void) {
  char byte = 1;
  struct iovec here = {&byte, 1}, there = {(void *)strtoul(target("scratch"), NULL, 0), 1};
  return judge("process_vm_writev", process_vm_writev(victim(), &here, 1, &there, 1, 0));
}

static int open_proc(const char *name, int flags) {
  char path[128];
  snprintf(path, sizeof path, "/proc/%d/%s", victim(), name);
  return open(path, flags);
}

static enum outcome victim_mem(void) {
  int fd = open_proc("mem", O_RDWR);
  if (fd < 0) return stopped("/proc/PID/mem");
  if (lseek(fd, (off_t)strtoul(target("address"), NULL, 0), SEEK_SET) < 0) return stopped("lseek");
  return judge_marker("/proc/PID/mem", fd);
}
static enum outcome victim_environ(void) { return judge_marker("/proc/PID/environ", open_proc("environ", O_RDONLY)); }
static enum outcome victim_fd(void) { return judge_marker("/proc/PID/fd/9", open_proc("fd/9", O_RDONLY)); }
static enum outcome victim_file(const char *link) {
  char name[1024];
  snprintf(name, sizeof name, "%s%s", link, strcmp(link, "root") == 0 ? target("secret") : "/secret");
  return judge_marker(name, open_proc(name, O_RDONLY));
}
static enum outcome victim_root(void) { return victim_file("root"); }
static enum outcome victim_cwd(void) { return victim_file("cwd"); }
static enum outcome victim_cmdline(void) {
  char bytes[256];
  int fd = open_proc("cmdline", O_RDONLY);
  return fd < 0 ? stopped("/proc/PID/cmdline") : judge("/proc/PID/cmdline", read(fd, bytes, sizeof bytes));
}

static int victim_pidfd(void) { return (int)syscall(SYS_pidfd_open, victim(), 0); }

static enum outcome pidfd_getfd_victim(void) {
  int pidfd = victim_pidfd();
  if (pidfd < 0) return stopped("pidfd_open");
  return judge_marker("pidfd_getfd", (int)syscall(SYS_pidfd_getfd, pidfd, 9, 0));
}

static enum outcome signal_kill(void) { return judge("kill", kill(victim(), SIGUSR1)); }
static enum outcome signal_group(void) { return judge("kill of a process group", kill(-victim(), SIGUSR1)); }
static enum outcome signal_thread(void) { return judge("tgkill", syscall(SYS_tgkill, victim(), victim(), SIGUSR1)); }
static enum outcome signal_queue(void) {
  siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
  return judge("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, victim(), SIGUSR1, &info));
}
static enum outcome signal_pidfd(void) {
  int pidfd = victim_pidfd();
  if (pidfd < 0) return stopped("pidfd_open");
  return judge("pidfd_send_signal", syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0));
}
static enum outcome signal_parent_of_sandbox(void) {
  pid_t pid = (pid_t)target_number("harness");
  return judge("signal 0 to the process that started the sandbox", kill(pid, 0));
}

static enum outcome limits_of_victim(void) {
  struct rlimit limit = {64, 64};
  return judge("prlimit of another process", prlimit(victim(), RLIMIT_NOFILE, &limit, NULL));
}
static enum outcome schedule_victim(void) { return judge("setpriority of another process", setpriority(PRIO_PROCESS, (id_t)victim(), 5)); }
static enum outcome affinity_victim(void) {
  cpu_set_t set;
  return judge("sched_getaffinity of another process", sched_getaffinity(victim(), sizeof set, &set));
}
static enum outcome kcmp_victim(void) { return judge("kcmp", syscall(SYS_kcmp, getpid(), victim(), 1, 0, 0)); }
static enum outcome move_pages_victim(void) {
  void *page = (void *)(strtoul(target("address"), NULL, 0) & ~4095UL);
  int status = 0;
  return judge("move_pages of another process", syscall(SYS_move_pages, victim(), 1, &page, NULL, &status, 0));
}
static enum outcome process_madvise_victim(void) {
  int pidfd = victim_pidfd();
  if (pidfd < 0) return stopped("pidfd_open");
  struct iovec range = {(void *)(strtoul(target("address"), NULL, 0) & ~4095UL), 4096};
  return judge("process_madvise", syscall(SYS_process_madvise, pidfd, &range, 1, 20 /* MADV_COLD */, 0));
}
static enum outcome setns_victim(void) {
  static const char *const KINDS[] = {"user", "net", "mnt", "pid", "uts", "ipc", "cgroup"};
  for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
    char name[32];
    snprintf(name, sizeof name, "ns/%s", KINDS[i]);
    int fd = open_proc(name, O_RDONLY);
    if (fd >= 0 && setns(fd, 0) == 0) return through("setns into the %s namespace of a host process", KINDS[i]);
  }
  return stopped("setns");
}

const struct probe PROCESS_PROBES[] = {
    {"ptrace-victim", "tracing", ptrace_victim},
    {"process-vm-readv", "tracing", vm_read},
    {"process-vm-writev", "tracing", vm_write},
    {"victim-mem", "processes", victim_mem},
    {"victim-environ", "processes", victim_environ},
    {"victim-fd", "processes", victim_fd},
    {"victim-root", "processes", victim_root},
    {"victim-cwd", "processes", victim_cwd},
    {"victim-cmdline", "processes", victim_cmdline},
    {"pidfd-getfd-victim", "processes", pidfd_getfd_victim},
    {"kcmp-victim", "processes", kcmp_victim},
    {"move-pages-victim", "processes", move_pages_victim},
    {"process-madvise-victim", "processes", process_madvise_victim},
    {"prlimit-victim", "processes", limits_of_victim},
    {"setpriority-victim", "processes", schedule_victim},
    {"affinity-victim", "processes", affinity_victim},
    {"signal-kill", "signals", signal_kill},
    {"signal-group", "signals", signal_group},
    {"signal-tgkill", "signals", signal_thread},
    {"signal-queue", "signals", signal_queue},
    {"signal-pidfd", "signals", signal_pidfd},
    {"signal-harness", "signals", signal_parent_of_sandbox},
    {"setns-victim", "namespaces", setns_victim},
    {0},
};
