/* The files of the cgroup hierarchies, for cgroup.c and probe.c. Nothing here keeps a descriptor. */
#ifndef FARAMESH_CGROUPS_H
#define FARAMESH_CGROUPS_H

#include "text.h"

#define CGROUP_PATH_BYTES 512
#define CGROUP_OPEN_DIRECTORY 02000000 /* O_CLOEXEC; O_DIRECTORY differs by architecture and is not needed */

enum cgroup_kind { CGROUP_V2, CGROUP_MEMORY, CGROUP_PIDS, CGROUP_PLACES };

/* Where a hierarchy is mounted, and in it the cgroup of this process. */
struct cgroup_place {
  bool found;
  char mount[CGROUP_PATH_BYTES];
  char own[CGROUP_PATH_BYTES];
};

/* From /proc/self/mountinfo and /proc/self/cgroup. */
void cgroup_places(struct cgroup_place places[CGROUP_PLACES]);

/* The first line of `directory`/`file` without its end; its length or -errno. */
long cgroup_read(const char *directory, const char *file, char *value, size_t capacity);
long cgroup_write(const char *directory, const char *file, const char *value);
/* Whether the words of `list` contain `word`. */
bool cgroup_lists(const char *list, const char *word);

/* `faramesh-PIDNAMESPACE-PID`: a process number means something in its own namespace only. */
void cgroup_name(struct text *text, long pid);
/* Kills what is in it, for at most a second, and removes it; 0 or -errno. */
long cgroup_remove(const char *path);
/* Removes what launchers left in `directory` that have died, with the processes in it. */
void cgroup_sweep(const char *directory);

#endif
