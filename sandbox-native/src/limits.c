/* setrlimit(2), of each process of the command. */
#include "files.h"
#include "steps.h"

#define LIMIT_CPU 0
#define LIMIT_DATA 2
#define LIMIT_CORE 4
#define LIMIT_PROCESSES 6
#define LIMIT_RTPRIO 14

static long limit(int which, long long value) {
  unsigned long long both[2] = {(unsigned long long)value, (unsigned long long)value};
  unsigned long long now[2];
  long result = sys(__NR_prlimit64, 0, which, NULL, now);
  if (result < 0) return result;
  if (now[1] < both[1]) both[0] = both[1] = now[1]; /* Never more than the caller had. */
  return sys(__NR_prlimit64, 0, which, both, NULL);
}

long limits_set(const struct profile *profile, struct layers *layers, struct text *fault) {
  bool cgroup = (layers->enforced & (1ULL << LAYER_CGROUP)) != 0;
  long result = limit(LIMIT_CORE, 0);
  if (result == 0) result = limit(LIMIT_RTPRIO, 0);
  if (result == 0 && profile->cpu_seconds > 0) result = limit(LIMIT_CPU, profile->cpu_seconds);
  if (result == 0 && profile->memory_bytes > 0 && !cgroup) result = limit(LIMIT_DATA, profile->memory_bytes);
  if (result < 0) return fail(fault, "limits", NULL, result, NULL);
  if (profile->processes > 0 && !cgroup) {
    /* The kernel exempts the machine's root from RLIMIT_NPROC (setrlimit(2)). */
    if (profile->mode != MODE_ROOT && sys(__NR_getuid) == 0) return fail(fault, "limits", "processes", -1, "for root only a cgroup limits them, and there is none; use mode `root`");
    result = limit(LIMIT_PROCESSES, profile->processes);
    if (result < 0) return fail(fault, "limits", "processes", result, NULL);
  }
  enforce(layers, LAYER_RLIMITS);
  return 0;
}
