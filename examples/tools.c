/* tools.c: a tool of one's own, and the loop that runs it until the model is content.

   cc -std=c99 -I. -DLLMPROV_CURL -o tools examples/tools.c -lcurl
   cc -std=c99 -I. -o tools examples/tools.c                           without libcurl: http:// only

   ANTHROPIC_API_KEY=... ./tools [provider [base-url]] */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
#include "sockets.h"
#endif
#include <stdio.h>

static const llmprov_tool add = { .name = "add", .description = "Adds two numbers.",
    .schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"},\"b\":{\"type\":\"number\"}},\"required\":[\"a\",\"b\"]}" };

/* Arguments are always a JSON object; what a model forgot reads as absent. */
static void run(const llmprov_block *use, char *to, size_t size) {
    llmprov_json *input = llmprov_json_parse(use->json, use->json_len, NULL, NULL);
    double a = llmprov_json_num(llmprov_json_get(input, "a"), 0), b = llmprov_json_num(llmprov_json_get(input, "b"), 0);
    snprintf(to, size, "%g", a + b);
    llmprov_json_free(input);
}

int main(int argc, char **argv) {
    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "anthropic", .base_url = argc > 2 ? argv[2] : NULL };
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
    static sockets plain;
    desc.transport = sockets_transport(&plain);
#endif
    llmprov_client *client = llmprov_open(&desc);
    llmprov_history history = { 0 };
    llmprov_request request = { .history = &history, .tools = &add, .tool_count = 1 };
    llmprov_status status = LLMPROV_OK;
    bool more = true;

    llmprov_add_text(&history, LLMPROV_ROLE_USER, "What is 2 plus 40?");
    for (int turn = 0; more && turn < 10; turn++) {
        const llmprov_block *use = NULL;
        llmprov_response reply;
        status = llmprov_chat(client, &request, &reply);
        if (status) fprintf(stderr, "tools: %s\n", reply.error.message);
        llmprov_add_message(&history, &reply.message);
        more = false;
        while (!status && (use = llmprov_block_next(&reply.message, LLMPROV_BLOCK_TOOL_USE, use)) != NULL) {
            char result[64];
            run(use, result, sizeof result);
            printf("%s %s = %s\n", use->name, use->json, result);
            llmprov_add_tool_result(&history, use->id, result, false);
            more = true;
        }
        if (!status && !more) printf("%s\n", reply.text);
        llmprov_response_free(&reply);
    }
    llmprov_history_free(&history);
    llmprov_close(client);
    return status != LLMPROV_OK || more;
}
