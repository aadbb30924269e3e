#include <stdio.h>
#include <string.h>

int main(void) {
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        char *value = strchr(line, '=');
        if (value) {
            *value++ = '\0';
            printf("#define %s %s", line, value);
        }
    }
    return 0;
}
