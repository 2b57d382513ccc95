#include "seccomp.h"

#include <linux/audit.h>

#include "files.h"
#include "observe.h"
#include "steps.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif
/* file_setattr, of Linux 6.17: what is newer was not looked at when this was written. */
#define NEWEST_CALL 469
#define WAIT_KILLABLE (1UL << 5)

void emit(struct filter *filter, unsigned short code, unsigned value, unsigned char yes, unsigned char no) {
  if (filter->count == FILTER_MAX) {
    filter->full = true;
    return;
  }
  filter->code[filter->count++] = (struct sock_filter){code, yes, no, value};
}

static void load(struct filter *filter, size_t offset) { emit(filter, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0); }

void load_argument(struct filter *filter, unsigned argument) { load(filter, offsetof(struct seccomp_data, args) + argument * 8); }

void always(struct filter *filter, unsigned action) { emit(filter, BPF_RET | BPF_K, action, 0, 0); }

void when_equal(struct filter *filter, unsigned value, unsigned action) {
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
  always(filter, action);
}

void when_any(struct filter *filter, unsigned bits, unsigned action) {
  emit(filter, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
  always(filter, action);
}

void match(struct filter *filter, unsigned value, size_t left) {
  if (left > 250) filter->full = true;
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, value, (unsigned char)(left + 1), 0);
}

void matched(struct filter *filter, unsigned action) {
  emit(filter, BPF_JMP | BPF_JA, 1, 0, 0);
  always(filter, action);
}

size_t begin_call(struct filter *filter, unsigned number) {
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0);
  return filter->count - 1;
}

void end_call(struct filter *filter, size_t begun) {
  size_t length = filter->count - begun - 1;
  if (length > 255) filter->full = true;
  filter->code[begun].jf = (unsigned char)length;
}

static void check_machine(struct filter *filter) {
  load(filter, offsetof(struct seccomp_data, arch));
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
  always(filter, KILL);
  load(filter, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
  emit(filter, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1); /* x32 */
  always(filter, KILL);
#endif
  emit(filter, BPF_JMP | BPF_JGT | BPF_K, NEWEST_CALL, 0, 1);
  always(filter, NO_SUCH_CALL);
}

/* What is refused was refused before: only what would go on is asked about. */
static void ask_observed(struct filter *filter) {
  for (size_t at = 0; at < OBSERVED_COUNT; at++) match(filter, (unsigned)OBSERVED[at].call, OBSERVED_COUNT - 1 - at);
  matched(filter, ASK);
}

static void build(struct filter *filter, const struct profile *profile) {
  check_machine(filter);
  refuse_calls(filter, profile->mode == MODE_RESTRICTED);
  judge_arguments(filter, profile);
  if (profile->mode == MODE_RESTRICTED && profile->network == NETWORK_PROXY) when_equal(filter, __NR_connect, ASK);
  if (profile->observe != OBSERVE_NOTHING) ask_observed(filter);
  always(filter, ALLOW);
}

static bool asks(const struct profile *profile) {
  return profile->observe != OBSERVE_NOTHING || metadata_asked(profile) || (profile->mode == MODE_RESTRICTED && profile->network == NETWORK_PROXY);
}

long seccomp_install(const struct profile *profile, struct layers *layers, int *notify, struct text *fault) {
  static struct filter filter;
  *notify = -1;
  build(&filter, profile);
  if (filter.full) return fail(fault, "seccomp", "the filter is too long", -7, NULL);
  struct sock_fprog program = {(unsigned short)filter.count, filter.code};
  unsigned long flags = asks(profile) ? SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE : 0;
  long result = sys(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result == -22 && flags != 0) result = sys(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags & ~WAIT_KILLABLE, &program);
  if (result == -16) return fail(fault, "seccomp", "a listener", result, "the launcher itself runs under a filter with a listener");
  if (result < 0) return fail(fault, "seccomp", NULL, result, "a kernel with CONFIG_SECCOMP_FILTER is needed");
  if (flags != 0) *notify = (int)result;
  enforce(layers, LAYER_SECCOMP);
  if (profile->mode == MODE_RESTRICTED) enforce(layers, LAYER_NETWORK);
  return 0;
}
