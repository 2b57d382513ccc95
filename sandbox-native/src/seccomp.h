/* A filter under construction: classic BPF over struct seccomp_data (seccomp(2)). */
#ifndef FARAMESH_SECCOMP_H
#define FARAMESH_SECCOMP_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "profile.h"

#define FILTER_MAX 1024
struct filter {
  struct sock_filter code[FILTER_MAX];
  size_t count;
  bool full;
};

#define ALLOW SECCOMP_RET_ALLOW
#define ASK SECCOMP_RET_USER_NOTIF
#define KILL SECCOMP_RET_KILL_PROCESS
#define REFUSE(number) (SECCOMP_RET_ERRNO | (number))
#define NOT_PERMITTED REFUSE(1)
#define NO_SUCH_CALL REFUSE(38)
#define NO_SUCH_FAMILY REFUSE(97)

void emit(struct filter *filter, unsigned short code, unsigned value, unsigned char yes, unsigned char no);
/* The accumulator becomes the low 32 bits of an argument, which is all that the kernel reads of an int. */
void load_argument(struct filter *filter, unsigned argument);
/* Of the accumulator: equal to, or any bit of: then `action`. */
void when_equal(struct filter *filter, unsigned value, unsigned action);
void when_any(struct filter *filter, unsigned bits, unsigned action);
/* One instruction for each of several numbers, `left` of them to come after this one, at most 250; then matched(). */
void match(struct filter *filter, unsigned value, size_t left);
void matched(struct filter *filter, unsigned action);
void always(struct filter *filter, unsigned action);
/* Between these two stand the instructions for one call; they must end in always(). */
size_t begin_call(struct filter *filter, unsigned number);
void end_call(struct filter *filter, size_t begun);

/* calls.c: those that fail whatever their arguments. */
void refuse_calls(struct filter *filter, bool restricted);
/* arguments.c: those that depend on them. */
void judge_arguments(struct filter *filter, const struct profile *profile);

#endif
