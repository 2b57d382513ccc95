/* Devices, terminals, and the files by which the kernel is steered. Those are opened for writing, and never written. */
#include "probe.h"
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

static enum outcome openable(const char *const *paths, int flags) {
  bool any = false;
  int first = 0;
  for (; *paths != NULL; paths++) {
    int fd = open(*paths, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0) return through("%s", *paths);
    any |= errno != ENOENT;
    if (first == 0) first = errno;
  }
  if (!any && optional("control") != NULL) return untried("this machine has none of them");
  errno = first;
  return stopped("open");
}
#define PATHS(...) ((const char *const[]){__VA_ARGS__, NULL})

static enum outcome core_pattern(void) { return openable(PATHS("/proc/sys/kernel/core_pattern"), O_WRONLY); }
static enum outcome modprobe_path(void) { return openable(PATHS("/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug", "/proc/sys/kernel/poweroff_cmd"), O_WRONLY); }
static enum outcome sysctls(void) {
  return openable(PATHS("/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/randomize_va_space", "/proc/sys/fs/protected_symlinks", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/hostname"), O_WRONLY);
}
static enum outcome sysrq(void) { return openable(PATHS("/proc/sysrq-trigger"), O_WRONLY); }
static enum outcome kernel_memory(void) { return openable(PATHS("/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port"), O_RDONLY); }
static enum outcome kernel_files(void) { return openable(PATHS("/proc/timer_list", "/proc/vmallocinfo", "/proc/slabinfo", "/proc/kpagecount", "/proc/sched_debug"), O_RDONLY); }
static enum outcome interrupts(void) { return openable(PATHS("/proc/irq/default_smp_affinity", "/proc/bus/pci/00/00.0", "/proc/scsi/scsi"), O_WRONLY); }
static enum outcome release_agent(void) {
  return openable(PATHS("/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/systemd/release_agent", "/sys/fs/cgroup/cpu/release_agent"), O_WRONLY);
}
static enum outcome leave_cgroup(void) {
  return openable(PATHS("/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs", "/sys/fs/cgroup/pids/cgroup.procs"), O_WRONLY);
}
static enum outcome sys_writes(void) {
  return openable(PATHS("/sys/kernel/uevent_helper", "/sys/power/state", "/sys/kernel/mm/ksm/run", "/sys/class/net/lo/mtu", "/sys/module/printk/parameters/time", "/sys/kernel/profiling"), O_WRONLY);
}
static enum outcome debug_files(void) {
  return openable(PATHS("/sys/kernel/debug/tracing/trace", "/sys/kernel/tracing/trace", "/sys/kernel/security/lockdown", "/sys/fs/bpf/x", "/proc/sys/fs/binfmt_misc/register"), O_RDWR);
}
static enum outcome sys_reads(void) { return openable(PATHS("/sys/kernel/notes", "/sys/kernel/uevent_seqnum", "/sys/class/dmi/id/product_uuid", "/sys/devices/system/cpu/online"), O_RDONLY); }
static enum outcome host_name_of_processes(void) {
  char name[64];
  snprintf(name, sizeof name, "/proc/%ld/comm", target_number("harness"));
  return openable(PATHS(name), O_RDONLY);
}
static enum outcome out_of_memory_score(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY);
  if (fd < 0) return stopped("oom_score_adj");
  ssize_t result = write(fd, "-900", 4);
  if (result < 0 && errno == EACCES && optional("control") != NULL) return untried("CAP_SYS_RESOURCE is not there outside either");
  return judge("oom_score_adj lowered", result);
}

static enum outcome disks(void) { return openable(PATHS("/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/xvda", "/dev/loop0"), O_RDONLY); }
static enum outcome control_devices(void) {
  return openable(PATHS("/dev/fuse", "/dev/kvm", "/dev/loop-control", "/dev/net/tun", "/dev/vhost-vsock", "/dev/uinput", "/dev/userfaultfd", "/dev/btrfs-control", "/dev/rtc0", "/dev/hpet", "/dev/snapshot"), O_RDWR);
}
static enum outcome console(void) { return openable(PATHS("/dev/console", "/dev/tty0", "/dev/tty1", "/dev/vcs", "/dev/vcsa"), O_RDWR); }
static enum outcome make_device(void) {
  const char *path = under("inside", "device");
  unlink(path);
  if (mknod(path, S_IFCHR | 0666, makedev(1, 8)) < 0) return stopped("mknod");
  return judge("a device made by mknod", open(path, O_RDONLY));
}
static enum outcome make_block_device(void) {
  const char *path = under("inside", "block-device");
  unlink(path);
  return judge("mknod of a disk", mknod(path, S_IFBLK | 0600, makedev(254, 0)));
}
/* On the terminal that is standard input: its other end is outside. EIO: only the machine's setting stood in the way. */
static enum outcome push_input(void) {
  char byte = 'x';
  if (!isatty(0)) return optional("control") != NULL ? untried("no terminal") : stopped("no terminal");
  int result = ioctl(0, TIOCSTI, &byte);
  return result < 0 && errno == EIO ? through("TIOCSTI: reached") : judge("TIOCSTI", result);
}
static enum outcome push_input_high_bits(void) {
  char byte = 'x';
  if (!isatty(0)) return optional("control") != NULL ? untried("no terminal") : stopped("no terminal");
  long result = syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, &byte);
  return result < 0 && errno == EIO ? through("TIOCSTI with high bits: reached") : judge("TIOCSTI with high bits", result);
}
static enum outcome linux_console(void) {
  char selection = 2;
  if (!isatty(0)) return optional("control") != NULL ? untried("no terminal") : stopped("no terminal");
  return judge_reached("TIOCLINUX", ioctl(0, TIOCLINUX, &selection));
}

const struct probe SYSTEM_PROBES[] = {
    {"proc-core-pattern", "proc and sys", core_pattern},
    {"proc-helper-paths", "proc and sys", modprobe_path},
    {"proc-sysctl-write", "proc and sys", sysctls},
    {"proc-sysrq", "proc and sys", sysrq},
    {"proc-kcore", "proc and sys", kernel_memory},
    {"proc-kernel-files", "proc and sys", kernel_files},
    {"proc-irq-write", "proc and sys", interrupts},
    {"proc-of-host", "processes", host_name_of_processes},
    {"proc-oom-score", "proc and sys", out_of_memory_score},
    {"sys-release-agent", "proc and sys", release_agent},
    {"sys-leave-cgroup", "proc and sys", leave_cgroup},
    {"sys-write", "proc and sys", sys_writes},
    {"sys-debug", "proc and sys", debug_files},
    {"sys-read", "proc and sys", sys_reads},
    {"device-disk", "devices", disks},
    {"device-control", "devices", control_devices},
    {"device-console", "devices", console},
    {"device-mknod", "devices", make_device},
    {"device-mknod-block", "devices", make_block_device},
    {"tiocsti", "terminals", push_input},
    {"tiocsti-high-bits", "terminals", push_input_high_bits},
    {"tioclinux", "terminals", linux_console},
    {0},
};
