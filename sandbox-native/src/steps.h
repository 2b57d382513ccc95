/*
 * The steps of apply, by the file that has them. Each returns 0, or -errno and has said in `fault` what it was at and what to do ("mount /proc: …"); it never
 * exits. Which process runs a step, in which order, stands in apply.c alone:
 *
 *   launcher (outside)                init (in the new namespaces, pid 1)         command
 *   cgroup_enter, bpf_attach
 *   clone, identity maps
 *                                     network_up -> listeners -> sent outside
 *                                     view (mounts, pivot)
 *                                                                               limits, descriptors, no_new_privs, capabilities,
 *                                                                               landlock, environment, seccomp -> report -> go -> exec
 *   supervise: bridge, observer,      reaps, ends with the command
 *   signals, guard, report
 */
#ifndef FARAMESH_STEPS_H
#define FARAMESH_STEPS_H

#include "layers.h"

#define FAULT_BYTES 512

/* network.c: inside the new network namespace, with its capabilities. Brings up `lo`, routes everything to it, redirects TCP (but to loopback) and UDP/53
 * where nf_tables is there (layer capture, else `why`), and opens the listeners. `listeners`: [0] TCP at 127.0.0.1:proxy_port (explicit), [1] TCP where captured
 * connections arrive or -1, [2] UDP at 127.0.0.1:53, [3] UDP where captured queries arrive or -1. */
#define LISTENERS 4
long network_up(const struct profile *profile, struct layers *layers, int listeners[LISTENERS], struct text *fault);

/* bridge.c: outside. Adds what is to be polled, and serves what is ready; never blocks, bounded in connections and memory. The structure is `bridge_size()` zeroed
 * bytes of mmap (MAP_NORESERVE: what is not in use is not touched); the tokens that epoll gives back (`data.ptr`) are addresses inside it. */
struct bridge;
long bridge_open(struct bridge *bridge, const struct profile *profile, const int listeners[LISTENERS], int epoll, struct text *fault);
void bridge_ready(struct bridge *bridge, void *token, unsigned events);
/* Called about every second: drops what has waited too long. */
void bridge_tick(struct bridge *bridge);
size_t bridge_size(void);

/* broker.c: outside, mode restricted with network proxy. `notify` is the seccomp listener of the command's filter, which asks for connect(2) of inet sockets:
 * the launcher reads the address once, connects a socket of its own to 127.0.0.1:bridge_port, writes token and PROXY header, puts it in the place of the command's
 * (SECCOMP_IOCTL_NOTIF_ADDFD) and answers. Best installed with SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV where the kernel has it. Where the same listener also asks
 * for calls that are observed, who receives gives each request to broker_take first: false means that it is none that it answers, and it has not been answered. */
struct broker;
struct seccomp_notif;
bool broker_take(struct broker *broker, const struct seccomp_notif *request);
long broker_open(struct broker *broker, const struct profile *profile, int notify, struct text *fault);
void broker_ready(struct broker *broker);
size_t broker_size(void);

/* metadata.c: chmod(2), chown(2) and utimensat(2) by path in mode restricted: whether the filter asks for them, and the answer. False: it is another call. */
bool metadata_asked(const struct profile *profile);
bool metadata_take(const struct broker *broker, const struct seccomp_notif *request, long *result);

/* observe.c: outside, with `observe`. What a listener asks about: one JSON line of each call that is OBSERVED (observe.h, which seccomp.c makes its filter from) to
 * `output`, then the call goes on, or goes to `broker` where that is not null. Called when `notify` is ready; never waits. SIGPIPE is ignored by the caller.
 * 1: nothing more comes, 0, or -errno. */
struct seccomp_notif;
bool broker_take(struct broker *broker, const struct seccomp_notif *request);
long observe_ready(int notify, int output, struct broker *broker);
/* The line alone, without an answer. `output` -1: nothing. */
void observe_call(int notify, int output, const struct seccomp_notif *request);

/* cgroup.c: outside, before clone. A cgroup of its own for the tree with memory and pids limits (v2, else v1 controllers), entered by the caller; `cgroup` fds are kept for
 * bpf_attach and cgroup_end, which kills what is left and removes it. */
struct cgroup {
  int v2; /* directory, or -1 */
  char paths[3][512]; /* what to remove */
  char from[3][512];  /* where the launcher goes back to before */
  size_t count;
};
long cgroup_enter(const struct profile *profile, struct layers *layers, struct cgroup *cgroup, struct text *fault);
/* 0, or -errno when something is left: the next launcher that is started there removes it. */
long cgroup_end(struct cgroup *cgroup);

/* bpf.c: mode root. Loads connect4/6 and sendmsg4/6 programs made from `egress` and attaches them to the cgroup; counts[0..3]: connects allowed, denied, sends allowed, denied. */
struct bpf {
  int counts; /* map, or -1 */
};
long bpf_attach(const struct profile *profile, struct layers *layers, const struct cgroup *cgroup, struct bpf *bpf, struct text *fault);
void bpf_counts(const struct bpf *bpf, unsigned long long counts[4]);

/* view.c: inside the mount namespace. New root of tmpfs with what the profile shows, pivot_root, old root gone. */
long view_make(const struct profile *profile, struct layers *layers, struct text *fault);

/* landlock.c, seccomp.c, capabilities.c, limits.c, descriptors.c, environment.c: in the command's process, in this order in apply.c. */
long landlock_restrict(const struct profile *profile, struct layers *layers, struct text *fault);
/* `notify`: set to the listener when the filter asks (broker, observe), else -1. */
long seccomp_install(const struct profile *profile, struct layers *layers, int *notify, struct text *fault);
long capabilities_drop(const struct profile *profile, struct layers *layers, struct text *fault);
long limits_set(const struct profile *profile, struct layers *layers, struct text *fault);
long descriptors_close(struct layers *layers, const int *kept, size_t kept_count, struct text *fault);
/* `environment`: the new vector, null-ended, made in static memory. */
long environment_make(const struct profile *profile, struct layers *layers, char **inherited, char ***environment, struct text *fault);

/* probe.c: what this machine can do, without changing it for anyone: one JSON line. */
int probe_machine(void);

#endif
