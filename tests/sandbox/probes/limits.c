/* Bombs, each small enough for a machine without any limit: what is through here is one that the profile's limit should have ended. */
#include "probe.h"
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#define CHILDREN 300
#define MIB (1024L * 1024)

/* Returns how many of `most` children could be ready at once; each runs `work` and waits to be killed. */
static int start_children(int most, pid_t *pids, void (*work)(int ready)) {
  int started = 0, ends[2];
  char byte;
  if (pipe(ends) < 0) return 0;
  for (; started < most; started++) {
    pids[started] = fork();
    if (pids[started] < 0) break;
    if (pids[started] == 0) {
      close(ends[0]);
      alarm(10);
      work(ends[1]);
      pause();
      _exit(0);
    }
  }
  close(ends[1]);
  int finished = 0;
  /* Ends when all have written, or those that have not are dead. */
  while (finished < started && read(ends[0], &byte, 1) == 1) finished++;
  /* One that was ready may have been killed to make room for the next: only those that are there together count. */
  int alive = 0;
  for (int i = 0; i < started; i++)
    if (waitpid(pids[i], NULL, WNOHANG) == 0) alive++;
    else pids[i] = 0;
  for (int i = 0; i < started; i++)
    if (pids[i] > 0) kill(pids[i], SIGKILL);
  for (int i = 0; i < started; i++)
    if (pids[i] > 0) waitpid(pids[i], NULL, 0);
  return alive < finished ? alive : finished;
}
static void say_ready(int ready) {
  if (write(ready, "x", 1) != 1) _exit(1);
  close(ready);
}
static bool fill(long bytes) {
  char *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  for (long at = 0; at < bytes; at += 4096) memory[at] = 1;
  return true;
}
static void take_share(int ready) {
  if (!fill(100 * MIB)) _exit(1);
  say_ready(ready);
}

static enum outcome fork_bomb(void) {
  static pid_t pids[CHILDREN];
  errno = 0;
  int started = start_children(CHILDREN, pids, say_ready);
  if (started == CHILDREN) return through("%d children at once", started);
  errno = EAGAIN;
  return stopped("fork");
}
static enum outcome memory_bomb(void) { return fill(400 * MIB) ? through("400 MiB in one process") : stopped("mmap"); }
static enum outcome memory_tree(void) {
  pid_t pids[4];
  errno = ENOMEM;
  return start_children(4, pids, take_share) == 4 ? through("400 MiB in four processes") : stopped("memory of a tree");
}
static enum outcome memory_shared(void) {
  int fd = memfd_create("bomb", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, 400 * MIB) < 0) return stopped("memfd_create");
  char *memory = mmap(NULL, 400 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return stopped("mmap");
  for (long at = 0; at < 400 * MIB; at += 4096) memory[at] = 1;
  return through("400 MiB in a memfd");
}
static enum outcome fill_directory(const char *path) {
  static char block[MIB];
  long written = 0;
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return stopped(path);
  unlink(path);
  while (written < 64 && write(fd, block, sizeof block) == (ssize_t)sizeof block) written++;
  return written == 64 ? through("64 MiB in %s", path) : stopped("write");
}
static enum outcome tmp_bomb(void) { return fill_directory("/tmp/faramesh-probe-bomb"); }
static enum outcome shm_bomb(void) { return fill_directory("/dev/shm/faramesh-probe-bomb"); }
static enum outcome cpu_bomb(void) {
  struct timespec spent;
  volatile unsigned long sink = 0;
  do {
    for (int i = 0; i < 1000000; i++) sink += (unsigned long)i;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  } while (spent.tv_sec * 1000 + spent.tv_nsec / 1000000 < 2200);
  return through("2.2 s of processor time");
}
static enum outcome core_dump(void) {
  struct {
    unsigned long now, most;
  } limit;
  if (syscall(SYS_prlimit64, 0, 4, NULL, &limit) < 0) return stopped("prlimit");
  limit.now = 4096;
  return judge("core dumps", limit.most < 4096 ? -1 : syscall(SYS_prlimit64, 0, 4, &limit, NULL));
}

const struct probe LIMIT_PROBES[] = {
    {"bomb-memory", "limits", memory_bomb},
    {"bomb-memory-tree", "limits", memory_tree},
    {"bomb-memory-shared", "limits", memory_shared},
    {"bomb-tmp", "limits", tmp_bomb},
    {"bomb-shm", "limits", shm_bomb},
    {"bomb-cpu", "limits", cpu_bomb},
    {"core-dump", "limits", core_dump},
    {"bomb-fork", "limits", fork_bomb},
    {0},
};
