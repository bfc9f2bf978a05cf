/* One of two units: it has the implementation, and the header a second time without it. */
#define LLMPROV_IMPLEMENTATION
#include "../../llmprov.h"
#include "../../llmprov.h"

llmprov_status two_b(llmprov_history *h);

int main(void) {
    llmprov_history h = { 0 };
    llmprov_status status = two_b(&h);
    llmprov_history_free(&h);
    return status != LLMPROV_OK;
}
