#ifndef FARAMESH_VIEW_H
#define FARAMESH_VIEW_H

#include "files.h"
#include "kernel.h"
#include "steps.h"

/* Descriptors on one read-only file system: an empty directory and an empty file that hide, and the resolver's settings. */
struct covers {
  int directory, file, resolver;
};

long attributes(int fd, unsigned long long set, unsigned long long clear, bool all);
/* `options`: name, value, ..., null. A detached mount. */
long file_system(const char *type, const char *const *options, unsigned long long set);
/* A detached tmpfs, owned by the command's user; `small`: of the launcher's own. */
long private_files(const struct profile *profile, const char *mode, bool small);
/* Closes `target`. */
long attach(int mount, int target);
long place_for(int root, const char *path, unsigned kind);
long bind(int root, int source, const char *path, unsigned long long set, bool all);
/* Hides an absolute path of the view. */
long cover(const struct covers *covers, int root, const char *path);
/* What is not there, or only a link, needs no cover. */
long cover_if_there(const struct covers *covers, int root, const char *path);
/* `dev`, `proc`, `run`, `sys`, `tmp`: never the machine's. */
bool private_name(const char *name);
/* Of the system, what is shown to nobody; null-ended. */
extern const char *const SECRETS[];

/* system.c: /dev, /proc, /sys, /run; and after the roots: secrets of /etc, the resolver. */
long system_directories(const struct profile *profile, const struct covers *covers, int root, struct text *fault);
long system_covers(const struct profile *profile, const struct covers *covers, int root, struct text *fault);

#endif
