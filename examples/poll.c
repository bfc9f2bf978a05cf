/* poll.c: nothing blocks. A game or a server keeps its own loop; the call is moved a little whenever its socket is ready
   or its time has come, and its events are asked for, not called back.

   cc -std=c99 -I. -o poll examples/poll.c

   ./poll [provider [base-url]]          http:// only; by default a llama-server on this machine */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#include "sockets.h"
#include <stdio.h>

/* Shows what has come so far. */
static void drain(llmprov_call *call) {
    llmprov_event e;
    while (llmprov_call_next(call, &e))
        if (e.type == LLMPROV_EVENT_TEXT) fwrite(e.text, 1, e.text_len, stdout);
    fflush(stdout);
}

/* Moves the call as far as it goes without waiting. False = it wants nothing more. */
static bool move(llmprov_call *call, sockets *s, bool *busy) {
    llmprov_call_tick(call, sockets_now(NULL));                /* retries and time-outs happen here */
    if (llmprov_call_want(call) == LLMPROV_WANT_SEND && !*busy) *busy = sockets_begin(s, call);
    if (*busy) *busy = sockets_step(s);                        /* feeds the call what has come */
    drain(call);
    if (llmprov_call_want(call) == LLMPROV_WANT_TIME && *busy) {
        sockets_close(s);                                      /* the attempt timed out: the next has a new connection */
        *busy = false;
    }
    return llmprov_call_want(call) != LLMPROV_WANT_NOTHING;
}

int main(int argc, char **argv) {
    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "llama.cpp", .base_url = argc > 2 ? argv[2] : NULL };
    llmprov_client *client = llmprov_open(&desc);              /* no transport: we move the bytes */
    llmprov_call *call = llmprov_call_chat(client, &(llmprov_request){ .prompt = "Tell me a story.", .stream = LLMPROV_STREAM_ON });
    static sockets s;
    bool busy = false;
    unsigned long frames = 0;
    llmprov_response reply;

    while (move(call, &s, &busy)) {
        int due = llmprov_call_due_ms(call);
        struct pollfd wait = { .fd = busy ? s.fd : -1, .events = sockets_events(&s) };
        frames++;                                              /* a game would draw here */
        poll(&wait, 1, due < 0 || due > 16 ? 16 : due);
    }
    llmprov_status status = llmprov_call_take(call, &reply);
    if (status) fprintf(stderr, "poll: %s\n", reply.error.message);
    else printf("\n[%s after %lu turns of our loop]\n", llmprov_stop_text(reply.stop), frames);

    llmprov_response_free(&reply);
    llmprov_call_free(call);
    sockets_close(&s);
    llmprov_close(client);
    return status != LLMPROV_OK;
}
