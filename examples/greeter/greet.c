#include "greeter.h"

#include <stdio.h>

#include "config.h"

void greet(char *text, size_t size, const char *name) {
    snprintf(text, size, "%s, %s", GREETING, name);
}
