/* The order of the processes: P0 runs the steps outside and starts P1; P1 runs the steps inside and starts P2; P2 runs the rest and waits for P0's word. */
#include "files.h"
#include "kernel.h"
#include "run.h"

void give_up(struct run *run, int code) {
  run->shared->code = code;
  leave(code);
}

static long start_inside(struct run *run, struct text *fault) {
  int pidfd = -1;
  long pid = sys(__NR_clone, plan_namespaces(run->profile) | CLONE_PIDFD_ | SIGCHLD_, 0, &pidfd, 0, 0);
  if (pid < 0) {
    bool full = run->profile->mode == MODE_FULL;
    return fail(fault, "clone", "namespaces", pid, full ? "user namespaces are refused here (by AppArmor, a sysctl or a container); use mode `restricted`, or `root` as root" : NULL);
  }
  if (pid == 0) inside_main(run);
  run->init_pid = (int)pid;
  run->init = pidfd;
  sys(__NR_close, run->inside);
  sys(__NR_prctl, PR_SET_DUMPABLE_, 0, 0, 0, 0);
  return 0;
}

static long outside_step(struct run *run, enum step step, struct text *fault) {
  struct layers *layers = &run->shared->layers;
  if (step == STEP_PLACEHOLDERS) return placeholders_make(run->profile, fault);
  if (step == STEP_CGROUP) return cgroup_enter(run->profile, layers, &run->cgroup, fault);
  if (step == STEP_BPF) return bpf_attach(run->profile, layers, &run->cgroup, &run->bpf, fault);
  if (step == STEP_CLONE) return start_inside(run, fault);
  return fail(fault, "plan", "a step in the wrong place", -22, NULL);
}

long run_steps(struct run *run, enum place place, struct text *fault) {
  long result = 0;
  for (size_t at = 0; at < run->plan->count && result == 0; at++) {
    enum step step = run->plan->steps[at];
    if (run->plan->places[at] != place) continue;
    if (place == PLACE_OUTSIDE) result = outside_step(run, step, fault);
    else if (place == PLACE_INIT) result = inside_step(run, step, fault);
    else result = command_step(run, step, fault);
  }
  return result;
}

/* SIGTSTP, SIGTTIN, SIGTTOU and SIGCONT stop and continue the launcher as they do others, and what a fault of its own raises ends it. */
static void block_signals(struct run *run) {
  static const unsigned char KEPT[] = {4, 7, 8, 11, 18, 20, 21, 22};
  unsigned long long mask = ~0ULL;
  for (size_t at = 0; at < sizeof KEPT; at++) mask &= ~(1ULL << (KEPT[at] - 1));
  sys(__NR_rt_sigprocmask, 2, &mask, &run->old_mask, 8);
}

static long prepare(struct run *run, struct text *fault) {
  int pair[2], on = 1;
  long shared = sys(__NR_mmap, NULL, sizeof(struct shared), 3 /* read, write */, 0x21 /* shared, anonymous */, -1, 0);
  if (shared < 0 && shared > -4096) return fail(fault, "prepare", "memory", shared, NULL);
  run->shared = (struct shared *)shared;
  long result = sys(__NR_socketpair, 1, 5 /* SOCK_SEQPACKET */ | O_CLOEXEC_, 0, pair);
  if (result == 0) result = sys(__NR_setsockopt, pair[0], 1, 16 /* SO_PASSCRED */, &on, sizeof on);
  if (result < 0) return fail(fault, "prepare", "control socket", result, NULL);
  run->control = pair[0];
  run->inside = pair[1];
  run->epoll = (int)sys(__NR_epoll_create1, O_CLOEXEC_);
  run->user = sys(__NR_geteuid);
  run->group = sys(__NR_getegid);
  run->notify = run->command = run->init = run->bpf.counts = run->cgroup.v2 = -1;
  block_signals(run);
  if (run->options->go >= 0) sys(__NR_prctl, PR_SET_PDEATHSIG_, SIGNAL_ORPHANED, 0, 0, 0);
  if (run->profile->mode != MODE_RESTRICTED) return 0;
  if (sys(__NR_wait4, -1, NULL, 1, NULL) != -10) return fail(fault, "guard", "the launcher has children already", -16, "start it as a process of its own, not by exec");
  result = sys(__NR_prctl, PR_SET_CHILD_SUBREAPER_, 1, 0, 0, 0);
  return result < 0 ? fail(fault, "guard", NULL, result, NULL) : 0;
}

static void *room(size_t size) {
  long at = sys(__NR_mmap, NULL, size, 3, 0x4022 /* private, anonymous, no reserve */, -1, 0);
  return at < 0 && at > -4096 ? NULL : (void *)at;
}

static long open_bridge(struct run *run, char which, const int *fds, size_t count, struct text *fault) {
  size_t next = 0;
  for (int at = 0; at < LISTENERS; at++) run->listeners[at] = (which >> at & 1) != 0 && next < count ? fds[next++] : -1;
  run->bridge = room(bridge_size());
  if (run->bridge == NULL) return fail(fault, "bridge", "memory", -12, NULL);
  long result = bridge_open(run->bridge, run->profile, run->listeners, run->epoll, fault);
  if (result == 0) enforce(&run->shared->layers, LAYER_BRIDGE);
  return result;
}

static long open_broker(struct run *run, struct text *fault) {
  bool connects = run->profile->mode == MODE_RESTRICTED && run->profile->network == NETWORK_PROXY;
  if (!connects && !metadata_asked(run->profile)) return 0;
  run->broker = room(broker_size());
  if (run->broker == NULL) return fail(fault, "broker", "memory", -12, NULL);
  long result = broker_open(run->broker, run->profile, run->notify, fault);
  if (result == 0 && connects) enforce(&run->shared->layers, LAYER_BRIDGE);
  return result;
}

/* Listeners from P1, then the word from P2 that it is ready. */
static long await_ready(struct run *run, struct text *fault) {
  for (;;) {
    int fds[LISTENERS], pid = -1;
    size_t count = LISTENERS;
    char letter = 0;
    long result = receive_message(run->control, &letter, fds, &count, &pid);
    if (result <= 0) {
      if (run->shared->fault[0] != 0) put(fault, run->shared->fault);
      else fail(fault, "start", "a process of the launcher ended", result == 0 ? -3 : result, NULL);
      return -3;
    }
    if (letter != 'R') {
      result = open_bridge(run, letter, fds, count, fault);
      if (result < 0) return result;
      continue;
    }
    run->notify = count > 0 ? fds[0] : -1;
    run->command_pid = pid;
    run->command = (int)sys(__NR_pidfd_open, pid, 0);
    return run->command < 0 ? fail(fault, "start", "the command's process", run->command, NULL) : open_broker(run, fault);
  }
}

static void end_all(struct run *run) {
  if (run->init >= 0) {
    sys(__NR_pidfd_send_signal, run->init, SIGKILL_, NULL, 0);
    sys(__NR_wait4, run->init_pid, NULL, 0, NULL);
  }
  if (run->profile->mode == MODE_RESTRICTED) guard_sweep();
}

static int start(struct run *run, struct text *fault) {
  if (run_steps(run, PLACE_OUTSIDE, fault) < 0 || await_ready(run, fault) < 0) return EXIT_REFUSED;
  if (!report_check(run, fault)) return EXIT_REFUSED;
  if (!report_started(run)) {
    put(fault, "report: it cannot be written; give an open descriptor");
    return EXIT_REFUSED;
  }
  int code = await_go(run);
  if (code != 0) put(fault, "go: it was not given");
  return code;
}

int apply(struct run *run) {
  TEXT(fault, FAULT_BYTES + 64);
  bool prepared = prepare(run, &fault) == 0;
  int code = prepared ? start(run, &fault) : EXIT_REFUSED;
  if (code == 0) {
    code = supervise(run);
    put(&fault, run->shared->fault);
  } else if (prepared) {
    end_all(run);
    run->shared->status = code << 8;
  }
  if (fault.length > 0) {
    put(&fault, "\n");
    say("faramesh-sandbox: ");
    say(fault.bytes);
  }
  if (!prepared) return code;
  if (run->cgroup.count > 0) cgroup_end(&run->cgroup);
  placeholders_remove();
  report_ended(run, run->shared->status);
  return code;
}
