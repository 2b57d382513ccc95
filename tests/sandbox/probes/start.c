/*
 * How the harness starts a sandbox. `probes --start FILE DIRECTORY COMMAND …`: the command with a terminal of its own as standard input and two descriptors that somebody
 * forgot to close, 20 and 21; its exit status. `probes --linger MARKER leave|wait`: leaves a process behind that knows no parent, session or descriptor.
 */
#include "probe.h"
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

int start(char **arguments) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) return 125;
  pid_t child = fork();
  if (child == 0) {
    setsid();
    int slave = open(ptsname(master), O_RDWR);
    if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 || dup2(slave, 0) < 0) _exit(125);
    if (slave > 2) close(slave);
    if (dup2(open(arguments[0], O_RDONLY), 20) < 0 || dup2(open(arguments[1], O_RDONLY), 21) < 0) _exit(125);
    execvp(arguments[2], arguments + 2);
    _exit(126);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0) return 125;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int linger(int count, char **arguments) {
  if (count != 2) return 2;
  if (fork() == 0) {
    setsid();
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    if (fork() != 0) _exit(0);
    for (int fd = 0; fd < 64; fd++) close(fd);
    sleep(20);
    _exit(0);
  }
  wait(NULL);
  if (write(1, "lingering\n", 10) != 10) return 1;
  if (strcmp(arguments[1], "wait") == 0) sleep(20);
  return 0;
}
