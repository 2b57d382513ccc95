/* What path another process means: its memory, its directories, its root. Nothing is opened but by O_PATH, so neither devices nor pipes notice. */
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "observe.h"

#define PATH_BYTES 4096
#define PAGE_BYTES 4096

/* In two parts at a page's end, since what is mapped may end there (process_vm_readv(2): no part is read in half). */
long observed_memory(unsigned task, unsigned long long address, void *bytes, size_t length) {
  unsigned long long first = PAGE_BYTES - address % PAGE_BYTES;
  if (first > length) first = length;
  unsigned long long local[2] = {(unsigned long)bytes, length};
  unsigned long long remote[4] = {address, first, address + first, length - first};
  return sys(__NR_process_vm_readv, task, local, 1, remote, first < length ? 2 : 1, 0);
}

static void task_path(struct text *text, unsigned task, const char *rest) {
  put(text, "/proc/");
  put_number(text, task);
  put(text, rest);
}

static bool read_link(const char *link, struct text *path) {
  long length = sys(__NR_readlinkat, AT_FDCWD, link, path->bytes, path->capacity - 1);
  if (length <= 0 || (size_t)length >= path->capacity - 1) return false;
  path->bytes[length] = 0;
  path->length = (size_t)length;
  return path->bytes[0] == '/';
}

static bool directory_path(unsigned task, int directory, struct text *path) {
  TEXT(link, 64);
  task_path(&link, task, directory == AT_FDCWD ? "/cwd" : "/fd/");
  if (directory != AT_FDCWD) put_number(&link, directory);
  return read_link(link.bytes, path);
}

/* Takes out `.`, `..` and doubled slashes by what is written alone. */
static void normalise(char *path) {
  size_t to = 0;
  for (const char *at = path; *at != 0;) {
    while (*at == '/') at++;
    size_t length = 0;
    while (at[length] != 0 && at[length] != '/') length++;
    if (length == 2 && at[0] == '.' && at[1] == '.') {
      while (to > 0 && path[--to] != '/') continue;
    } else if (length > 0 && !(length == 1 && at[0] == '.')) {
      path[to++] = '/';
      memmove(path + to, at, length);
      to += length;
    }
    at += length;
  }
  if (to == 0) path[to++] = '/';
  path[to] = 0;
}

/* The text of where `path` leads in the tree that begins at `root`. */
static bool followed(int root, const char *path, struct text *real) {
  struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  long fd = sys(__NR_openat2, root, path, &how, sizeof how);
  if (fd < 0) return false;
  TEXT(link, 40);
  put(&link, "/proc/self/fd/");
  put_number(&link, fd);
  bool read = read_link(link.bytes, real);
  sys(__NR_close, fd);
  return read;
}

/* The directory followed, the last name as it stands. */
static bool parent_followed(int root, char *path, struct text *real) {
  size_t end = length_of(path);
  while (end > 1 && path[end - 1] == '/') path[--end] = 0;
  size_t name = end;
  while (name > 0 && path[name - 1] != '/') name--;
  if (name == 0 || name == end || same(path + name, ".") || same(path + name, "..")) return false;
  char first = path[name];
  path[name] = 0;
  bool read = followed(root, path, real);
  path[name] = first;
  if (!read) return false;
  if (!same(real->bytes, "/")) put(real, "/");
  put(real, path + name);
  return !real->full;
}

bool observed_resolved(unsigned task, int directory, const char *written, bool follow, struct text *path) {
  static char bytes[2 * PATH_BYTES];
  struct text whole = {bytes, 0, sizeof bytes, false};
  bytes[0] = 0;
  if (written[0] != '/') {
    if (!directory_path(task, directory, &whole)) return false;
    if (written[0] != 0) put(&whole, "/");
  }
  put(&whole, written);

  TEXT(link, 64);
  task_path(&link, task, "/root");
  long root = sys(__NR_openat, AT_FDCWD, link.bytes, O_PATH | O_CLOEXEC, 0);
  bool real = root >= 0 && ((follow && followed((int)root, bytes, path)) || parent_followed((int)root, bytes, path));
  if (root >= 0) sys(__NR_close, root);
  if (real) return true;
  normalise(bytes);
  path->length = 0;
  path->full = false;
  put(path, bytes);
  return !path->full;
}

bool observed_path(unsigned task, int directory, unsigned long long address, bool follow, struct text *path) {
  static char written[PATH_BYTES];
  written[0] = 0;
  if (address == 0) return observed_resolved(task, directory, written, follow, path);
  long got = observed_memory(task, address, written, sizeof written);
  for (long at = 0; at < got; at++)
    if (written[at] == 0) return observed_resolved(task, directory, written, follow, path);
  return false;
}
