/* P0, while the command runs: one loop over signals, the end of P1, the bridge and what the filter asks. */
#include <linux/eventpoll.h>
#include <linux/poll.h>
#include <linux/signalfd.h>

#include "files.h"
#include "kernel.h"
#include "run.h"

#define TOKEN_SIGNALS 1
#define TOKEN_INIT 2
#define TOKEN_NOTIFY 3
#define TOKENS 16 /* above: addresses inside the bridge */
#define FROM_KERNEL 0x80

struct loop {
  int epoll, signals;
  bool running;
};

static long watch(int epoll, int fd, unsigned long long token) {
  struct epoll_event event = {EPOLLIN, token};
  return sys(__NR_epoll_ctl, epoll, 1 /* EPOLL_CTL_ADD */, fd, &event);
}

static long open_signals(void) {
  unsigned long long all = ~0ULL;
  return sys(__NR_signalfd4, -1, &all, 8, O_CLOEXEC_ | 04000 /* SFD_NONBLOCK */);
}

/* What a terminal sends reaches the command by itself: it is in the same group. */
static void take_signals(struct run *run, int signals) {
  struct signalfd_siginfo info;
  while (sys(__NR_read, signals, &info, sizeof info) == sizeof info) {
    int number = (int)info.ssi_signo;
    if (number == SIGNAL_ORPHANED) sys(__NR_pidfd_send_signal, run->init, SIGKILL_, NULL, 0);
    if (number == SIGNAL_ORPHANED || number == SIGCHLD_ || number == 13 || info.ssi_code == FROM_KERNEL) continue;
    sys(__NR_pidfd_send_signal, run->command, number, NULL, 0);
  }
}

static void take_question(struct run *run, struct loop *loop) {
  long result = 0;
  if (run->options->observe >= 0 || run->broker == NULL) result = observe_ready(run->notify, run->options->observe, run->broker);
  else broker_ready(run->broker);
  if (result != 0) sys(__NR_epoll_ctl, loop->epoll, 2 /* EPOLL_CTL_DEL */, run->notify, NULL);
}

static void take_event(struct run *run, struct loop *loop, const struct epoll_event *event) {
  unsigned long long token = event->data;
  if (token == TOKEN_SIGNALS) take_signals(run, loop->signals);
  else if (token == TOKEN_INIT) loop->running = false;
  else if (token == TOKEN_NOTIFY && (event->events & EPOLLIN) == 0) sys(__NR_epoll_ctl, loop->epoll, 2, run->notify, NULL);
  else if (token == TOKEN_NOTIFY) take_question(run, loop);
  else if (token > TOKENS) bridge_ready(run->bridge, (void *)(uintptr_t)token, event->events);
}

static int exit_code(struct run *run) {
  int status = SIGKILL_;
  sys(__NR_wait4, run->init_pid, NULL, 0, NULL);
  if (run->profile->mode == MODE_RESTRICTED) guard_sweep();
  if (run->shared->ended) status = run->shared->status;
  if (run->shared->code != 0) status = run->shared->code << 8;
  run->shared->status = status;
  return (status & 0x7f) != 0 ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

int supervise(struct run *run) {
  struct loop loop = {run->epoll, (int)open_signals(), true};
  struct epoll_event events[64];
  long failed = loop.signals < 0 ? loop.signals : watch(loop.epoll, loop.signals, TOKEN_SIGNALS);
  if (failed == 0) failed = watch(loop.epoll, run->init, TOKEN_INIT);
  if (failed == 0 && run->notify >= 0) failed = watch(loop.epoll, run->notify, TOKEN_NOTIFY);
  if (failed == 0) failed = send_message(run->control, 'G', NULL, 0);
  sys(__NR_close, run->control);
  if (failed < 0) sys(__NR_pidfd_send_signal, run->init, SIGKILL_, NULL, 0);
  while (loop.running) {
    long count = sys(__NR_epoll_pwait, loop.epoll, events, 64, run->bridge != NULL ? 1000 : -1, NULL, 8);
    for (long at = 0; at < count; at++) take_event(run, &loop, &events[at]);
    if (run->bridge != NULL) bridge_tick(run->bridge);
  }
  return exit_code(run);
}

int await_go(struct run *run) {
  struct pollfd polled[3] = {{run->options->go, POLLIN, 0}, {(int)open_signals(), POLLIN, 0}, {run->init, POLLIN, 0}};
  struct signalfd_siginfo info;
  int code = EXIT_REFUSED;
  char byte = 0;
  for (bool waiting = run->options->go >= 0; waiting;) {
    if (sys(__NR_ppoll, polled, 3, NULL, NULL, 8) < 0) continue;
    if (polled[1].revents != 0 && sys(__NR_read, polled[1].fd, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD_) {
      code = 128 + (int)info.ssi_signo;
      waiting = false;
    } else if (polled[2].revents != 0) {
      waiting = false;
    } else if (polled[0].revents != 0) {
      sys(__NR_read, run->options->go, &byte, 1);
      waiting = false;
    }
  }
  sys(__NR_close, polled[1].fd);
  return run->options->go < 0 || byte == 'g' ? 0 : code;
}
