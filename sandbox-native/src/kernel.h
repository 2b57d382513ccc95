/* Constants of process and mount calls, which the kernel never changes. */
#ifndef FARAMESH_KERNEL_H
#define FARAMESH_KERNEL_H

#define CLONE_PIDFD_ 0x1000UL
#define CLONE_NEWNS_ 0x20000UL
#define CLONE_NEWCGROUP_ 0x2000000UL
#define CLONE_NEWUTS_ 0x4000000UL
#define CLONE_NEWIPC_ 0x8000000UL
#define CLONE_NEWUSER_ 0x10000000UL
#define CLONE_NEWPID_ 0x20000000UL
#define CLONE_NEWNET_ 0x40000000UL

#define PR_SET_PDEATHSIG_ 1
#define PR_SET_DUMPABLE_ 4
#define PR_SET_KEEPCAPS_ 8
#define PR_CAPBSET_READ_ 23
#define PR_CAPBSET_DROP_ 24
#define PR_SET_SECUREBITS_ 28
#define PR_SET_CHILD_SUBREAPER_ 36
#define PR_SET_NO_NEW_PRIVS_ 38
#define PR_CAP_AMBIENT_ 47
#define PR_CAP_AMBIENT_CLEAR_ALL_ 4

#define MS_RDONLY_ 1
#define MS_NOSUID_ 2
#define MS_NODEV_ 4
#define MS_NOEXEC_ 8
#define MS_REC_ 0x4000
#define MS_PRIVATE_ 0x40000
#define MNT_DETACH_ 2

#define SIGKILL_ 9
#define SIGSTOP_ 19
#define SIGCHLD_ 17
/* The launcher's own: its parent ended. Above those that a program is sent in the course of things. */
#define SIGNAL_ORPHANED 63

#endif
