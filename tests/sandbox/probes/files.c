/* Reading what lies outside of the view, by every way around a path. `secret` is a file with the marker, readable by all. */
#include "probe.h"
#include <dirent.h>
#include <linux/openat2.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

static enum outcome read_direct(void) { return judge_marker("open", open(target("secret"), O_RDONLY)); }
static enum outcome read_through(const char *prefix) {
  char path[1100];
  snprintf(path, sizeof path, "%s%s", prefix, target("secret"));
  return judge_marker(prefix, open(path, O_RDONLY));
}
static enum outcome read_self_root(void) { return read_through("/proc/self/root"); }
static enum outcome read_thread_root(void) { return read_through("/proc/thread-self/root"); }
static enum outcome read_self_cwd(void) { return read_through("/proc/self/cwd/../../../../../../../../../.."); }
static enum outcome read_parents(void) { return read_through("/../../../../../.."); }
static enum outcome read_denied(void) { return judge_marker("a path denied inside a root", open(target("denied"), O_RDONLY)); }
static enum outcome read_directory(void) {
  DIR *directory = opendir(target("outside"));
  if (directory == NULL) return stopped("opendir");
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (strcmp(entry->d_name, "secret") == 0) return through("the names in a directory");
  errno = 0;
  return stopped("an empty directory in its place");
}

static enum outcome read_symlink(void) {
  const char *link = under("inside", "link-to-secret");
  unlink(link);
  if (symlink(target("secret"), link) < 0) return stopped("symlink");
  return judge_marker("through a symbolic link", open(link, O_RDONLY));
}
static enum outcome read_symlink_directory(void) {
  const char *link = under("inside", "link-to-outside");
  unlink(link);
  if (symlink(target("outside"), link) < 0) return stopped("symlink");
  return judge_marker("through a link to a directory", open(under("inside", "link-to-outside/secret"), O_RDONLY));
}
static enum outcome read_hardlink(void) {
  const char *link = under("inside", "hard-link");
  unlink(link);
  if (link[0] == 0 || linkat(AT_FDCWD, target("neighbour"), AT_FDCWD, link, 0) < 0) return stopped("link");
  return judge_marker("link", open(link, O_RDONLY));
}
static enum outcome read_moved(void) {
  const char *here = under("inside", "moved-in");
  if (rename(under("outside", "movable"), here) < 0) return stopped("rename into a root");
  return judge_marker("rename into a root", open(here, O_RDONLY));
}

static enum outcome read_path_descriptor(void) {
  int held = open(target("secret"), O_PATH);
  if (held < 0) return stopped("O_PATH");
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", held);
  return judge_marker("O_PATH, opened again", open(path, O_RDONLY));
}
static enum outcome read_openat2(void) {
  struct open_how how = {.flags = O_RDONLY};
  return judge_marker("openat2", (int)syscall(SYS_openat2, AT_FDCWD, target("secret"), &how, sizeof how));
}
static enum outcome read_handle(void) {
  struct {
    struct file_handle head;
    unsigned char bytes[128];
  } handle;
  const char *hex = target("handle");
  unsigned length = 0, type = 0, byte;
  int used = 0;
  if (sscanf(hex, "%u:%n", &type, &used) < 1) return untried("no handles on this file system");
  for (const char *at = hex + used; sscanf(at, "%2x", &byte) == 1 && length < sizeof handle.bytes; at += 2) handle.bytes[length++] = (unsigned char)byte;
  handle.head.handle_type = (int)type;
  handle.head.handle_bytes = length;
  int mount = open(target("inside"), O_RDONLY);
  return judge_marker("open_by_handle_at", open_by_handle_at(mount, &handle.head, O_RDONLY));
}
static enum outcome watch(void) {
  int fd = inotify_init1(IN_NONBLOCK);
  return fd < 0 ? stopped("inotify_init1") : judge("inotify_add_watch", inotify_add_watch(fd, target("secret"), IN_ALL_EVENTS));
}
static enum outcome stat_outside(void) {
  struct stat facts;
  return judge("stat", stat(target("secret"), &facts));
}

/* Programs that read for us: each is this program under another guise. */
static enum outcome judge_program(const char *what, char *const arguments[]) {
  int status = run_program(arguments);
  errno = status == 126 ? EACCES : 0;
  return status == 0 ? through("%s", what) : stopped(what);
}
static enum outcome read_loader(void) {
  char *const arguments[] = {"/lib64/ld-linux-x86-64.so.2", "/bin/cat", (char *)target("secret"), NULL};
  if (access(arguments[0], F_OK) < 0) return untried("no loader at %s", arguments[0]);
  dup2(open("/dev/null", O_WRONLY), 1);
  dup2(1, 2);
  return judge_program("a program started by the loader", arguments);
}
static int copy_to(int out) {
  int in = open("/proc/self/exe", O_RDONLY);
  if (in < 0) in = open(self_path(), O_RDONLY);
  if (in < 0 || out < 0) return -1;
  while (sendfile(out, in, NULL, 1 << 20) > 0) continue;
  close(in);
  return 0;
}
static enum outcome read_copy(void) {
  const char *path = under("inside", "copied-program");
  unlink(path);
  int out = open(path, O_WRONLY | O_CREAT, 0755);
  if (copy_to(out) < 0) return stopped("copy");
  close(out);
  char *const arguments[] = {(char *)path, "--read", (char *)target("secret"), NULL};
  return judge_program("a copied program", arguments);
}
static enum outcome read_memfd(void) {
  int fd = memfd_create("program", MFD_CLOEXEC);
  if (fd < 0 || copy_to(fd) < 0) return stopped("memfd_create");
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  char *const arguments[] = {path, "--read", (char *)target("secret"), NULL};
  return judge_program("a program in a memfd", arguments);
}
static enum outcome setuid_program(void) {
  if (geteuid() == 0 && optional("nobody") == NULL) return untried("as root a set-uid program changes nothing");
  char *const arguments[] = {(char *)target("setuid"), "--effective-user", NULL};
  return judge_program("a set-uid program", arguments);
}
static enum outcome capable_program(void) {
  if (geteuid() == 0 && optional("nobody") == NULL) return untried("as root a file's capabilities change nothing");
  char *const arguments[] = {(char *)target("capable"), "--capable", NULL};
  return judge_program("a program with file capabilities", arguments);
}

static enum outcome inherited(const char *key) { return judge_marker("an inherited descriptor", dup((int)target_number(key))); }
static enum outcome inherited_file(void) { return inherited("fd"); }
static enum outcome inherited_directory(void) {
  return judge_marker("openat of an inherited directory", openat((int)target_number("dirfd"), "secret", O_RDONLY));
}
/* A root changed below a working directory that stays outside of it: the classic way out of chroot. */
static enum outcome chroot_escape(void) {
  const char *jail = under("inside", "jail");
  mkdir(jail, 0755);
  int here = open(".", O_RDONLY | O_DIRECTORY);
  if (chroot(jail) < 0) return stopped("chroot");
  if (fchdir(here) < 0) return stopped("fchdir");
  for (int i = 0; i < 64; i++)
    if (chdir("..") < 0) return stopped("chdir");
  if (chroot(".") < 0) return stopped("chroot");
  return judge_marker("chroot", open(target("secret"), O_RDONLY));
}

const struct probe FILE_PROBES[] = {
    {"read-direct", "reading", read_direct},
    {"read-parents", "reading", read_parents},
    {"read-proc-self-root", "reading", read_self_root},
    {"read-proc-thread-root", "reading", read_thread_root},
    {"read-proc-self-cwd", "reading", read_self_cwd},
    {"read-denied", "reading", read_denied},
    {"list-outside", "reading", read_directory},
    {"stat-outside", "reading", stat_outside},
    {"watch-outside", "reading", watch},
    {"read-symlink", "reading", read_symlink},
    {"read-symlink-directory", "reading", read_symlink_directory},
    {"read-hardlink", "reading", read_hardlink},
    {"read-moved", "reading", read_moved},
    {"read-o-path", "reading", read_path_descriptor},
    {"read-openat2", "reading", read_openat2},
    {"read-handle", "reading", read_handle},
    {"chroot-escape", "reading", chroot_escape},
    {"inherited-file", "descriptors", inherited_file},
    {"inherited-directory", "descriptors", inherited_directory},
    {"exec-loader", "programs", read_loader},
    {"exec-copy", "programs", read_copy},
    {"exec-memfd", "programs", read_memfd},
    {"exec-setuid", "programs", setuid_program},
    {"exec-capabilities", "programs", capable_program},
    {0},
};
