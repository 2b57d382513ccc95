#include "cgroups.h"

#include "files.h"

#define LINE_BYTES 4096

/* Calls `each` with every line of the file, of whatever length; what is longer than LINE_BYTES is left out. */
static void lines_of(const char *path, void (*each)(char *line, void *context), void *context) {
  static char bytes[LINE_BYTES + 1];
  size_t length = 0;
  bool skip = false;
  int fd = (int)sys(__NR_openat, -100, path, 02000000, 0);
  if (fd < 0) return;
  for (;;) {
    long got = sys(__NR_read, fd, bytes + length, LINE_BYTES - length);
    if (got <= 0) break;
    length += (size_t)got;
    size_t start = 0;
    for (size_t at = 0; at < length; at++) {
      if (bytes[at] != '\n') continue;
      bytes[at] = 0;
      if (!skip) each(bytes + start, context);
      skip = false;
      start = at + 1;
    }
    if (start == 0 && length == LINE_BYTES) {
      skip = true;
      length = 0;
      continue;
    }
    memmove(bytes, bytes + start, length - start);
    length -= start;
  }
  sys(__NR_close, fd);
}

/* Ends the word at `line` and returns what is behind it. */
static char *cut(char *line, char at) {
  while (*line != 0 && *line != at) line++;
  if (*line != 0) *line++ = 0;
  return line;
}

bool cgroup_lists(const char *list, const char *word) {
  size_t length = length_of(word);
  while (*list != 0) {
    size_t end = 0;
    while (list[end] != 0 && list[end] != ' ' && list[end] != ',' && list[end] != '\n') end++;
    if (end == length && memcmp(list, word, length) == 0) return true;
    list += list[end] == 0 ? end : end + 1;
  }
  return false;
}

static int kind_of(const char *controllers) {
  if (cgroup_lists(controllers, "memory")) return CGROUP_MEMORY;
  if (cgroup_lists(controllers, "pids")) return CGROUP_PIDS;
  return -1;
}

/* proc(5): id parent device ROOT MOUNT options [optional ...] - TYPE source SUPER. `own` holds ROOT until the cgroups are read. */
static void mount_line(char *line, void *context) {
  struct cgroup_place *places = context;
  char *root = line;
  for (int field = 0; field < 3; field++) root = cut(root, ' ');
  char *mount = cut(root, ' ');
  char *type = cut(mount, ' ');
  while (*type != 0 && !begins(type, "- ")) type = cut(type, ' ');
  if (*type == 0) return;
  type = cut(type, ' ');
  char *super = cut(cut(type, ' '), ' ');
  int kind = same(type, "cgroup2") ? CGROUP_V2 : same(type, "cgroup") ? kind_of(super) : -1;
  if (kind < 0 || places[kind].found) return;
  struct text at = {places[kind].mount, 0, CGROUP_PATH_BYTES, false};
  put(&at, mount);
  struct text from = {places[kind].own, 0, CGROUP_PATH_BYTES, false};
  put(&from, same(root, "/") ? "" : root);
  places[kind].found = !at.full && !from.full;
}

/* cgroups(7): number:CONTROLLERS:PATH; the version 2 one has no controllers. */
static void cgroup_line(char *line, void *context) {
  struct cgroup_place *places = context;
  char *controllers = cut(line, ':');
  char *path = cut(controllers, ':');
  int kind = controllers[0] == 0 ? CGROUP_V2 : kind_of(controllers);
  if (kind < 0 || !places[kind].found) return;
  char *root = places[kind].own;
  size_t skipped = length_of(root);
  if (!begins(path, root) || begins(path, "/..")) {
    places[kind].found = false;
    return;
  }
  char own[CGROUP_PATH_BYTES];
  struct text text = {own, 0, sizeof own, false};
  put(&text, places[kind].mount);
  if (!same(path + skipped, "/")) put(&text, path + skipped);
  places[kind].found = !text.full;
  memcpy(places[kind].own, own, text.length + 1);
}

void cgroup_places(struct cgroup_place places[CGROUP_PLACES]) {
  memset(places, 0, sizeof(struct cgroup_place) * CGROUP_PLACES);
  lines_of("/proc/self/mountinfo", mount_line, places);
  lines_of("/proc/self/cgroup", cgroup_line, places);
}

static long open_in(const char *directory, const char *file, int flags) {
  char path[CGROUP_PATH_BYTES + 64];
  struct text text = {path, 0, sizeof path, false};
  put(&text, directory);
  put(&text, "/");
  put(&text, file);
  return text.full ? -36 : sys(__NR_openat, -100, path, flags | 02000000, 0);
}

long cgroup_read(const char *directory, const char *file, char *value, size_t capacity) {
  long fd = open_in(directory, file, 0);
  if (fd < 0) return fd;
  long got = sys(__NR_read, fd, value, capacity - 1);
  sys(__NR_close, fd);
  if (got < 0) return got;
  long end = 0;
  while (end < got && value[end] != '\n') end++;
  value[end] = 0;
  return end;
}

long cgroup_write(const char *directory, const char *file, const char *value) {
  long fd = open_in(directory, file, 1);
  if (fd < 0) return fd;
  long error = sys(__NR_write, fd, value, length_of(value));
  sys(__NR_close, fd);
  return error < 0 ? error : 0;
}

static void namespace_number(struct text *text) {
  char link[64];
  long length = sys(__NR_readlinkat, -100, "/proc/self/ns/pid", link, sizeof link - 1);
  for (long at = 0; at < length; at++)
    if (link[at] >= '0' && link[at] <= '9') put_bytes(text, link + at, 1);
}

static void name_start(struct text *text) {
  put(text, "faramesh-");
  namespace_number(text);
  put(text, "-");
}

void cgroup_name(struct text *text, long pid) {
  name_start(text);
  put_number(text, pid);
}

static void pause_ms(long milliseconds) {
  struct {
    long seconds, nanoseconds;
  } time = {0, milliseconds * 1000000};
  sys(__NR_nanosleep, &time, 0);
}

struct killing {
  const char *path;
  size_t found;
};

/* A number that was read may be another process by now: the descriptor holds it still while its cgroup is looked at again. */
static void kill_line(char *line, void *context) {
  struct killing *killing = context;
  long long pid;
  if (!parse_number(line, &pid) || pid <= 1 || pid == sys(__NR_getpid)) return;
  killing->found++;
  long fd = sys(__NR_pidfd_open, pid, 0);
  if (fd < 0) return;
  TEXT(path, 64);
  put(&path, "/proc/");
  put_number(&path, pid);
  put(&path, "/cgroup");
  char cgroups[4096];
  long file = sys(__NR_openat, -100, path.bytes, 02000000, 0);
  long got = file < 0 ? 0 : sys(__NR_read, file, cgroups, sizeof cgroups - 1);
  if (file >= 0) sys(__NR_close, file);
  const char *name = killing->path + length_of(killing->path);
  while (name > killing->path && name[-1] != '/') name--;
  size_t length = length_of(name);
  for (long at = 0; at + (long)length <= got; at++)
    if (memcmp(cgroups + at, name, length) == 0) {
      sys(__NR_pidfd_send_signal, fd, 9, 0, 0);
      break;
    }
  sys(__NR_close, fd);
}

long cgroup_remove(const char *path) {
  char procs[CGROUP_PATH_BYTES + 64];
  struct text text = {procs, 0, sizeof procs, false};
  put(&text, path);
  put(&text, "/cgroup.procs");
  long error = sys(__NR_unlinkat, -100, path, 0x200); /* AT_REMOVEDIR */
  if (error == 0) return 0;
  /* Where there are such files: nothing is forked any more, and all of it is killed at once. The loop does what they do not. */
  cgroup_write(path, "pids.max", "0");
  cgroup_write(path, "cgroup.kill", "1");
  for (int round = 0; round < 200; round++) {
    struct killing killing = {path, 0};
    lines_of(procs, kill_line, &killing);
    error = sys(__NR_unlinkat, -100, path, 0x200);
    if (error == 0 || error == -2) return 0;
    pause_ms(5);
  }
  return error;
}

struct sweeping {
  const char *directory, *start;
};

static long sweep_entry(void *context, const char *name) {
  const struct sweeping *sweeping = context;
  long long pid;
  if (!begins(name, sweeping->start) || !parse_number(name + length_of(sweeping->start), &pid)) return 0;
  if (pid != sys(__NR_getpid) && sys(__NR_kill, pid, 0) != -3) return 0; /* ESRCH alone means that it is gone */
  char path[CGROUP_PATH_BYTES + 64];
  struct text text = {path, 0, sizeof path, false};
  put(&text, sweeping->directory);
  put(&text, "/");
  put(&text, name);
  if (!text.full) cgroup_remove(path);
  return 0;
}

void cgroup_sweep(const char *directory) {
  TEXT(start, 64);
  name_start(&start);
  struct sweeping sweeping = {directory, start.bytes};
  int fd = (int)sys(__NR_openat, -100, directory, CGROUP_OPEN_DIRECTORY, 0);
  if (fd < 0) return;
  list_directory(fd, sweep_entry, &sweeping);
  sys(__NR_close, fd);
}
