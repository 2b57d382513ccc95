#ifndef FARAMESH_ENVIRONMENT_H
#define FARAMESH_ENVIRONMENT_H

#include "text.h"

bool is_variable_name(const char *name, size_t length);
/* Variables by which a program is made to run code of whoever sets them, or to load it. */
bool injects_code(const char *name, size_t length);

#endif
