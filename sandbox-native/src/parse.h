/* Profile text to structure. */
#ifndef FARAMESH_PARSE_H
#define FARAMESH_PARSE_H

#include "profile.h"

/* `text` has `length` bytes and room for one more; it is cut into the strings of `profile`. False: `fault` says "line N: what was found and expected". */
bool parse_profile(char *text, size_t length, struct profile *profile, struct text *fault);
/* Absolute and normal (PROFILE.md): null, or what is wrong with it. */
const char *path_fault(const char *path);
/* `ADDRESS[/PREFIX][ PORT]`; cuts `value`. */
bool parse_egress(char *value, struct egress *egress);

#endif
