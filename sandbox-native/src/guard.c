/* Mode restricted: no pid namespace ends with its first process, so the launcher and the inner guard are both subreapers (prctl(2)). Whoever of the command's tree
 * loses its parent becomes a child of the guard, or of the launcher when the guard is gone; each kills what it has when the other ends. */
#include "files.h"
#include "kernel.h"
#include "run.h"

long guard_begin(struct layers *layers, struct text *fault) {
  long result = sys(__NR_prctl, PR_SET_CHILD_SUBREAPER_, 1, 0, 0, 0);
  if (result < 0) return fail(fault, "guard", NULL, result, NULL);
  /* Without Landlock's scope of signals the command could kill both. */
  if (sys(__NR_landlock_create_ruleset, NULL, 0, 1) >= 6) {
    enforce(layers, LAYER_TREE);
    return 0;
  }
  struct text why = {layers->why[LAYER_TREE], 0, sizeof layers->why[0], false};
  put(&why, "Landlock before ABI 6 does not keep the command from signalling the guards; use mode `full`");
  return 0;
}

static void kill_numbers(const char *list) {
  while (*list != 0) {
    long pid = 0;
    while (*list >= '0' && *list <= '9') pid = pid * 10 + (*list++ - '0');
    if (pid > 0) sys(__NR_kill, pid, SIGKILL_);
    if (*list != 0) list++;
  }
}

/* proc_pid_stat(5): the name in parentheses may hold anything, so the last one counts; then the state and the parent. */
static long kill_child(void *context, const char *name) {
  char stat[512];
  long long pid, parent = 0;
  if (!parse_number(name, &pid)) return 0;
  TEXT(path, 64);
  put(&path, "/proc/");
  put(&path, name);
  put(&path, "/stat");
  if (read_file(path.bytes, stat, sizeof stat) <= 0) return 0;
  size_t at = length_of(stat);
  while (at > 0 && stat[at] != ')') at--;
  if (length_of(stat + at) < 5) return 0;
  for (at += 4; stat[at] >= '0' && stat[at] <= '9'; at++) parent = parent * 10 + (stat[at] - '0');
  if (parent == *(const long *)context) sys(__NR_kill, pid, SIGKILL_);
  return 0;
}

static void kill_children(void) {
  static char list[65536];
  long self = sys(__NR_getpid);
  TEXT(path, 96);
  put(&path, "/proc/self/task/");
  put_number(&path, self);
  put(&path, "/children");
  if (read_file(path.bytes, list, sizeof list) >= 0) {
    kill_numbers(list);
    return;
  }
  long fd = sys(__NR_openat, AT_CWD, "/proc", O_DIRECTORY_ | O_CLOEXEC_, 0);
  if (fd < 0) return;
  list_directory((int)fd, kill_child, &self);
  sys(__NR_close, fd);
}

void guard_sweep(void) {
  for (;;) {
    long pid = sys(__NR_wait4, -1, NULL, 1 /* WNOHANG */, NULL);
    if (pid == -10) return; /* ECHILD: nobody is left */
    if (pid > 0) continue;
    kill_children();
    long pause[2] = {0, 200000};
    pid = sys(__NR_wait4, -1, NULL, 1, NULL);
    if (pid == 0) sys(__NR_nanosleep, pause, NULL);
  }
}

int guard_wait(int command, int *status) {
  unsigned long long wanted = 1ULL << (SIGCHLD_ - 1) | 1ULL << (SIGNAL_ORPHANED - 1);
  for (;;) {
    long pid = sys(__NR_wait4, -1, status, 1, NULL);
    if (pid == command) return 0;
    if (pid > 0) continue;
    if (pid == -10) return -1;
    if (sys(__NR_rt_sigtimedwait, &wanted, NULL, NULL, 8) == SIGNAL_ORPHANED) return -1;
  }
}
