/* parallel.c: many calls at once in one thread, by libcurl's multi interface or by poll over plain sockets.

   cc -std=c99 -I. -DLLMPROV_CURL -o parallel examples/parallel.c -lcurl
   cc -std=c99 -I. -o parallel examples/parallel.c                     without libcurl: http:// only

   ANTHROPIC_API_KEY=... ./parallel [provider [base-url]] */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#ifndef LLMPROV_CURL
#include "sockets.h"
#endif
#include <stdio.h>

enum { COUNT = 8 };

#ifdef LLMPROV_CURL
static void run(llmprov_call **calls) {
    llmprov_curl_many *many = llmprov_curl_many_new(NULL);
    for (int i = 0; i < COUNT; i++) llmprov_curl_many_add(many, calls[i]);
    while (many && llmprov_curl_many_step(many, 1000) > 0) { }
    llmprov_curl_many_free(many);
}
#else
/* One connection a call. A call that waits for its retry has no socket to poll, only a time. */
static void run(llmprov_call **calls) {
    static sockets s[COUNT];
    bool busy[COUNT] = { false };
    int running;
    do {
        struct pollfd wait[COUNT];
        int ms = 1000;
        running = 0;
        for (int i = 0; i < COUNT; i++) {
            llmprov_call_tick(calls[i], sockets_now(NULL));
            if (llmprov_call_want(calls[i]) == LLMPROV_WANT_SEND && !busy[i]) busy[i] = sockets_begin(&s[i], calls[i]);
            if (busy[i]) busy[i] = sockets_step(&s[i]);
            llmprov_want want = llmprov_call_want(calls[i]);
            if (busy[i] && (want == LLMPROV_WANT_TIME || want == LLMPROV_WANT_NOTHING)) {
                sockets_close(&s[i]);
                busy[i] = false;
            }
            int due = llmprov_call_due_ms(calls[i]);
            if (due >= 0 && due < ms) ms = due;
            wait[i] = (struct pollfd){ .fd = busy[i] ? s[i].fd : -1, .events = sockets_events(&s[i]) };
            running += want != LLMPROV_WANT_NOTHING;
        }
        if (running) poll(wait, COUNT, ms);
    } while (running);
    for (int i = 0; i < COUNT; i++) sockets_close(&s[i]);
}
#endif

int main(int argc, char **argv) {
    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "anthropic", .base_url = argc > 2 ? argv[2] : NULL };
    llmprov_client *client = llmprov_open(&desc);
    llmprov_call *calls[COUNT];
    char prompts[COUNT][64];
    int failed = 0;

    for (int i = 0; i < COUNT; i++) {
        snprintf(prompts[i], sizeof prompts[i], "Tell me about the number %d.", i);
        calls[i] = llmprov_call_chat(client, &(llmprov_request){ .prompt = prompts[i] });
        llmprov_call_mute(calls[i]);             /* the results will do: no events are kept */
    }
    run(calls);
    for (int i = 0; i < COUNT; i++) {
        llmprov_response reply;
        if (llmprov_call_take(calls[i], &reply)) failed++;
        printf("%d: %s\n", i, reply.error.code ? reply.error.message : reply.text);
        llmprov_response_free(&reply);
        llmprov_call_free(calls[i]);
    }
    llmprov_close(client);
    return failed != 0;
}
