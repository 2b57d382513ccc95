/* The kernel's errors that a launcher meets, by name, and what is said of them. */
#include "text.h"

static const struct {
  int number;
  const char *name;
} ERRORS[] = {
    {1, "operation not permitted (EPERM)"},
    {2, "no such file or directory (ENOENT)"},
    {3, "no such process (ESRCH)"},
    {4, "interrupted (EINTR)"},
    {5, "input or output error (EIO)"},
    {7, "the argument list is too long (E2BIG)"},
    {8, "not an executable format (ENOEXEC)"},
    {9, "bad descriptor (EBADF)"},
    {10, "no child process (ECHILD)"},
    {11, "try again (EAGAIN)"},
    {12, "out of memory (ENOMEM)"},
    {13, "permission denied (EACCES)"},
    {14, "bad address (EFAULT)"},
    {16, "busy (EBUSY)"},
    {17, "it exists already (EEXIST)"},
    {18, "across devices (EXDEV)"},
    {19, "no such device (ENODEV)"},
    {20, "not a directory (ENOTDIR)"},
    {21, "a directory (EISDIR)"},
    {22, "invalid argument (EINVAL)"},
    {24, "too many open files (EMFILE)"},
    {28, "no space left (ENOSPC)"},
    {30, "read-only file system (EROFS)"},
    {32, "broken pipe (EPIPE)"},
    {36, "the name is too long (ENAMETOOLONG)"},
    {38, "this kernel does not have it (ENOSYS)"},
    {40, "too many symbolic links (ELOOP)"},
    {87, "too many users (EUSERS)"},
    {92, "protocol not available (ENOPROTOOPT)"},
    {95, "not supported (EOPNOTSUPP)"},
    {97, "address family not supported (EAFNOSUPPORT)"},
    {98, "address in use (EADDRINUSE)"},
    {99, "address not available (EADDRNOTAVAIL)"},
    {101, "network unreachable (ENETUNREACH)"},
    {110, "timed out (ETIMEDOUT)"},
    {111, "connection refused (ECONNREFUSED)"},
};

const char *error_name(long negative_errno) {
  for (size_t at = 0; at < sizeof ERRORS / sizeof ERRORS[0]; at++)
    if (ERRORS[at].number == -negative_errno) return ERRORS[at].name;
  return "an error that has no name here";
}

long fail(struct text *fault, const char *step, const char *what, long error, const char *advice) {
  put(fault, step);
  if (what != NULL) {
    put(fault, ": ");
    put(fault, what);
  }
  put(fault, ": ");
  put(fault, error_name(error));
  if (advice != NULL) {
    put(fault, "; ");
    put(fault, advice);
  }
  return error;
}
