/* Steps that other files bring; until then they refuse. */
#include "files.h"
#include "observe.h"
#include "steps.h"

#define MISSING __attribute__((weak))

MISSING long network_up(const struct profile *p, struct layers *l, int s[LISTENERS], struct text *fault) { return (void)p, (void)l, (void)s, fail(fault, "network", NULL, -38, NULL); }
MISSING long bridge_open(struct bridge *b, const struct profile *p, const int s[LISTENERS], int e, struct text *fault) {
  return (void)b, (void)p, (void)s, (void)e, fail(fault, "bridge", NULL, -38, NULL);
}
MISSING void bridge_ready(struct bridge *b, void *token, unsigned events) { (void)b, (void)token, (void)events; }
MISSING void bridge_tick(struct bridge *b) { (void)b; }
MISSING size_t bridge_size(void) { return 1; }
MISSING long broker_open(struct broker *b, const struct profile *p, int n, struct text *fault) { return (void)b, (void)p, (void)n, fail(fault, "broker", NULL, -38, NULL); }
MISSING void broker_ready(struct broker *b) { (void)b; }
MISSING size_t broker_size(void) { return 1; }
MISSING long observe_ready(int n, int o, struct broker *b) { return (void)n, (void)o, (void)b, -38; }
MISSING long cgroup_enter(const struct profile *p, struct layers *l, struct cgroup *c, struct text *fault) {
  return (void)p, (void)l, (void)c, fail(fault, "cgroup", NULL, -38, NULL);
}
MISSING long cgroup_end(struct cgroup *c) { return (void)c, 0; }
MISSING long bpf_attach(const struct profile *p, struct layers *l, const struct cgroup *c, struct bpf *b, struct text *fault) {
  return (void)p, (void)l, (void)c, (void)b, fail(fault, "bpf", NULL, -38, NULL);
}
MISSING void bpf_counts(const struct bpf *b, unsigned long long counts[4]) { (void)b, (void)counts; }
MISSING int probe_machine(void) {
  say("faramesh-sandbox: probe: this build does not have it\n");
  return 125;
}
extern const struct observed OBSERVED[] MISSING;
const struct observed OBSERVED[] = {{0, 0, 0, 0, 0, 0}};
extern const size_t OBSERVED_COUNT MISSING;
const size_t OBSERVED_COUNT = 0;
