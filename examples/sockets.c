/* sockets.c: a transport of one's own (sockets.h, plain POSIX sockets) in place of libcurl. Two questions go
   over one kept connection; everything that the transport may be asked for is shown: time-outs, retries, streams.

   cc -std=c99 -I. -o sockets examples/sockets.c

   ./sockets [provider [base-url]]       http:// only; by default a llama-server on this machine */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#include "sockets.h"
#include <stdio.h>

static bool on_event(void *user, const llmprov_event *e) {
    (void)user;
    if (e->type == LLMPROV_EVENT_TEXT) fwrite(e->text, 1, e->text_len, stdout);
    if (e->type == LLMPROV_EVENT_END) putchar('\n');
    fflush(stdout);
    return true;
}

int main(int argc, char **argv) {
    static const char *const questions[] = { "Say hello.", "And good bye." };
    static sockets plain;
    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "llama.cpp", .base_url = argc > 2 ? argv[2] : NULL,
                          .transport = sockets_transport(&plain), .connect_ms = 2000, .gap_ms = 30000, .max_retries = 1 };
    llmprov_client *client = llmprov_open(&desc);
    llmprov_status status = LLMPROV_OK;

    for (int i = 0; i < 2 && !status; i++) {
        llmprov_request request = { .prompt = questions[i], .on_event = on_event };
        llmprov_response reply;
        status = llmprov_chat(client, &request, &reply);
        if (status) fprintf(stderr, "sockets: %s\n", reply.error.message);
        else printf("[%s connection]\n", plain.reused ? "the same" : "a new");
        llmprov_response_free(&reply);
    }
    llmprov_close(client);
    return status != LLMPROV_OK;
}
