/* The calls that are observed, for the filter that asks (seccomp.c) and for observe.c. */
#ifndef FARAMESH_OBSERVE_H
#define FARAMESH_OBSERVE_H

#include "text.h"

enum operation {
  OPERATION_OPEN,
  OPERATION_EXEC,
  OPERATION_CONNECT,
  OPERATION_MAKE,
  OPERATION_REMOVE,
  OPERATION_RENAME,
  OPERATION_LINK,
  OPERATION_SYMLINK,
  OPERATION_TRUNCATE,
  OPERATION_MODE,
  OPERATION_OWNER,
  OPERATION_TIMES,
  OPERATION_ATTRIBUTE,
  OPERATIONS
};

/* Which arguments of a call hold its paths and the directories that these begin at; -1: none. */
struct observed {
  int call;
  signed char operation;
  signed char directory, path;
  signed char other_directory, other_path;
};

extern const struct observed OBSERVED[];
extern const size_t OBSERVED_COUNT;

/* paths.c: the path that task `task` means by the text at `address` of its memory, beginning at descriptor `directory` (-100: where it is). Links are followed as the
 * task's own view has them, the last one only with `follow`; what does not exist is taken as it is written. False: it cannot be read, or is no path. */
bool observed_path(unsigned task, int directory, unsigned long long address, bool follow, struct text *path);
/* The same of a text that has been read. */
bool observed_resolved(unsigned task, int directory, const char *written, bool follow, struct text *path);
/* Up to `length` bytes of a task's memory; how many. */
long observed_memory(unsigned task, unsigned long long address, void *bytes, size_t length);

#endif
