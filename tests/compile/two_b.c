/* The other of two units: it has the interface only, with what translators need. */
#define LLMPROV_EXTEND
#include "../../llmprov.h"

llmprov_status two_b(llmprov_history *h);

llmprov_status two_b(llmprov_history *h) {
    llmprov_scan scan = { 0 };
    llmprov_add_text(h, LLMPROV_ROLE_USER, "Hello");
    return scan.status ? scan.status : h->status;
}
