/* faramesh-sandbox: what it takes and does stands in PROFILE.md. */
#include "files.h"
#include "parse.h"
#include "run.h"

static int refuse(const char *step, const char *problem) {
  say("faramesh-sandbox: ");
  say(step);
  say(": ");
  say(problem);
  say("\n");
  return EXIT_REFUSED;
}

/* Closed standard descriptors would be given to what the launcher opens; a directory there would lead out of the view. */
static const char *standard_descriptors(void) {
  struct stat status;
  for (int fd = 0; fd < 3; fd++) {
    long flags = sys(__NR_fcntl, fd, 3 /* F_GETFL */, 0);
    if (flags == -9) {
      if (sys(__NR_openat, AT_CWD, "/dev/null", O_RDWR_, 0) != fd) return "0, 1 or 2 is closed and /dev/null cannot be opened";
      continue;
    }
    if ((flags & O_PATH_) != 0 || status_of(fd, &status) < 0 || KIND(status.st_mode) == KIND_DIRECTORY) return "0, 1 or 2 is a directory or a path; give a file, pipe or terminal";
  }
  return NULL;
}

static bool take_descriptor(const char *value, int *fd) {
  long long number;
  if (value == NULL || !parse_number(value, &number) || number > 1000000) return false;
  *fd = (int)number;
  return sys(__NR_fcntl, *fd, 1 /* F_GETFD */, 0) >= 0;
}

/* The index of what follows, or 0: `problem` is set. */
static int take_option(char **argv, int at, struct options *options, const char **problem) {
  const char *value = argv[at + 1];
  bool taken;
  if (same(argv[at], "--plan")) {
    options->plan = true;
    return at + 1;
  }
  *problem = "expected an open descriptor behind --report, --go and --observe, and a file or descriptor behind --profile";
  if (same(argv[at], "--profile")) {
    options->profile = value;
    taken = value != NULL;
  } else if (same(argv[at], "--report")) {
    taken = take_descriptor(value, &options->report);
  } else if (same(argv[at], "--go")) {
    taken = take_descriptor(value, &options->go);
  } else if (same(argv[at], "--observe")) {
    taken = take_descriptor(value, &options->observe);
  } else {
    *problem = "expected --profile, --plan, --report, --go, --observe, --probe, --version, or -- and a command";
    return 0;
  }
  return taken ? at + 2 : 0;
}

static const char *take_options(int argc, char **argv, struct options *options) {
  const char *problem = NULL;
  int at = 1;
  while (at < argc && !same(argv[at], "--")) {
    at = take_option(argv, at, options, &problem);
    if (at == 0) return problem;
  }
  if (options->profile == NULL) return "--profile is missing; name a file or a descriptor";
  options->command = at + 1 < argc ? argv + at + 1 : NULL;
  return options->command == NULL && !options->plan ? "no command; expected -- COMMAND [ARGUMENT…]" : NULL;
}

static char profile_text[PROFILE_MAX_BYTES + 2];
static struct profile profile;
static struct plan plan;

static long read_profile(const char *name) {
  long long fd;
  if (!parse_number(name, &fd)) return read_file(name, profile_text, sizeof profile_text);
  size_t length = 0;
  long got = 0;
  while (length < sizeof profile_text - 1 && (got = sys(__NR_read, fd, profile_text + length, sizeof profile_text - 1 - length)) > 0) length += (size_t)got;
  return got < 0 ? got : (long)length;
}

int main(int argc, char **argv, char **envp) {
  static struct run run;
  struct options options = {NULL, false, -1, -1, -1, NULL};
  TEXT(fault, 8192);
  const char *problem = standard_descriptors();
  if (problem != NULL) return refuse("descriptors", problem);
  if (argc == 2 && same(argv[1], "--version")) return write_all(1, "faramesh-sandbox " VERSION "\n", 17 + sizeof VERSION) == 0 ? 0 : EXIT_REFUSED;
  if (argc == 2 && same(argv[1], "--probe")) return probe_machine();
  problem = take_options(argc, argv, &options);
  if (problem != NULL) return refuse("arguments", problem);
  long length = read_profile(options.profile);
  if (length < 0) return refuse("profile", error_name(length));
  if (!parse_profile(profile_text, (size_t)length, &profile, &fault) || !plan_make(&profile, &plan, &fault)) return refuse("profile", fault.bytes);
  if (options.plan) {
    plan_print(&profile, &plan);
    return 0;
  }
  if (profile.observe != OBSERVE_NOTHING && options.observe < 0) return refuse("arguments", "`observe` needs --observe FD");
  if (profile.observe == OBSERVE_NOTHING && options.observe >= 0) return refuse("arguments", "--observe needs `observe` in the profile");
  run.options = &options;
  run.profile = &profile;
  run.plan = &plan;
  run.inherited = envp;
  return apply(&run);
}
