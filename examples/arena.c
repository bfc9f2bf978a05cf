/* arena.c: no malloc. Everything the library holds lies in one static block; the transport allocates nothing either (only
   getaddrinfo does, inside the C library). Events are shown and not gathered, so that memory stays flat.

   cc -std=c99 -I. -o arena examples/arena.c

   ./arena [provider [base-url]]         http:// only; by default a llama-server on this machine */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#define LLMPROV_NO_STDLIB                /* proves it: the header includes no <stdlib.h>, and getenv is gone with it */
#include "llmprov.h"
#include "sockets.h"
#include <stdio.h>

static long long block[48 * 1024 / sizeof(long long)];         /* 48 KiB, aligned for anything */

static bool on_event(void *user, const llmprov_event *e) {
    (void)user;
    if (e->type == LLMPROV_EVENT_TEXT) fwrite(e->text, 1, e->text_len, stdout);
    if (e->type == LLMPROV_EVENT_END) putchar('\n');
    return true;
}

int main(int argc, char **argv) {
    static sockets plain;
    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "llama.cpp", .base_url = argc > 2 ? argv[2] : NULL, .api_key = "none",
                          .alloc = llmprov_arena(block, sizeof block), .transport = sockets_transport(&plain),
                          .limits = { .max_event_bytes = 8192 } };
    llmprov_request request = { .prompt = "Tell me a story.", .on_event = on_event, .keep = LLMPROV_KEEP_NOTHING };
    llmprov_client *client = llmprov_open(&desc);
    llmprov_response reply;

    llmprov_status status = llmprov_chat(client, &request, &reply);
    if (status) fprintf(stderr, "arena: %s\n", reply.error.message);
    else printf("[%lld tokens; %lu bytes of memory, all static]\n", (long long)reply.usage.output_tokens, (unsigned long)sizeof block);

    llmprov_response_free(&reply);
    llmprov_close(client);
    return status != LLMPROV_OK;
}
