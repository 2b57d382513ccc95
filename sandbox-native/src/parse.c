/* The fields of PROFILE.md, one row each. A handler returns null, or what it expected. */
#include "parse.h"

#include "environment.h"
#include "layers.h"

static bool is_control(const char *s) {
  for (; *s != 0; s++)
    if ((unsigned char)*s < 0x20 || *s == 0x7f) return true;
  return false;
}

const char *path_fault(const char *path) {
  if (path[0] != '/') return "an absolute path";
  if (length_of(path) >= 4096) return "a path of less than 4096 bytes";
  if (path[1] == 0) return NULL;
  for (const char *at = path; *at == '/';) {
    const char *name = ++at;
    while (*at != 0 && *at != '/') at++;
    size_t length = (size_t)(at - name);
    if (length == 0) return "a path without `//` and without a slash at the end";
    if (length == 1 && name[0] == '.') return "a path without `.`";
    if (length == 2 && name[0] == '.' && name[1] == '.') return "a path without `..`";
  }
  return NULL;
}

static const char *take_path(const char **target, char *value) {
  *target = value;
  return path_fault(value);
}

static const char *take_number(long long *target, const char *value) {
  return parse_number(value, target) && *target > 0 ? NULL : "a whole number of at least 1, in decimal digits";
}

static const char *take_port(unsigned short *target, const char *value) {
  long long number;
  if (!parse_number(value, &number) || number < 1 || number > 65535) return "a port, 1 to 65535";
  *target = (unsigned short)number;
  return NULL;
}

static const char *take_mode(struct profile *profile, char *value) {
  if (same(value, "full")) profile->mode = MODE_FULL;
  else if (same(value, "restricted")) profile->mode = MODE_RESTRICTED;
  else if (same(value, "root")) profile->mode = MODE_ROOT;
  else return "`full`, `restricted` or `root`";
  return NULL;
}

static const char *take_network(struct profile *profile, char *value) {
  if (same(value, "none")) profile->network = NETWORK_NONE;
  else if (same(value, "proxy")) profile->network = NETWORK_PROXY;
  else return "`none` or `proxy`";
  return NULL;
}

static const char *take_observe(struct profile *profile, char *value) {
  if (same(value, "explain")) profile->observe = OBSERVE_EXPLAIN;
  else if (same(value, "learn")) profile->observe = OBSERVE_LEARN;
  else return "`explain` or `learn`";
  return NULL;
}

static const char *take_require(struct profile *profile, char *value) {
  for (size_t layer = 0; layer < LAYERS; layer++)
    if (same(value, LAYER_NAMES[layer])) {
      profile->required |= 1ULL << layer;
      return NULL;
    }
  return "a layer's name (see PROFILE.md)";
}

static const char *take_bridge(struct profile *profile, char *value) { return take_path(&profile->bridge, value); }
static const char *take_home(struct profile *profile, char *value) { return take_path(&profile->home, value); }
static const char *take_directory(struct profile *profile, char *value) { return take_path(&profile->directory, value); }
static const char *take_proxy_port(struct profile *profile, char *value) { return take_port(&profile->proxy_port, value); }
static const char *take_memory(struct profile *profile, char *value) { return take_number(&profile->memory_bytes, value); }
static const char *take_processes(struct profile *profile, char *value) { return take_number(&profile->processes, value); }
static const char *take_cpu(struct profile *profile, char *value) { return take_number(&profile->cpu_seconds, value); }
static const char *take_tmp(struct profile *profile, char *value) { return take_number(&profile->tmp_bytes, value); }

static char *second_word(char *value) {
  for (; *value != 0; value++)
    if (*value == ' ') {
      *value = 0;
      return value + 1;
    }
  return NULL;
}

static const char *take_bridge_tcp(struct profile *profile, char *value) {
  static const char EXPECTED[] = "`PORT TOKEN`: a port and 32 to 128 hexadecimal digits";
  char *token = second_word(value);
  if (token == NULL || take_port(&profile->bridge_port, value) != NULL) return EXPECTED;
  size_t length = length_of(token);
  if (length < 32 || length > 128) return EXPECTED;
  for (const char *at = token; *at != 0; at++)
    if (!((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f') || (*at >= 'A' && *at <= 'F'))) return EXPECTED;
  profile->bridge_token = token;
  return NULL;
}

static const char *take_user(struct profile *profile, char *value) {
  char *group = second_word(value);
  if (group == NULL || !parse_number(value, &profile->user) || !parse_number(group, &profile->group) || profile->user < 1 || profile->group < 1 ||
      profile->user > 4294967294LL || profile->group > 4294967294LL)
    return "`UID GID`, neither of them 0";
  return NULL;
}

static const char *take_egress(struct profile *profile, char *value) {
  if (profile->egress_count == PROFILE_MAX_EGRESS) return "at most 1024 `egress`";
  if (!parse_egress(value, &profile->egress[profile->egress_count])) return "`ADDRESS[/PREFIX][ PORT]`, no bit set behind the prefix";
  profile->egress_count++;
  return NULL;
}

static const char *take_env(struct profile *profile, char *value) {
  if (profile->passed_count == PROFILE_MAX_NAMES) return "at most 256 `env`";
  if (!is_variable_name(value, length_of(value))) return "a variable's name: letters, digits and `_`";
  if (injects_code(value, length_of(value))) return "a name that injects no code into programs";
  profile->passed[profile->passed_count++] = value;
  return NULL;
}

static const char *take_set(struct profile *profile, char *value) {
  if (profile->set_count == PROFILE_MAX_NAMES) return "at most 256 `set`";
  size_t length = 0;
  while (value[length] != 0 && value[length] != '=') length++;
  if (value[length] != '=' || !is_variable_name(value, length)) return "`NAME=VALUE`, the name of letters, digits and `_`";
  if (injects_code(value, length)) return "a name that injects no code into programs";
  profile->set[profile->set_count++] = value;
  return NULL;
}

typedef const char *take_function(struct profile *profile, char *value);
/* Without `take`: a root of `kind`, or a word alone that sets `flag`. */
static const struct field {
  const char *name;
  take_function *take;
  bool many, alone;
  enum root_kind kind;
} FIELDS[] = {
    {"mode", take_mode, false, false, 0},
    {"require", take_require, true, false, 0},
    {"network", take_network, false, false, 0},
    {"bridge", take_bridge, false, false, 0},
    {"bridge-tcp", take_bridge_tcp, false, false, 0},
    {"proxy-port", take_proxy_port, false, false, 0},
    {"egress", take_egress, true, false, 0},
    {"system", NULL, false, true, 0},
    {"read", NULL, true, false, ROOT_READ},
    {"write", NULL, true, false, ROOT_WRITE},
    {"deny", NULL, true, false, ROOT_DENY},
    {"protect", NULL, true, false, ROOT_PROTECT},
    {"socket", NULL, true, false, ROOT_SOCKET},
    {"unix", NULL, false, true, 0},
    {"home", take_home, false, false, 0},
    {"directory", take_directory, false, false, 0},
    {"env", take_env, true, false, 0},
    {"set", take_set, true, false, 0},
    {"memory", take_memory, false, false, 0},
    {"processes", take_processes, false, false, 0},
    {"cpu-time", take_cpu, false, false, 0},
    {"tmp", take_tmp, false, false, 0},
    {"user", take_user, false, false, 0},
    {"observe", take_observe, false, false, 0},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

static bool at_line(struct text *fault, unsigned line, const char *name, const char *problem, const char *detail) {
  put(fault, "line ");
  put_number(fault, line);
  put(fault, ": ");
  if (name != NULL) {
    put(fault, "`");
    put(fault, name);
    put(fault, "`: ");
  }
  put(fault, problem);
  if (detail != NULL) put(fault, detail);
  return false;
}

static const char *take_plain(const struct field *field, struct profile *profile, char *value, unsigned line) {
  if (field->take != NULL) return field->take(profile, value);
  if (profile->root_count >= PROFILE_MAX_PATHS) return "at most 512 paths";
  profile->roots[profile->root_count++] = (struct root){field->kind, value, line, false};
  return path_fault(value);
}

static bool parse_line(char *line, unsigned number, struct profile *profile, unsigned seen[FIELD_COUNT], struct text *fault) {
  if (is_control(line)) return at_line(fault, number, NULL, "has a control character; expected text", NULL);
  char *value = second_word(line);
  size_t at = 0;
  while (at < FIELD_COUNT && !same(FIELDS[at].name, line)) at++;
  if (at == FIELD_COUNT) return at_line(fault, number, line, "is no field; expected one of those in PROFILE.md", NULL);
  const struct field *field = &FIELDS[at];
  if (seen[at] != 0 && !field->many) {
    at_line(fault, number, line, "was said already in line ", NULL);
    put_number(fault, seen[at]);
    return false;
  }
  seen[at] = number;
  if (field->alone) {
    if (value != NULL) return at_line(fault, number, line, "expected no value", NULL);
    if (same(line, "system")) profile->system = true;
    else profile->unix_family = true;
    return true;
  }
  if (value == NULL || *value == 0) return at_line(fault, number, line, "has no value", NULL);
  const char *expected = take_plain(field, profile, value, number);
  return expected == NULL || at_line(fault, number, line, "expected ", expected);
}

static void clear(struct profile *profile) {
  profile->memory_bytes = profile->processes = profile->cpu_seconds = -1;
  profile->tmp_bytes = profile->user = profile->group = -1;
}

bool parse_profile(char *text, size_t length, struct profile *profile, struct text *fault) {
  unsigned seen[FIELD_COUNT] = {0};
  unsigned number = 0;
  clear(profile);
  text[length] = 0;
  if (length > PROFILE_MAX_BYTES) return at_line(fault, 1, NULL, "the profile is over 256 KiB", NULL);
  for (size_t at = 0; at < length; number++) {
    char *line = text + at;
    while (at < length && text[at] != '\n') {
      if (text[at] == 0) return at_line(fault, number + 1, NULL, "has a null byte; expected UTF-8 text", NULL);
      at++;
    }
    text[at++] = 0;
    if (!is_utf8(line)) return at_line(fault, number + 1, NULL, "is no UTF-8", NULL);
    if (number == 0 && !same(line, "faramesh-sandbox 1")) return at_line(fault, 1, NULL, "expected `faramesh-sandbox 1`", NULL);
    if (number == 0 || line[0] == 0 || line[0] == '#') continue;
    if (!parse_line(line, number + 1, profile, seen, fault)) return false;
  }
  if (number == 0) return at_line(fault, 1, NULL, "expected `faramesh-sandbox 1`", NULL);
  if (profile->mode == MODE_NONE) return at_line(fault, number, NULL, "the profile ends without `mode`; expected `full`, `restricted` or `root`", NULL);
  if (profile->network == NETWORK_NONE_SAID) return at_line(fault, number, NULL, "the profile ends without `network`; expected `none` or `proxy`", NULL);
  return true;
}
