/* Text without a library: bounded buffers that say when they are full, and nothing that allocates. */
#ifndef FARAMESH_TEXT_H
#define FARAMESH_TEXT_H

#include "sys.h"

/* What is appended behind `capacity` is dropped and `full` is set; the text is always ended by a null. */
struct text {
  char *bytes;
  size_t length;
  size_t capacity;
  bool full;
};

/* TEXT(name, 256): a buffer of that size on the stack. */
#define TEXT(name, size)     \
  char name##_bytes[size];   \
  struct text name = {name##_bytes, 0, size, false}; \
  name##_bytes[0] = 0

size_t length_of(const char *s);
bool same(const char *a, const char *b);
bool begins(const char *s, const char *prefix);

void put(struct text *text, const char *s);
void put_bytes(struct text *text, const char *bytes, size_t length);
void put_number(struct text *text, long long number);
/* A JSON string with its quotes; bytes that are no UTF-8 come out as U+FFFD. */
void put_json(struct text *text, const char *s);

bool is_utf8(const char *s);

/* Decimal digits alone, no sign, no leading zero but "0". False: anything else, or over 2^63 - 1. */
bool parse_number(const char *s, long long *number);

/* Writes all of it, whatever the kernel takes at a time; the first error as -errno, or 0. */
long write_all(int fd, const char *bytes, size_t length);
/* To standard error, for messages. */
void say(const char *s);

/* What it means and its name, for messages: "operation not permitted (EPERM)". */
const char *error_name(long negative_errno);
/* "STEP: WHAT: error; ADVICE" into fault; returns the error. `what` and `advice` may be null. */
long fail(struct text *fault, const char *step, const char *what, long error, const char *advice);

#endif
