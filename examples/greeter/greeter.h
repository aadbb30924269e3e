#ifndef GREETER_H
#define GREETER_H

#include <stddef.h>

/* Writes the greeting of `name` into `text`, cut to `size` bytes with the final NUL. */
void greet(char *text, size_t size, const char *name);

/* The version of this library. */
const char *greeter_version(void);

#endif
