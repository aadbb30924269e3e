#include "greeter.h"

#include "version.h"

const char *greeter_version(void) {
    return VERSION;
}
