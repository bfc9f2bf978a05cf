/* hello.c: one question, one answer.

   cc -std=c99 -I. -DLLMPROV_CURL -o hello examples/hello.c -lcurl
   cc -std=c99 -I. -o hello examples/hello.c                           without libcurl: http:// only

   ANTHROPIC_API_KEY=... ./hello [provider [base-url]] */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
#include "sockets.h"
#endif
#include <stdio.h>

int main(int argc, char **argv) {
    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "anthropic", .base_url = argc > 2 ? argv[2] : NULL };
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
    static sockets plain;
    desc.transport = sockets_transport(&plain);
#endif
    llmprov_client *client = llmprov_open(&desc);
    llmprov_response reply;

    llmprov_status status = llmprov_chat(client, &(llmprov_request){ .prompt = "Say hello." }, &reply);
    if (status) fprintf(stderr, "hello: %s\n", reply.error.message);
    else printf("%s\n", reply.text);

    llmprov_response_free(&reply);
    llmprov_close(client);
    return status != LLMPROV_OK;
}
