/* stream.c: the answer as it is made, and what it cost.

   cc -std=c99 -I. -DLLMPROV_CURL -o stream examples/stream.c -lcurl
   cc -std=c99 -I. -o stream examples/stream.c                         without libcurl: http:// only

   ANTHROPIC_API_KEY=... ./stream [provider [base-url]] */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
#include "sockets.h"
#endif
#include <stdio.h>

/* Returning false would cancel the call. */
static bool on_event(void *user, const llmprov_event *e) {
    FILE *to = (FILE *)user;
    switch (e->type) {
    case LLMPROV_EVENT_TEXT:     fwrite(e->text, 1, e->text_len, to); break;
    case LLMPROV_EVENT_THINKING: fwrite(e->text, 1, e->text_len, stderr); break;
    case LLMPROV_EVENT_RETRY:    fprintf(stderr, "trying again: %s\n", e->error->message); break;
    case LLMPROV_EVENT_END:
        fprintf(to, "\n[%s; %lld tokens of output]\n", llmprov_stop_text(e->stop), (long long)e->usage->output_tokens);
        break;
    default: break;              /* the list grows: ignore what is not known */
    }
    fflush(to);
    return true;
}

int main(int argc, char **argv) {
    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "anthropic", .base_url = argc > 2 ? argv[2] : NULL };
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
    static sockets plain;
    desc.transport = sockets_transport(&plain);
#endif
    llmprov_client *client = llmprov_open(&desc);
    llmprov_request request = { .system = "You are terse.", .prompt = "Tell me a story.", .on_event = on_event, .user = stdout };
    llmprov_response reply;

    llmprov_status status = llmprov_chat(client, &request, &reply);
    if (status) fprintf(stderr, "stream: %s\n", reply.error.message);       /* reply.text has what came before */

    llmprov_response_free(&reply);
    llmprov_close(client);
    return status != LLMPROV_OK;
}
