/* Calls that fail. By number, since older headers do not have the newest; above 424 both architectures have the same. */
#include "files.h"
#include "seccomp.h"

static const unsigned short REFUSED[] = {
    /* other processes */
    __NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev, __NR_kcmp, 438 /* pidfd_getfd */, 440 /* process_madvise */, 448 /* process_mrelease */,
    __NR_move_pages, __NR_migrate_pages, __NR_mbind, __NR_set_mempolicy, 450 /* set_mempolicy_home_node */,
    /* the kernel's own machines */
    425 /* io_uring_setup */, 426, 427, __NR_bpf, __NR_perf_event_open, __NR_userfaultfd, __NR_kexec_load, __NR_kexec_file_load, __NR_init_module,
    __NR_finit_module, __NR_delete_module,
    /* keys */
    __NR_keyctl, __NR_add_key, __NR_request_key,
    /* mounts and namespaces */
    __NR_mount, __NR_umount2, __NR_pivot_root, __NR_chroot, __NR_unshare, __NR_setns, 428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */,
    431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */, 442 /* mount_setattr */, 457 /* statmount */, 458 /* listmount */, 467 /* open_tree_attr */,
    /* the machine */
    __NR_swapon, __NR_swapoff, __NR_reboot, __NR_acct, __NR_quotactl, 443 /* quotactl_fd */, __NR_settimeofday, __NR_clock_settime, __NR_adjtimex,
    __NR_clock_adjtime, __NR_nfsservctl, __NR_lookup_dcookie, __NR_vhangup, __NR_syslog, __NR_sethostname, __NR_setdomainname, 460 /* lsm_set_self_attr */,
    /* files without a path */
    __NR_open_by_handle_at, __NR_name_to_handle_at, __NR_fanotify_init, __NR_fanotify_mark, 447 /* memfd_secret */,
#if defined(__x86_64__)
    __NR_iopl, __NR_ioperm, __NR_modify_ldt, __NR_uselib, __NR_ustat, __NR_sysfs, __NR__sysctl, __NR_create_module, __NR_get_kernel_syms, __NR_query_module,
    __NR_vserver, __NR_epoll_ctl_old, __NR_epoll_wait_old,
#endif
};

/* Without namespaces of its own: System V and POSIX queues are the machine's; nobody serves the network; and what belongs to a file by its path cannot be told to
 * Landlock, so that it would reach files outside of the roots. By descriptor it can be changed, since opening was judged. Modes, times and owners: arguments.c. */
static const unsigned short REFUSED_RESTRICTED[] = {
    __NR_shmget, __NR_shmat, __NR_shmctl, __NR_semget, __NR_semop, __NR_semctl, __NR_semtimedop, __NR_msgget, __NR_msgsnd, __NR_msgrcv, __NR_msgctl,
    __NR_mq_open, __NR_mq_unlink, __NR_listen, __NR_setpriority, __NR_ioprio_set, __NR_setxattr,
    __NR_lsetxattr, __NR_removexattr, __NR_lremovexattr, 463 /* setxattrat */, 466 /* removexattrat */, 469 /* file_setattr */, 468 /* file_getattr */,
#if defined(__x86_64__)
    __NR_utime, __NR_utimes, __NR_futimesat,
#endif
};

_Static_assert(sizeof REFUSED / sizeof REFUSED[0] <= 128 && sizeof REFUSED_RESTRICTED / sizeof REFUSED_RESTRICTED[0] <= 128, "refuse_all has room for them");

#define MOST 128
#define TOGETHER 12

/* In rising order and in parts, each behind one look at its range: the kernel walks the filter for every call there is when it is installed. */
static void refuse_all(struct filter *filter, const unsigned short *calls, size_t count) {
  unsigned short sorted[MOST];
  for (size_t at = 0; at < count; at++) {
    size_t to = at;
    for (; to > 0 && sorted[to - 1] > calls[at]; to--) sorted[to] = sorted[to - 1];
    sorted[to] = calls[at];
  }
  for (size_t from = 0; from < count; from += TOGETHER) {
    size_t part = count - from < TOGETHER ? count - from : TOGETHER;
    emit(filter, BPF_JMP | BPF_JGT | BPF_K, sorted[from + part - 1], (unsigned char)(part + 3), 0);
    emit(filter, BPF_JMP | BPF_JGE | BPF_K, sorted[from], 0, (unsigned char)(part + 2));
    for (size_t at = 0; at < part; at++) match(filter, sorted[from + at], part - 1 - at);
    matched(filter, NOT_PERMITTED);
  }
}

void refuse_calls(struct filter *filter, bool restricted) {
  refuse_all(filter, REFUSED, sizeof REFUSED / sizeof REFUSED[0]);
  if (restricted) refuse_all(filter, REFUSED_RESTRICTED, sizeof REFUSED_RESTRICTED / sizeof REFUSED_RESTRICTED[0]);
  /* Its flags lie in memory, where a filter cannot read; a C library goes on with clone(2). */
  when_equal(filter, 435 /* clone3 */, NO_SUCH_CALL);
}
