/* P2: gives up what it has, step by step, and becomes the command. */
#include "files.h"
#include "kernel.h"
#include "run.h"

static char **environment;

static long start_in(const struct profile *profile, struct text *fault) {
  const char *directory = profile->directory != NULL ? profile->directory : profile->home != NULL ? profile->home : "/";
  long result = sys(__NR_chdir, directory);
  return result < 0 ? fail(fault, "directory", directory, result, NULL) : 0;
}

static long forbid_privileges(struct layers *layers, struct text *fault) {
  long result = sys(__NR_prctl, PR_SET_NO_NEW_PRIVS_, 1, 0, 0, 0);
  if (result < 0) return fail(fault, "no_new_privs", NULL, result, NULL);
  enforce(layers, LAYER_NO_NEW_PRIVS);
  return 0;
}

long command_step(struct run *run, enum step step, struct text *fault) {
  const struct profile *profile = run->profile;
  struct layers *layers = &run->shared->layers;
  switch (step) {
    case STEP_LIMITS: return limits_set(profile, layers, fault);
    case STEP_DESCRIPTORS: return descriptors_close(layers, &run->inside, 1, fault);
    case STEP_NO_NEW_PRIVS: return forbid_privileges(layers, fault);
    case STEP_CAPABILITIES: return capabilities_drop(profile, layers, fault);
    case STEP_LANDLOCK: return landlock_restrict(profile, layers, fault);
    case STEP_ENVIRONMENT: return environment_make(profile, layers, run->inherited, &environment, fault);
    case STEP_DIRECTORY: return start_in(profile, fault);
    case STEP_SECCOMP: return seccomp_install(profile, layers, &run->notify, fault);
    default: return fail(fault, "plan", "a step in the wrong place", -22, NULL);
  }
}

_Noreturn void command_main(struct run *run) {
  struct text fault = {run->shared->fault, 0, FAULT_BYTES, false};
  char letter = 0;
  if (run_steps(run, PLACE_COMMAND, &fault) < 0) give_up(run, EXIT_REFUSED);
  long result = send_message(run->inside, 'R', &run->notify, run->notify >= 0 ? 1 : 0);
  if (run->notify >= 0) sys(__NR_close, run->notify);
  if (result < 0 || sys(__NR_read, run->inside, &letter, 1) != 1 || letter != 'G') leave(EXIT_REFUSED);
  sys(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &run->old_mask, NULL, 8);
  give_up(run, execute(run->options->command, environment, &fault));
}
