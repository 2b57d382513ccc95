/*
 * Probes: each is one attempt to get out. A probe answers THROUGH when the attempt got through, STOPPED when it was stopped, UNTRIED when it cannot be tried here.
 * Targets come as arguments `key=value` (see arena.c and targets.ts); nothing is taken from the environment but by the probes of the environment.
 * Calls that would harm the machine are made with arguments that the kernel refuses after its permission check, so that EINVAL tells "reached" from EPERM.
 */
#ifndef FARAMESH_PROBE_H
#define FARAMESH_PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome { THROUGH = 0, STOPPED = 1, UNTRIED = 2 };

struct probe {
  const char *name, *group;
  enum outcome (*run)(void);
};

/* Each file's probes end with one without a name. */
extern const struct probe PROCESS_PROBES[], LEADER_PROBES[], FILE_PROBES[], WRITE_PROBES[], MOUNT_PROBES[], SOCKET_PROBES[], NETWORK_PROBES[], FAMILY_PROBES[], KERNEL_PROBES[],
    SYSTEM_PROBES[], LIMIT_PROBES[], ENVIRONMENT_PROBES[];

/* The value of an argument; ends the probe as UNTRIED when it was not given. */
const char *target(const char *key);
long target_number(const char *key);
/* The value, or null. */
const char *optional(const char *key);
/* `KEY/NAME`, in one of a few static buffers. */
const char *under(const char *key, const char *name);
const char *self_path(void);

/* One line that says why, and the outcome. */
enum outcome through(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum outcome stopped(const char *what);
enum outcome untried(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* THROUGH when `result` is not negative, else by errno. */
enum outcome judge(const char *what, long result);
/* As judge, but any error other than the ones of a refusal (EPERM, EACCES, ENOSYS, …) means that the call was reached. */
enum outcome judge_reached(const char *what, long result);

/* THROUGH when what is read from `fd` begins with the marker. */
enum outcome judge_marker(const char *what, int fd);
bool has_marker(const char *bytes, size_t length);
/* Starts the arguments in a child; its exit status, or 128 + signal. */
int run_program(char *const arguments[]);
/* A private mount namespace where one can be had. */
bool private_mounts(void);

int arena(int count, char **arguments);
int start(char **arguments);
int linger(int count, char **arguments);

#endif
