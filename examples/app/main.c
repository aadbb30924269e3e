#include <stdio.h>

#include "greeter/greeter.h"

int main(int argc, char **argv) {
    char text[80];
    greet(text, sizeof text, argc > 1 ? argv[1] : "world");
    printf("%s (greeter %s)\n", text, greeter_version());
    return 0;
}
