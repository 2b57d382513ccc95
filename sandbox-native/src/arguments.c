/* Calls that are judged by their arguments. */
#include "files.h"
#include "kernel.h"
#include "seccomp.h"
#include "steps.h"

#define NAMESPACES ((unsigned)(CLONE_NEWNS_ | CLONE_NEWCGROUP_ | CLONE_NEWUTS_ | CLONE_NEWIPC_ | CLONE_NEWUSER_ | CLONE_NEWPID_ | CLONE_NEWNET_))
#define FAMILY_UNIX 1
#define FAMILY_INET 2
#define FAMILY_INET6 10
#define TYPE_STREAM 1
#define TYPE_DATAGRAM 2
#define TYPE_RAW 3 /* of the Unix family another name of datagrams */
#define SOCK_FLAGS 0x80800u
#define FAST_OPEN 0x20000000u

static void judge_clone(struct filter *filter) {
  size_t call = begin_call(filter, __NR_clone);
  load_argument(filter, 0);
  when_any(filter, NAMESPACES, NOT_PERMITTED);
  always(filter, ALLOW);
  end_call(filter, call);
}

/* What types into a terminal, or takes it: ioctl_tty(2). The kernel reads 32 bits of the request. */
static void judge_ioctl(struct filter *filter) {
  static const unsigned REQUESTS[] = {0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */, 0x5423 /* TIOCSETD */, 0x541d /* TIOCCONS */, 0x4b4d /* KDSKBENT */, 0x4b49 /* KDSKBSENT */};
  size_t call = begin_call(filter, __NR_ioctl);
  load_argument(filter, 1);
  for (size_t at = 0; at < sizeof REQUESTS / sizeof REQUESTS[0]; at++) when_equal(filter, REQUESTS[at], NOT_PERMITTED);
  always(filter, ALLOW);
  end_call(filter, call);
}

static void judge_one(struct filter *filter, unsigned number, unsigned argument, unsigned allowed, unsigned other) {
  size_t call = begin_call(filter, number);
  load_argument(filter, argument);
  when_equal(filter, allowed, ALLOW);
  always(filter, other);
  end_call(filter, call);
}

static void judge_flag(struct filter *filter, unsigned number, unsigned argument, unsigned bits) {
  size_t call = begin_call(filter, number);
  load_argument(filter, argument);
  when_any(filter, bits, NOT_PERMITTED);
  always(filter, ALLOW);
  end_call(filter, call);
}

/* The accumulator holds the type without its flags: of one type, protocol 0 or `protocol`. */
static void allow_protocol(struct filter *filter, unsigned type, unsigned protocol) {
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, type, 0, 6);
  load_argument(filter, 2);
  when_equal(filter, 0, ALLOW);
  when_equal(filter, protocol, ALLOW);
  always(filter, NO_SUCH_FAMILY);
}

static bool names_unix(const struct profile *profile) {
  bool named = profile->unix_family;
  for (size_t at = 0; at < profile->root_count; at++) named = named || profile->roots[at].kind == ROOT_SOCKET;
  return named;
}

static void judge_socket(struct filter *filter, const struct profile *profile) {
  size_t call = begin_call(filter, __NR_socket);
  load_argument(filter, 0);
  if (names_unix(profile)) when_equal(filter, FAMILY_UNIX, ALLOW);
  if (profile->network == NETWORK_PROXY) {
    emit(filter, BPF_JMP | BPF_JEQ | BPF_K, FAMILY_INET, 2, 0);
    emit(filter, BPF_JMP | BPF_JEQ | BPF_K, FAMILY_INET6, 1, 0);
    always(filter, NO_SUCH_FAMILY);
    load_argument(filter, 1);
    emit(filter, BPF_ALU | BPF_AND | BPF_K, ~SOCK_FLAGS, 0, 0);
    allow_protocol(filter, TYPE_STREAM, 6);
    if (profile->mode != MODE_RESTRICTED) allow_protocol(filter, TYPE_DATAGRAM, 17);
  }
  always(filter, NO_SUCH_FAMILY);
  end_call(filter, call);
}

/* Of a pair of streams or packets both ends are connected for good; one of datagrams could still name any socket (unix(7)). */
static void judge_pair(struct filter *filter, const struct profile *profile) {
  size_t call = begin_call(filter, __NR_socketpair);
  load_argument(filter, 0);
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, FAMILY_UNIX, 1, 0);
  always(filter, NO_SUCH_FAMILY);
  if (!names_unix(profile)) {
    load_argument(filter, 1);
    emit(filter, BPF_ALU | BPF_AND | BPF_K, ~SOCK_FLAGS, 0, 0);
    when_equal(filter, TYPE_DATAGRAM, NO_SUCH_FAMILY);
    when_equal(filter, TYPE_RAW, NO_SUCH_FAMILY);
  }
  always(filter, ALLOW);
  end_call(filter, call);
}

/* TCP fast open sends before connect(2) is asked for; TCP_ULP puts kernel code beneath a socket; SOL_MPTCP. */
static void judge_options(struct filter *filter) {
  static const unsigned OPTIONS[] = {23 /* TCP_FASTOPEN */, 30 /* _CONNECT */, 31 /* TCP_ULP */, 33 /* _KEY */, 34 /* _NO_COOKIE */, 19 /* TCP_REPAIR */};
  size_t call = begin_call(filter, __NR_setsockopt);
  load_argument(filter, 1);
  when_equal(filter, 284, NOT_PERMITTED);
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 6, 1, 0);
  always(filter, ALLOW);
  load_argument(filter, 2);
  for (size_t at = 0; at < sizeof OPTIONS / sizeof OPTIONS[0]; at++) when_equal(filter, OPTIONS[at], NOT_PERMITTED);
  always(filter, ALLOW);
  end_call(filter, call);
}

/* A listener of the command's own could answer for its children what this filter asks of the launcher. */
static void judge_seccomp(struct filter *filter) {
  size_t call = begin_call(filter, __NR_seccomp);
  load_argument(filter, 1);
  when_any(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER, NOT_PERMITTED);
  always(filter, ALLOW);
  end_call(filter, call);
}

/* By path they are asked about (metadata.c), or refused where nothing may be written. utimensat(2) with a null path is futimens(3); both halves of the pointer are looked at. */
static void judge_metadata(struct filter *filter, const struct profile *profile) {
  unsigned action = metadata_asked(profile) ? ASK : NOT_PERMITTED;
#if defined(__x86_64__)
  when_equal(filter, __NR_chmod, action);
  when_equal(filter, __NR_chown, action);
  when_equal(filter, __NR_lchown, action);
#endif
  when_equal(filter, __NR_fchownat, action);
  when_equal(filter, __NR_fchmodat, action);
  when_equal(filter, 452 /* fchmodat2 */, action);
  size_t call = begin_call(filter, __NR_utimensat);
  load_argument(filter, 1);
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
  always(filter, action);
  emit(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 12, 0, 0);
  when_equal(filter, 0, ALLOW);
  always(filter, action);
  end_call(filter, call);
}

void judge_arguments(struct filter *filter, const struct profile *profile) {
  judge_clone(filter);
  judge_ioctl(filter);
  judge_one(filter, __NR_personality, 0, 0xffffffffu, NOT_PERMITTED);
  judge_flag(filter, __NR_memfd_create, 1, 0x10 /* MFD_EXEC */);
  judge_socket(filter, profile);
  judge_pair(filter, profile);
  judge_options(filter);
  judge_seccomp(filter);
  if (profile->mode != MODE_RESTRICTED) return;
  judge_flag(filter, __NR_sendto, 3, FAST_OPEN);
  judge_flag(filter, __NR_sendmsg, 2, FAST_OPEN);
  judge_flag(filter, __NR_sendmmsg, 3, FAST_OPEN);
  judge_one(filter, __NR_prlimit64, 0, 0, NOT_PERMITTED);
  judge_metadata(filter, profile);
}
