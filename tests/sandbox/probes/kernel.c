/* System calls with a large surface, or with privileges. Each is called so that it does nothing where it is allowed. */
#include "probe.h"
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/swap.h>
#include <sys/timex.h>

/* What this kernel was built without answers ENOSYS also outside. */
static enum outcome built(const char *what, long result) {
  if (result < 0 && errno == ENOSYS && optional("control") != NULL) return untried("no %s in this kernel", what);
  return judge_reached(what, result);
}
static enum outcome io_uring(void) {
  struct io_uring_params parameters = {0};
  return judge("io_uring_setup", syscall(SYS_io_uring_setup, 2, &parameters));
}
static enum outcome io_uring_register(void) { return judge_reached("io_uring_register", syscall(SYS_io_uring_register, -1, 0, 0, 0)); }
static enum outcome io_uring_enter(void) { return judge_reached("io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0)); }

static enum outcome keyctl_session(void) { return judge("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3 /* session */, 1)); }
static enum outcome keyctl_join(void) { return judge("keyctl JOIN_SESSION_KEYRING", syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL)); }
static enum outcome add_key(void) { return judge("add_key", syscall(SYS_add_key, "user", "probe", "x", 1, -2 /* process */)); }
static enum outcome request_key(void) { return judge_reached("request_key", syscall(SYS_request_key, "user", "faramesh-probe-none", NULL, 0)); }

static enum outcome bpf_map(void) {
  union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  return judge("bpf of a map", syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}
static enum outcome bpf_invalid(void) { return judge_reached("bpf", syscall(SYS_bpf, 9999, NULL, 0)); }
static enum outcome perf(void) {
  struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_CPU_CLOCK, .exclude_kernel = 1};
  return judge("perf_event_open", syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}
static enum outcome userfaultfd(void) { return judge("userfaultfd", syscall(SYS_userfaultfd, 1 /* user mode only */)); }
static enum outcome fanotify(void) { return judge("fanotify_init", syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | 0x200 /* report fid */, O_RDONLY)); }

static enum outcome kexec_load(void) { return built("kexec_load", syscall(SYS_kexec_load, 0, 17, NULL, 0xffff0000UL)); }
static enum outcome kexec_file(void) { return built("kexec_file_load", syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 0xffffffffUL)); }
static enum outcome init_module(void) { return built("init_module", syscall(SYS_init_module, NULL, 0, "")); }
static enum outcome finit_module(void) { return built("finit_module", syscall(SYS_finit_module, -1, "", 0)); }
static enum outcome delete_module(void) { return built("delete_module", syscall(SYS_delete_module, "faramesh_probe_none", O_NONBLOCK)); }
static enum outcome reboot(void) { return judge_reached("reboot with a wrong magic number", syscall(SYS_reboot, 1, 2, 3, NULL)); }
static enum outcome swap(void) { return judge_reached("swapon of nothing", swapon("/nonexistent", 0)); }
static enum outcome accounting(void) { return built("acct", acct("/nonexistent/file")); }
static enum outcome quota(void) { return built("quotactl", syscall(SYS_quotactl, 0x800001 /* Q_SYNC */ << 8, "/nonexistent", 0, NULL)); }
static enum outcome clock_adjust(void) {
  struct timex time = {.modes = 0x8000 /* ADJ_OFFSET_SINGLESHOT, needs the privilege */ | 1, .offset = 0};
  return judge_reached("adjtimex", adjtimex(&time));
}
static enum outcome kernel_log(void) {
  char bytes[256];
  return judge("syslog", klogctl(3, bytes, sizeof bytes));
}
static enum outcome kernel_log_device(void) { return judge("/dev/kmsg", open("/dev/kmsg", O_RDONLY | O_NONBLOCK)); }
static enum outcome personality_change(void) { return judge("personality", personality(ADDR_NO_RANDOMIZE)); }
static enum outcome port_privilege(void) {
#ifdef __x86_64__
  return built("iopl", syscall(SYS_iopl, 3));
#else
  return untried("no ports on this architecture");
#endif
}
static enum outcome local_descriptors(void) {
#ifdef __x86_64__
  char bytes[64];
  return built("modify_ldt", syscall(SYS_modify_ldt, 0, bytes, sizeof bytes));
#else
  return untried("no modify_ldt on this architecture");
#endif
}
/* The 32-bit entry has numbers of its own: 20 is getpid there, 359 is socket. */
static enum outcome wrong_architecture(void) {
#ifdef __x86_64__
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
  return result > 0 ? through("int 0x80 getpid") : stopped("int 0x80");
#else
  return untried("one architecture only");
#endif
}
static enum outcome wrong_architecture_socket(void) {
#ifdef __x86_64__
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(359L), "b"(16L), "c"(3L), "d"(0L) : "memory", "r8", "r9", "r10", "r11");
  return result >= 0 ? through("int 0x80 socket") : stopped("int 0x80 socket");
#else
  return untried("one architecture only");
#endif
}
static enum outcome x32(void) {
#ifdef __x86_64__
  long result = syscall(0x40000000L | SYS_getppid);
  if (result < 0 && errno == ENOSYS && optional("control") != NULL) return untried("no x32 in this kernel");
  return judge("x32 getppid", result);
#else
  return untried("one architecture only");
#endif
}
/* Calls newer than most lists: a list of what is denied lets them by. */
static enum outcome newest(void) {
  static const struct {
    int number;
    const char *name;
  } CALLS[] = {{457, "statmount"}, {458, "listmount"}, {460, "lsm_set_self_attr"}, {467, "open_tree_attr"}, {470, "listns"}};
  bool any = false;
  for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
    long result = syscall(CALLS[i].number, -1, 0, 0, 0, 0, 0);
    if (result >= 0 || (errno != ENOSYS && errno != EPERM)) return through("%s: reached", CALLS[i].name);
    any |= errno == EPERM;
  }
  if (!any && optional("control") != NULL) return untried("this kernel has none of them");
  return stopped("calls newer than most lists");
}
static enum outcome set_user(void) { return judge("setresuid", syscall(SYS_setresuid, 54321, 54321, 54321)); }
static enum outcome set_groups(void) {
  gid_t group = 54321;
  return judge("setgroups", syscall(SYS_setgroups, 1, &group));
}
/* RLIMIT_MSGQUEUE, whose ceiling nothing but the privilege guards. */
static enum outcome raise_limit(void) {
  struct {
    unsigned long now, most;
  } limit;
  if (syscall(SYS_prlimit64, 0, 12, NULL, &limit) < 0) return stopped("prlimit");
  limit.most++;
  long result = syscall(SYS_prlimit64, 0, 12, &limit, NULL);
  if (result < 0 && errno == EPERM && optional("control") != NULL) return untried("CAP_SYS_RESOURCE is not there outside either");
  return judge("a hard limit raised", result);
}

const struct probe KERNEL_PROBES[] = {
    {"io-uring-setup", "io_uring", io_uring},
    {"io-uring-register", "io_uring", io_uring_register},
    {"io-uring-enter", "io_uring", io_uring_enter},
    {"keyctl", "kernel", keyctl_session},
    {"keyctl-join", "kernel", keyctl_join},
    {"add-key", "kernel", add_key},
    {"request-key", "kernel", request_key},
    {"bpf-map", "kernel", bpf_map},
    {"bpf-reached", "kernel", bpf_invalid},
    {"perf-event-open", "kernel", perf},
    {"userfaultfd", "kernel", userfaultfd},
    {"fanotify", "kernel", fanotify},
    {"kexec-load", "kernel", kexec_load},
    {"kexec-file-load", "kernel", kexec_file},
    {"init-module", "kernel", init_module},
    {"finit-module", "kernel", finit_module},
    {"delete-module", "kernel", delete_module},
    {"reboot", "kernel", reboot},
    {"swapon", "kernel", swap},
    {"acct", "kernel", accounting},
    {"quotactl", "kernel", quota},
    {"adjtimex", "kernel", clock_adjust},
    {"syslog", "kernel", kernel_log},
    {"kmsg", "kernel", kernel_log_device},
    {"personality", "kernel", personality_change},
    {"iopl", "kernel", port_privilege},
    {"modify-ldt", "kernel", local_descriptors},
    {"newest-calls", "kernel", newest},
    {"setresuid", "privileges", set_user},
    {"setgroups", "privileges", set_groups},
    {"setrlimit-raise", "privileges", raise_limit},
    {"int80", "other architectures", wrong_architecture},
    {"int80-socket", "other architectures", wrong_architecture_socket},
    {"x32", "other architectures", x32},
    {0},
};
