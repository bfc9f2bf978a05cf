/* Everything static in one file: no symbol but main, and no warning for what is not used. */
#define LLMPROV_STATIC
#define LLMPROV_IMPLEMENTATION
#include "../../llmprov.h"

int main(void) {
    return llmprov_status_text(LLMPROV_OK)[0] != 'o';
}
