/* history.c: a conversation is saved as JSON, loaded again, and goes on with another provider.

   cc -std=c99 -I. -DLLMPROV_CURL -o history examples/history.c -lcurl
   cc -std=c99 -I. -o history examples/history.c                       without libcurl: http:// only

   ANTHROPIC_API_KEY=... OPENAI_API_KEY=... ./history [provider [base-url [other-provider]]] */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
#include "sockets.h"
#endif
#include <stdio.h>

/* Asks a provider, and adds what it says to the history. */
static llmprov_status ask(llmprov_history *history, const char *provider, const char *base_url, const char *question) {
    llmprov_desc desc = { .provider = provider, .base_url = base_url };
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
    static sockets plain;
    desc.transport = sockets_transport(&plain);
#endif
    llmprov_client *client = llmprov_open(&desc);
    llmprov_response reply;

    llmprov_add_text(history, LLMPROV_ROLE_USER, question);
    llmprov_status status = llmprov_chat(client, &(llmprov_request){ .history = history }, &reply);
    if (status) fprintf(stderr, "history: %s: %s\n", provider, reply.error.message);
    else printf("%s: %s\n", provider, reply.text);
    llmprov_add_message(history, &reply.message);              /* one without blocks, of a failure, adds nothing */

    llmprov_response_free(&reply);
    llmprov_close(client);
    return status ? status : history->status;                  /* the adds keep their first failure */
}

int main(int argc, char **argv) {
    const char *provider = argc > 1 ? argv[1] : "anthropic", *base_url = argc > 2 ? argv[2] : NULL;
    const char *other = argc > 3 ? argv[3] : "openai";
    llmprov_history first = { 0 }, second = { 0 };
    llmprov_text saved = { 0 };
    llmprov_error error;

    llmprov_set_system(&first, "You are terse.");
    llmprov_status status = ask(&first, provider, base_url, "Which number is the smallest prime?");
    if (!status) status = llmprov_history_save(&first, &saved);
    if (!status) {
        printf("saved: %s\n", saved.ptr);
        status = llmprov_history_load(&second, saved.ptr, saved.len, &error);
        if (status) fprintf(stderr, "history: %s at byte %lu\n", error.message, (unsigned long)error.offset);
    }
    if (!status) status = ask(&second, other, base_url, "And the next one?");

    llmprov_text_free(&saved);
    llmprov_history_free(&first);
    llmprov_history_free(&second);
    return status != LLMPROV_OK;
}
