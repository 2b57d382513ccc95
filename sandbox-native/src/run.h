/* One run: what the launcher's processes share, and what each holds. */
#ifndef FARAMESH_RUN_H
#define FARAMESH_RUN_H

#include "plan.h"
#include "steps.h"

#define VERSION "0.1.0"
#if defined(__x86_64__)
#define ARCHITECTURE "x86_64"
#else
#define ARCHITECTURE "arm64"
#endif
#define EXIT_REFUSED 125
#define EXIT_CANNOT 126
#define EXIT_NONE 127

/* In memory that P0, P1 and P2 share until exec. */
struct shared {
  struct layers layers;
  char fault[FAULT_BYTES];
  int code;   /* what to exit with for `fault` */
  int ended;  /* the command's status stands in `status`, as of wait4(2) */
  int status;
};

struct options {
  const char *profile;
  bool plan;
  int report, go, observe; /* descriptors, -1: not said */
  char **command;
};

struct run {
  const struct options *options;
  const struct profile *profile;
  const struct plan *plan;
  struct shared *shared;
  char **inherited;            /* environment */
  unsigned long long old_mask; /* signals blocked by whoever started the launcher */
  int control, inside;         /* ends of the socket between P0 and the others */
  int epoll;
  int init, command;           /* pidfds; `command` -1: not known */
  int init_pid, command_pid;
  long user, group; /* of the launcher, outside */
  int listeners[LISTENERS];
  int notify;
  struct cgroup cgroup;
  struct bpf bpf;
  struct bridge *bridge;
  struct broker *broker;
};

/* apply.c: runs the plan and the command; the exit code. */
int apply(struct run *run);
/* The steps of one process in order. */
long run_steps(struct run *run, enum place place, struct text *fault);
/* A process says why it cannot go on, and ends. */
_Noreturn void give_up(struct run *run, int code);

/* inside.c */
long inside_step(struct run *run, enum step step, struct text *fault);
_Noreturn void inside_main(struct run *run);
/* command.c */
long command_step(struct run *run, enum step step, struct text *fault);
_Noreturn void command_main(struct run *run);
/* exec.c: returns an exit code, having said why in `fault`. */
int execute(char **command, char **environment, struct text *fault);

/* supervise.c: until the end; the exit code. */
int supervise(struct run *run);
/* Waits for the byte of --go. 0, or the exit code. */
int await_go(struct run *run);

/* guard.c: mode restricted. */
long guard_begin(struct layers *layers, struct text *fault);
/* Kills and reaps children until there are none: descendants become children of a subreaper as their parents end. */
void guard_sweep(void);
/* Waits for `command`; its status, or -1 when the launcher ended. */
int guard_wait(int command, int *status);

/* message.c: over the control socket: one letter and descriptors. */
long send_message(int socket, char letter, const int *fds, size_t count);
/* 1, 0 at the end, -errno. `pid`: of the sender as this process sees it. `count`: room, then how many came. */
long receive_message(int socket, char *letter, int *fds, size_t *count, int *pid);

/* placeholders.c: files that stand for what must not be made; outside. */
long placeholders_make(const struct profile *profile, struct text *fault);
void placeholders_remove(void);
/* An empty file that a launcher made, and may yet remove. */
bool is_placeholder(unsigned mode, long long size);

/* report.c: false: it could not be written. */
bool report_started(const struct run *run);
void report_ended(const struct run *run, int status);
/* The layers that are required and not in force, said in `fault`. */
bool report_check(const struct run *run, struct text *fault);

#endif
