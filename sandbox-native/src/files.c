#include "files.h"

#define STATUS_EMPTY_PATH AT_EMPTY_PATH_
struct how {
  unsigned long long flags, mode, resolve;
};

long open_how(int directory, const char *path, long flags, long mode, long resolve) {
  struct how how = {(unsigned long long)flags, (unsigned long long)mode, (unsigned long long)resolve};
  return sys(__NR_openat2, directory, path, &how, sizeof how);
}

/* Without O_NOFOLLOW: with it and O_PATH, a link at the end would be opened itself (openat2(2)). */
long open_plain(const char *path) { return open_how(AT_CWD, path, O_PATH_ | O_CLOEXEC_, 0, RESOLVE_NO_SYMLINKS_); }

long status_of(int fd, struct stat *status) { return sys(__NR_newfstatat, fd, "", status, STATUS_EMPTY_PATH); }

bool within(const char *path, const char *root) {
  if (same(root, "/")) return true;
  size_t length = length_of(root);
  return begins(path, root) && (path[length] == 0 || path[length] == '/');
}

struct entry {
  unsigned long long inode, offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

long list_directory(int fd, each_entry *each, void *context) {
  static char buffer[32768] __attribute__((aligned(8)));
  for (;;) {
    long length = sys(__NR_getdents64, fd, buffer, sizeof buffer);
    if (length <= 0) return length;
    for (long at = 0; at < length;) {
      struct entry *entry = (struct entry *)(void *)(buffer + at);
      at += entry->length;
      if (same(entry->name, ".") || same(entry->name, "..")) continue;
      long result = each(context, entry->name);
      if (result != 0) return result;
    }
  }
}

long read_file(const char *path, char *buffer, size_t capacity) {
  long fd = sys(__NR_openat, AT_CWD, path, O_RDONLY_ | O_CLOEXEC_, 0);
  if (fd < 0) return fd;
  size_t length = 0;
  long got = 0;
  while (length < capacity - 1) {
    got = sys(__NR_read, fd, buffer + length, capacity - 1 - length);
    if (got <= 0) break;
    length += (size_t)got;
  }
  sys(__NR_close, fd);
  buffer[length] = 0;
  return got < 0 ? got : (long)length;
}

long write_file(const char *path, const char *content) {
  long fd = sys(__NR_openat, AT_CWD, path, O_WRONLY_ | O_CLOEXEC_, 0);
  if (fd < 0) return fd;
  long result = write_all((int)fd, content, length_of(content));
  sys(__NR_close, fd);
  return result;
}
