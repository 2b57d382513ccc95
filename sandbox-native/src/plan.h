/* A profile becomes a list of steps, in the order in which they are run. */
#ifndef FARAMESH_PLAN_H
#define FARAMESH_PLAN_H

#include "profile.h"

/* Where a step runs: the launcher, the process that is pid 1 inside (or the guard), the command's own. */
enum place { PLACE_OUTSIDE, PLACE_INIT, PLACE_COMMAND };

enum step {
  STEP_PLACEHOLDERS,
  STEP_CGROUP,
  STEP_BPF,
  STEP_CLONE,
  STEP_IDENTITY,
  STEP_NAMES,
  STEP_NETWORK,
  STEP_VIEW,
  STEP_LIMITS,
  STEP_DESCRIPTORS,
  STEP_NO_NEW_PRIVS,
  STEP_CAPABILITIES,
  STEP_LANDLOCK,
  STEP_ENVIRONMENT,
  STEP_DIRECTORY,
  STEP_SECCOMP,
  STEPS
};

struct plan {
  enum step steps[STEPS];
  enum place places[STEPS];
  size_t count;
};

/* Completes `profile` (roots of `system`, private ones, ancestors that must not be renamed; in the order of their paths, so that a root stands behind what it lies in), checks
 * it against itself and against what is on disk, and lists the steps. False: `fault` says what contradicts what. */
bool plan_make(struct profile *profile, struct plan *plan, struct text *fault);
/* One step a line, and one line for each root of the view. */
void plan_print(const struct profile *profile, const struct plan *plan);
/* The layers that have to be in force at the end. */
unsigned long long plan_required(const struct profile *profile);
/* The namespaces of clone(2). */
unsigned long plan_namespaces(const struct profile *profile);

/* check.c: contradictions within the profile. */
bool check_profile(const struct profile *profile, struct text *fault);
/* roots.c: completes and checks the roots. */
bool complete_roots(struct profile *profile, struct text *fault);
/* The root, readable or writable, that decides about a path: the longest that it lies in; null: none. */
const struct root *governing(const struct profile *profile, const char *path);

#endif
