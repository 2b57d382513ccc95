/* Mounts by the old and the new calls, and new namespaces. As a control each is made in a mount namespace of its own. */
#include "probe.h"
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

bool private_mounts(void) {
  if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static const char *place(void) {
  const char *path = under("inside", "mounted");
  mkdir(path, 0755);
  return path;
}

/* Where no namespace can be had the call is made all the same: it only touches a directory of the tests. */
static enum outcome judge_mount(const char *what, long result) {
  if (result != 0) return stopped(what);
  umount2(under("inside", "mounted"), MNT_DETACH);
  return through("%s", what);
}
static enum outcome mount_bind(void) {
  const char *at = place();
  private_mounts();
  return judge_mount("mount --bind", mount(target("inside"), at, NULL, MS_BIND, NULL));
}
static enum outcome mount_tmpfs(void) {
  const char *at = place();
  private_mounts();
  return judge_mount("mount of tmpfs", mount("none", at, "tmpfs", 0, NULL));
}
static enum outcome mount_overlay(void) {
  char options[2200];
  const char *at = place(), *upper = under("inside", "upper"), *work = under("inside", "work");
  mkdir(upper, 0755);
  mkdir(work, 0755);
  private_mounts();
  snprintf(options, sizeof options, "lowerdir=/usr,upperdir=%s,workdir=%s", upper, work);
  return judge_mount("mount of overlay", mount("none", at, "overlay", 0, options));
}
static enum outcome mount_cgroup(void) {
  const char *at = place();
  private_mounts();
  return judge_mount("mount of cgroup2", mount("none", at, "cgroup2", 0, NULL));
}
static enum outcome unmount(void) {
  bool own = private_mounts();
  if (!own && optional("control") != NULL) return stopped("unshare");
  return judge("umount", umount2("/proc", MNT_DETACH));
}
static enum outcome remount(void) {
  bool own = private_mounts();
  if (!own && optional("control") != NULL) return stopped("unshare");
  const char *at = place();
  if (mount(at, at, NULL, MS_BIND, NULL) < 0) return stopped("mount");
  return judge("remount", mount(NULL, at, NULL, MS_BIND | MS_REMOUNT, NULL));
}
static enum outcome pivot(void) {
  const char *at = place();
  if (!private_mounts()) return stopped("unshare");
  mount(at, at, NULL, MS_BIND, NULL);
  return judge("pivot_root", syscall(SYS_pivot_root, at, at));
}
static enum outcome open_tree_clone(void) {
  private_mounts();
  return judge("open_tree OPEN_TREE_CLONE", syscall(SYS_open_tree, AT_FDCWD, "/usr", OPEN_TREE_CLONE | AT_RECURSIVE));
}
static enum outcome new_mount(void) {
  private_mounts();
  int context = (int)syscall(SYS_fsopen, "tmpfs", 0);
  if (context < 0) return stopped("fsopen");
  if (syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) < 0) return stopped("fsconfig");
  return judge("fsmount", syscall(SYS_fsmount, context, 0, 0));
}
static enum outcome attributes(void) {
  struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_NODEV};
  bool own = private_mounts();
  if (!own && optional("control") != NULL) return stopped("unshare");
  return judge("mount_setattr", syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attributes, sizeof attributes));
}
static enum outcome move(void) {
  private_mounts();
  return judge_reached("move_mount", syscall(SYS_move_mount, -1, "", -1, "", 0x44 /* both empty paths */));
}
static enum outcome list_mounts(void) {
  struct {
    unsigned size, fd;
    unsigned long id, parameter, namespace_id;
  } request = {24, 0, ~0UL, 0, 0}; /* LSMT_ROOT */
  unsigned long ids[64];
  long count = syscall(458, &request, ids, 64, 0);
  if (count < 0 && errno == ENOSYS && optional("control") != NULL) return untried("no listmount in this kernel");
  return judge("listmount", count);
}

static enum outcome unshared(const char *what, int flags) { return judge(what, unshare(flags)); }
static enum outcome unshare_user(void) { return unshared("unshare of a user namespace", CLONE_NEWUSER); }
static enum outcome unshare_user_net(void) { return unshared("unshare of user and network namespaces", CLONE_NEWUSER | CLONE_NEWNET); }
static enum outcome unshare_others(void) {
  static const int KINDS[] = {CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80 /* CLONE_NEWTIME */};
  for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
    if (unshare(KINDS[i]) == 0) return through("unshare %#x", KINDS[i]);
  return stopped("unshare");
}
/* A negative result is an error; 0 is the child. */
static enum outcome judge_clone(const char *what, long pid) {
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, __WALL);
  return judge(what, pid);
}
static enum outcome clone_user(void) { return judge_clone("clone of a user namespace", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)); }
static enum outcome clone3_user(void) {
  struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
  return judge_clone("clone3 of a user namespace", syscall(SYS_clone3, &arguments, sizeof arguments));
}
/* A clone flag in the upper half of the register, where a filter that looks at 32 bits of the argument sees nothing. */
static enum outcome clone_high(void) {
  return judge_clone("clone with high bits", syscall(SYS_clone, 0x100000000UL | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}
static enum outcome setns_own(void) {
  int fd = open("/proc/self/ns/uts", O_RDONLY);
  return fd < 0 ? stopped("/proc/self/ns/uts") : judge_reached("setns", setns(fd, CLONE_NEWUSER));
}

const struct probe MOUNT_PROBES[] = {
    {"mount-bind", "mounts", mount_bind},
    {"mount-tmpfs", "mounts", mount_tmpfs},
    {"mount-overlay", "mounts", mount_overlay},
    {"mount-cgroup", "mounts", mount_cgroup},
    {"umount", "mounts", unmount},
    {"remount", "mounts", remount},
    {"pivot-root", "mounts", pivot},
    {"open-tree", "mounts", open_tree_clone},
    {"fsopen-fsmount", "mounts", new_mount},
    {"mount-setattr", "mounts", attributes},
    {"move-mount", "mounts", move},
    {"listmount", "mounts", list_mounts},
    {"unshare-user", "namespaces", unshare_user},
    {"unshare-user-net", "namespaces", unshare_user_net},
    {"unshare-others", "namespaces", unshare_others},
    {"clone-user", "namespaces", clone_user},
    {"clone3-user", "namespaces", clone3_user},
    {"clone-user-high-bits", "namespaces", clone_high},
    {"setns", "namespaces", setns_own},
    {0},
};
