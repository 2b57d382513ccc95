/* P1: makes the namespaces into what the profile asks for, starts the command, reaps, and ends with it. As pid 1 its end is the end of all in the namespace; in
 * `restricted` it is the inner guard. */
#include "files.h"
#include "kernel.h"
#include "run.h"

static long write_map(const char *path, long id, struct text *fault) {
  TEXT(map, 64);
  put_number(&map, id);
  put(&map, " ");
  put_number(&map, id);
  put(&map, " 1");
  long result = write_file(path, map.bytes);
  return result < 0 ? fail(fault, "identity", path, result, "user namespaces are restricted here (AppArmor or a container may do that); use mode `restricted`, or `root` as root") : 0;
}

/* user_namespaces(7): one line that maps the writer's own id needs no capability outside, once setgroups is denied. */
static long map_identity(const struct run *run, struct text *fault) {
  long result = write_file("/proc/self/setgroups", "deny");
  if (result < 0) return fail(fault, "identity", "/proc/self/setgroups", result, "user namespaces are restricted here; use mode `restricted`, or `root` as root");
  result = write_map("/proc/self/uid_map", run->user, fault);
  if (result == 0) result = write_map("/proc/self/gid_map", run->group, fault);
  if (result == 0) enforce(&run->shared->layers, LAYER_USER);
  return result;
}

static long name_host(struct layers *layers, struct text *fault) {
  long result = sys(__NR_sethostname, "sandbox", 7);
  if (result == 0) result = sys(__NR_setdomainname, "", 0);
  if (result < 0) return fail(fault, "host name", NULL, result, "AppArmor may restrict unprivileged user namespaces here; use mode `restricted`, or `root` as root");
  enforce(layers, LAYER_UTS);
  enforce(layers, LAYER_IPC);
  enforce(layers, LAYER_CGROUP_NAMESPACE);
  enforce(layers, LAYER_NETWORK);
  return 0;
}

static long send_listeners(struct run *run, struct text *fault) {
  int sent[LISTENERS];
  char which = 0;
  size_t count = 0;
  for (int at = 0; at < LISTENERS; at++) {
    if (run->listeners[at] < 0) continue;
    which = (char)(which | 1 << at);
    sent[count++] = run->listeners[at];
  }
  long result = send_message(run->inside, which, sent, count);
  for (size_t at = 0; at < count; at++) sys(__NR_close, sent[at]);
  return result < 0 ? fail(fault, "network", "listeners", result, NULL) : 0;
}

long inside_step(struct run *run, enum step step, struct text *fault) {
  struct layers *layers = &run->shared->layers;
  if (step == STEP_IDENTITY) return map_identity(run, fault);
  if (step == STEP_NAMES) return name_host(layers, fault);
  if (step == STEP_VIEW) return view_make(run->profile, layers, fault);
  if (step != STEP_NETWORK) return fail(fault, "plan", "a step in the wrong place", -22, NULL);
  long result = network_up(run->profile, layers, run->listeners, fault);
  return result < 0 ? result : send_listeners(run, fault);
}

/* Nothing of the caller's is left in this process's memory for anyone who could read it. */
static void forget(char **inherited) {
  for (; *inherited != NULL; inherited++) memset(*inherited, 0, length_of(*inherited));
}

static void drop_all(void) {
  unsigned header[2] = {0x20080522, 0}, sets[6] = {0};
  sys(__NR_prctl, PR_SET_NO_NEW_PRIVS_, 1, 0, 0, 0);
  sys(__NR_capset, header, sets);
}

static void wait_for(struct run *run, int command) {
  int status = 0;
  if (run->profile->mode == MODE_RESTRICTED) {
    if (guard_wait(command, &status) < 0) return;
  } else {
    for (long pid = 0; pid != command;) {
      pid = sys(__NR_wait4, -1, &status, 0, NULL);
      if (pid < 0 && pid != -4) return;
    }
  }
  run->shared->status = status;
  run->shared->ended = 1;
}

static long begin(struct run *run, struct text *fault) {
  bool restricted = run->profile->mode == MODE_RESTRICTED;
  char byte;
  sys(__NR_close, run->control);
  long result = sys(__NR_prctl, PR_SET_PDEATHSIG_, restricted ? SIGNAL_ORPHANED : SIGKILL_, 0, 0, 0);
  if (result < 0) return fail(fault, "clone", "death signal", result, NULL);
  /* The launcher may have ended before: then its end of the socket is closed. */
  if (sys(__NR_recvfrom, run->inside, &byte, 1, 0x42 /* MSG_PEEK | MSG_DONTWAIT */, NULL, NULL) == 0) leave(EXIT_REFUSED);
  if (restricted) return guard_begin(&run->shared->layers, fault);
  enforce(&run->shared->layers, LAYER_PID);
  enforce(&run->shared->layers, LAYER_TREE);
  return 0;
}

_Noreturn void inside_main(struct run *run) {
  struct text fault = {run->shared->fault, 0, FAULT_BYTES, false};
  for (int at = 0; at < LISTENERS; at++) run->listeners[at] = -1;
  if (begin(run, &fault) < 0) give_up(run, EXIT_REFUSED);
  if (run_steps(run, PLACE_INIT, &fault) < 0) give_up(run, EXIT_REFUSED);
  sys(__NR_prctl, PR_SET_DUMPABLE_, 0, 0, 0, 0);
  long command = sys(__NR_clone, SIGCHLD_, 0, 0, 0, 0);
  if (command < 0) {
    fail(&fault, "clone", "command", command, NULL);
    give_up(run, EXIT_REFUSED);
  }
  if (command == 0) command_main(run);
  drop_all();
  forget(run->inherited);
  sys(__NR_close_range, 3, ~0U, 0);
  wait_for(run, (int)command);
  if (run->profile->mode == MODE_RESTRICTED) guard_sweep();
  leave(0);
}
