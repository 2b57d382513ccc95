/* The command's environment: an allowlist; what injects code is never passed, nor set. */
#include "environment.h"

#include "files.h"
#include "steps.h"

/* With `*`: whatever begins so. */
static const char *const INJECTING[] = {
    "LD_*", "DYLD_*", "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "MALLOC_*", "LOCPATH", "NLSPATH", "HOSTALIASES", "RESOLV_HOST_CONF", "RES_OPTIONS",
    "LOCALDOMAIN", "TZDIR", "NIS_PATH", "TMPPREFIX", "BASH_ENV", "ENV", "ZDOTDIR", "BASH_FUNC_*", "BASHOPTS", "SHELLOPTS", "PS4", "PROMPT_COMMAND", "IFS", "CDPATH", "GLOBIGNORE",
    "NODE_OPTIONS", "NODE_PATH", "NODE_REPL_*", "NODE_EXTRA_CA_CERTS", "PYTHON*", "PERL5*", "PERLLIB", "PERL_*", "RUBYOPT", "RUBYLIB", "RUBYSHELL", "GEM_PATH",
    "GEM_HOME", "BUNDLE_*", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "CLASSPATH", "MAVEN_OPTS", "GRADLE_OPTS", "LUA_*",
    "PHPRC", "PHP_INI_SCAN_DIR", "DOTNET_*", "CORECLR_*", "COR_*", "GIT_*", "SSH_ASKPASS", "SUDO_ASKPASS", "LESSOPEN", "LESSCLOSE", "PAGER", "MANPAGER", "EDITOR",
    "VISUAL", "BROWSER", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_RUSTC*", "MAKEFLAGS",
    "GNUMAKEFLAGS", "MAKEFILES", "NPM_CONFIG_*", "npm_config_*", "KRB5_CONFIG", "GTK_MODULES", "QT_PLUGIN_PATH", "GIO_EXTRA_MODULES", "XDG_CONFIG_*", "TERMINFO*",
    "TERMCAP",
};
/* Git's own that only name who commits, and when. */
static const char *const HARMLESS[] = {
    "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE", "GIT_TERMINAL_PROMPT",
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONUTF8", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
};
static const char *const PASSED[] = {
    "PATH", "TERM", "LANG", "LC_*", "TZ", "USER", "LOGNAME", "SHELL", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR",
};
#define COUNT(list) (sizeof list / sizeof list[0])

static bool matches(const char *pattern, const char *name, size_t length) {
  size_t wanted = length_of(pattern);
  if (pattern[wanted - 1] == '*') return length >= wanted - 1 && memcmp(pattern, name, wanted - 1) == 0;
  return length == wanted && memcmp(pattern, name, length) == 0;
}

static bool listed(const char *const *list, size_t count, const char *name, size_t length) {
  for (size_t at = 0; at < count; at++)
    if (matches(list[at], name, length)) return true;
  return false;
}

bool is_variable_name(const char *name, size_t length) {
  if (length == 0 || (name[0] >= '0' && name[0] <= '9')) return false;
  for (size_t at = 0; at < length; at++) {
    char c = name[at];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

bool injects_code(const char *name, size_t length) {
  return listed(INJECTING, COUNT(INJECTING), name, length) && !listed(HARMLESS, COUNT(HARMLESS), name, length);
}

#define MAX_VARIABLES 768
static char *variables[MAX_VARIABLES + 1];
static size_t variable_count;

static size_t name_length(const char *variable) {
  size_t length = 0;
  while (variable[length] != 0 && variable[length] != '=') length++;
  return length;
}

/* A later one replaces an earlier one of the same name. */
static bool add(char *variable) {
  size_t length = name_length(variable);
  size_t at = 0;
  while (at < variable_count && !(name_length(variables[at]) == length && memcmp(variables[at], variable, length) == 0)) at++;
  if (at == MAX_VARIABLES) return false;
  if (at == variable_count) variable_count++;
  variables[at] = variable;
  return true;
}

long environment_make(const struct profile *profile, struct layers *layers, char **inherited, char ***environment, struct text *fault) {
  static char home[4200];
  struct text text = {home, 0, sizeof home, false};
  put(&text, "HOME=");
  put(&text, profile->home != NULL ? profile->home : "/tmp");
  bool room = add((char *)(uintptr_t) "PATH=/usr/local/bin:/usr/bin:/bin") && add((char *)(uintptr_t) "TMPDIR=/tmp") && add(home);
  for (char **at = inherited; *at != NULL; at++) {
    size_t length = name_length(*at);
    if ((*at)[length] != '=' || !is_variable_name(*at, length) || injects_code(*at, length)) continue;
    if (listed(PASSED, COUNT(PASSED), *at, length) || listed(profile->passed, profile->passed_count, *at, length)) room = room && add(*at);
  }
  for (size_t at = 0; at < profile->set_count; at++) room = room && add((char *)(uintptr_t)profile->set[at]);
  if (!room || text.full) return fail(fault, "environment", NULL, -7, "pass fewer variables");
  variables[variable_count] = NULL;
  *environment = variables;
  enforce(layers, LAYER_ENVIRONMENT);
  return 0;
}
