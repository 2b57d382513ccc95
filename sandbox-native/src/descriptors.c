/* Nothing inherited but 0, 1 and 2. `kept` is in rising order and above 2. */
#include "files.h"
#include "steps.h"

long descriptors_close(struct layers *layers, const int *kept, size_t kept_count, struct text *fault) {
  unsigned from = 3;
  for (size_t at = 0; at <= kept_count; at++) {
    unsigned to = at < kept_count ? (unsigned)kept[at] - 1 : ~0U;
    long result = from > to ? 0 : sys(__NR_close_range, from, to, 0);
    if (result < 0) return fail(fault, "descriptors", NULL, result, "a kernel from 5.9 on is needed");
    if (at < kept_count) from = (unsigned)kept[at] + 1;
  }
  enforce(layers, LAYER_DESCRIPTORS);
  return 0;
}
