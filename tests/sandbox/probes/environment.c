/* What the harness set outside and is still set inside: variables by which code comes into programs, and secrets. */
#include "probe.h"

static enum outcome any_of(const char *const *names) {
  for (; *names != NULL; names++)
    if (getenv(*names) != NULL) return through("%s", *names);
  errno = 0;
  return stopped("environment");
}
#define NAMES(...) any_of((const char *const[]){__VA_ARGS__, NULL})

static enum outcome loader(void) { return NAMES("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"); }
static enum outcome node(void) { return NAMES("NODE_OPTIONS", "NODE_PATH"); }
static enum outcome shell(void) { return NAMES("BASH_ENV", "ENV", "PROMPT_COMMAND", "BASH_FUNC_ls%%"); }
static enum outcome python(void) { return NAMES("PYTHONSTARTUP", "PYTHONPATH", "PYTHONINSPECT"); }
static enum outcome perl(void) { return NAMES("PERL5OPT", "PERL5LIB", "PERL5DB"); }
static enum outcome ruby(void) { return NAMES("RUBYOPT", "RUBYLIB"); }
static enum outcome java(void) { return NAMES("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"); }
static enum outcome git(void) { return NAMES("GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_CONFIG_COUNT", "GIT_EXEC_PATH"); }
static enum outcome pager(void) { return NAMES("PAGER", "EDITOR", "LESSOPEN"); }
static enum outcome secrets(void) { return NAMES("FARAMESH_PROBE_SECRET", "AWS_SECRET_ACCESS_KEY", "PROBE_API_TOKEN", "DATABASE_URL"); }
static enum outcome agents(void) { return NAMES("SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST"); }

const struct probe ENVIRONMENT_PROBES[] = {
    {"environment-loader", "environment", loader}, {"environment-node", "environment", node},       {"environment-shell", "environment", shell},
    {"environment-python", "environment", python}, {"environment-perl", "environment", perl},       {"environment-ruby", "environment", ruby},
    {"environment-java", "environment", java},     {"environment-git", "environment", git},         {"environment-pager", "environment", pager},
    {"environment-secrets", "environment", secrets}, {"environment-agents", "environment", agents}, {0},
};
