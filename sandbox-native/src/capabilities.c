/* No capability is left, and none comes back by exec: capabilities(7). */
#include "files.h"
#include "kernel.h"
#include "steps.h"

/* NOROOT, NO_CAP_AMBIENT_RAISE and their locks, and the locks of KEEP_CAPS. */
#define SECUREBITS (0x1 | 0x2 | 0x20 | 0x40 | 0x80)

struct header {
  unsigned version;
  int pid;
};

/* Until the kernel knows no further one (EINVAL). */
static long clear_bounding(void) {
  long result = 0;
  for (long capability = 0; result == 0; capability++) result = sys(__NR_prctl, PR_CAPBSET_DROP_, capability, 0, 0, 0);
  return result == -22 ? 0 : result;
}

static long become(const struct profile *profile) {
  if (profile->mode != MODE_ROOT) return 0;
  long result = sys(__NR_setgroups, 0, NULL);
  if (result == 0) result = sys(__NR_setresgid, profile->group, profile->group, profile->group);
  if (result == 0) result = sys(__NR_setresuid, profile->user, profile->user, profile->user);
  return result;
}

long capabilities_drop(const struct profile *profile, struct layers *layers, struct text *fault) {
  struct header header = {0x20080522, 0};
  unsigned sets[6] = {0};
  /* An ordinary user's bounding set cannot be cleared; no_new_privs makes it unreachable. */
  bool may = sys(__NR_capget, &header, sets) == 0 && (sets[0] & (1U << 8)) != 0;
  long result = may ? clear_bounding() : 0;
  if (result < 0) return fail(fault, "capabilities", "bounding set", result, NULL);
  sys(__NR_prctl, PR_CAP_AMBIENT_, PR_CAP_AMBIENT_CLEAR_ALL_, 0, 0, 0);
  if (may) result = sys(__NR_prctl, PR_SET_SECUREBITS_, SECUREBITS, 0, 0, 0);
  if (result < 0) return fail(fault, "capabilities", "securebits", result, NULL);
  result = become(profile);
  if (result < 0) return fail(fault, "capabilities", "user", result, NULL);
  header.version = 0x20080522;
  memset(sets, 0, sizeof sets);
  result = sys(__NR_capset, &header, sets);
  if (result == 0) result = sys(__NR_capget, &header, sets);
  for (size_t at = 0; result == 0 && at < 6; at++)
    if (sets[at] != 0) result = -1;
  if (result < 0) return fail(fault, "capabilities", NULL, result, NULL);
  enforce(layers, LAYER_CAPABILITIES);
  return 0;
}
