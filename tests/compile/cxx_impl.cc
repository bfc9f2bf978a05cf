/* The implementation is C: as C++ it is refused, in one sentence and nothing else. */
#define LLMPROV_IMPLEMENTATION
#include "../../llmprov.h"
