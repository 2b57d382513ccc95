/*
 * What must not be made inside a writable root, and is not there, gets an empty file that the view can cover. It is made and removed outside, by descriptors of its
 * directory alone, since the command may write in that tree. Several launchers may share one: each holds a shared lock on it, and only the last removes it.
 */
#include "files.h"
#include "run.h"

#define MAX_PLACEHOLDERS 256
#define MARK 01444
#define LOCK_SHARED 1
#define LOCK_ALONE_AT_ONCE 6

/* `file` -1: a directory on the way. */
static struct placeholder {
  int directory, file;
  const char *name;
  size_t length;
} made[MAX_PLACEHOLDERS];
static size_t made_count;

bool is_placeholder(unsigned mode, long long size) { return size == 0 && mode == (KIND_FILE | MARK); }

static void name_of(const struct placeholder *placeholder, char name[256]) {
  memcpy(name, placeholder->name, placeholder->length);
  name[placeholder->length] = 0;
}

static bool note(int directory, int file, const char *name, size_t length) {
  if (made_count == MAX_PLACEHOLDERS) return false;
  made[made_count++] = (struct placeholder){directory, file, name, length};
  return true;
}

/* Whether the name still leads to what is open. */
static bool is_still(int directory, const char *name, int file) {
  struct stat open, named;
  return status_of(file, &open) == 0 && sys(__NR_newfstatat, directory, name, &named, AT_SYMLINK_NOFOLLOW_) == 0 && open.st_ino == named.st_ino &&
         open.st_dev == named.st_dev;
}

static long make_file(int directory, const char *name) {
  for (int attempt = 0; attempt < 100; attempt++) {
    long file = sys(__NR_openat, directory, name, O_RDONLY_ | O_CREAT_ | O_EXCL_ | O_NOFOLLOW_ | O_CLOEXEC_, 0444);
    if (file >= 0) sys(__NR_fchmod, file, MARK);
    else if (file == -17) file = sys(__NR_openat, directory, name, O_RDONLY_ | O_NOFOLLOW_ | O_CLOEXEC_, 0);
    if (file < 0) return file;
    struct stat status;
    status_of((int)file, &status);
    if (!is_placeholder(status.st_mode, status.st_size)) return -17;
    sys(__NR_flock, file, LOCK_SHARED);
    if (is_still(directory, name, (int)file)) return file;
    sys(__NR_close, file);
  }
  return -16;
}

/* The directory's owner, so that in mode root the command can use what leads to the place. */
static long make_directory(int parent, const char *name) {
  struct stat status;
  long result = sys(__NR_mkdirat, parent, name, 0755);
  if (result < 0) return result;
  status_of(parent, &status);
  sys(__NR_fchownat, parent, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW_);
  return 0;
}

static long make(const char *root, const char *path) {
  char name[256];
  long at = open_plain(root);
  path += length_of(root);
  while (at >= 0 && *path == '/') {
    size_t length = 0;
    for (path++; path[length] != 0 && path[length] != '/'; length++)
      if (length < 255) name[length] = path[length];
    if (length > 255) return -36;
    name[length] = 0;
    bool last = path[length] == 0;
    long next = last ? make_file((int)at, name) : open_how((int)at, name, O_PATH_ | O_DIRECTORY_ | O_NOFOLLOW_ | O_CLOEXEC_, 0, RESOLVE_NO_SYMLINKS_);
    if (next == -2 && !last) {
      next = make_directory((int)at, name);
      if (next == 0 && !note((int)at, -1, path, length)) return -28;
      if (next == 0) next = open_how((int)at, name, O_PATH_ | O_DIRECTORY_ | O_NOFOLLOW_ | O_CLOEXEC_, 0, RESOLVE_NO_SYMLINKS_);
    }
    if (next < 0) return next;
    if (last) return note((int)at, (int)next, path, length) ? 0 : -28;
    at = next;
    path += length;
  }
  return at < 0 ? at : 0;
}

/* The longest writable root that is on disk. */
static const char *root_of(const struct profile *profile, const char *path) {
  const char *best = NULL;
  for (size_t at = 0; at < profile->root_count; at++) {
    const struct root *root = &profile->roots[at];
    if (root->kind == ROOT_WRITE && root->line > 0 && within(path, root->path) && (best == NULL || length_of(root->path) > length_of(best))) best = root->path;
  }
  return best;
}

long placeholders_make(const struct profile *profile, struct text *fault) {
  for (size_t at = 0; at < profile->root_count; at++) {
    const struct root *root = &profile->roots[at];
    const struct root *around = root->missing ? governing(profile, root->path) : NULL;
    if (around == NULL || around->kind != ROOT_WRITE) continue;
    long result = make(root_of(profile, root->path), root->path);
    if (result < 0) return fail(fault, "placeholder", root->path, result, "it does not exist and cannot be kept from being made");
  }
  return 0;
}

void placeholders_remove(void) {
  char name[256];
  while (made_count > 0) {
    const struct placeholder *placeholder = &made[--made_count];
    name_of(placeholder, name);
    if (placeholder->file < 0) {
      sys(__NR_unlinkat, placeholder->directory, name, 0x200 /* AT_REMOVEDIR */);
      continue;
    }
    struct stat status;
    if (sys(__NR_flock, placeholder->file, LOCK_ALONE_AT_ONCE) < 0) continue;
    if (status_of(placeholder->file, &status) < 0 || !is_placeholder(status.st_mode, status.st_size)) continue;
    if (is_still(placeholder->directory, name, placeholder->file)) sys(__NR_unlinkat, placeholder->directory, name, 0);
  }
}
