/* What is in force, and what is not and why: filled in by the steps, read by the report. Lies in memory shared by the launcher's processes. */
#ifndef FARAMESH_LAYERS_H
#define FARAMESH_LAYERS_H

#include "profile.h"

struct layers {
  unsigned long long enforced; /* bit per layer */
  int landlock_abi;
  /* Why a layer is not there; empty: it was not asked for. */
  char why[LAYERS][96];
};

extern const char *const LAYER_NAMES[LAYERS];
/* By enum root_kind, as a profile has them. */
extern const char *const ROOT_KINDS[];

static inline void enforce(struct layers *layers, enum layer layer) { layers->enforced |= 1ULL << layer; }

#endif
