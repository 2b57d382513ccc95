/* Paths and descriptors without following links. Every call returns a descriptor or 0, or -errno. */
#ifndef FARAMESH_FILES_H
#define FARAMESH_FILES_H

#include <asm/stat.h>

#include "text.h"

#define AT_CWD (-100)
#define O_RDONLY_ 0
#define O_WRONLY_ 1
#define O_RDWR_ 2
#define O_CREAT_ 0100
#define O_EXCL_ 0200
#define O_CLOEXEC_ 02000000
#define O_PATH_ 010000000
#if defined(__aarch64__)
#define O_DIRECTORY_ 040000
#define O_NOFOLLOW_ 0100000
#else
#define O_DIRECTORY_ 0200000
#define O_NOFOLLOW_ 0400000
#endif
#define AT_SYMLINK_NOFOLLOW_ 0x100
#define AT_EMPTY_PATH_ 0x1000
#define AT_RECURSIVE_ 0x8000
#define RESOLVE_NO_MAGICLINKS_ 0x02
#define RESOLVE_NO_SYMLINKS_ 0x04
#define RESOLVE_BENEATH_ 0x08
#define RESOLVE_IN_ROOT_ 0x10

#define KIND(mode) ((mode) & 0170000)
#define KIND_FILE 0100000
#define KIND_DIRECTORY 0040000
#define KIND_LINK 0120000
#define KIND_SOCKET 0140000

/* openat2(2) with `resolve`; `mode` counts with O_CREAT alone. */
long open_how(int directory, const char *path, long flags, long mode, long resolve);
/* O_PATH, of any kind, no link anywhere in the path: -ELOOP (40) where there is one. */
long open_plain(const char *path);
long status_of(int fd, struct stat *status);
/* Whether a path lies inside another, or is it. Both are normal. */
bool within(const char *path, const char *root);
/* Calls `each` with the name of every entry but `.` and `..`; ends with the first result that is not 0. */
typedef long each_entry(void *context, const char *name);
long list_directory(int fd, each_entry *each, void *context);
/* Up to `capacity` - 1 bytes and a null; the length. */
long read_file(const char *path, char *buffer, size_t capacity);
long write_file(const char *path, const char *content);

#endif
