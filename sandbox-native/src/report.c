#include "files.h"
#include "run.h"

static const char *mode_name(enum mode mode) { return mode == MODE_FULL ? "full" : mode == MODE_ROOT ? "root" : "restricted"; }

static bool in_force(const struct layers *layers, size_t layer) { return (layers->enforced & 1ULL << layer) != 0; }

bool report_check(const struct run *run, struct text *fault) {
  const struct layers *layers = &run->shared->layers;
  unsigned long long required = plan_required(run->profile);
  bool complete = true;
  for (size_t layer = 0; layer < LAYERS; layer++) {
    if ((required & 1ULL << layer) == 0 || in_force(layers, layer)) continue;
    put(fault, complete ? "layers: required and not in force: " : ", ");
    put(fault, LAYER_NAMES[layer]);
    if (layers->why[layer][0] != 0) {
      put(fault, " (");
      put(fault, layers->why[layer]);
      put(fault, ")");
    }
    complete = false;
  }
  return complete;
}

static bool write_line(int fd, struct text *line) {
  if (fd < 0) return true;
  put(line, "}\n");
  return !line->full && write_all(fd, line->bytes, line->length) == 0;
}

bool report_started(const struct run *run) {
  const struct layers *layers = &run->shared->layers;
  TEXT(line, 8192);
  put(&line, "{\"report\":\"started\",\"launcher\":\"" VERSION "\",\"architecture\":\"" ARCHITECTURE "\",\"mode\":\"");
  put(&line, mode_name(run->profile->mode));
  put(&line, "\",\"layers\":[");
  const char *before = "";
  for (size_t layer = 0; layer < LAYERS; layer++) {
    if (!in_force(layers, layer)) continue;
    put(&line, before);
    put_json(&line, LAYER_NAMES[layer]);
    before = ",";
  }
  put(&line, "],\"absent\":[");
  before = "";
  for (size_t layer = 0; layer < LAYERS; layer++) {
    if (in_force(layers, layer) || layers->why[layer][0] == 0) continue;
    put(&line, before);
    put(&line, "{\"layer\":");
    put_json(&line, LAYER_NAMES[layer]);
    put(&line, ",\"why\":");
    put_json(&line, layers->why[layer]);
    put(&line, "}");
    before = ",";
  }
  put(&line, "],\"landlock\":");
  put_number(&line, layers->landlock_abi);
  put(&line, ",\"pid\":");
  put_number(&line, run->command_pid);
  return write_line(run->options->report, &line);
}

static void put_pair(struct text *line, const char *name, unsigned long long allowed, unsigned long long denied) {
  put(line, ",\"");
  put(line, name);
  put(line, "\":{\"allowed\":");
  put_number(line, (long long)allowed);
  put(line, ",\"denied\":");
  put_number(line, (long long)denied);
  put(line, "}");
}

void report_ended(const struct run *run, int status) {
  TEXT(line, 512);
  int number = status & 0x7f;
  put(&line, "{\"report\":\"ended\",\"status\":");
  if (number == 0) put_number(&line, status >> 8 & 0xff);
  else put(&line, "null");
  put(&line, ",\"signal\":");
  if (number != 0) put_number(&line, number);
  else put(&line, "null");
  if (run->bpf.counts >= 0) {
    unsigned long long counts[4] = {0};
    bpf_counts(&run->bpf, counts);
    put_pair(&line, "connects", counts[0], counts[1]);
    put_pair(&line, "sends", counts[2], counts[3]);
  }
  write_line(run->options->report, &line);
}
