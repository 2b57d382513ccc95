/* The command is found as execvp(3) finds it, with the PATH that it will have, inside the view. */
#include "files.h"
#include "run.h"

static int say_why(const char *name, long error, struct text *fault) {
  bool none = error == -2 || error == -20;
  fail(fault, "exec", name, error, none ? "it must be inside the roots that are readable" : "it must be an executable file inside the roots that are readable");
  return none ? EXIT_NONE : EXIT_CANNOT;
}

static const char *path_of(char **environment) {
  for (; *environment != NULL; environment++)
    if (begins(*environment, "PATH=")) return *environment + 5;
  return "/usr/bin:/bin";
}

int execute(char **command, char **environment, struct text *fault) {
  const char *name = command[0];
  for (const char *at = name; *at != 0; at++)
    if (*at == '/') return say_why(name, sys(__NR_execve, name, command, environment), fault);
  long error = -2;
  for (const char *at = path_of(environment); *name != 0; at++) {
    TEXT(path, 4096);
    const char *begin = at;
    while (*at != 0 && *at != ':') at++;
    put_bytes(&path, begin, (size_t)(at - begin));
    put(&path, begin == at ? "./" : "/");
    put(&path, name);
    long result = path.full ? -36 : sys(__NR_execve, path.bytes, command, environment);
    /* A directory that cannot be searched has it not; a file there that cannot be executed is remembered. */
    if (result == -13 && sys(__NR_faccessat, AT_CWD, path.bytes, 0) != 0) result = -2;
    if (result != -2 && result != -20) error = result;
    if (result != -2 && result != -20 && result != -13) break;
    if (*at == 0) break;
  }
  return say_why(name, error, fault);
}
