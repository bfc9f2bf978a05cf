/* The implementation alone, with whatever options the command line adds. */
#define LLMPROV_IMPLEMENTATION
#include "../../llmprov.h"
